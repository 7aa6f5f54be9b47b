"""Deleting a month of the access ledger when its time is over, and leaving what proves it was there.

CNIL deliberation 2021-122: logs are kept six months to a year. `months` is the most; six is the least,
counted for the youngest fact of the segment. Months go whole, so a fact may go a month before `months`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from primum.journal import opening
from primum.journal.fact import Fact
from primum.journal.journal import Journal
from primum.journal.merkle import Tree
from primum.journal.names import ChainName, chains, segments
from primum.journal.opening import Open, Place
from primum.journal.reading import Filter, entries
from primum.journal.signer import Signer
from primum.journal.vocabulary import Kind, Ledger

LEAST_MONTHS = 6


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was deleted, and what was due but is frozen, with the reason: hold, busy or ill."""

    segments: tuple[str, ...]
    frozen: tuple[tuple[str, str], ...]


def is_due(segment: str, now: datetime, months: int) -> bool:
    """Tell whether an access segment (`2026-10`) is to be deleted."""
    return now >= max(_months_after(segment, months), _months_after(segment, 1 + LEAST_MONTHS))


def prune(journal: Journal, signer: Signer, now: datetime, months: int) -> Pruned:
    """Delete the access segments whose time is over. Safe to run twice. Raises JournalUnwritable, OSError."""
    due = [one for one in segments(journal.folder, Ledger.ACCESS) if is_due(one, now, months)]
    if not due:
        return Pruned((), ())
    if open_holds(journal.folder):
        return Pruned((), tuple((one, "hold") for one in due))
    gone: list[str] = []
    frozen: list[tuple[str, str]] = []
    for segment in due:
        why = _prune_one(journal, signer, segment, months)
        if why:
            frozen.append((segment, why))
        else:
            gone.append(segment)
    return Pruned(tuple(gone), tuple(frozen))


def open_holds(journal: Path) -> set[str]:
    """Return the holds that the account says are open."""
    opened, released = Kind.HOLD_OPENED.value.name, Kind.HOLD_RELEASED.value.name
    still: set[str] = set()
    for entry in entries(journal, Filter((Ledger.ACCOUNT,), (opened, released))):
        if entry.kind == opened:
            still.add(entry.subject)
        else:
            still.discard(entry.subject)
    return still


def segment_root(heads: list[tuple[str, int, str]]) -> str:
    """Return the root over (chain, lines, hash) of each chain of a segment, by name, in hexadecimal."""
    return Tree(f"{name} {lines} {digest}".encode("ascii") for name, lines, digest in sorted(heads)).root().hex()


def _prune_one(journal: Journal, signer: Signer, segment: str, months: int) -> str:
    """Delete one segment; return why it was not, or nothing."""
    names = chains(journal.folder, Ledger.ACCESS, segment)
    place = journal.place(Ledger.ACCESS)
    with _held(place, names) as held:
        if len(held) < len(names):
            return "busy"
        signer.sign_heads()
        if any(signer.head(one.name) != one.head for one in held):
            return "ill"
        if names:
            journal.record(_statement(segment, held, months))
            signer.sign_heads()
        for name in names:
            place.disc.unlink(name.path(journal.folder))
    _remove_folder(place, journal.folder / Ledger.ACCESS / segment)
    return ""


def _statement(segment: str, held: list[Open], months: int) -> Fact:
    heads = [(str(one.name), one.head.lines, one.head.hash) for one in held]
    details: dict[str, str | int] = {
        "segment": segment,
        "lines": sum(lines for _, lines, _ in heads),
        "chains": len(heads),
        "root": segment_root(heads),
        "rule": f"access-months-{months}",
    }
    return Fact(Kind.SEGMENT_PRUNED, "system", "", details)


@contextmanager
def _held(place: Place, names: list[ChainName]) -> Iterator[list[Open]]:
    """Hold all these chains, their unfinished writes closed; those that cannot be held are left out."""
    found = [opening.hold(place, name)[0] for name in names]
    held = [one for one in found if one is not None]
    try:
        yield held
    finally:
        for one in held:
            place.disc.close(one.handle)


def _remove_folder(place: Place, folder: Path) -> None:
    for left in folder.glob(".*.new"):  # a crash while a chain was begun
        place.disc.unlink(left)
    if not any(folder.iterdir()):
        folder.rmdir()  # an empty folder that came back after a power cut would harm nobody
        place.disc.sync_folder(folder.parent)


def _months_after(segment: str, months: int) -> datetime:
    year, month = int(segment[:4]), int(segment[5:])
    count = year * 12 + month - 1 + months
    return datetime(count // 12, count % 12 + 1, 1, tzinfo=UTC)
