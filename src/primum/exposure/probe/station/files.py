"""Images lying about: DICOM files in downloads, on the desktop, on external discs, counted.

No name is kept, and nothing is read beyond the first 132 bytes (PS3.10 7.1: `DICM` at byte 128).
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from primum.exposure.probe.station.model import Point, State

FILES: Final = 200_000
"""Looked at in all: half a minute on a slow disc."""
SECONDS: Final = 120.0
_DEEP: Final = 24
_PREAMBLE: Final = 128
_MAGIC: Final = b"DICM"
_DOWNLOADS: Final = ("Downloads", "Téléchargements", "Telechargements")
_DESKTOPS: Final = ("Desktop", "Bureau")
_REMOVABLE: Final = 2
"""DRIVE_REMOVABLE of GetDriveType."""

Places = list[tuple[str, Path]]


@dataclass(slots=True)
class Left:
    """How much may still be looked at."""

    files: int
    until: float

    def more(self) -> bool:
        """Tell whether there is room for one more."""
        return self.files > 0 and time.monotonic() < self.until


def files(places: Places, *, most: int = FILES, seconds: float = SECONDS) -> Point:
    """Count DICOM files in places, each with its kind; at least so many where it was cut."""
    left, facts, cut = Left(most, time.monotonic() + seconds), dict.fromkeys((kind for kind, _ in places), 0), False
    for kind, place in places:
        for path in _walked(place):
            if not left.more():
                cut = True
                break
            left.files -= 1
            facts[kind] += _is_dicom(path)
    told: dict[str, int | str] = {**facts, "looked": most - left.files, "cut": int(cut)}
    if any(facts.values()):
        return Point("files", State.BAD, "found", told)
    return Point("files", State.NOT_DETERMINED if cut or not places else State.GOOD, "cut" if cut else "none", told)


def places(system: str, home: Path, root: Path = Path("/"), drives: Callable[[], list[Path]] | None = None) -> Places:
    """List where to look: kinds are `downloads`, `desktop`, `external`. `root`: where discs are mounted."""
    found = [("downloads", home / one) for one in _DOWNLOADS] + [("desktop", home / one) for one in _DESKTOPS]
    match system:
        case "linux":
            found += [("external", one) for one in _mounts(root, home.name)]
        case "macos":
            found += [("external", one) for one in _children(root / "Volumes") if not one.is_symlink()]
        case "windows":
            found += [("external", one) for one in (drives or removable_drives)()]
        case _:
            pass
    there: dict[tuple[int, int], tuple[str, Path]] = {}
    for kind, place in found:
        try:
            known = place.stat()
        except OSError:
            continue
        if stat.S_ISDIR(known.st_mode):
            there.setdefault((known.st_dev, known.st_ino), (kind, place))
    return list(there.values())


def removable_drives() -> list[Path]:
    """List removable drives (Windows)."""
    import ctypes  # noqa: PLC0415 (there alone)

    kernel = getattr(ctypes, "windll", None)
    if kernel is None:
        return []
    letters = [Path(f"{letter}:\\") for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    return [one for one in letters if kernel.kernel32.GetDriveTypeW(str(one)) == _REMOVABLE]


def _mounts(root: Path, user: str) -> list[Path]:
    return [*_children(root / "run/media" / user), *_children(root / "media" / user), *_children(root / "mnt")]


def _children(folder: Path) -> list[Path]:
    try:
        return sorted(one for one in folder.iterdir() if one.is_dir())
    except OSError:
        return []


def _walked(place: Path) -> Iterator[Path]:
    """Go through files, no link followed, no other file system entered."""
    try:
        device = place.stat().st_dev
    except OSError:
        return
    waiting = [(place, 0)]
    while waiting:
        folder, depth = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_symlink():
                        continue
                    if entry.is_file(follow_symlinks=False):
                        yield Path(entry.path)
                    elif depth < _DEEP and entry.is_dir(follow_symlinks=False) and _on(entry, device):
                        waiting.append((Path(entry.path), depth + 1))
        except OSError:
            continue


def _on(entry: os.DirEntry[str], device: int) -> bool:
    """Tell whether a folder lies on the same disc; Windows tells no device of an entry."""
    return os.name == "nt" or entry.stat(follow_symlinks=False).st_dev == device


def _is_dicom(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(_PREAMBLE + len(_MAGIC))[_PREAMBLE:] == _MAGIC
    except OSError:
        return False
