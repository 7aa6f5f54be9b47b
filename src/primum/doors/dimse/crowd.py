"""How many are in the door: bounds on connections by address and on associations by device."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

from primum.doors.dimse.refusals import Crowded

if TYPE_CHECKING:
    from primum.doors.dimse.limits import Limits


class Crowd:
    """Counts connections that are not associations yet (half open), and associations. Safe for many threads."""

    def __init__(self, limits: Limits) -> None:
        """Count from zero."""
        self._limits = limits
        self._changed = threading.Condition()
        self._half_open: Counter[str] = Counter()
        self._associations: Counter[str] = Counter()

    def enter(self, address: str) -> Place:
        """Count a new connection. Raises Crowded."""
        with self._changed:
            _add(self._half_open, address, self._limits.half_open_per_address, self._limits.half_open)
        return Place(self, address)

    def associate(self, address: str, device: str) -> None:
        """Count a connection as an association of `device` from now on. Raises Crowded."""
        with self._changed:
            _add(self._associations, device, self._limits.associations_per_device, self._limits.associations)
            _remove(self._half_open, address)

    def leave(self, address: str, device: str) -> None:
        """Count one out."""
        with self._changed:
            _remove(self._associations if device else self._half_open, device or address)
            self._changed.notify_all()

    def wait_until_empty(self, timeout_seconds: float) -> bool:
        """Wait until nobody is in the door; False when somebody still is."""
        with self._changed:
            return self._changed.wait_for(lambda: not (self._half_open or self._associations), timeout_seconds)


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


def _add(counts: Counter[str], key: str, most_of_key: int, most: int) -> None:
    if counts[key] >= most_of_key or counts.total() >= most:
        raise Crowded
    counts[key] += 1


def _remove(counts: Counter[str], key: str) -> None:
    counts[key] -= 1
    if counts[key] <= 0:
        del counts[key]
