"""Looks for images and exports in clear: in the home, temporary folders, and where backups go.

Opens regular files of our own user alone, through no symbolic link, and reads their first bytes. A path may hold a
patient's name: what is found is told by inode number, which `find FOLDER -inum N` turns into a path.
"""

from __future__ import annotations

import os
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from primum.exposure.checks.limits import LIMITS, Limits

_PREAMBLE: Final = 128
_JSON: Final = (b'"00080018"', b'"0020000D"', b'"0020000d"', b'"00100010"', b'"00100020"')
"""Tags that DICOM JSON (PS3.18 annex F) of an instance or a study begins with, in order of tag."""
_SQLITE: Final = b"SQLite format 3\0"
_HL7: Final = b"MSH|^~\\&"


@dataclass(slots=True)
class Seen:
    """What was seen under one root. `found`: inode numbers by what they are, the first few; `count`: of all."""

    looked: int = 0
    others: int = 0
    """Files of other users: not opened."""
    unreadable: int = 0
    count: int = 0
    found: list[str] = field(default_factory=list)
    whole: bool = True
    """Whether all was looked at before time or number ran out."""
    sample: bool = False
    """Whether no more than a sample was meant to be looked at."""


def temporary_folders() -> list[Path]:
    """List where programs leave things, each once."""
    given = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp"), Path("/dev/shm")]  # noqa: S108 (looked at)
    return list(dict.fromkeys(one.resolve() for one in given if one.is_dir()))


def scan(
    root: Path, *, leave_out: Iterable[Path] = (), database: bool = False, limits: Limits = LIMITS,
    tick: Callable[[], float] = time.monotonic, until: float | None = None,
) -> Seen:  # fmt: skip
    """Look through `root`. `database`: a database that is not sealed counts as well (in the home, none should be)."""
    seen, end = Seen(), until if until is not None else tick() + limits.scan_seconds
    out, user = {one.resolve() for one in leave_out}, os.geteuid() if hasattr(os, "geteuid") else None
    for file in _files(root, out, seen):
        if seen.looked + seen.others >= limits.scan_files or tick() > end:
            seen.whole = False
            break
        _look(file, user, seen, limits, database=database)
    return seen


def _files(root: Path, out: set[Path], seen: Seen) -> Iterator[Path]:
    """Walk, folders of our own device or not, through no link."""
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda one: one.name)
        except OSError:
            seen.unreadable += 1
            continue
        for entry in entries:
            path = Path(entry.path)
            try:
                if entry.is_dir(follow_symlinks=False):
                    if path not in out:
                        waiting.append(path)
                elif entry.is_file(follow_symlinks=False):
                    yield path
            except OSError:
                seen.unreadable += 1


def _look(file: Path, user: int | None, seen: Seen, limits: Limits, *, database: bool) -> None:
    try:
        # not opened before it is known whose it is; what was put in its place meanwhile is refused by O_NOFOLLOW
        if user is not None and file.lstat().st_uid != user:
            seen.others += 1
            return
        handle = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        try:
            now = os.fstat(handle)
            if not stat.S_ISREG(now.st_mode) or (user is not None and now.st_uid != user):
                seen.others += 1
                return
            head = os.read(handle, limits.head_bytes)
        finally:
            os.close(handle)
    except OSError:
        seen.unreadable += 1
        return
    seen.looked += 1
    what = kind_of(head, database=database)
    if what:
        seen.count += 1
        if len(seen.found) < limits.found_shown:
            seen.found.append(f"{what} {now.st_ino}")


def kind_of(head: bytes, *, database: bool = False) -> str:
    """Say what a file is by its first bytes: `dicom`, `dicom-json`, `hl7`, `database`, or nothing of these."""
    if head[_PREAMBLE : _PREAMBLE + 4] == b"DICM":
        return "dicom"
    if head.lstrip()[:1] in {b"{", b"["} and b'"vr"' in head and any(one in head for one in _JSON):
        return "dicom-json"
    if head.lstrip(b"\x0b\r\n ").startswith(_HL7):
        return "hl7"
    return "database" if database and head.startswith(_SQLITE) else ""
