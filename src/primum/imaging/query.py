"""Reading a query: parameters as QIDO-RS writes them (PS3.18 8.3.4) into `Criteria`. Pure.

What cannot be understood is refused, never dropped: a filter silently ignored shows more than was asked for.
The refusal does not repeat what was sent, which may name a patient.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from primum.imaging.attributes import BY_KEYWORD, BY_TAG, Attribute, Level
from primum.imaging.errors import BadQuery
from primum.imaging.extract import normal_date, normal_time
from primum.imaging.limits import LIMITS, Limits
from primum.imaging.matching import Between, Group, Name, Number, OneOf, Test, Text, Words
from primum.imaging.names import fold, fold_group, squeeze

DEFAULT_LIMIT = 100
_ORDER = {Level.STUDY: 0, Level.SERIES: 1, Level.INSTANCE: 2}
_TAG = re.compile(r"[0-9A-Fa-f]{8}")
_NAMED = re.compile(r"[A-Za-z0-9.,_]*")
_UIDS = re.compile(r"[0-9.]{1,64}(?:[\\,][0-9.]{1,64})*")
_STARS = 8
"""Runs of `*` in one pattern: nobody types more, and each multiplies the work."""


class Key(NamedTuple):
    """An attribute and what it must be."""

    attribute: Attribute
    test: Test


@dataclass(frozen=True, slots=True)
class Criteria:
    """A query: what to match, what to return besides the usual, which page."""

    keys: tuple[Key, ...] = field(default=(), repr=False)
    include: frozenset[int] = frozenset()
    include_all: bool = False
    limit: int = DEFAULT_LIMIT
    offset: int = 0


def parse_qido(parameters: Iterable[tuple[str, str]], level: Level, limits: Limits = LIMITS) -> Criteria:
    """Read the decoded parameters of a query at a level. Raises BadQuery."""
    listed = list(parameters)
    if len(listed) > limits.query_parameters:
        raise BadQuery(why="there are too many")
    asked = _Asked(limits)
    fuzzy = any(_boolean(value) for name, value in listed if name == "fuzzymatching")
    keys = [key for name, value in listed if (key := asked.read(name, value, level, fuzzy=fuzzy)) is not None]
    return Criteria(tuple(keys), frozenset(asked.include), asked.include_all, asked.limit, asked.offset)


class _Asked:
    """What one query asked for beside its keys, as its parameters are read."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.include: set[int] = set()
        self.include_all = False
        self.limit = DEFAULT_LIMIT
        self.offset = 0
        self._seen: set[str] = set()

    def read(self, name: str, value: str, level: Level, *, fuzzy: bool) -> Key | None:
        if len(value) > self.limits.query_text or not value.isprintable():
            raise BadQuery(why="a value is too long or holds characters that cannot be asked for")
        if name == "includefield":
            self._include(value)
            return None
        attribute = _attribute(name)
        once = attribute.keyword if attribute else name
        if once in self._seen:
            raise BadQuery(why="a parameter is given twice")
        self._seen.add(once)
        if name == "limit":
            self.limit = min(_count(value), self.limits.page)
        elif name == "offset":
            self.offset = _count(value)
        elif name != "fuzzymatching":
            return _key(attribute, value, level, fuzzy=fuzzy)
        return None

    def _include(self, value: str) -> None:
        if _NAMED.fullmatch(value) is None:
            raise BadQuery(why="includefield names attributes by tag or keyword")
        for name in value.split(","):
            attribute = _attribute(name)
            self.include_all |= name == "all"
            if attribute is not None:
                self.include.add(attribute.tag)


def _attribute(name: str) -> Attribute | None:
    return BY_TAG.get(int(name, 16)) if _TAG.fullmatch(name) else BY_KEYWORD.get(name)


