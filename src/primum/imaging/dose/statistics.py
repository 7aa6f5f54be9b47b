"""Doses of a practice: by protocol, part of the body and age, with the median that a reference level is laid beside.

Pure: takes what studies say, returns lines; nobody is in them. A level stands beside a median where kind, measure, part
of the body, projection, phantom and age are the same; what a difference means is for people to say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple

from primum.imaging.dose.combining import StudyDose
from primum.imaging.dose.limits import LIMITS, Limits
from primum.imaging.dose.model import Event, Kind, Region
from primum.imaging.dose.rules import Level

OF_EVENTS: Final = ("ctdi_vol", "dlp", "dap", "dose_rp", "agd", "entrance", "activity")
OF_STUDIES: Final = ("dlp", "dap", "dose_rp", "fluoro_time")
ADULT_YEARS: Final = 18
FEWEST: Final = 30
"""Examinations that French law asks an evaluation to be of (décision ASN 2019-DC-0667); fewer are marked as few."""


class Key(NamedTuple):
    """What a line is of."""

    kind: Kind
    level: str
    """`event`: each acquisition, exposure or administration; `study`: the sum of an examination."""
    protocol: str
    region: Region | None
    view: str
    phantom: str
    age: str
    """`adult`, `child` or empty where a birth date is missing."""
    measure: str

    @property
    def id(self) -> str:
        """A short name of it, for addresses: it says nothing."""
        return hashlib.sha256(repr(tuple(self)).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Summary:
    """Numbers of a set of values."""

    count: int
    low: float
    quarter: float
    median: float
    three_quarters: float
    high: float


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the practice's table."""

    key: Key
    unit: str
    all: Summary
    months: Mapping[str, Summary]
    """By `YYYYMM`."""
    beside: Level | None = None
    """The reference level that stands beside the median."""

    @property
    def few(self) -> bool:
        """Whether there are too few for an evaluation."""
        return self.all.count < FEWEST


Values = list[tuple[Key, str, list[float]]]
"""Numbers of one dose by line and unit, without whose they are: age is said by the study, which may be corrected."""


@dataclass(frozen=True, slots=True)
class Dosed:
    """A study with dose, as statistics need it: its values where they are at hand, else its dose."""

    ref: str = field(repr=False)
    date: str
    birth_date: str = field(repr=False)
    dose: StudyDose | None
    values: Sequence[Sequence[float]] = ()
    """Each a number of a group, and then its values. Only of a study that has no event in common with another."""


@dataclass(frozen=True, slots=True)
class Practice:
    """What a practice did in a period."""

    lines: tuple[Line, ...]
    studies: int
    without: int
    """Studies whose reports could not be read, or say no dose."""
    cut: bool = False
    """Whether there was more than is looked at."""


def practice(
    studies: Iterable[Dosed],
    levels: Sequence[Level],
    limits: Limits = LIMITS,
    groups: Callable[[Collection[int]], Mapping[int, tuple[Key, str]]] = lambda _numbers: {},
) -> Practice:
    """Put the doses of many studies into lines. An irradiation event that two studies have counts once.

    `groups` tells which line and unit a group number of `Dosed.values` is of.
    """
    gathered: dict[tuple[Key, str], dict[str, list[float]]] = {}
    numbered: dict[tuple[float, str, str], list[float]] = {}
    seen: set[str] = set()
    count = without = 0
    for one in studies:
        count += 1
        age, month = age_group(one.birth_date, one.date), one.date[:6]
        if one.dose is None:
            without += not one.values
            for number, *values in one.values:
                numbered.setdefault((number, age, month), []).extend(values)
            continue
        found = _fresh(one.dose, seen)
        without += not found
        for key, unit, values in found:
            gathered.setdefault((key._replace(age=age), unit), {}).setdefault(month, []).extend(values)
    known = groups({int(number) for number, _, _ in numbered})
    for (number, age, month), values in numbered.items():
        key, unit = known[int(number)]
        gathered.setdefault((key._replace(age=age), unit), {}).setdefault(month, []).extend(values)
    lines = [_line(key, unit, months, levels) for (key, unit), months in gathered.items()]
    lines.sort(key=lambda one: (-one.all.count, *_in_words(one.key)))
    return Practice(tuple(lines[: limits.groups]), count, without, cut=len(lines) > limits.groups)


