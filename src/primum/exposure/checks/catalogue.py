"""The rule file `lines.toml`: every line, what each answer means and says, who may declare it, what it answers to."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Final

from primum.exposure.checks.model import State

CONFIDENCES: Final = ("verified", "secondary", "to-be-confirmed")
LETTERS: Final = ("a", "b", "c", "d")
"""GDPR article 32(1): encryption; confidentiality, integrity, availability; restoring; regular testing."""

Sentence = Mapping[str, str]
"""A sentence by language: `fr`, `en`."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one answer of a line means."""

    state: State
    says: Sentence
    does: Sentence
    """What to do now; empty where there is nothing to do."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the rule file."""

    name: str
    title: Sentence
    meanings: Mapping[str, Meaning]
    declared: Mapping[str, Meaning]
    """By value; empty where the line cannot be declared."""
    declared_days: int
    """For how long at most."""
    per_subject: bool
    """Whether it is declared for each thing that it lists, not once."""
    limits: Mapping[str, Any]
    """Thresholds, tables."""
    mapping: Mapping[str, Any]
    """What the line answers to: `cnil`, `article_32`, `decisions`."""

    def number(self, name: str) -> int:
        """Return a threshold."""
        value = self.limits[name]
        if not isinstance(value, int):
            raise TypeError(name)
        return value

    def meaning(self, code: str) -> Meaning:
        """Return what a code means: of this line, or one that all lines have. KeyError for another."""
        return self.meanings.get(code) or catalogue().common[code]


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long runs are kept."""

    days: int
    years: int
    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The whole file."""

    in_force: date
    rules: Mapping[str, Rule]
    common: Mapping[str, Meaning]
    keeping: Keeping
    sources: Mapping[str, Mapping[str, str]]
    """Where the mappings are from: title, date, and how it was read."""


@cache
def catalogue() -> Catalogue:
    """Read the rule file."""
    table = tomllib.loads((files(__package__) / "lines.toml").read_text("utf-8"))
    return Catalogue(
        in_force=table["in_force"],
        rules={name: _rule(name, one) for name, one in table["line"].items()},
        common={code: _meaning(one) for code, one in table["common"].items()},
        keeping=Keeping(**table["keeping"]),
        sources=table["source"],
    )


def _rule(name: str, table: dict[str, Any]) -> Rule:
    declare = table.get("declare", {})
    return Rule(
        name=name,
        title={"fr": table["fr"], "en": table["en"]},
        meanings={code: _meaning(one) for code, one in table["says"].items()},
        declared={value: _meaning(one) for value, one in declare.get("values", {}).items()},
        declared_days=declare.get("days", 0),
        per_subject=declare.get("per_subject", False),
        limits=table.get("limits", {}),
        mapping={key: table.get(key, []) for key in ("cnil", "article_32", "decisions")},
    )


def _meaning(table: dict[str, str]) -> Meaning:
    return Meaning(
        State(table["state"]),
        {"fr": table["fr"], "en": table["en"]},
        {"fr": table.get("do_fr", ""), "en": table.get("do_en", "")},
    )
