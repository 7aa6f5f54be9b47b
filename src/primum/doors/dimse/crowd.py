"""How many are in the door: bounds on connections by address and on associations by device.

Who has not shown yet who they are makes room for who comes after them (ground/lobby.py): a bound that refused newcomers
could be held against every modality by a few addresses that open connections and say nothing.
"""

from __future__ import annotations

import socket
import threading
from collections import Counter
from typing import TYPE_CHECKING

from primum.doors.dimse.refusals import Crowded
from primum.doors.dimse.tally import Alone, Tally
from primum.ground.lobby import Lobby, Seat, hang_up

if TYPE_CHECKING:
    from collections.abc import Callable

    from primum.doors.dimse.limits import Limits

_HALF_OPEN, _ASSOCIATION = "half-open", "association"


class Crowd:
    """Counts connections that are not associations yet (half open), and associations. Safe for many threads."""

    def __init__(self, limits: Limits, tally: Tally | None = None) -> None:
        """Count from zero; `tally` tells of the other processes of this door."""
        self._limits = limits
        self._tally = tally or Alone()
        self._changed = threading.Condition()
        self._lobby = Lobby(limits.half_open, limits.half_open_per_address)
        self._associations: Counter[str] = Counter()
        self._strangers: dict[Seat, Place] = {}
        self._inside = 0

    def enter(self, address: str, sent_away: Callable[[], None] = lambda: None) -> Place:
        """Give a new connection a place; `sent_away` is called once it has to make room for another."""
        place = Place(self, sent_away)
        with self._changed:
            same, every = self._tally.others(_HALF_OPEN, address)
            place.seat, gone = self._lobby.enter(address, place.clear, others=every, others_of_key=same)
            self._strangers[place.seat] = place
            self._inside += 1
            for key in {address, gone.key if gone is not None else address}:
                self._note(key)
        if gone is not None:
            gone.clear()
        return place

    def associate(self, seat: Seat, device: str) -> None:
        """Count a connection as an association of `device` from now on. Raises Crowded."""
        limits = self._limits
        with self._changed:
            same, every = self._tally.others(_ASSOCIATION, device)
            if (
                self._associations[device] + same >= limits.associations_per_device
                or self._associations.total() + every >= limits.associations
            ):
                raise Crowded
            self._count(device, 1)
            self._forget(seat)

    def leave(self, seat: Seat, device: str) -> None:
        """Count one out."""
        with self._changed:
            if device:
                self._count(device, -1)
            else:
                self._forget(seat)
            self._inside -= 1
            self._changed.notify_all()

    def dismiss(self) -> None:
        """End the connections that are no associations yet: nothing is under way on them. It is nobody's refusal."""
        with self._changed:
            strangers = list(self._strangers.values())
        for one in strangers:
            one.end()

    def wait_until_empty(self, timeout_seconds: float) -> bool:
        """Wait until nobody is in the door; False when somebody still is."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._inside, timeout_seconds)

    def _count(self, device: str, more: int) -> None:
        counts = self._associations
        counts[device] += more
        self._tally.note(_ASSOCIATION, device, counts[device])
        if counts[device] <= 0:
            del counts[device]

    def _forget(self, seat: Seat) -> None:
        self._strangers.pop(seat, None)
        seat.leave()
        self._note(seat.key)

    def _note(self, address: str) -> None:
        self._tally.note(_HALF_OPEN, address, self._lobby.count(address))


class Place:
    """The place that one connection takes in the crowd. Used by its thread, but for `clear`."""

    __slots__ = ("_connection", "_crowd", "_device", "_left", "_sent_away", "cleared", "seat")

    seat: Seat

    def __init__(self, crowd: Crowd, sent_away: Callable[[], None]) -> None:
        """Stand for a connection that is entering."""
        self._crowd = crowd
        self._sent_away = sent_away
        self._connection: socket.socket | None = None
        self._device = ""
        self._left = False
        self.cleared = False
        """Ended by us: what goes wrong then is nobody's refusal."""

    def hold(self, connection: socket.socket) -> None:
        """Say which socket is to end when this place is needed; another one once TLS has taken it over."""
        self._connection = connection
        if self.cleared:
            hang_up(connection)

    def clear(self) -> None:
        """Make room for another: the connection is ended, and its thread finds it so."""
        self._sent_away()
        self.end()

    def end(self) -> None:
        """End the connection; its thread finds it so."""
        self.cleared = True
        if self._connection is not None:
            hang_up(self._connection)

    def associate(self, device: str) -> None:
        """Become an association of `device`. Raises Crowded."""
        self._crowd.associate(self.seat, device)
        self._device = device

    def leave(self) -> None:
        """Give the place back; once is enough."""
        if not self._left:
            self._left = True
            self._crowd.leave(self.seat, self._device)
