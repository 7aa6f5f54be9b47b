"""A restore: into an empty folder, nothing believed before the manifest's MAC, home.json last.

docs/design/backup.md §6. Interrupted, it goes on: a file under its own name is whole.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import Engine

from primum import __version__, imaging
from primum.app.backup.bundle import read_bundle, study_of
from primum.app.backup.generations import instant_of
from primum.app.backup.manifest import Entry, Manifest
from primum.app.backup.origins import Origin, require_marked
from primum.app.backup.refusals import ManifestAltered, NoGeneration, NoRoom, PieceAltered, RestoreElsewhere
from primum.app.databases import migrate_records, open_records
from primum.ground.clock import Clock, to_text
from primum.ground.db import open_database
from primum.ground.disc import Disc, write_durably
from primum.ground.home import FOLDERS, Home, find_home
from primum.identity.restored import end_sessions_and_links
from primum.vault import Label, Tail, create_layout

MARKER = "restore.unfinished"
_MIB = 1 << 20
_SPARE = 64 * _MIB
"""Room that is asked for beside the files: the index."""

Derive = Callable[[Label], bytes]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is restored: which generation ("" is the newest), where to, and how large a part of the studies."""

    to: Path
    generation: str = ""
    percent: int = 100


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored."""

    home: Home
    manifest: Manifest
    newest: Manifest
    studies: frozenset[str]
    erased: frozenset[str]
    """Studies that were erased after this generation, and were not restored."""
    rewritten: frozenset[str]
    """Studies of which a part was erased after it, or which were sent again: as the newest generation has them."""
    altered: tuple[str, ...]
    """Younger generations that are not sound: what they knew of erasures is not known."""


class Restore:
    """One restore. Use once."""

    def __init__(
        self,
        origin: Origin,
        wanted: Wanted,
        unlock: Callable[[Path], Derive],
        tools: tuple[Disc, Clock],
        tell: Progress,
    ) -> None:
        """Restore from `origin`; `unlock(keyring folder)` opens the root key by a guard. `tell`: bytes done, in all."""
        self._origin, self._wanted, self._unlock, self._tell = origin, wanted, unlock, tell
        self._disc, self._clock = tools
        self._to, self._done, self._total = wanted.to, 0, 0

    def run(self) -> Restored:
        """Restore everything. Raises NoGeneration, ManifestAltered, PieceAltered, RestoreElsewhere, NoRoom."""
        manifest = self._origin.manifest(self._generation())
        bundle = list(read_bundle(self._origin.bundle(manifest), manifest.generation))
        self._lay_out(manifest)
        self._write_keys(bundle, lambda study: not study)
        derive = self._unlock(self._to / "keyring")
        manifest.verify(derive(Label.BACKUP))
        newest, altered = self._newest(manifest, derive(Label.BACKUP))
        touched = _erased_since(manifest, newest)
        rewritten = touched & {entry.study for entry in newest.entries.values() if entry.study}
        studies = self._studies(manifest, touched)
        files = list(_files(manifest, newest, studies, rewritten))
        self._room_for(files)
        for source, entry in files:
            self._write(source, entry)
        self._write_keys(bundle, lambda study: study and study not in touched)
        if rewritten:
            young = list(read_bundle(self._origin.bundle(newest), newest.generation))
            self._write_keys(young, lambda study: study in rewritten)
        expected = {**restored_tails(manifest, studies), **restored_tails(newest, rewritten)}
        self._settle(derive, (manifest, newest), expected, touched - rewritten)
        self._finish(manifest)
        self._origin.close()
        home, studies = find_home(self._to), studies | rewritten
        return Restored(home, manifest, newest, studies, touched - rewritten, rewritten, altered)

    # -- what --

    def _generation(self) -> str:
        there = self._origin.generations()
        wanted = self._wanted.generation or (there[-1] if there else "")
        if wanted not in there:
            raise NoGeneration(place="the source")
        return wanted

    def _newest(self, manifest: Manifest, key: bytes) -> tuple[Manifest, tuple[str, ...]]:
        """Find the newest sound generation: its journal goes on, and it knows what was erased."""
        altered: list[str] = []
        for generation in reversed(self._origin.generations()):
            if generation <= manifest.generation:
                break
            try:
                younger = self._origin.manifest(generation)
                younger.verify(key)
            except ManifestAltered:
                altered.append(generation)
            else:
                return younger, tuple(altered)
        return manifest, tuple(altered)

    def _studies(self, manifest: Manifest, erased: frozenset[str]) -> frozenset[str]:
        every = sorted({entry.study for entry in manifest.entries.values() if entry.study} - erased)
        if self._wanted.percent < 100:  # noqa: PLR2004 (percent)
            count = max(1, len(every) * self._wanted.percent // 100)
            every = random.SystemRandom().sample(every, min(count, len(every)))
        return frozenset(every)

    def _room_for(self, files: Iterable[tuple[Manifest, Entry]]) -> None:
        missing = [entry.end for _, entry in files if not (self._to / entry.path).exists()]
        self._total = sum(missing)
        free = shutil.disk_usage(self._to).free
        if free < self._total + _SPARE:
            needed = (self._total + _SPARE) // _MIB
            raise NoRoom(place=str(self._to), needed=needed, free=free // _MIB)

    # -- writing --

    def _lay_out(self, manifest: Manifest) -> None:
        told = json.dumps({"home": manifest.home, "generation": manifest.generation}).encode() + b"\n"
        self._to.mkdir(mode=0o700, parents=True, exist_ok=True)
        marker = self._to / MARKER
        if any(self._to.iterdir()) and not (marker.exists() and marker.read_bytes() == told):
            raise RestoreElsewhere(folder=str(self._to))
        self._to.chmod(0o700)
        write_durably(self._disc, marker, told)
        for name in FOLDERS:
            if not (self._to / name).is_dir():
                self._disc.make_folder(self._to / name)
        create_layout(self._disc, self._to / "vault", self._to / "keyring")
        # tables that a first attempt has settled are settled again from their copy
        for half in ("records.db", "records.db-wal", "records.db-shm", "index.db", "index.db-wal", "index.db-shm"):
            (self._to / half).unlink(missing_ok=True)

    def _write_keys(self, bundle: list[tuple[str, bytes]], which: Callable[[str], object]) -> None:
        folders = set()
        for name, content in bundle:
            if not which(study_of(name)):
                continue
            path = self._to / "keyring" / name
            path.unlink(missing_ok=True)
            handle = self._disc.create(path)
            try:
                self._disc.write_at(handle, content, 0)
                self._disc.sync(handle)
            finally:
                self._disc.close(handle)
            folders.add(path.parent)
        for folder in folders:
            self._disc.sync_folder(folder)

    def _write(self, source: Manifest, entry: Entry) -> None:
        path = self._to / entry.path
        if path.exists():
            try:
                require_marked(source, entry, path)
            except PieceAltered:
                path.unlink()
            else:
                return
        self._make(path.parent)
        half = path.with_name(f".{path.name}.part")
        fd = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "wb") as out:
            self._origin.write(source, entry, out, self._moved)
            out.flush()
            os.fsync(out.fileno())
        require_marked(source, entry, half)
        self._disc.rename(half, path)
        self._disc.sync_folder(path.parent)

    def _make(self, folder: Path) -> None:
        if not folder.is_dir():
            self._make(folder.parent)
            self._disc.make_folder(folder)
            self._disc.sync_folder(folder.parent)

    def _moved(self, count: int) -> None:
        self._done += count
        self._tell(self._done, self._total)

    # -- settling --

    def _settle(
        self, derive: Derive, manifests: tuple[Manifest, Manifest], expected: Mapping[str, Tail], erased: frozenset[str]
    ) -> None:
        manifest, newest = manifests
        home = Home(self._to, manifest.home, "demo" if manifest.kind == "demo" else "real")
        records = open_records(home, derive(Label.RECORDS))
        try:
            migrate_records(records)
            if newest.generation != manifest.generation:
                self._carry_forward(newest, records, derive(Label.RECORDS))
            imaging.forget_studies(records, erased, self._clock.now())
            imaging.settle_tails(records, expected)
            end_sessions_and_links(records, self._clock.now())
        finally:
            records.dispose()

    def _carry_forward(self, newest: Manifest, records: Engine, key: bytes) -> None:
        """Take over from the newest copy of records.db what was decided about erasing and keeping."""
        young = self._to / "run" / "newest.db"
        try:
            with young.open("wb") as out:
                self._origin.write(newest, newest.entries["records.db"], out, lambda _: None)
            require_marked(newest, newest.entries["records.db"], young)
            other = open_database(young, key, durability="normal")
            migrate_records(other)
            other.dispose()
            imaging.carry_forward(records, young, key)
        finally:
            for half in young.parent.glob("newest.db*"):
                half.unlink()

    def _finish(self, manifest: Manifest) -> None:
        entry = manifest.entries["home.json"]
        self._write(manifest, entry)
        (self._to / MARKER).unlink()
        self._disc.sync_folder(self._to)


def restored_tails(manifest: Manifest, studies: frozenset[str]) -> Mapping[str, Tail]:
    """Return what is to be expected of each restored pack."""
    return {
        entry.pack: Tail(entry.study, entry.pack, *entry.tail)
        for entry in manifest.entries.values()
        if entry.study in studies and entry.tail is not None
    }


def _erased_since(manifest: Manifest, newest: Manifest) -> frozenset[str]:
    began = to_text(instant_of(manifest.generation))
    return frozenset(study for study, at in newest.erased if at >= began)


def _files(
    manifest: Manifest, newest: Manifest, studies: frozenset[str], rewritten: frozenset[str]
) -> Iterable[tuple[Manifest, Entry]]:
    """Give each file and the manifest that it comes from; home.json comes last of all, elsewhere."""
    for entry in manifest.entries.values():
        ours = entry.study in studies and entry.end if entry.study else not entry.path.startswith("journal/")
        if ours and entry.path != "home.json":
            yield manifest, entry
    for entry in newest.entries.values():
        if entry.path.startswith("journal/") or (entry.study in rewritten and entry.end):
            yield newest, entry


def describe(restored: Restored) -> dict[str, str | int]:
    """Return the details of the fact `home:restored`."""
    return {
        "generation": restored.manifest.generation,
        "studies": len(restored.studies),
        "count": len(restored.erased),
        "version": __version__,
    }
