"""Sending much by one wire: many buffers in one call, and a floor rate below which the peer is cut.

The clock runs while we send alone: time that we take to open the next piece is not the peer's.
"""

from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING

from primum.doors.dimse.refusals import ConnectionEnded, TooSlow

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from typing_extensions import Buffer


class Pace:
    """One message on its way out. Used by one thread."""

    __slots__ = ("_floor", "_left_seconds", "_look", "_socket")

    def __init__(
        self, connection: socket.socket, look: Callable[[], None], *, grace_seconds: float, floor_rate: int
    ) -> None:
        """Send by `connection`; `look` raises when the door has to close."""
        self._socket = connection
        self._look = look
        self._floor = floor_rate
        self._left_seconds = grace_seconds

    def send(self, parts: list[Buffer]) -> None:
        """Send all. Raises ConnectionEnded, TooSlow, DoorClosing."""
        if isinstance(self._socket, ssl.SSLSocket):
            self._send_gathered(self._socket, b"".join(parts))
        else:
            self._send_scattered(parts)

    def _send_scattered(self, parts: list[Buffer]) -> None:
        while parts:
            begun = time.monotonic()
            try:
                sent = self._socket.sendmsg(parts)
            except OSError:  # BlockingIOError among them: nothing was taken for `send_seconds`
                raise ConnectionEnded from None
            self._spend(begun, sent)
            parts = _after(parts, sent)

    def _send_gathered(self, secured: ssl.SSLSocket, whole: bytes) -> None:
        view, at = memoryview(whole), 0
        while at < len(view):
            begun = time.monotonic()
            try:
                sent = secured.send(view[at : at + _TLS_BYTES])
            except OSError:
                raise ConnectionEnded from None
            self._spend(begun, sent)
            at += sent

    def _spend(self, begun: float, sent: int) -> None:
        """Take what the call lasted from what is left, and add what its bytes earn."""
        self._left_seconds += sent / self._floor - (time.monotonic() - begun)
        if self._left_seconds < 0:
            raise TooSlow
        self._look()


_TLS_BYTES = 256 << 10


def _after(parts: list[Buffer], sent: int) -> list[Buffer]:
    """Leave out what was sent."""
    for at, part in enumerate(parts):
        size = len(part) if isinstance(part, bytes) else memoryview(part).nbytes
        if sent < size:
            return [memoryview(part)[sent:], *parts[at + 1 :]] if sent else parts[at:]
        sent -= size
    return []
