"""MLLP (HL7 v2 transport, release 1): `0B` message `1C 0D`, over a stream. Pure: bytes in, messages out, bounded."""

from __future__ import annotations

from typing import Final

from primum.imaging.orders.hl7.errors import NotFramed, TooLarge
from primum.imaging.orders.hl7.limits import LIMITS, Limits

START: Final = 0x0B
END: Final = b"\x1c\r"


def framed(message: bytes) -> bytes:
    """Put a message between its blocks."""
    return bytes([START]) + message + END


class Unframer:
    """Takes bytes as they come, gives whole messages."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        """Begin between two messages."""
        self._limits = limits
        self._buffer = bytearray()
        self._inside = False
        self._skipped = 0

    @property
    def begun(self) -> bool:
        """Tell whether a message has begun that is not yet whole."""
        return self._inside

    def feed(self, data: bytes) -> list[bytes]:
        """Take some bytes; return the messages that are whole with them. Raises NotFramed, TooLarge."""
        messages = []
        at = 0
        while at < len(data):
            if not self._inside:
                at = self._find_start(data, at)
                continue
            # the two bytes of the end may come apart, so the last of the buffer is looked at again
            seen = max(len(self._buffer) - 1, 0)
            self._buffer += data[at:]
            at = len(data)
            end = self._buffer.find(END, seen)
            if (end if end >= 0 else len(self._buffer)) > self._limits.message_bytes:
                raise TooLarge(limit=self._limits.message_bytes, of="bytes")
            if end >= 0:
                at -= len(self._buffer) - end - len(END)
                messages.append(bytes(self._buffer[:end]))
                self._buffer.clear()
                self._inside = False
        return messages

    def _find_start(self, data: bytes, at: int) -> int:
        start = data.find(START, at)
        passed = (start if start >= 0 else len(data)) - at
        self._skipped += passed
        if self._skipped > self._limits.before_start:
            raise NotFramed
        if start < 0:
            return len(data)
        self._inside, self._skipped = True, 0
        return start + 1
