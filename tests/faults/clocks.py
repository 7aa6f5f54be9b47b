"""A clock that leaps between any two readings, backwards and forwards (docs/design/durability.md §4)."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from primum.ground.clock import FixedClock
from tests.faults.homes import home_in
from tests.faults.refusing import endure
from tests.faults.workload import SCENES

LEAPS: Final = tuple(
    timedelta(**one)
    for one in ({"milliseconds": 1}, {"seconds": 5}, {"hours": 1}, {"days": 1}, {"days": 32}, {"days": 400})
)
SCENES_LEAPT: Final = tuple(name for name in SCENES if name not in {"overtaken", "two_writers"})


class LeapingClock(FixedClock):
    """Goes on as it is told to, and leaps besides."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__(datetime(2026, 1, 2, 10, 0, tzinfo=UTC))
        self._chance = chance

    def now(self) -> datetime:
        """Return the instant, having leapt more often than not."""
        if self._chance.random() < 0.6:
            leap = self._chance.choice(LEAPS) * self._chance.choice((-1, 1))
            if 2000 < (super().now() + leap).year < 2090:
                self.advance(leap)
        return super().now()


def play(home: Path, name: str, chance: random.Random) -> list[dict[str, object]]:
    """Play a scene by such a clock; give what had returned."""
    returned: list[dict[str, object]] = []
    with home_in(home, clock=LeapingClock(chance)) as one:
        endure(one, name, lambda **facts: returned.append(facts))
    return returned
