"""Sets of retention rules: dated files, each rule with its source and how sure of it we are."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any


class Kind(StrEnum):
    """What a controller is, which decides the set."""

    ESTABLISHMENT = "establishment"
    PRACTICE = "practice"


DEFAULT = Kind.ESTABLISHMENT
"""Until somebody chooses: the longer floor."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: so many years from a day."""

    name: str
    bound: str
    """`active`, `ceiling`, `extends` or `replaces` (the ceiling), `floor`."""
    start: str
    """`last-visit`, `study`, `birth`, `death` or `ceiling`."""
    years: int
    source: str
    confidence: str
    within_years: int = 0
    """Applies only where its start comes less than so many years after the last visit."""
    modalities: frozenset[str] = frozenset()
    """Applies only to studies with one of these; empty: to all."""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules of one kind of controller."""

    kind: Kind
    in_force: date
    rules: tuple[Rule, ...]

    def of(self, bound: str) -> tuple[Rule, ...]:
        """List the rules that give this bound."""
        return tuple(one for one in self.rules if one.bound == bound)

    def shortest(self) -> int:
        """Years from a last visit before which nothing of this set is ever due (a death apart)."""
        return min(one.years for one in self.of("ceiling"))


@cache
def every_set() -> tuple[RuleSet, ...]:
    """Read every rule file."""
    folder = resources.files(__package__)
    files = sorted(one.name for one in folder.iterdir() if one.name.endswith(".toml"))
    return tuple(_read(tomllib.loads((folder / name).read_text("utf-8"))) for name in files)


def rules_in_force(kind: Kind, day: date) -> RuleSet:
    """Give the set of this kind in force on a day: the newest that had begun, else the oldest."""
    of_kind = sorted((one for one in every_set() if one.kind is kind), key=lambda one: one.in_force)
    begun = [one for one in of_kind if one.in_force <= day]
    return (begun or of_kind[:1])[-1]


def rule_named(name: str) -> Rule | None:
    """Find a rule by its name, in whatever set."""
    return next((rule for one in every_set() for rule in one.rules if rule.name == name), None)


def _read(table: dict[str, Any]) -> RuleSet:
    rules = tuple(
        Rule(
            name=one["name"],
            bound=one["bound"],
            start=one["from"],
            years=one["years"],
            source=one["source"],
            confidence=one["confidence"],
            within_years=one.get("within_years", 0),
            modalities=frozenset(one.get("modalities", ())),
        )
        for one in table["rule"]
    )
    return RuleSet(Kind(table["kind"]), table["in_force"], rules)
