"""When somebody is reminded, and in which words: dated data (reminders.toml), held against its shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, Final

from primum.incidents.dated import read_dated
from primum.incidents.rules.dated import BadRules

_WORDS: Final = frozenset({"subject", "exercise", "begin", "due", "at_once", "late", "end"})


@dataclass(frozen=True, slots=True)
class ReminderRules:
    """What holds now."""

    before: tuple[timedelta, ...]
    """The longest first."""
    after_every: timedelta
    late_after: timedelta
    tries: int
    again_after: timedelta
    words: Mapping[str, Mapping[str, str]]


@cache
def reminder_rules() -> ReminderRules:
    """Return the rules that are delivered."""
    return read_reminder_rules(read_dated("primum.incidents.rules", "reminders.toml"))


def read_reminder_rules(found: Mapping[str, Any]) -> ReminderRules:
    """Read rules from what a TOML file holds. Raises BadRules."""
    hours = found["hours_before"]
    numbers = [
        *hours,
        *(found[one] for one in ("after_every_hours", "late_after_minutes", "tries", "again_after_minutes")),
    ]
    if not all(type(one) is int and one > 0 for one in numbers) or sorted(set(hours), reverse=True) != hours:
        raise BadRules("whole numbers, and the hours before the longest first")
    if any(set(found[language]) != _WORDS for language in ("fr", "en")):
        raise BadRules(f"each language has {', '.join(sorted(_WORDS))}")
    return ReminderRules(
        before=tuple(timedelta(hours=one) for one in hours),
        after_every=timedelta(hours=found["after_every_hours"]),
        late_after=timedelta(minutes=found["late_after_minutes"]),
        tries=found["tries"],
        again_after=timedelta(minutes=found["again_after_minutes"]),
        words={language: found[language] for language in ("fr", "en")},
    )
