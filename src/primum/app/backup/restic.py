"""A restic repository as a destination: restic is started as a program, on a stage that was laid out in our order.

No shell, an environment of four names, the password on an inherited descriptor. The repository is a path of this
machine: what restic could dial by itself is not opened (decision 0065).
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from primum.app.backup.aside import read_manifest, spooled
from primum.app.backup.generations import PrunedGenerations, instant_of
from primum.app.backup.keeper import Tell, sha256_of
from primum.app.backup.limits import LIMITS
from primum.app.backup.making import Before
from primum.app.backup.manifest import Entry, Manifest, is_generation, write_manifest
from primum.app.backup.origins import Moved, Origin, before_of
from primum.app.backup.refusals import (
    DestinationAbsent,
    ManifestAltered,
    NoGeneration,
    PieceAltered,
    ResticRefused,
)
from primum.app.backup.sinks import Pace, Sink, StageSink
from primum.app.backup.stores.model import in_chunks
from primum.ground.clock import to_text

_MANIFEST, _BUNDLE = "manifest", "keyring"
_HOST = "primum"
_CHUNK = 1 << 20
_LINE = 1 << 16


class Repository:
    """restic, run on one repository."""

    def __init__(self, folder: Path, password: str) -> None:
        """Use the repository in `folder`."""
        self.folder, self._password = folder, password

    def call(self, *arguments: str) -> bytes:
        """Run to the end; return what it printed. Raises ResticRefused."""
        with self.running(*arguments) as process:
            printed: bytes = process.stdout.read() if process.stdout else b""
        return printed

    @contextmanager
    def running(self, *arguments: str, cwd: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
        """Start it; ended by its own id when the block is left early. Raises ResticRefused."""
        program = shutil.which("restic")
        if program is None:
            raise ResticRefused(reason="it is not installed")
        reading, writing = os.pipe()
        command = [program, "--repo", str(self.folder), "--password-file", f"/dev/fd/{reading}", "--no-cache"]
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": "/nonexistent",
            "LC_ALL": "C",
            "TMPDIR": os.environ.get("TMPDIR", "/tmp"),  # noqa: S108 (restic's packs, sealed by it)
        }
        try:
            process = subprocess.Popen(  # noqa: S603 (no shell, our own arguments)
                [*command, *arguments], cwd=cwd, env=environment, pass_fds=(reading,), stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        finally:
            os.close(reading)
        with contextlib.suppress(BrokenPipeError), os.fdopen(writing, "wb") as pipe:
            pipe.write(self._password.encode() + b"\n")
        with process:
            try:
                yield process
            except BaseException:
                process.terminate()
                raise
        if process.returncode:
            raise ResticRefused(reason=f"{arguments[0]} ended with status {process.returncode}")


def snapshots(repository: Repository, home: str) -> dict[str, str]:
    """Return the snapshot of each generation (of this home, or of any where `home` is empty), oldest first."""
    found = {}
    for one in json.loads(repository.call("snapshots", "--json") or b"[]") or []:
        tags = one.get("tags") or []
        generation = next((tag for tag in tags if is_generation(tag)), "")
        if generation and _HOST in tags and (not home or home in tags):
            found[generation] = str(one["id"])
    return dict(sorted(found.items()))


class ResticOrigin:
    """Generations of a repository. `scratch` is where a snapshot is unpacked before its files are taken over."""

    def __init__(self, repository: Repository, home: str, scratch: Path | None, aside: Path | None = None) -> None:
        """Read from `repository`; `home` may be empty when there is none yet. `aside`: as for a store."""
        self._repository, self._home, self._scratch, self._aside = repository, home, scratch, aside
        self._unpacked: set[str] = set()
        self._whole: str | None = None
        self._known: Mapping[str, str] | None = None

    def generations(self) -> list[str]:
        """List them, oldest first."""
        return list(self.known())

    def known(self) -> Mapping[str, str]:
        """Return the snapshot of each generation, oldest first; restic is asked once (half a second a call)."""
        if self._known is None:
            self._known = snapshots(self._repository, self._home)
        return self._known

    def add(self, generation: str, snapshot: str) -> None:
        """Take note of a generation that was just made."""
        self._known = {**self.known(), generation: snapshot}

    def manifest(self, generation: str) -> Manifest:
        """Read one."""
        with spooled(self._dump(generation, _MANIFEST, LIMITS.manifest), self._aside) as packed:
            return read_manifest(packed, generation, self._aside)

    def bundle(self, manifest: Manifest) -> Iterator[bytes]:
        """Get its keyring bundle."""
        return self._dump(manifest.generation, _BUNDLE, LIMITS.bundle)

    def write(self, manifest: Manifest, entry: Entry, out: BinaryIO, moved: Moved) -> None:
        """Take a file over from the unpacked snapshot, up to its end."""
        file = self._unpack(manifest.generation, entry.path) / entry.path
        left = entry.end
        try:
            with file.open("rb") as source:
                while left and (data := source.read(min(_CHUNK, left))):
                    out.write(data)
                    left -= len(data)
                    moved(len(data))
        except FileNotFoundError:
            left = -1
        if left:
            raise PieceAltered(generation=manifest.generation, piece=entry.mark[:16])
        file.unlink()

    def close(self) -> None:
        """Remove what was unpacked."""
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def _id(self, generation: str) -> str:
        found = self.known().get(generation)
        if found is None:
            raise NoGeneration(place=str(self._repository.folder))
        return found

    def _dump(self, generation: str, name: str, most: int) -> Iterator[bytes]:
        with self._repository.running("dump", self._id(generation), f"/{name}") as process:

            def read() -> bytes:
                data: bytes = process.stdout.read(_CHUNK) if process.stdout else b""
                return data

            yield from in_chunks(read, most, ManifestAltered(generation=generation))

    def _unpack(self, generation: str, path: str) -> Path:
        if self._scratch is None:
            raise ResticRefused(reason="no scratch folder")
        if self._whole is None:
            self._whole = generation  # the first that is asked for; of the newest only a few files are wanted
        part = path.split("/", maxsplit=1)[0] if path.startswith("journal/") else path
        what = generation if generation == self._whole else f"{generation}/{part}"
        folder = self._scratch / generation
        if what not in self._unpacked:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            more = () if what == generation else ("--include", f"/{part}")
            self._repository.call("restore", self._id(generation), "--target", str(folder), *more)
            self._unpacked.add(what)
        return folder


class ResticKeeper:
    """A repository, as a run uses it."""

    def __init__(self, repository: Repository, home: Path, home_id: str, scratch: Path | None = None) -> None:
        """Keep generations of `home` in `repository`."""
        self._repository, self._home, self._home_id = repository, home, home_id
        self._aside = home / "run" / "backup"
        self._stage = self._aside / "stage"
        self._pace: Pace | None = None
        self._moved: Moved = lambda _: None
        self._sent = 0
        self._origin = ResticOrigin(repository, home_id, scratch, self._aside)
        self.origin: Origin = self._origin

    def claim(self, home: str, *, known: bool) -> None:
        """Make a repository where there is none. Raises DestinationAbsent where there was one."""
        del home  # a repository may be several homes': their snapshots bear their ids
        folder = self._repository.folder
        if not (folder / "config").is_file():
            if known or not folder.parent.is_dir():
                raise DestinationAbsent(place=f"restic:{folder}")
            self._repository.call("init")
        if known and not self.origin.generations():
            raise DestinationAbsent(place=f"restic:{folder}")

    def before(self, key: bytes, tell: Tell) -> Before:
        """Take marks and keys of the newest sound generation."""
        for generation in reversed(self._origin.generations()):
            try:
                manifest = self.origin.manifest(generation)
                manifest.verify(key)
            except ManifestAltered as altered:
                tell(altered)
                continue
            return before_of(self.origin, manifest, to_text(instant_of(generation)), self._aside)
        return Before()

    def sink(self, pace: Pace, moved: Moved) -> Sink:
        """Lay out a stage."""
        self._pace, self._moved = pace, moved
        return StageSink(self._stage)

    def checkpoint(self, manifest: Manifest, key: bytes) -> None:
        """Nothing: what restic has sent it finds again by itself."""

    def commit(self, manifest: Manifest, key: bytes) -> str:
        """Run restic on the stage."""
        with (self._stage / _MANIFEST).open("w+b") as written:
            write_manifest(manifest, key, written)
            root = sha256_of(written)
        tags = f"{_HOST},{self._home_id},{manifest.generation}"
        rate = self._pace.rate // 1024 if self._pace else 0
        more = ["--limit-upload", str(max(1, rate))] if rate else []
        arguments = ["backup", "--json", "--host", _HOST, "--tag", tags, "--ignore-inode", "--ignore-ctime", *more, "."]
        with self._repository.running(*arguments, cwd=self._stage) as process:
            for line in iter(lambda: process.stdout.readline(_LINE) if process.stdout else b"", b""):
                self._hear(line, manifest.generation)
        shutil.rmtree(self._stage)
        return root

    def prune(self, key: bytes, now: datetime, keep: timedelta) -> PrunedGenerations:
        """Let restic forget, and remove what nothing refers to any more."""
        del key
        there = self._origin.known()
        old = [one for one in list(there)[:-1] if instant_of(one) < now - keep]
        oldest = next((one for one in there if one not in old), "")
        if old:
            self._repository.call("unlock")  # locks of runs that were killed; pruning takes the repository alone
            self._repository.call("forget", "--prune", *(there[one] for one in old))
        return PrunedGenerations(len(old), 0, oldest)

    def note(self, facts: dict[str, str]) -> None:
        """Nothing: a repository is restic's own."""

    def sent(self) -> int:
        """Return what restic added."""
        return self._sent

    def _hear(self, line: bytes, generation: str) -> None:
        if self._pace is not None:
            self._pace.pass_on(0)
        try:
            told: dict[str, Any] = json.loads(line)
        except ValueError:
            return
        if told.get("message_type") == "summary":
            self._origin.add(generation, str(told.get("snapshot_id", "")))
            self._sent = int(told.get("data_added", 0))
            self._moved(int(told.get("total_bytes_processed", 0)))
