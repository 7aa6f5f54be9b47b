"""What the receiver and the indexer say to each other: one message per packet of a SOCK_SEQPACKET pair.

`Hint`: this was stored. `Barrier`: tell me when all that I hinted before is in the index. `Passed`: it is. Pure.

Hints may be lost; the packs are the truth. So a barrier says whether its sender had to drop a hint since the last one
that passed (`behind`); the indexer then reads the packs before it answers.

A message is a kind (1 byte), a version (1 byte), and: for a hint the length of its JSON (4 bytes), the JSON (which
begins with whether a header follows, and the pack's count and chain: 0 and empty where they are not known),
and the header bytes of the data set if they fitted; for a barrier its number (8 bytes) and `behind` (1 byte); for
`Passed` the number.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import ClassVar

from primum.ground.errors import PrimumError
from primum.imaging.model import Stored
from primum.vault import Position, RecordFacts, Tail

MESSAGE_BYTES = 60 * 1024
"""The longest message: a packet must fit the smallest send buffer that we meet (macOS and Linux default to more)."""
HEADER_BYTES = 56 * 1024
"""The longest header that travels in a hint; CT headers have 3 to 6 KiB. Without it the indexer reads the pack."""


class IntakeUnreadable(PrimumError):
    """A message between the receiver and the indexer cannot be read."""

    code: ClassVar[str] = "imaging.intake"
    hint: ClassVar[str] = "restart Primum; nothing is lost, the index is completed from the packs"


Hint = Stored
"""What a hint carries: the word of this channel for a record that was stored."""


@dataclass(frozen=True, slots=True)
class Barrier:
    """Answer `Passed(number)` when everything hinted before is committed; `behind`: read the packs first."""

    number: int
    behind: bool


@dataclass(frozen=True, slots=True)
class Passed:
    """Everything hinted before the barrier of this number can be found by a query."""

    number: int


def encode(message: Hint | Barrier | Passed) -> bytes:
    """Write a message; a header that is too long is left out."""
    match message:
        case Stored(position, facts, header, tail):
            if header is not None and len(header) > HEADER_BYTES:
                header = None
            end = (tail.count, tail.chain) if tail is not None else (0, "")
            values = [header is not None, *end, *position, *facts]
            text = _JSON.encode(values).encode()
            return _HINT.pack(_KIND_HINT, _VERSION, len(text)) + text + (header or b"")
        case Barrier(number, behind):
            return _BARRIER.pack(_KIND_BARRIER, _VERSION, number, behind)
        case Passed(number):
            return _PASSED.pack(_KIND_PASSED, _VERSION, number)


def decode(packet: bytes) -> Hint | Barrier | Passed:
    """Read a message. Raises IntakeUnreadable."""
    try:
        if packet[1] != _VERSION or len(packet) > MESSAGE_BYTES:
            raise IntakeUnreadable
        if packet[0] == _KIND_HINT:
            return _decode_hint(packet)
        if packet[0] == _KIND_BARRIER:
            _, _, number, behind = _BARRIER.unpack(packet)
            return Barrier(number, behind)
        if packet[0] == _KIND_PASSED:
            return Passed(_PASSED.unpack(packet)[2])
    except (struct.error, IndexError, ValueError, TypeError):
        raise IntakeUnreadable from None
    raise IntakeUnreadable


_VERSION = 2
_KIND_HINT, _KIND_BARRIER, _KIND_PASSED = 1, 2, 3
_JSON = json.JSONEncoder(separators=(",", ":"))
_HINT = struct.Struct(">BBL")
_BARRIER = struct.Struct(">BBQ?")
_PASSED = struct.Struct(">BBQ")
_POSITION_FIELDS = len(Position._fields)


def _decode_hint(packet: bytes) -> Hint:
    _, _, length = _HINT.unpack_from(packet)
    end = _HINT.size + length
    with_header, count, chain, *fields = json.loads(packet[_HINT.size : end])
    position = Position(*fields[:_POSITION_FIELDS])
    tail = Tail(position.study, position.pack, count, chain, position.end) if count else None
    return Hint(position, RecordFacts(*fields[_POSITION_FIELDS:]), packet[end:] if with_header else None, tail)
