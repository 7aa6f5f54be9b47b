"""How many are in the door: bounds on connections by address and on associations by device."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

from primum.doors.dimse.refusals import Crowded
from primum.doors.dimse.tally import Alone, Tally

if TYPE_CHECKING:
    from primum.doors.dimse.limits import Limits

_HALF_OPEN, _ASSOCIATION = "half-open", "association"


class Crowd:
    """Counts connections that are not associations yet (half open), and associations. Safe for many threads."""

    def __init__(self, limits: Limits, tally: Tally | None = None) -> None:
        """Count from zero; `tally` tells of the other processes of this door."""
        self._limits = limits
        self._tally = tally or Alone()
        self._changed = threading.Condition()
        self._counts: dict[str, Counter[str]] = {_HALF_OPEN: Counter(), _ASSOCIATION: Counter()}

    def enter(self, address: str) -> Place:
        """Count a new connection. Raises Crowded."""
        limits = self._limits
        with self._changed:
            self._add(_HALF_OPEN, address, limits.half_open_per_address, limits.half_open)
        return Place(self, address)

    def associate(self, address: str, device: str) -> None:
        """Count a connection as an association of `device` from now on. Raises Crowded."""
        limits = self._limits
        with self._changed:
            self._add(_ASSOCIATION, device, limits.associations_per_device, limits.associations)
            self._remove(_HALF_OPEN, address)

    def leave(self, address: str, device: str) -> None:
        """Count one out."""
        with self._changed:
            self._remove(_ASSOCIATION if device else _HALF_OPEN, device or address)
            self._changed.notify_all()

    def wait_until_empty(self, timeout_seconds: float) -> bool:
        """Wait until nobody is in the door; False when somebody still is."""
        with self._changed:
            return self._changed.wait_for(lambda: not any(self._counts.values()), timeout_seconds)

    def _add(self, kind: str, key: str, most_of_key: int, most: int) -> None:
        counts = self._counts[kind]
        same, every = self._tally.others(kind, key)
        if counts[key] + same >= most_of_key or counts.total() + every >= most:
            raise Crowded
        counts[key] += 1
        self._tally.note(kind, key, counts[key])

    def _remove(self, kind: str, key: str) -> None:
        counts = self._counts[kind]
        counts[key] -= 1
        self._tally.note(kind, key, counts[key])
        if counts[key] <= 0:
            del counts[key]


class Place:
    """The place that one connection takes in the crowd. Used by its thread."""

    __slots__ = ("_address", "_crowd", "_device", "_left")

    def __init__(self, crowd: Crowd, address: str) -> None:
        """Stand for a connection that has entered."""
        self._crowd = crowd
        self._address = address
        self._device = ""
        self._left = False

    def associate(self, device: str) -> None:
        """Become an association of `device`. Raises Crowded."""
        self._crowd.associate(self._address, device)
        self._device = device

    def leave(self) -> None:
        """Give the place back; once is enough."""
        if not self._left:
            self._left = True
            self._crowd.leave(self._address, self._device)
