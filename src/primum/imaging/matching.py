"""What matches what: PS3.4 C.2.2.2, once, as pure tests on the values that the index keeps.

`sql.py` says the same in SQL.

Dates are YYYYMMDD, times HHMMSS.FFFFFF, names folded (names.py); empty means that the attribute has no value.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

WILDCARDS = re.compile(r"[*?]")


@lru_cache(maxsize=256)
def _glob(pattern: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(character) or re.escape(character) for character in pattern), re.DOTALL)


def like(pattern: str, text: str) -> bool:
    """Compare with `*` (any characters, or none) and `?` (one character); C.2.2.2.4."""
    return _glob(pattern).fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class OneOf:
    """One value, or one of a list (C.2.2.2.2)."""

    values: tuple[str, ...]

    def matches(self, value: str) -> bool:
        """Compare exactly."""
        return value in self.values


@dataclass(frozen=True, slots=True)
class Text:
    """One of some patterns with wildcards; a pattern without them is a single value (C.2.2.2.1)."""

    patterns: tuple[str, ...]

    def matches(self, value: str) -> bool:
        """Compare with each pattern."""
        return any(like(pattern, value) for pattern in self.patterns)


@dataclass(frozen=True, slots=True)
class Between:
    """A range, both ends included (C.2.2.2.5). What has no value is in no range."""

    low: str
    high: str
    ranged: bool = field(default=True, compare=False)
    """Whether it was written as a range: a single time is a range too, of a second, a minute or an hour."""

    def matches(self, value: str) -> bool:
        """Compare as text: both are written so that it compares like what it stands for."""
        return value != "" and self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Number:
    """A number, however it is written."""

    number: int

    def matches(self, value: int | None) -> bool:
        """Compare exactly."""
        return value == self.number


@dataclass(frozen=True, slots=True)
class Group:
    """Patterns for one component group of a name: `flat` ones know no components (the key had no `^`)."""

    patterns: tuple[str, ...]
    flat: bool

    def matches(self, group: str) -> bool:
        """Compare with a folded group."""
        return any(like(pattern, group.replace("^", "") if self.flat else group) for pattern in self.patterns)


@dataclass(frozen=True, slots=True)
class Name:
    """A name: `groups` holds one for whichever group matches, or three, each None or for its own group."""

    groups: tuple[Group | None, ...]

    def matches(self, name: tuple[str, str, str]) -> bool:
        """Compare with the three folded groups of a name."""
        if len(self.groups) == 1:
            (either,) = self.groups
            return either is None or any(either.matches(group) for group in name if group or group is name[0])
        pairs = zip(self.groups, name, strict=True)
        return all(test is None or test.matches(group) for test, group in pairs)


@dataclass(frozen=True, slots=True)
class Words:
    """Fuzzy matching of a name: one of its groups holds every word."""

    words: tuple[str, ...]

    def matches(self, name: tuple[str, str, str]) -> bool:
        """Look for the words in each group, components run together."""
        return any(all(word in group.replace("^", "") for word in self.words) for group in name)


@dataclass(frozen=True, slots=True)
class Empty:
    """No value (empty value matching, C.2.2.2.7)."""

    def matches(self, value: object) -> bool:
        """Look whether there is none."""
        return value in {None, "", ("", "", "")}


class Moment(NamedTuple):
    """When something was: date and time as kept, and its offset from UTC in minutes where it is known."""

    date: str
    time: str
    zone: int | None


@dataclass(frozen=True, slots=True)
class Instants:
    """A range over date and time together (combined date-time matching), in microseconds.

    `zone` is what the query's times are written in. Without one, or where what was kept has none, clocks are compared
    as they stand.
    """

    low: int
    high: int
    zone: int | None
    days: tuple[str, str]
    """The dates that anything within can have been written with, whatever its zone."""

    def matches(self, moment: Moment) -> bool:
        """Compare as instants. What has no date is in no range; without a time it is midnight."""
        if not moment.date:
            return False
        return self.low <= microseconds(moment.date, moment.time) - self.shift(moment.zone) <= self.high

    def shift(self, zone: int | None) -> int:
        """Tell how far a clock of `zone` is before the query's."""
        return 0 if zone is None or self.zone is None else (zone - self.zone) * MINUTE


MINUTE = 60_000_000


def microseconds(date: str, time: str) -> int:
    """Number a date and time: from the beginning of the calendar; a date that there is not counts from its first."""
    try:
        days = dt.date(int(date[:4]), int(date[4:6]), int(date[6:])).toordinal()
    except ValueError:
        days = 0
    clock = time or "000000.000000"
    return ((days * 24 + int(clock[:2])) * 60 + int(clock[2:4])) * MINUTE + int(clock[4:6] + clock[7:])


@dataclass(frozen=True, slots=True)
class InItem:
    """Tests on the attributes of an item: one item of the sequence passes them all (C.2.2.2.6)."""

    tests: tuple[tuple[int, OneOf | Text | Empty], ...]

    def matches(self, items: Sequence[Mapping[str, Any]]) -> bool:
        """Look for the item, in DICOM JSON."""
        return any(all(self._passes(item, tag, test) for tag, test in self.tests) for item in items)

    def _passes(self, item: Mapping[str, Any], tag: int, test: OneOf | Text | Empty) -> bool:
        values = item.get(f"{tag:08X}", {}).get("Value") or [""]
        return any(test.matches(str(value or "")) for value in values)


Test = OneOf | Text | Between | Number | Name | Words | Empty | Instants | InItem