def values_of(dose: StudyDose) -> Values:
    """Give the numbers of a dose, of its events and of the whole examination."""
    return _fresh(dose, set())


def _fresh(dose: StudyDose, seen: set[str]) -> Values:
    """Give the numbers of events that no study before had, and of the examination where it has all of them itself."""
    fresh = [event for event in dose.events if not event.uid or event.uid not in seen]
    seen |= {event.uid for event in fresh if event.uid}
    found: dict[tuple[Key, str], list[float]] = {}
    for key, unit, value in _of_events(fresh):
        found.setdefault((key, unit), []).append(value)
    if len(fresh) == len(dose.events):
        for key, unit, value in _of_study(dose):
            found.setdefault((key, unit), []).append(value)
    return [(key, unit, values) for (key, unit), values in found.items()]


def _of_events(events: Iterable[Event]) -> Iterable[tuple[Key, str, float]]:
    for event in events:
        if event.localizer:
            continue
        for measure in OF_EVENTS:
            amount = event.amounts.get(measure)
            if amount is not None and amount.understood and amount.high is None:
                yield _key(event, "event", measure), amount.unit, amount.value


def _of_study(dose: StudyDose) -> Iterable[tuple[Key, str, float]]:
    # named by its first acquisition that is not a scout: descriptions are free text, and may name people
    shown = next((event for event in dose.events if not event.localizer), None)
    if shown is None:
        kinds = [kind for kind in dose.kinds if kind is not Kind.UNKNOWN]
        shown = Event("", kinds[0]) if kinds else None
    for measure in OF_STUDIES:
        amount = dose.totals.get(measure)
        if shown is not None and amount is not None and amount.understood:
            key = _key(shown, "study", measure)
            yield key._replace(view="", phantom=""), amount.unit, amount.value


def _key(event: Event, level: str, measure: str) -> Key:
    phantom = event.phantom if measure in {"ctdi_vol", "dlp"} else ""
    protocol = event.agent if event.kind is Kind.NUCLEAR and event.agent else event.protocol
    return Key(event.kind, level, protocol, event.region, event.view, phantom, "", measure)


def _line(key: Key, unit: str, months: Mapping[str, list[float]], levels: Sequence[Level]) -> Line:
    every = [value for values in months.values() for value in values]
    by_month = {month: summary(months[month]) for month in sorted(months)}
    return Line(key, unit, summary(every), by_month, beside(key, unit, levels))


def beside(key: Key, unit: str, levels: Sequence[Level]) -> Level | None:
    """Find the reference level that is of the same as a line; none where anything is unknown."""
    if key.level != "event" or key.region is None:
        return None
    for one in levels:
        same = (one.kind, one.measure, one.age, one.unit) == (key.kind, key.measure, key.age, unit)
        view = not one.views or key.view in one.views
        phantom = not one.phantom or key.phantom in {one.phantom, ""}
        if same and view and phantom and key.region.code in one.regions:
            return one
    return None


def summary(values: Sequence[float]) -> Summary:
    """Count, ends, quartiles (linear between the two nearest values). Of at least one value."""
    ordered = sorted(values)
    return Summary(
        len(ordered), ordered[0], _at(ordered, 0.25), _at(ordered, 0.5), _at(ordered, 0.75), ordered[-1]
    )  # fmt: skip


def _at(ordered: Sequence[float], part: float) -> float:
    place = part * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


@lru_cache(maxsize=65_536)
def _day(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None


def age_group(birth_date: str, day: str) -> str:
    """Tell an adult from a child on the day of a study; empty where either day is not one."""
    born, then = _day(birth_date), _day(day)
    if born is None or then is None:
        return ""
    years = then.year - born.year - ((then.month, then.day) < (born.month, born.day))
    return "" if years < 0 else "adult" if years >= ADULT_YEARS else "child"


def _in_words(key: Key) -> tuple[str, ...]:
    region = key.region.meaning if key.region is not None else ""
    return (key.kind.value, key.protocol, region, key.level, key.measure, key.age, key.view, key.phantom)


def only(found: Practice, kinds: Iterable[Kind]) -> Practice:
    """Keep the lines of some kinds."""
    wanted = set(kinds)
    return replace(found, lines=tuple(one for one in found.lines if one.key.kind in wanted))
