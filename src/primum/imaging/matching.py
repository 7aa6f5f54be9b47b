"""What matches what: PS3.4 C.2.2.2, once, as pure tests on the values that the index keeps.

`sql.py` says the same in SQL.

Dates are YYYYMMDD, times HHMMSS.FFFFFF, names folded (names.py); empty means that the attribute has no value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

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


Test = OneOf | Text | Between | Number | Name | Words
