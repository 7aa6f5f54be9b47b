"""Taking a chain to write: going on with the newest, or beginning the next one.

The lock (`flock`) on the chain is held as long as the handle is open; the kernel gives it back when the
process dies. The rules are those of docs/design/journal.md, "Which chain a process writes".
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from primum.ground.clock import Clock, to_text
from primum.ground.disc import Disc, Handle, try_lock
from primum.journal import chain
from primum.journal.chain import EMPTY, Head, Scan
from primum.journal.fact import encoded
from primum.journal.limits import Limits
from primum.journal.names import ChainName, newest
from primum.journal.vocabulary import Ledger


@dataclass(frozen=True, slots=True)
class Place:
    """Where one process writes one ledger."""

    journal: Path
    ledger: Ledger
    process: str
    home_id: str
    disc: Disc
    clock: Clock
    limits: Limits


@dataclass(slots=True)
class Open:
    """A chain that this process holds: all up to `head` is on disc."""

    name: ChainName
    handle: Handle
    head: Head


@dataclass(frozen=True, slots=True)
class Before:
    """The chain before the one that is begun, as it was seen."""

    name: str
    head: Head
    state: str


NONE = Before("", EMPTY, "none")


def take(place: Place, segment: str) -> Open:
    """Return the chain on which this process goes on in `segment`. Raises OSError."""
    name = newest(place.journal, place.ledger, place.process)
    if name is None:
        return begin(place, segment, 1, NONE)
    held, before = hold(place, name)
    if held is None:
        return begin(place, segment, name.number + 1, before)
    if before.state == "closed":
        place.disc.close(held.handle)
        return begin(place, segment, name.number + 1, before)
    if name.segment == segment and held.head.size < place.limits.chain:
        return held
    return succeed(place, held, segment)


def succeed(place: Place, held: Open, segment: str) -> Open:
    """End a chain that is over and begin the next; the handle is closed whatever happens."""
    try:
        before = end(place, held, "full" if held.name.segment == segment else "segment")
    finally:
        place.disc.close(held.handle)
    return begin(place, segment, held.name.number + 1, before)


def end(place: Place, held: Open, reason: str) -> Before:
    """Write the last line of a chain, on disc at return."""
    _add(place, held, encoded("chain:closed", "system", "", {"reason": reason}))
    return Before(str(held.name), held.head, "closed")


def begin(place: Place, segment: str, number: int, before: Before) -> Open:
    """Begin a chain: it has its first line, on disc, before it has its name."""
    name = ChainName(place.ledger, segment, place.process, number)
    folder = _folder(place, segment)
    draft = folder / f".{place.process}-{number}.{os.getpid()}.new"
    with contextlib.suppress(FileNotFoundError):
        place.disc.unlink(draft)
    handle = place.disc.create(draft)
    try_lock(handle)
    held = Open(name, handle, EMPTY)
    try:
        _add(place, held, _opening(place, name, before))
        place.disc.link(draft, name.path(place.journal))
    except OSError as error:
        place.disc.close(handle)
        place.disc.unlink(draft)
        if isinstance(error, FileExistsError):  # another run of ours was faster
            return begin(place, segment, number + 1, before)
        raise
    place.disc.unlink(draft)
    place.disc.sync_folder(folder)
    return held


def _opening(place: Place, name: ChainName, before: Before) -> str:
    details: dict[str, str | int] = {
        "after_chain": before.name,
        "after_hash": before.head.hash,
        "after_lines": before.head.lines,
        "after_state": before.state,
        "chain": str(name),
        "format": chain.FORMAT,
        "home": place.home_id,
    }
    return encoded("chain:opened", "system", "", details)


def hold(place: Place, name: ChainName) -> tuple[Open | None, Before]:
    """Lock a chain and close what a crash left; None when it is busy or broken. Says in which state it was."""
    path = name.path(place.journal)
    handle = place.disc.open_for_writing(path)
    free = try_lock(handle)
    data = path.read_bytes()
    seen = chain.scan(data)
    left = data[seen.head.size :]
    broken = len(left) > place.limits.unfinished or seen.head.lines == 0 or (seen.closed and left)
    if not free or broken:
        place.disc.close(handle)
        return None, Before(str(name), seen.head, "broken" if free else "busy")
    held = Open(name, handle, seen.head)
    _sync_names(place, path.parent)  # who made the chain may have died between naming it and syncing its folder
    if left:
        seen = _finish(place, held, left)
    return held, Before(str(name), held.head, "closed" if seen.closed else "open")


def _finish(place: Place, held: Open, left: bytes) -> Scan:
    """Close what a crash left after the last good line; nothing of it is cut off."""
    whole = chain.scan(left + b"\n", held.head)
    if whole.sound:  # only the LF was missing
        place.disc.write_at(held.handle, b"\n", held.head.size + len(left))
        place.disc.sync(held.handle)
        held.head = whole.head
        return whole
    _close_unfinished(place, held, left)
    return Scan(held.head, sound=True, closed=False)


def _close_unfinished(place: Place, held: Open, left: bytes) -> None:
    unfinished = left + b"\n"
    told: dict[str, str | int] = {"bytes": len(unfinished), "sha256": hashlib.sha256(unfinished).hexdigest()}
    rest = encoded("chain:recovered", "system", "", told)
    data, head = chain.line(held.head, to_text(place.clock.now()), rest)
    place.disc.write_at(held.handle, b"\n" + data, held.head.size + len(left))
    place.disc.sync(held.handle)
    held.head = Head(head.lines, head.size + len(unfinished), head.hash)


def _add(place: Place, held: Open, rest: str) -> None:
    data, head = chain.line(held.head, to_text(place.clock.now()), rest)
    place.disc.write_at(held.handle, data, held.head.size)
    place.disc.sync(held.handle)
    held.head = head


def _folder(place: Place, segment: str) -> Path:
    """The folder of a segment, made and on disc."""
    folder = place.journal / place.ledger / segment
    for one in (folder.parent, folder):
        if not one.is_dir():
            with contextlib.suppress(FileExistsError):
                place.disc.make_folder(one)
    _sync_names(place, folder.parent)
    return folder


def _sync_names(place: Place, folder: Path) -> None:
    """Bring the names in a folder of the journal, and those of the folders above it, to the disc."""
    place.disc.sync_folder(folder)
    if folder != place.journal:
        _sync_names(place, folder.parent)
