"""Strangers' connections: how many there may be, and how long one may take to become a request.

A connection is a stranger's from the moment it is accepted, before TLS, until somebody known has asked for something
on it (visit.py). asyncio and uvicorn count connections after their handshake alone; here they are counted at `accept`.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
from collections.abc import Callable
from typing import Any

from primum.doors.http.limits import Limits
from primum.ground.errors import PrimumError
from primum.ground.lobby import Lobby, Seat

CROWDED, TOO_SLOW, NO_HANDSHAKE = "web.crowded", "web.too-slow", "tls.timeout"
"""Reasons under which a stranger is counted."""

Count = Callable[[str, str], None]
"""Counts a stranger, by reason and address."""


class Gate:
    """Who is let through, of those that no one knows yet. Used by the event loop alone, but for seats."""

    def __init__(self, limits: Limits, count: Count) -> None:
        """Nobody has come."""
        self._limits, self._count = limits, count
        self._lobby = Lobby(limits.strangers, limits.strangers_per_address)
        self._guests: dict[Any, Guest] = {}
        self._waste = 0

    def guard(self, listener: socket.socket) -> socket.socket:
        """Take over a listener: what it accepts is counted."""
        return _Listening(self, listener, self._limits.accepted_at_once)

    def welcome(self, connection: socket.socket, name: Any) -> Guest:  # noqa: ANN401 (a socket's address)
        """Give a connection a place and its time for the handshake."""
        guest = Guest(connection, lambda: self._closed(name))
        guest.seat, gone = self._lobby.enter(str(name[0]), lambda: self._crowded(guest))
        if gone is not None:
            gone.clear()
        self._guests[name] = guest
        guest.timer = asyncio.get_running_loop().call_later(self._limits.handshake_seconds, self._late, guest)
        return guest

    def shaken(self, name: Any) -> Seat | None:  # noqa: ANN401
        """Note that a connection has done its handshake; return its place."""
        guest = self._guests.get(name)
        if guest is None:
            return None
        guest.stop_timer()
        return guest.seat

    def count(self, reason: str, name: Any) -> None:  # noqa: ANN401
        """Count who was cut off. A journal that is full does not keep them in."""
        with contextlib.suppress(PrimumError):
            self._count(reason, str(name[0]) if name else "")

    def _closed(self, name: Any) -> None:  # noqa: ANN401
        """Forget a connection, and now and then have the memory back that it took.

        asyncio's TLS states refer to themselves: they wait for a full collection, which counts objects and not the
        256 KiB that each has. Thousands of connections that say nothing would take hundreds of MiB until then. What was
        there at the start is frozen (process.settle), so that a collection takes milliseconds.
        """
        self._guests.pop(name, None)
        self._waste += 1
        if self._waste >= self._limits.closed_between_collections:
            self._waste = 0
            gc.collect()

    def _crowded(self, guest: Guest) -> None:
        self._end(guest, CROWDED)

    def _late(self, guest: Guest) -> None:
        self._end(guest, NO_HANDSHAKE)

    def _end(self, guest: Guest, reason: str) -> None:
        if guest.seat is not None:
            self.count(reason, (guest.seat.key,))
        guest.send_away()


class Guest(socket.socket):
    """An accepted connection that gives its place back when it is closed."""

    def __init__(self, connection: socket.socket, gone: Callable[[], object]) -> None:
        """Take over `connection`; `gone` is called once it is closed."""
        super().__init__(connection.family, connection.type, connection.proto, fileno=connection.detach())
        self._gone = gone
        self.seat: Seat | None = None
        self.timer: asyncio.TimerHandle | None = None

    def send_away(self) -> None:
        """End it: whoever reads it finds its end, and closes it."""
        with contextlib.suppress(OSError):
            self.shutdown(socket.SHUT_RDWR)

    def stop_timer(self) -> None:
        """Let it be."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def close(self) -> None:
        """Close it, and give the place back."""
        self.stop_timer()
        self._gone()
        if self.seat is not None:
            self.seat.leave()
        super().close()


class _Listening(socket.socket):
    """A listener that asks the gate, and gives the event loop a turn before it accepts too many.

    asyncio accepts all that wait, thousands of them, before it looks at any: none could be sent away in between, and
    the memory of all their TLS states would be taken at once.
    """

    def __init__(self, gate: Gate, listener: socket.socket, at_once: int) -> None:
        super().__init__(listener.family, listener.type, listener.proto, fileno=listener.detach())
        self._gate, self._at_once = gate, at_once
        self._accepted = 0

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept one. Raises BlockingIOError when nobody waits, or it is another's turn."""
        if self._accepted >= self._at_once:
            self._accepted = 0
            raise BlockingIOError
        try:
            connection, name = super().accept()
        except BlockingIOError:
            self._accepted = 0
            raise
        except OSError:
            # out of descriptors: asyncio tries again in a second, but asks for all the others first
            self._accepted = self._at_once
            raise
        self._accepted += 1
        return self._gate.welcome(connection, name), name
