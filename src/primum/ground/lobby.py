"""Who has come in and not yet said who they are: a bounded number of places, from which the oldest is sent away.

A bound that turns newcomers away can be held against everybody by whoever fills it with connections that say nothing.
Here the newcomer gets a place, and who has waited longest gives up theirs: among the address that has most. Honest
callers say who they are within a moment, and keep their places as long as it takes a stranger to open them all anew.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable


class Seat:
    """One caller's place, until `leave`. `busy`: something is under way, so that others are sent away first."""

    __slots__ = ("_lobby", "_send_away", "busy", "key", "sent_away")

    def __init__(self, lobby: Lobby, key: str, send_away: Callable[[], None]) -> None:
        """Made by Lobby.enter."""
        self._lobby, self._send_away = lobby, send_away
        self.key = key
        self.busy = False
        self.sent_away = False

    def leave(self) -> None:
        """Give the place back; once is enough."""
        self._lobby.forget(self)

    def clear(self) -> None:
        """Be sent away."""
        self.sent_away = True
        self._send_away()


class Lobby:
    """Counts those who wait. Safe for many threads."""

    def __init__(self, most: int, most_of_one: int) -> None:
        """Have `most` places, `most_of_one` of them for one address."""
        self._most, self._most_of_one = most, most_of_one
        self._turn = threading.Lock()
        self._seats: dict[str, dict[Seat, None]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def enter(
        self, key: str, send_away: Callable[[], None], *, others: int = 0, others_of_key: int = 0
    ) -> tuple[Seat, Seat | None]:
        """Give `key` a place, and tell who has given up theirs for it: `clear` sends them away.

        `others` are those that wait in other processes for the same: they count, and cannot be sent away from here.
        Where they alone fill it, one gets in all the same, and is the first to go: each process has one too many at
        most, and nobody is shut out by what another process has.
        """
        seat, gone = Seat(self, key, send_away), None
        with self._turn:
            own = len(self._seats.get(key, ())) + others_of_key >= self._most_of_one
            if own or self._count + others >= self._most:
                gone = self._oldest(key if own else self._fullest())
                if gone is not None:
                    self._drop(gone)
            self._seats.setdefault(key, {})[seat] = None
            self._count += 1
        return seat, gone

    def count(self, key: str) -> int:
        """Count the places of one address."""
        return len(self._seats.get(key, ()))

    def forget(self, seat: Seat) -> None:
        """Count one out."""
        with self._turn:
            self._drop(seat)

    def _fullest(self) -> str | None:
        return max(self._seats, key=lambda key: len(self._seats[key]), default=None)

    def _oldest(self, key: str | None) -> Seat | None:
        """Choose who waits longest, those with something under way last."""
        seats = self._seats.get(key, {}) if key is not None else {}
        return next((one for one in seats if not one.busy), next(iter(seats), None))

    def _drop(self, seat: Seat) -> None:
        seats = self._seats.get(seat.key, {})
        if seats.pop(seat, seat) is None:
            self._count -= 1
            if not seats:
                del self._seats[seat.key]


def hang_up(connection: socket.socket) -> None:
    """End a connection that another thread waits on, which finds it so; never raises."""
    with contextlib.suppress(OSError):
        # not SSLSocket's own: that takes TLS away from the thread amid its handshake
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
