"""What a door that stores and the worker say to each other: one message per packet of a SOCK_SEQPACKET pair.

`Hint`: this was stored. `Barrier`: tell me when all that I hinted before is in the index. `Passed`: it is.
`Piece`: a part of a question to the worker, or of its answer, put together by `Pieces`. Pure.

Hints may be lost; the packs are the truth. So a barrier says whether its sender had to drop a hint since the last one
that passed (`behind`); the indexer then reads the packs before it answers.

A message is a kind (1 byte), a version (1 byte), and: for a hint the length of its JSON (4 bytes), the JSON (which
begins with whether a header follows, and the pack's count and chain: 0 and empty where they are not known),
and the header bytes of the data set if they fitted; for a barrier its number (8 bytes) and `behind` (1 byte); for
`Passed` the number; for a piece the number of its question, whether more pieces follow (1 byte), and bytes.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

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


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the question of this number, or of its answer: whose, the direction tells."""

    number: int
    more: bool
    part: bytes = field(repr=False)


QUESTION_BYTES = 16 * 1024 * 1024
"""A question or an answer: a page of a worklist has 100 KiB, the longest report of a procedure step some MiB."""
QUESTIONS = 256
"""Questions of one door that have begun and not ended: one for each association or request, and to spare."""


class Pieces:
    """Puts questions (or answers) together again. Used by one thread."""

    def __init__(self) -> None:
        """Have none begun."""
        self._begun: dict[int, bytearray] = {}

    def add(self, piece: Piece) -> bytes | None:
        """Take a piece; return the whole when it was the last. Raises IntakeUnreadable beyond the bounds."""
        if piece.number not in self._begun and len(self._begun) >= QUESTIONS:
            raise IntakeUnreadable
        gathered = self._begun.setdefault(piece.number, bytearray())
        if len(gathered) + len(piece.part) > QUESTION_BYTES:
            del self._begun[piece.number]
            raise IntakeUnreadable
        gathered += piece.part
        return None if piece.more else bytes(self._begun.pop(piece.number))


def pieces(number: int, whole: bytes) -> Iterator[Piece]:
    """Cut a question or an answer into pieces. Raises IntakeUnreadable when it is too long."""
    if len(whole) > QUESTION_BYTES:
        raise IntakeUnreadable
    for at in range(0, len(whole) or 1, _PIECE_BYTES):
        yield Piece(number, at + _PIECE_BYTES < len(whole), whole[at : at + _PIECE_BYTES])


def pack_body(facts: dict[str, Any], data: bytes = b"") -> bytes:
    """Write what a question or an answer says: JSON, and bytes beside it."""
    text = _JSON.encode(facts).encode()
    return len(text).to_bytes(4, "big") + text + data


def unpack_body(body: bytes) -> tuple[dict[str, Any], bytes]:
    """Read it. Raises IntakeUnreadable."""
    end = 4 + int.from_bytes(body[:4], "big")
    if end > len(body):
        raise IntakeUnreadable
    try:
        facts = json.loads(body[4:end])
    except ValueError:
        raise IntakeUnreadable from None
    if not isinstance(facts, dict):
        raise IntakeUnreadable
    return facts, body[end:]


def encode(message: Hint | Barrier | Passed | Piece) -> bytes:
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
        case Piece(number, more, part):
            return _PIECE.pack(_KIND_PIECE, _VERSION, number, more) + part


def decode(packet: bytes) -> Hint | Barrier | Passed | Piece:
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
        if packet[0] == _KIND_PIECE:
            _, _, number, more = _PIECE.unpack_from(packet)
            return Piece(number, more, packet[_PIECE.size :])
    except (struct.error, IndexError, ValueError, TypeError):
        raise IntakeUnreadable from None
    raise IntakeUnreadable


_VERSION = 2
_KIND_HINT, _KIND_BARRIER, _KIND_PASSED, _KIND_PIECE = 1, 2, 3, 4
_JSON = json.JSONEncoder(separators=(",", ":"))
_HINT = struct.Struct(">BBL")
_BARRIER = struct.Struct(">BBQ?")
_PASSED = struct.Struct(">BBQ")
_PIECE = struct.Struct(">BBQ?")
_PIECE_BYTES = MESSAGE_BYTES - _PIECE.size
_POSITION_FIELDS = len(Position._fields)


def _decode_hint(packet: bytes) -> Hint:
    _, _, length = _HINT.unpack_from(packet)
    end = _HINT.size + length
    with_header, count, chain, *fields = json.loads(packet[_HINT.size : end])
    position = Position(*fields[:_POSITION_FIELDS])
    tail = Tail(position.study, position.pack, count, chain, position.end) if count else None
    return Hint(position, RecordFacts(*fields[_POSITION_FIELDS:]), packet[end:] if with_header else None, tail)
