"""How long one waits before a process that fell is started again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from typing import NamedTuple

SECONDS = (0.2, 1.0, 5.0, 15.0)
"""Before the first, second, … restart in a row."""
STEADY = 60.0
"""Seconds: what has run this long starts again at the first step."""


class Fall(NamedTuple):
    """What a fall means: how many times in a row, and the seconds to wait."""

    times: int
    pause: float


class Backoff:
    """Counts the falls in a row of each process."""

    def __init__(self) -> None:
        """Nobody has fallen."""
        self._falls: Counter[Hashable] = Counter()

    def fell(self, who: Hashable, ran_seconds: float) -> Fall:
        """Count one more fall of `who`, which had run for so long."""
        if ran_seconds > STEADY:
            del self._falls[who]
        self._falls[who] += 1
        times = self._falls[who]
        return Fall(times, SECONDS[min(times, len(SECONDS)) - 1])
