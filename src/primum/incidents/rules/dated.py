"""The dated rules of the clock: read and held against their shape, and which version was in force at an instant. Pure.

A rule without `in_force` is a proposal: it is shown as one, and never applied. A rule without `hours` is due at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from enum import StrEnum
from functools import cache
from itertools import groupby
from typing import Any, Final

from primum.ground.zones import zone_named
from primum.incidents.dated import read_dated
from primum.incidents.model import Role

FILES: Final = ("notification.toml", "others.toml")
_MOST_HOURS: Final = 24 * 366
"""More is a slip of the keyboard."""


class From(StrEnum):
    """From which instant the hours of a rule run."""

    DETECTED = "detected-first"
    """The earliest instant of detection that was ever written: the prudent date."""
    AWARE = "aware"
    PROCESSOR_AWARE = "processor-aware"
    ATTACK_KNOWN = "attack-known"
    INITIAL_SENT = "initial-sent"
    DEADLINE_PASSED = "deadline-passed"
    ENTRY = "entry"
    """An entry of the file gives the date itself: an order, a letter."""


class When(StrEnum):
    """Where a rule applies (deadline.py says how each is read off a file)."""

    ALWAYS = "always"
    NOTIFYING = "notifying"
    """Unless a person decided not to notify."""
    INITIAL_ALONE = "initial-alone"
    TELLING = "telling"
    """Once a person decided to tell."""
    ATTACK = "attack"
    NOT_LISTED = "not-listed"


class Done(StrEnum):
    """What shows that a duty is done."""

    NOTIFIED = "notified"
    COMPLETED = "completed"
    REASONS_GIVEN = "reasons-given"
    CONTROLLERS_ALERTED = "controllers-alerted"
    PEOPLE_TOLD = "people-told"
    COMPLAINT_LODGED = "complaint-lodged"
    ENTRY = "entry"
    NEVER = "never"


class Confidence(StrEnum):
    """How sure it is that a rule is the law."""

    VERIFIED = "verified"
    SECONDARY = "secondary"
    TO_BE_CONFIRMED = "to-be-confirmed"
    HOUSE = "house"
    """No law: a rule of ours."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of one rule. `in_force` and `until` are days in `zone`; `until` is the first on which it is over."""

    name: str
    in_force: date | None
    until: date | None
    zone: tzinfo
    hours: int | None
    counts_from: tuple[From, ...]
    each_line: bool
    """A line for each instant that is written; otherwise for the first of them that is."""
    role: Role | None
    when: When
    done: Done
    firm: bool
    """False: asked for "if possible"."""
    remind: bool
    article: str
    source: str
    confidence: Confidence
    label: Mapping[str, str]
    note: Mapping[str, str] = field(default_factory=dict)

    def in_force_at(self, at: datetime) -> bool:
        """Tell whether it was in force at an instant."""
        day = at.astimezone(self.zone).date()
        return self.in_force is not None and self.in_force <= day and (self.until is None or day < self.until)


class BadRules(ValueError):
    """A file of rules does not have the shape that it must have: a mistake of ours, found by the tests."""


Versions = tuple[Rule, ...]
"""The versions of one rule, in the order of the file."""


@cache
def rules() -> tuple[Versions, ...]:
    """Return the rules that are delivered, each with its versions."""
    return read_rules(read_dated("primum.incidents.rules", name) for name in FILES)


def read_rules(found: Iterable[Mapping[str, Any]]) -> tuple[Versions, ...]:
    """Read rules from what TOML files hold. Raises BadRules."""
    every = [_rule(one, zone_named(part["zone"])) for part in found for one in part["rule"]]
    names = [name for name, _ in groupby(one.name for one in every)]
    if len(names) != len(set(names)):
        raise BadRules("the versions of a rule stand together")
    grouped = tuple(tuple(group) for _, group in groupby(every, key=lambda one: one.name))
    for versions in grouped:
        _agree(versions)
    return grouped


def in_force_at(versions: Sequence[Rule], at: datetime) -> Rule | None:
    """Return the version in force at an instant: of several, the one that came into force last."""
    held = [one for one in versions if one.in_force_at(at)]
    return max(held, key=lambda one: one.in_force or date.min) if held else None


def proposals() -> list[Rule]:
    """List what is written down and not in force, to be shown as such."""
    return [one for versions in rules() for one in versions if one.in_force is None]


@cache
def words(kind: str) -> Mapping[str, Mapping[str, str]]:
    """Return the words for reasons (`reason`), or for what a line counts from (`from`)."""
    found = read_dated("primum.incidents.rules", "words.toml")
    return {name: _both(one, name) for name, one in found[kind].items()}


_KNOWN: Final = frozenset({
    "name", "in_force", "until", "hours", "counts_from", "lines", "role", "when", "done", "firm", "remind", "article",
    "source", "confidence", "label", "note",
})  # fmt: skip


def _rule(one: Mapping[str, Any], zone: tzinfo) -> Rule:
    name = str(one.get("name", "?"))
    if unknown := set(one) - _KNOWN:
        raise BadRules(f"{name}: {', '.join(sorted(unknown))}")
    try:
        made = Rule(
            name=one["name"], in_force=one.get("in_force"), until=one.get("until"), zone=zone, hours=one.get("hours"),
            counts_from=tuple(From(each) for each in one["counts_from"]), each_line=_each(one["lines"]),
            role=Role(one["role"]) if "role" in one else None, when=When(one["when"]), done=Done(one["done"]),
            firm=one.get("firm", True), remind=one["remind"], article=one["article"], source=one["source"],
            confidence=Confidence(one["confidence"]), label=_both(one["label"], name),
            note=_both(one["note"], name) if "note" in one else {},
        )  # fmt: skip
    except (KeyError, ValueError, TypeError) as wrong:
        raise BadRules(f"{name}: {wrong}") from None
    _check(made)
    return made


def _check(one: Rule) -> None:
    days = all(day is None or type(day) is date for day in (one.in_force, one.until))
    hours = one.hours is None or (type(one.hours) is int and 0 < one.hours <= _MOST_HOURS)
    if not days or not hours or not one.counts_from or not one.article or not one.source:
        raise BadRules(f"{one.name}: days are days, hours a whole number, and what it counts from is said")
    if one.until is not None and (one.in_force is None or one.until <= one.in_force):
        raise BadRules(f"{one.name}: it ends after it began")
    if {type(one.firm), type(one.remind)} != {bool}:
        raise BadRules(f"{one.name}: firm and remind are true or false")


def _agree(versions: Versions) -> None:
    """Hold the versions of a rule against each other: what differs is dates, hours and texts."""
    shapes = {(one.counts_from, one.each_line, one.role, one.when, one.done, one.remind) for one in versions}
    days = [one.in_force for one in versions if one.in_force is not None]
    if len(shapes) != 1 or len(days) != len(set(days)):
        raise BadRules(f"{versions[0].name}: versions differ in dates, hours and texts alone, and in their dates")


def _each(text: str) -> bool:
    return {"each": True, "first": False}[text]


def _both(found: Mapping[str, Any], name: str) -> Mapping[str, str]:
    if set(found) != {"fr", "en"} or not all(isinstance(one, str) and one for one in found.values()):
        raise BadRules(f"{name}: French and English")
    return dict(found)
