"""What there is to copy, in the order of docs/design/backup.md §3: packs up to their ends, journal, other files."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from primum.app.backup.manifest import Entry, ExpectedTail, safe_path
from primum.ground.errors import PrimumError
from primum.ground.ids import token128_bytes
from primum.vault import Illness, RecordAbsent, Tail, Vault

MARKED = 4096
"""Bytes that a mark is of: the trailer's block of a pack, which seals all that comes before it."""
NOTHING = hashlib.sha256().hexdigest()
"""The mark of a file at its beginning."""
_LINE = 8192
"""Bytes in which a whole line of the journal fits, twice."""


class PackDiffers(PrimumError):
    """The pack {pack} (study {study}) is not what it was ({reason}): the copy keeps what it had."""

    code: ClassVar[str] = "backup.pack-differs"
    hint: ClassVar[str] = "primum vault check; restore elsewhere and compare"


class LeftOut(PrimumError):
    """A file of the home whose name is none of ours was left out."""

    code: ClassVar[str] = "backup.left-out"
    hint: ClassVar[str] = "keep other files elsewhere than in the home"


@dataclass(frozen=True, slots=True)
class Found:
    """A pack as it is now: its path, size and time of change, and how far it goes. `trouble`: why that is not known."""

    path: str
    seen: tuple[int, int]
    tail: ExpectedTail | None
    trouble: str = ""


def encode_found(one: Found) -> bytes:
    """Write it down, for the same run alone."""
    return json.dumps((one.path, one.seen, one.tail, one.trouble)).encode("ascii")


def decode_found(data: bytes) -> Found:
    """Read what `encode_found` wrote."""
    path, seen, tail, trouble = json.loads(data)
    return Found(path, (seen[0], seen[1]), ExpectedTail(*tail) if tail else None, trouble)


def pack_path(study: str, pack: str) -> str:
    """Return the path of a pack in the home."""
    return f"vault/{token128_bytes(study)[0]:02x}/{study}/{pack}.pack"


def find_packs(
    vault: Vault, home: Path, former: Mapping[str, Entry], studies: Iterable[str] | None = None
) -> Iterator[Found]:
    """Find how far each pack (of these studies, or all) goes; one that looks as it did is not opened."""
    for study in vault.studies() if studies is None else studies:
        for info in vault.packs(study):
            path = pack_path(study, info.pack)
            try:
                now = (home / path).stat()
            except FileNotFoundError:
                continue
            seen = (now.st_size, now.st_mtime_ns)
            before = former.get(path)
            if before is not None and before.seen == seen:
                yield Found(before.path, before.seen, before.tail)  # not a second copy of each
                continue
            yield _look(vault, study, info.pack, path, seen)


def _look(vault: Vault, study: str, pack: str, path: str, seen: tuple[int, int]) -> Found:
    try:
        tail = vault.tail(study, pack)
    except (Illness, RecordAbsent) as illness:
        return Found(path, seen, None, illness.code)
    return Found(path, seen, told(tail) if tail else None)


def told(tail: Tail) -> ExpectedTail:
    """Write a tail as a manifest has it."""
    return ExpectedTail(tail.count, tail.chain, tail.end)


def mark(path: Path, end: int) -> str:
    """Return the mark of a file at `end`: SHA-256 of what stands before it. Raises FileNotFoundError."""
    start = max(0, end - MARKED)
    with path.open("rb") as file:
        return hashlib.sha256(os.pread(file.fileno(), end - start, start)).hexdigest()


def goes_on(path: Path, former: Entry) -> bool:
    """Tell whether a file still has, up to its former end, what it had."""
    try:
        return path.stat().st_size >= former.end and mark(path, former.end) == former.mark
    except FileNotFoundError:
        return False


def journal_files(journal: Path) -> Iterator[str]:
    """List the journal's files, heads first: a chain is then never shorter than a head that was copied before it."""
    yield from (name for name in ("signer.pub", "heads/notes", "heads/leaves") if (journal / name).is_file())
    for ledger in ("access", "account"):
        for file in sorted((journal / ledger).rglob("*.chain")):
            if not file.name.startswith("."):
                yield file.relative_to(journal).as_posix()


def end_of_lines(path: Path) -> int:
    """Return where the last whole line of a file ends."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        at = size
        while at > 0:
            start = max(0, at - _LINE)
            found = os.pread(file.fileno(), at - start, start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            at = start
    return 0


def other_files(home: Path) -> Iterator[str | LeftOut]:
    """List every other file of the home."""
    not_here = {"vault", "keyring", "journal", "run"}
    for top in sorted(home.iterdir()):
        if top.name in not_here or top.name.startswith((".", "index.db", "records.db")) or top.name == "backup.json":
            continue
        files = [top] if top.is_file() else sorted(top.rglob("*"))
        for file in files:
            if file.is_symlink() or not file.is_file() or file.name.startswith("."):
                continue
            path = file.relative_to(home).as_posix()
            yield path if safe_path(path) else LeftOut()
