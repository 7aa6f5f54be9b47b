"""What one value asked of one attribute means: PS3.4 C.2.2.2, the same for QIDO-RS and C-FIND. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from primum.imaging.attributes import ITEMS, Attribute
from primum.imaging.errors import BadQuery
from primum.imaging.extract import normal_date, normal_time
from primum.imaging.limits import LIMITS, Limits
from primum.imaging.matching import (
    WILDCARDS,
    Between,
    Empty,
    Group,
    Instants,
    Name,
    Number,
    OneOf,
    Test,
    Text,
    Words,
    microseconds,
)
from primum.imaging.names import fold, fold_group, squeeze

_UID = re.compile(r"[0-9.]{1,64}")
_STARS = 8
"""Runs of `*` in one pattern: nobody types more, and each multiplies the work."""
_PATTERNS = 16
"""Patterns with wildcards in one list of values."""
OPEN = "~"
"""After every date and time: the end of a range that has none."""
_DATE, _TIME = 0x00080020, 0x00080030
_HIGHEST = (1 << 62) - 1


class Key(NamedTuple):
    """An attribute and what it must be."""

    attribute: Attribute
    test: Test


@dataclass(frozen=True, slots=True)
class Way:
    """How values are read."""

    fuzzy: bool = False
    """Names by their words (PS3.4 C.2.2.2.1.1)."""
    empty: bool = False
    """Two quotes ask for what has no value (C.2.2.2.7)."""
    commas: bool = False
    """Lists of UIDs and of modalities may have commas between, as QIDO-RS writes them."""


WAY = Way()


def read_test(attribute: Attribute, value: str, way: Way = WAY, limits: Limits = LIMITS) -> Test | None:
    """Read one key; None when it matches everything (C.2.2.2.3). Raises BadQuery."""
    if not value.strip("* "):
        return None
    if attribute.vr != "UI" and len(value) > limits.query_text:
        raise BadQuery(why="a value is too long")
    if way.empty and value.strip() == '""':
        return Empty()
    match attribute.vr:
        case "UI":
            test: Test | None = OneOf(_uids(value, way, limits))
        case "DA" | "TM":
            test = _range(value, _day if attribute.vr == "DA" else _moment)
        case "PN":
            test = _words(value) if way.fuzzy else _name(value)
        case "IS" | "US":
            test = Number(_number(value))
        case _:
            test = _text(attribute, value, way, limits)
    return test


def read_item_test(
    sequence: int, tag: int, value: str, way: Way = WAY, limits: Limits = LIMITS
) -> OneOf | Text | Empty | None:
    """Read a key on an attribute inside a sequence's items. Raises BadQuery."""
    if not value.strip("* "):
        return None
    if way.empty and value.strip() == '""':
        return Empty()
    if ITEMS[sequence][tag] == "UI":
        return OneOf(_uids(value, way, limits))
    return Text(_patterns([value.strip(" ")] if "\\" not in value else value.split("\\"), limits))


def _split(value: str, way: Way) -> list[str]:
    listed = re.split(r"[\\,]" if way.commas else r"\\", value)
    return [one.strip(" \0") for one in listed if one.strip(" \0")]


def _uids(value: str, way: Way, limits: Limits) -> tuple[str, ...]:
    if WILDCARDS.search(value):
        raise BadQuery(why="a UID has no wildcards")
    listed = _split(value, way)
    if not listed or not all(map(_UID.fullmatch, listed)):
        raise BadQuery(why="a UID is made of digits and dots")
    if len(listed) > limits.query_list:
        raise BadQuery(why="the list is too long")
    return tuple(dict.fromkeys(listed))


def _range(value: str, bounds: Callable[[str], tuple[str, str]]) -> Between:
    low, dash, high = value.strip(" ").partition("-")
    if (dash and not low.strip() and not high.strip()) or "-" in high:
        raise BadQuery(why="a range is a-b, a- or -b")
    if not dash:
        return Between(*bounds(low), ranged=False)
    return Between(bounds(low)[0] if low.strip() else "", bounds(high)[1] if high.strip() else OPEN)


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


def _text(attribute: Attribute, value: str, way: Way, limits: Limits) -> Text | None:
    if attribute.column in {"modality", "modalities"}:
        listed = _split(value, way)
        return Text(_patterns(listed, limits)) if listed else None
    listed = [one.strip(" ") for one in value.split("\\")]
    if attribute.column == "description":
        listed = [fold(one) for one in listed]
    return Text(_patterns([one for one in listed if one], limits))


def _patterns(listed: Sequence[str], limits: Limits) -> tuple[str, ...]:
    wild = [one for one in listed if WILDCARDS.search(one)]
    if any(one.count("*") > _STARS for one in wild) or len(wild) > _PATTERNS:
        raise BadQuery(why="there are too many wildcards")
    if len(listed) > limits.query_list:
        raise BadQuery(why="the list is too long")
    return tuple(dict.fromkeys(_single_stars(one) for one in listed))


def _single_stars(pattern: str) -> str:
    return re.sub(r"\*+", "*", pattern)


def _name(value: str) -> Name | None:
    if value.count("*") > _STARS:
        raise BadQuery(why="there are too many wildcards")
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


def combine(keys: Sequence[Key], zone: int | None, *, always: bool = True) -> tuple[Key, ...]:
    """Take the study's date and time as one where both are ranges, or an offset from UTC says whose clock is meant.

    PS3.4 C.2.2.2.5: `20260101-20260102` with `2200-0600` is one night, not two evenings. `always` is for QIDO-RS;
    C-FIND combines only where a zone is given, or that was negotiated.
    """
    tests = {key.attribute.tag: key.test for key in keys}
    date, time = tests.get(_DATE), tests.get(_TIME)
    both = isinstance(time, Between) and always and (time.ranged or not (isinstance(date, Between) and date.ranged))
    if not isinstance(date, Between) or not (both or zone is not None):
        return tuple(keys)
    rest = [key for key in keys if key.attribute.tag not in {_DATE, _TIME}]
    attribute = next(key.attribute for key in keys if key.attribute.tag == _DATE)
    kept = [key for key in keys if key.attribute.tag == _TIME and not isinstance(time, Between)]
    return (*rest, *kept, Key(attribute, _instants(date, time if isinstance(time, Between) else None, zone)))


def _instants(date: Between, time: Between | None, zone: int | None) -> Instants:
    low_time = time.low if time and time.low else "000000.000000"
    high_time = time.high if time and time.high != OPEN else "235959.999999"
    low = microseconds(date.low, low_time) if date.low else -_HIGHEST
    high = microseconds(date.high, high_time) if date.high != OPEN else _HIGHEST
    days = (_beside(date.low, -1), _beside(date.high, 1)) if zone is not None else (date.low, date.high)
    return Instants(low, high, zone, days)


def _beside(date: str, days: int) -> str:
    try:
        other = dt.date(int(date[:4]), int(date[4:6]), int(date[6:])) + dt.timedelta(days=days)
    except (ValueError, OverflowError):
        return date
    return other.isoformat().replace("-", "")
