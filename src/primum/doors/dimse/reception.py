"""Messages out of P-DATA: the hot path. PS3.8 section 9.3.5 and annex E.

The payload of a data set is received straight to its final place in the instance buffer. While its fragment is not
the last, the 12 bytes after it are asked for in the same call: they are the next PDU's and PDV's headers. Where headers
are due, whatever has arrived is taken up to `ahead_bytes`, a command set mostly whole; what of it is payload is copied.
No call waits for more than one byte, so an A-ABORT (10 bytes) amid an instance is seen.
"""

from __future__ import annotations

import math
import mmap
import struct
import time
from typing import TYPE_CHECKING

from primum.doors.dimse.pdu import COMMAND, HEADER, LAST, PDV_HEADER, PduType
from primum.doors.dimse.refusals import AbortReason, InvalidPdu

if TYPE_CHECKING:
    from collections.abc import Container

    from primum.doors.dimse.limits import Limits
    from primum.doors.dimse.wire import Wire

_PDU_HEADER, _PDV_HEADER = HEADER.size, PDV_HEADER.size
_BOTH = struct.Struct(HEADER.format + PDV_HEADER.format.lstrip(">"))
_PAGE = mmap.PAGESIZE


class OtherPdu(Exception):
    """Where a P-DATA-TF could have come, another PDU came."""

    def __init__(self, kind: int, length: int) -> None:
        """Keep the type and the length of what follows."""
        super().__init__()
        self.kind = kind
        self.length = length