def _key(attribute: Attribute | None, value: str, level: Level, *, fuzzy: bool) -> Key | None:
    if attribute is None or not attribute.column:
        raise BadQuery(why="it is no attribute that can be matched here")
    if _ORDER[attribute.level] > _ORDER[level]:
        raise BadQuery(why="it is an attribute of a lower level")
    test = read_test(attribute, value, fuzzy=fuzzy)
    return None if test is None else Key(attribute, test)


def read_test(attribute: Attribute, value: str, *, fuzzy: bool = False) -> Test | None:
    """Read one key; None when it matches everything (C.2.2.2.3). Raises BadQuery."""
    if not value.strip("*"):
        return None
    if value.count("*") > _STARS:
        raise BadQuery(why="there are too many wildcards")
    match attribute.vr:
        case "UI":
            return OneOf(_uids(value))
        case "DA" | "TM":
            return _range(value, _day if attribute.vr == "DA" else _moment)
        case "PN":
            return _words(value) if fuzzy else _name(value)
        case "IS" | "US":
            return Number(_number(value))
        case _:
            return _text(attribute, value)


def _uids(value: str) -> tuple[str, ...]:
    if _UIDS.fullmatch(value) is None:
        raise BadQuery(why="a UID is made of digits and dots")
    return tuple(dict.fromkeys(re.split(r"[\\,]", value)))


def _range(value: str, bounds: object) -> Between:
    low, dash, high = value.partition("-")
    if not callable(bounds) or (dash and not low and not high) or "-" in high:
        raise BadQuery(why="a range is a-b, a- or -b")
    if not dash:
        return Between(*bounds(low))
    return Between(bounds(low)[0] if low else "", bounds(high)[1] if high else "~")


def _day(text: str) -> tuple[str, str]:
    date = normal_date(text)
    if not date:
        raise BadQuery(why="a date is YYYYMMDD")
    return date, date


def _moment(text: str) -> tuple[str, str]:
    low = normal_time(text)
    if not low:
        raise BadQuery(why="a time is HHMMSS")
    digits = re.sub(r"[:]", "", text.strip())
    return low, digits + "5959.999999"[len(digits) - 2 :] if "." not in digits else f"{digits:9<13}"


def _number(value: str) -> int:
    if re.fullmatch(r"[+-]?[0-9]{1,12}", value.strip()) is None:
        raise BadQuery(why="a number is written with digits")
    return int(value)


def _count(value: str) -> int:
    if re.fullmatch(r"[0-9]{1,9}", value) is None:
        raise BadQuery(why="limit and offset are whole numbers")
    return int(value)


def _boolean(value: str) -> bool:
    if value not in {"true", "false"}:
        raise BadQuery(why="fuzzymatching is true or false")
    return value == "true"


def _text(attribute: Attribute, value: str) -> Text | None:
    if attribute.column == "description":
        return Text((_single_stars(fold(value)),))
    if attribute.column in {"modality", "modalities"}:
        listed = tuple(one.strip() for one in re.split(r"[\\,]", value) if one.strip())
        return Text(listed) if listed else None
    return Text((_single_stars(value.strip(" ")),))


def _single_stars(pattern: str) -> str:
    return re.sub(r"\*+", "*", pattern)


def _name(value: str) -> Name | None:
    groups = [_group(text) for text in value.split("=")[:3]]
    if "=" in value:
        groups += [None] * (3 - len(groups))
    return Name(tuple(groups)) if any(groups) else None


def _group(text: str) -> Group | None:
    if not text.strip("*^ "):
        return None
    pattern = _single_stars(fold_group(text))
    flat = "^" not in pattern
    patterns = [pattern]
    while pattern.endswith("^*"):
        # `*` also stands for nothing, and a name without that component is not written with its `^`
        pattern = pattern[:-2].rstrip("^")
        patterns.append(pattern)
    return Group(tuple(patterns), flat)


def _words(value: str) -> Words | None:
    words = tuple(filter(None, (squeeze(word) for word in re.split(r"[\s^=*?\-]+", value))))
    return Words(words) if words else None
