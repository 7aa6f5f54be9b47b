"""How long one study is kept: facts, rules and a day give floor, ceiling and period. Pure.

CSP R.1112-7; CNIL délibération 2020-081; UNCAM annex 5. Where a fact is missing, the longer duration is taken
(docs/design/retention.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from primum.imaging.retention.rules import Rule, RuleSet

OLDEST: Final = date(1970, 1, 1)
"""A study dated before was not made by a machine that speaks DICOM: its date is a placeholder."""


class Period(StrEnum):
    """Where a study is in its life."""

    ACTIVE = "active"
    ARCHIVE = "archive"
    DUE = "due"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the judgement depends on."""

    received_on: date
    study_date: date | None = None
    last_visit: date | None = None
    """The latest study of the same patient with the same controller."""
    birth_date: date | None = None
    died_on: date | None = None
    modalities: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Kept through `floor` at least, through `ceiling` at most."""

    floor: date
    ceiling: date
    period: Period
    floor_rule: Rule
    ceiling_rule: Rule

    def below_floor(self, today: date) -> bool:
        """Tell whether it must still be kept."""
        return today <= self.floor


def judge(facts: Facts, rules: RuleSet, today: date) -> Verdict:
    """Judge one study on a day."""
    starts = _starts(facts, today)
    ceiling, ceiling_rule = _latest(rules.of("ceiling"), starts)
    for rule in rules.of("extends"):
        until = _until(rule, starts)
        if until is not None and until > ceiling:
            ceiling, ceiling_rule = until, rule
    for rule in rules.of("replaces"):
        until = _until(rule, starts)
        visit = starts["last-visit"]
        # a death before the last visit is a mistake in one of the two: it shortens nothing
        if until is not None and visit <= starts[rule.start] < add_years(visit, rule.within_years):
            ceiling, ceiling_rule = until, rule
    starts["ceiling"] = ceiling
    applying = [one for one in rules.of("floor") if not one.modalities or one.modalities & facts.modalities]
    floor, floor_rule = _latest(applying, starts)
    if floor > ceiling:
        ceiling, ceiling_rule = floor, floor_rule
    active, _ = _latest(rules.of("active"), starts)
    period = Period.DUE if today > ceiling else Period.ACTIVE if today <= active else Period.ARCHIVE
    return Verdict(floor, ceiling, period, floor_rule, ceiling_rule)


def add_years(day: date, years: int) -> date:
    """Give the same day so many years later; 1 March for a 29 February that the year does not have."""
    year = min(day.year + years, date.max.year)
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def believed(day: date | None, today: date) -> date | None:
    """Give the date of a study where it can be one."""
    return day if day is not None and OLDEST <= day <= today + timedelta(days=1) else None


def _starts(facts: Facts, today: date) -> dict[str, date]:
    study = believed(facts.study_date, today) or facts.received_on
    visits = (study, believed(facts.last_visit, today) or study)
    starts = {"study": study, "last-visit": max(visits), "birth": facts.birth_date or study}
    if facts.died_on is not None:
        starts["death"] = facts.died_on
    return starts


def _until(rule: Rule, starts: dict[str, date]) -> date | None:
    start = starts.get(rule.start)
    return None if start is None else add_years(start, rule.years)


def _latest(rules: tuple[Rule, ...] | list[Rule], starts: dict[str, date]) -> tuple[date, Rule]:
    """Give the rule that lasts longest; the first of them where several last as long."""
    found = [(until, rule) for rule in rules if (until := _until(rule, starts)) is not None]
    return max(found, key=lambda one: one[0])