class Buffer:
    """The instance buffer: one mapping, whose pages exist once they are touched."""

    __slots__ = ("_kept", "_map", "capacity", "view")

    def __init__(self, limits: Limits) -> None:
        """Reserve room for a whole instance, and for the headers that are read ahead of its end."""
        # private: the pages of a shared mapping are not given back by MADV_DONTNEED
        private: dict[str, int] = (
            {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if hasattr(mmap, "MAP_PRIVATE") else {}
        )
        self._map = mmap.mmap(-1, limits.whole_bytes + _PAGE, **private)
        self._kept = limits.kept_bytes
        self.capacity = limits.whole_bytes
        self.view = memoryview(self._map)

    def shrink(self, used: int) -> None:
        """Give back the pages above `kept_bytes`, if a message of `used` bytes touched them."""
        if used > self._kept and hasattr(self._map, "madvise"):
            self._map.madvise(mmap.MADV_DONTNEED, self._kept, len(self._map) - self._kept)

    def close(self) -> None:
        """Give everything back."""
        self.view.release()
        self._map.close()


class Reception:
    """What arrives on one association, in order. Used by one thread."""

    def __init__(self, wire: Wire, limits: Limits) -> None:
        """Read from `wire`."""
        self._wire = wire
        self._limits = limits
        self._longest = limits.pdu_bytes + limits.pdu_slack_bytes
        # a fragment this long that came without waiting for a tick has kept the floor rate: no need to look at the time
        # (two: an item counts its context and its control header)
        self._steady = max(2, int(limits.floor_rate * limits.tick_seconds))
        self._ahead = memoryview(bytearray(limits.ahead_bytes))  # received and not yet read
        self._ahead_start = self._ahead_end = 0
        self._pdu_left = 0  # bytes of the present P-DATA-TF after the present fragment
        self._left = 0  # bytes of the present fragment still to receive
        self._context = 0
        self._control = 0
        self._message_context = 0
        self._started = 0.0
        self._received = 0
        self.until = math.inf
        """Nothing is waited for beyond this (monotonic): ARTIM, while there is no association."""

    def ready(self) -> bool:
        """Tell whether `next_pdu` would find the beginning of one."""
        return self._ahead_start < self._ahead_end or self._wire.ready()

    def next_pdu(self, deadline: float) -> tuple[int, int]:
        """Wait for a PDU and return its type and length. Raises TooSlow at `deadline`, DoorClosing."""
        self._wire.look(deadline, idle=True)
        header = self._need(_PDU_HEADER, idle_until=deadline)
        self._started, self._received = time.monotonic(), 0
        kind, length = HEADER.unpack(header)
        return kind, length

    def body(self, length: int) -> bytes:
        """Receive the body of a PDU other than P-DATA-TF; the caller has checked its length."""
        body = memoryview(bytearray(length))
        at = self._take(body)
        while at < length:
            self._check()
            at += self._wire.receive_into(body[at:], self._deadline)
        return body.tobytes()

    def command(self, length: int, contexts: Container[int]) -> tuple[int, bytes]:
        """Receive a command set that begins in a P-DATA-TF of `length`; return its context and its bytes.

        Raises InvalidPdu, OtherPdu, TooSlow.
        """
        self._begin_data(length)
        self._next_fragment()
        self._message_context = self._context
        if self._context not in contexts:
            raise InvalidPdu(AbortReason.UNEXPECTED_PARAMETER)
        gathered = bytearray()
        while True:
            self._expect(COMMAND)
            if len(gathered) + self._left > self._limits.command_bytes:
                raise InvalidPdu(AbortReason.INVALID_PARAMETER_VALUE)
            gathered += self._small()
            if self._control & LAST:
                return self._context, bytes(gathered)
            self._next_fragment()

    def begin_data_set(self) -> None:
        """Wait for the first fragment of the data set that the command announced."""
        self._next_fragment()
        self._expect(0)

    def fill(self, view: memoryview, capacity: int) -> tuple[int, bool]:
        """Receive the data set into `view[:capacity]`; return how much came, and whether that was its end.

        `view` is longer than `capacity` by room for the headers read ahead.
        """
        at = 0
        while True:
            while self._left:
                if at == capacity:
                    return at, False
                got = self._receive(view, at, min(self._left, capacity - at))
                at += got
                self._left -= got
                self._received += got
            if self._control & LAST:
                return at, True
            self._next_fragment()
            self._expect(0)

    def _receive(self, view: memoryview, at: int, want: int) -> int:
        """Receive payload into `view[at : at + want]`, and headers that follow it; return how much payload came."""
        if self._ahead_start < self._ahead_end:
            return self._take(view[at : at + want])  # it came with its headers
        whole = want == self._left and not self._control & LAST
        extra = 0 if not whole else _PDV_HEADER if self._pdu_left else _BOTH.size
        got = self._wire.receive_into(view[at : at + want + extra], self._deadline)
        if got < want:
            self._check()
        elif got > want:
            self._keep(view[at + want : at + got])
            return want
        return got

    # what follows reads headers

    def _expect(self, kind: int) -> None:
        """Refuse a fragment of another context, or a command's where data are due, and the reverse (PS3.8 E.1)."""
        if self._control & COMMAND != kind or self._context != self._message_context:
            raise InvalidPdu(AbortReason.UNEXPECTED_PARAMETER)

    def _keep(self, headers: memoryview) -> None:
        self._ahead[: len(headers)] = headers
        self._ahead_start, self._ahead_end = 0, len(headers)

    def _take(self, view: memoryview) -> int:
        """Copy what was read ahead to `view`, as much as fits; return how much."""
        count = min(len(view), self._ahead_end - self._ahead_start)
        view[:count] = self._ahead[self._ahead_start : self._ahead_start + count]
        self._ahead_start += count
        return count

    def _deadline(self) -> float:
        floor = self._started + self._limits.grace_seconds + self._received / self._limits.floor_rate
        return min(floor, self.until)

    def _check(self) -> None:
        self._wire.look(self._deadline())

    def _need(self, count: int, *, idle_until: float = 0) -> memoryview:
        """Have `count` bytes of headers, and return them; wait for no more."""
        left = self._ahead_end - self._ahead_start
        if left < count:
            self._ahead[:left] = self._ahead[self._ahead_start : self._ahead_end]
            self._ahead_start, self._ahead_end = 0, left
        while self._ahead_end - self._ahead_start < count:
            idle = bool(idle_until) and not self._ahead_end
            room = self._ahead[self._ahead_end :]
            deadline = (lambda: idle_until) if idle else self._deadline
            self._ahead_end += self._wire.receive_into(room, deadline, idle=idle)
            if idle:
                self._started, self._received = time.monotonic(), 0
            else:
                self._check()
        start = self._ahead_start
        self._ahead_start += count
        return self._ahead[start : self._ahead_start]

    def _begin_data(self, length: int) -> None:
        if not _PDV_HEADER <= length <= self._longest:
            raise InvalidPdu(AbortReason.INVALID_PARAMETER_VALUE)
        self._pdu_left = length

    def _next_fragment(self) -> None:
        """Read the headers of the next fragment. Raises OtherPdu where another PDU comes."""
        if not self._pdu_left and self._ahead_end - self._ahead_start >= _BOTH.size:
            # both headers came with what was before them: the usual case of a steady sender
            kind, whole, length, self._context, self._control = _BOTH.unpack_from(self._ahead, self._ahead_start)
            if kind == PduType.DATA_TF and self._steady <= length <= whole - 4 and whole <= self._longest:
                self._ahead_start += _BOTH.size
                self._pdu_left, self._left = whole - length - 4, length - 2
                return
        self._check()
        if not self._pdu_left:
            kind, length = HEADER.unpack(self._need(_PDU_HEADER))
            if kind != PduType.DATA_TF:
                raise OtherPdu(kind, length)
            self._begin_data(length)
        if self._pdu_left < _PDV_HEADER:
            raise InvalidPdu(AbortReason.INVALID_PARAMETER_VALUE)
        length, self._context, self._control = PDV_HEADER.unpack(self._need(_PDV_HEADER))
        # the item's length counts the context and the control header (PS3.8 table 9-23)
        if length < 2 or length + 4 > self._pdu_left:  # noqa: PLR2004
            raise InvalidPdu(AbortReason.INVALID_PARAMETER_VALUE)
        self._pdu_left -= length + 4
        self._left = length - 2

    def _small(self) -> bytearray:
        """Receive the whole of the present fragment, whose length the caller has bounded."""
        fragment = bytearray(self._left)
        view = memoryview(fragment)
        at = self._take(view)
        while at < self._left:
            at += self._wire.receive_into(view[at:], self._deadline)
            self._check()
        self._received += self._left
        self._left = 0
        return fragment
