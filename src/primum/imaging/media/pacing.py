"""So many a second and no more: a migration that leaves the day's work its disc and its network."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pace:
    """Lets turns pass evenly. A pause is not made good by a burst."""

    def __init__(
        self,
        per_second: float,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """Let `per_second` turns pass; zero: as many as come."""
        self._gap = 1 / per_second if per_second else 0.0
        self._now, self._sleep = now, sleep
        self._next = 0.0

    def turn(self) -> None:
        """Wait for the next turn."""
        if not self._gap:
            return
        now = self._now()
        if self._next > now:
            self._sleep(self._next - now)
        self._next = max(self._next, now) + self._gap
