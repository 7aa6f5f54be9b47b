"""Data sets into P-DATA: the hot path out. PS3.8 section 9.3.5 and annex E.

Pieces are not copied: headers of PDU and PDV go between views of a piece, and one call sends many PDUs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from primum.doors.dimse.pdu import HEADER, LAST, PDV_HEADER, PduType, encode_command

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from primum.doors.dimse.limits import Limits
    from primum.doors.dimse.wire import Wire

_HEADERS_BYTES = HEADER.size + PDV_HEADER.size
_PARTS = 512
"""Buffers in one call: half of what Linux takes (IOV_MAX is 1024)."""


class Outflow:
    """What leaves by one association. Used by one thread."""

    def __init__(self, wire: Wire, peer_length: int, limits: Limits) -> None:
        """Send by `wire` PDUs no longer than the peer takes (0: any)."""
        self._wire = wire
        self._peer_length = peer_length
        longest = min(peer_length or limits.sent_pdu_bytes, limits.sent_pdu_bytes)
        self._room = longest - PDV_HEADER.size
        self._floor = limits.floor_rate
        self._grace = limits.grace_seconds

    def message(self, context: int, command: bytes, pieces: Iterable[Buffer]) -> int:
        """Send a command and the data set behind it; return the bytes of the data set.

        Raises ConnectionEnded or TooSlow when the peer does not take it, and what `pieces` raises: then nothing but
        an abort may follow.
        """
        sent = 0
        with self._wire.pace(self._grace, self._floor) as pace:
            parts: list[Buffer] = [encode_command(context, command, self._peer_length)]
            for piece, last in _marked(pieces):
                view = memoryview(piece).cast("B")
                sent += len(view)
                for framed in self._framed(view, context, last=last):
                    parts += framed
                    if len(parts) >= _PARTS:
                        pace.send(parts)
                        parts = []
                if parts:
                    pace.send(parts)
                    parts = []
        return sent

    def _framed(self, view: memoryview, context: int, *, last: bool) -> Iterator[tuple[bytes, memoryview]]:
        """Cut a piece into fragments with their headers; at least one, so that an empty data set ends too."""
        room, size = self._room, len(view)
        at = 0
        while True:
            stop = min(at + room, size)
            length = stop - at
            control = LAST if last and stop == size else 0
            header = HEADER.pack(PduType.DATA_TF, length + PDV_HEADER.size) + PDV_HEADER.pack(
                length + 2, context, control
            )
            yield header, view[at:stop]
            at = stop
            if at >= size:
                return


def _marked(pieces: Iterable[Buffer]) -> Iterator[tuple[Buffer, bool]]:
    """Give each piece, and whether it is the last: one is held back until the next has come."""
    held: Buffer | None = None
    for piece in pieces:
        if held is not None:
            yield held, False
        held = piece
    yield (b"" if held is None else held), True
