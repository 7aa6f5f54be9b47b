"""Copies of the keyring: generations, each a folder with a manifest (docs/design/vault.md §9).

What is copied stays wrapped: a generation is of no use without a guard. An erasure is complete only when
the generations that hold the study's key are gone: `prune_generations`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from primum.ground.clock import Clock, from_text, to_text
from primum.ground.disc import Disc, write_durably
from primum.vault.keyring import open_key_file
from primum.vault.places import FANOUT, KEY_SUFFIX
from primum.vault.refusals import ExportExists, SealBroken, UnknownVersion

FORMAT = 1
KEPT = timedelta(days=30)
"""How long generations are kept by default."""
_NAME = re.compile(r"keyring-[0-9]{8}T[0-9]{9}Z")


@dataclass(frozen=True, slots=True)
class Generation:
    """One copy of the keyring."""

    folder: Path
    made_at: datetime
    files: int


@dataclass(frozen=True, slots=True)
class WrappedFile:
    """A file of the keyring as it lies there: a guard, or the wrapped key of `study`. `opens`: its seal is whole."""

    name: str
    content: bytes
    study: str
    opens: bool


def wrapped_files(keyring: Path, keyring_key: bytes) -> Iterator[WrappedFile]:
    """Read every guard and every wrapped key; one that is erased at this moment is left out."""
    for path in _guard_files(keyring):
        yield WrappedFile(path.name, path.read_bytes(), "", opens=True)
    for fan in FANOUT:
        for path in sorted((keyring / fan).glob("*" + KEY_SUFFIX)):
            if path.name.startswith("."):
                continue
            study, content, opens = path.name.removesuffix(KEY_SUFFIX), b"", True
            try:
                content = path.read_bytes()
                open_key_file(keyring_key, study, content)
            except FileNotFoundError:
                continue
            except (SealBroken, UnknownVersion):
                if not path.exists():
                    continue  # it was being erased while we read
                opens = False
            yield WrappedFile(f"{fan}/{path.name}", content, study, opens)


def export_keyring(disc: Disc, clock: Clock, keyring: Path, to: Path) -> Generation:
    """Copy guards and study keys into a new folder below `to`; the manifest, written last, makes it whole.

    Raises ExportExists.
    """
    now = clock.now()
    folder = to / f"keyring-{now:%Y%m%dT%H%M%S}{now.microsecond // 1000:03d}Z"
    _make(disc, to)
    try:
        disc.make_folder(folder)
    except FileExistsError:
        raise ExportExists from None
    digests = {name.name: _copy(disc, name, folder) for name in _guard_files(keyring)}
    for fan in FANOUT:
        keys = [path for path in sorted((keyring / fan).glob("*" + KEY_SUFFIX)) if not path.name.startswith(".")]
        if keys:
            disc.make_folder(folder / fan)
            digests |= {f"{fan}/{path.name}": _copy(disc, path, folder / fan) for path in keys}
            disc.sync_folder(folder / fan)
    manifest = {"format": FORMAT, "made_at": to_text(now), "files": digests}
    write_durably(disc, folder / "manifest.json", json.dumps(manifest, indent=1).encode() + b"\n")
    disc.sync_folder(to)
    return Generation(folder, now, len(digests))


def _make(disc: Disc, folder: Path) -> None:
    """Make a folder and those above it, where they are not; its name is on disc at return."""
    if not folder.is_dir():
        _make(disc, folder.parent)
        with contextlib.suppress(FileExistsError):
            disc.make_folder(folder)
    with contextlib.suppress(PermissionError):  # above what is ours
        disc.sync_folder(folder.parent)


def list_generations(to: Path) -> list[Generation]:
    """List the whole generations below `to`, oldest first. One without a manifest was interrupted, and is left out."""
    found = []
    for folder in sorted(to.glob("keyring-*")):
        manifest = folder / "manifest.json"
        if _NAME.fullmatch(folder.name) and manifest.is_file():
            described = json.loads(manifest.read_bytes())
            found.append(Generation(folder, from_text(described["made_at"]), len(described["files"])))
    return found


def prune_generations(disc: Disc, clock: Clock, to: Path, keep: timedelta = KEPT) -> list[Generation]:
    """Remove the generations older than `keep`, never the newest one; return those removed."""
    old = [one for one in list_generations(to)[:-1] if one.made_at < clock.now() - keep]
    for one in old:
        shutil.rmtree(one.folder)
    if old:
        disc.sync_folder(to)
    return old


def _guard_files(keyring: Path) -> list[Path]:
    return [path for path in sorted(keyring.iterdir()) if path.is_file() and not path.name.startswith(".")]


def _copy(disc: Disc, source: Path, folder: Path) -> str:
    content = source.read_bytes()
    handle = disc.create(folder / source.name)
    try:
        disc.write_at(handle, content, 0)
        disc.sync(handle)
    finally:
        disc.close(handle)
    return hashlib.sha256(content).hexdigest()
