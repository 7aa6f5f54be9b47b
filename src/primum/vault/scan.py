"""Replaying a pack: every record that exists, and a verdict on all that lies between (docs/design/vault.md §6).

Never stops at a bad block; may yield more than was acknowledged, never less.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from primum.ground.disc import BLOCK
from primum.vault.illnesses import Hole, Illness, Leftover, ReorderedRecord, RolledBack, TornTail
from primum.vault.packfile import Found, Misplaced, PackFile
from primum.vault.packformat import chain_start, read_head


@dataclass(slots=True)
class _Zone:
    """What was met between two good records."""

    broken_trailers: list[int] = field(default_factory=list)
    misplaced: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class State:
    """Where the chain stands: after `count` records, at `end`."""

    count: int
    chain: bytes
    end: int


def start_state(pack: PackFile) -> State:
    """Return the state of a pack without records."""
    return State(0, chain_start(pack.secret.study, pack.secret.pack), BLOCK)


def scan(pack: PackFile, since: int = BLOCK, believed: int = 0) -> Iterator[Found | Illness]:
    """Yield, in order of offset, each record from `since` on, and each illness where it lies.

    `since` is the end of a record (or anything up to the header's end: the whole pack). The last record is
    checked in full unless it is marked ordered: a torn write may have left just its trailer. `believed` is the
    count of records known to have been whole once: of those, nothing is excused as torn.
    """
    since = max(since, BLOCK)
    state = _state_at(pack, since)
    if state is None:
        yield pack.flipped(since - BLOCK, since, "trailer")
    end, zone, held = since, _Zone(), None
    for found in _candidates(pack, since, zone):
        if held is not None:
            yield held
        yield from _judge(pack, state, end, found, zone)
        zone.broken_trailers.clear()
        zone.misplaced.clear()
        held, end = found, found.end
        state = State(found.trailer.sequence, found.chain, found.end)
    if held is not None and not held.trailer.ordered and not pack.opens_whole(held):
        yield from _torn(pack, held, believed)
    elif held is not None:
        yield held
    if end < pack.size:
        yield TornTail(study=pack.study, pack=pack.pack, offset=end, end=pack.size)


def _torn(pack: PackFile, held: Found, believed: int) -> Iterator[Found | Illness]:
    if held.trailer.sequence > believed:
        yield TornTail(study=pack.study, pack=pack.pack, offset=held.start, end=held.end)
    else:
        yield held  # it was whole once: reading it will say what happened to it


def _state_at(pack: PackFile, since: int) -> State | None:
    if since == BLOCK:
        return start_state(pack)
    before = pack.ending_at(since)
    return State(before.trailer.sequence, before.chain, since) if isinstance(before, Found) else None


def _candidates(pack: PackFile, since: int, zone: _Zone) -> Iterator[Found]:
    """Yield authentic records in their place, none overlapping the one before."""
    at = floor = since
    while at + BLOCK <= pack.size:
        found = _by_head(pack, at) or _by_trailer(pack, at, floor, zone)
        if found is None:
            at += BLOCK
        else:
            yield found
            at = floor = found.end


def _by_head(pack: PackFile, at: int) -> Found | None:
    head = read_head(pack.block(at))
    if head is None or head.blocks == 0:
        return None
    found = pack.ending_at(at + head.blocks * BLOCK)
    return found if isinstance(found, Found) and found.start == at else None


def _by_trailer(pack: PackFile, at: int, floor: int, zone: _Zone) -> Found | None:
    if not pack.looks_like_trailer(at):
        return None
    found = pack.ending_at(at + BLOCK)
    if isinstance(found, Found) and found.start >= floor:
        return found
    if isinstance(found, Misplaced):
        zone.misplaced.append(at)
    elif found is None:
        zone.broken_trailers.append(at)
    return None


def trailer_by_shape(pack: PackFile, start: int, end: int, broken: list[int]) -> int | None:
    """Return where a trailer stands, or should by the head at `start`, though it does not open; None if nowhere."""
    head = read_head(pack.block(start))
    if head is not None and head.blocks and start + head.blocks * BLOCK <= end:
        return start + (head.blocks - 1) * BLOCK
    return broken[0] if broken else None


def _judge(pack: PackFile, state: State | None, end: int, found: Found, zone: _Zone) -> Iterator[Illness]:
    if state is None:
        return  # nothing is known of what came before
    study, name = pack.study, pack.pack
    missing = found.trailer.sequence - state.count - 1
    if missing == 0 and found.trailer.previous == state.chain:
        if found.start > end:
            yield Leftover(study=study, pack=name, offset=end, end=found.start)
    elif missing <= 0:
        yield RolledBack(study=study, pack=name, offset=found.start, end=found.end)
    elif zone.misplaced:
        yield ReorderedRecord(study=study, pack=name, offset=zone.misplaced[0], end=zone.misplaced[0] + BLOCK)
    elif (at := trailer_by_shape(pack, end, found.start, zone.broken_trailers)) is not None:
        yield pack.flipped(at, at + BLOCK, "trailer")
    else:
        yield Hole(study=study, pack=name, offset=end, end=found.start, missing=missing)
