"""The rules of sending and of keeping addresses: dated data, read once (rules.toml has the sources)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from primum.incidents.dated import read_dated


@dataclass(frozen=True, slots=True)
class TellingRules:
    """What holds now."""

    each_sweep: int
    each_hour: int
    retries: tuple[timedelta, ...]
    trouble: timedelta
    settle: timedelta
    keep: timedelta

    def wait_after(self, attempts: int) -> timedelta | None:
        """Return how long a letter waits after so many attempts; None where it is given up."""
        return self.retries[attempts - 1] if attempts <= len(self.retries) else None


@cache
def telling_rules() -> TellingRules:
    """Return the rules."""
    found = read_dated("primum.incidents.telling", "rules.toml")
    return TellingRules(
        each_sweep=found["each_sweep"],
        each_hour=found["each_hour"],
        retries=tuple(timedelta(minutes=one) for one in found["retry_minutes"]),
        trouble=timedelta(minutes=found["trouble_minutes"]),
        settle=timedelta(minutes=found["settle_minutes"]),
        keep=timedelta(days=found["keep_days_after_closing"]),
    )
