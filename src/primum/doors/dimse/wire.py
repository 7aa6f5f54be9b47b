"""One connection: bytes in and out, with deadlines, plain or TLS.

A blocking socket wakes every `tick_seconds` to look at the deadline and at the order to stop. On Linux a plain socket
does so by SO_RCVTIMEO, which costs nothing per call; elsewhere, and for TLS, by Python's own time-outs.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
import sys
import time
from typing import TYPE_CHECKING

from primum.doors.dimse.pace import Pace
from primum.doors.dimse.refusals import ConnectionEnded, DoorClosing, TooSlow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from primum.doors.dimse.limits import Limits
    from primum.doors.dimse.stopping import Stop

_LINUX = sys.platform == "linux"
_QUICKACK = 12  # TCP_QUICKACK of linux/tcp.h; the socket module has it on Linux only


class Wire:
    """A connected socket of one association; used by one thread."""

    def __init__(self, connection: socket.socket, limits: Limits, stop: Stop) -> None:
        """Take over `connection`, after its TLS handshake if it has one."""
        self._socket = connection
        self._stop = stop
        self._quick = _LINUX
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if _LINUX and not isinstance(connection, ssl.SSLSocket):
            connection.settimeout(None)
            _set_timeout(connection, socket.SO_RCVTIMEO, limits.tick_seconds)
            _set_timeout(connection, socket.SO_SNDTIMEO, limits.send_seconds)
            self._send_seconds = None
        else:
            connection.settimeout(limits.tick_seconds)
            self._send_seconds = limits.send_seconds
        self._tick_seconds = limits.tick_seconds

    def receive_into(self, view: memoryview, deadline: Callable[[], float], *, idle: bool = False) -> int:
        """Receive at least one byte. Raises TooSlow after `deadline()` (monotonic), ConnectionEnded, DoorClosing.

        `idle`: nothing is under way, so that an order to stop is obeyed at once.
        """
        while True:
            try:
                got = self._socket.recv_into(view)
            except (BlockingIOError, TimeoutError):
                self.look(deadline(), idle=idle)
                continue
            except OSError:
                raise ConnectionEnded from None
            if not got:
                raise ConnectionEnded
            if self._quick:
                self._acknowledge()
            return got

    def ready(self) -> bool:
        """Tell whether something has come, or the peer has gone: the next receipt would not wait."""
        if isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            return True
        return bool(select.select([self._socket], [], [], 0)[0])

    def pause(self, seconds: float) -> None:
        """Wait until something has come, or for as long as this. Raises DoorClosing when it is time to."""
        if self._stop.asked:
            raise DoorClosing
        if not (isinstance(self._socket, ssl.SSLSocket) and self._socket.pending()):
            select.select([self._socket], [], [], seconds)

    @property
    def stopping(self) -> bool:
        """Tell whether the door was asked to stop."""
        return self._stop.asked

    def send(self, data: bytes) -> None:
        """Send it all. Raises ConnectionEnded when the peer does not take it."""
        try:
            if self._send_seconds is None:
                self._socket.sendall(data)
                return
            self._socket.settimeout(self._send_seconds)
            self._socket.sendall(data)
            self._socket.settimeout(self._tick_seconds)
        except OSError:
            raise ConnectionEnded from None

    @contextlib.contextmanager
    def pace(self, grace_seconds: float, floor_rate: int) -> Iterator[Pace]:
        """Send a long message, which is to keep the floor rate; each call of it waits `send_seconds` at most."""
        if self._send_seconds is not None:
            self._socket.settimeout(self._send_seconds)
        yield Pace(self._socket, self._look_at_stop, grace_seconds=grace_seconds, floor_rate=floor_rate)
        if self._send_seconds is not None:
            self._socket.settimeout(self._tick_seconds)

    def _look_at_stop(self) -> None:
        if self._stop.over:
            raise DoorClosing

    def look(self, deadline: float, *, idle: bool = False) -> None:
        """Raise DoorClosing or TooSlow when it is time to; a steady sender never makes the socket wait."""
        if self._stop.over or (idle and self._stop.asked):
            raise DoorClosing
        if time.monotonic() > deadline:
            raise TooSlow

    def _acknowledge(self) -> None:
        # the kernel leaves quick acknowledgement after each response: a sender with Nagle's algorithm on then
        # waits 40 ms for our delayed one, once per instance
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
        except OSError:
            self._quick = False


def _set_timeout(connection: socket.socket, option: int, seconds: float) -> None:
    whole = int(seconds)
    connection.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", whole, int((seconds - whole) * 1e6)))


def close(connection: socket.socket) -> None:
    """Close a connection; never raises."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        connection.close()
