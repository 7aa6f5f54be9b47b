"""Decisions of the CNIL to compare with (decisions.toml), and which are comparable to a file, with the reasons. Pure.

Their amounts are what was decided of others. Nothing here works out an amount for a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from primum.incidents.dated import Words, read_dated, words_of
from primum.incidents.facts.catalogue import VOCABULARIES
from primum.incidents.matching import keys_that_match
from primum.incidents.model import Dossier, Role

_READ: Final[dict[str, Any]] = read_dated("primum.incidents.sanction", "decisions.toml")
SOURCE: Final = {one: str(_READ[one]) for one in ("in_force", "source", "confidence")}
_NOT_NOTIFIED: Final = frozenset({"register-only", "authority-knows"})


@dataclass(frozen=True, slots=True)
class Ruling:
    """One decision, as it was published. `date`: ISO, or year and month where no source that was read has the day."""

    number: str
    date: str
    name: str
    """Empty where the published decision has none."""
    who: Words
    size: str
    health: bool
    role: str
    articles: tuple[str, ...]
    subjects: tuple[str, ...]
    fine_eur: int
    penalty_eur_a_day: int | None
    penalty_after_months: int | None
    facts: Words
    follow_up: Words
    source: str
    confidence: Mapping[str, str]
    """How sure: number, amount, articles, and outcome where it was appealed."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """Why a decision is comparable. `facts`: keys of the facts of the file; `entries`: its entries."""

    name: str
    words: Words
    facts: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparable:
    """A decision, and every reason why it is comparable to the file."""

    ruling: Ruling
    reasons: tuple[Likeness, ...]


def _ruling(one: Mapping[str, Any]) -> Ruling:
    return Ruling(
        number=one["number"], date=one["date"], name=one["name"], who=words_of(one, "who_"), size=one["size"],
        health=one["health"], role=one["role"], articles=tuple(one["articles"]), subjects=tuple(one["subjects"]),
        fine_eur=one["fine_eur"], penalty_eur_a_day=one.get("penalty_eur_a_day"),
        penalty_after_months=one.get("penalty_after_months"), facts=words_of(one),
        follow_up=words_of(one, "follow_up_"), source=one["source"], confidence=one["confidence"],
    )  # fmt: skip


RULINGS: Final[tuple[Ruling, ...]] = tuple(_ruling(one) for one in _READ["decision"])
SUBJECTS: Final[Mapping[str, Words]] = {one["name"]: words_of(one) for one in _READ["subject"]}
_FROM: Final[Mapping[str, Mapping[str, list[str]]]] = {one["name"]: one["facts"] for one in _READ["subject"]}
_HEALTH: Final[Words] = {"fr": "données de santé ou sensibles", "en": "health or sensitive data"}
_ROLE: Final[Words] = {"fr": "un sous-traitant, comme ici", "en": "a processor, as here"}


def comparable(dossier: Dossier) -> list[Comparable]:
    """List the comparable decisions: those with a subject of the file, or health data where it has some.

    Sorted by how many subjects are the same, then by how many reasons there are, then the latest first.
    """
    subjects = dict(_subjects(dossier))
    found = [Comparable(one, tuple(_reasons(one, subjects, dossier))) for one in RULINGS]
    alike = [one for one in found if any(each.name in SUBJECTS or each.name == "health" for each in one.reasons)]
    alike.sort(key=lambda one: (one.ruling.date, one.ruling.number), reverse=True)
    return sorted(alike, key=lambda one: (-_same(one), -len(one.reasons)))


def _same(one: Comparable) -> int:
    return sum(each.name in SUBJECTS for each in one.reasons)


def _reasons(one: Ruling, subjects: Mapping[str, Likeness], dossier: Dossier) -> Iterator[Likeness]:
    yield from (subjects[name] for name in one.subjects if name in subjects)
    if one.health and set(dossier.value("sensitive", [])) - {"none"}:
        yield Likeness("health", _HEALTH, ("sensitive",))
    size = dossier.value("organisation-size")
    if size is not None and size == one.size:
        yield Likeness("size", VOCABULARIES["size"][size], ("organisation-size",))
    if one.role == Role.PROCESSOR and dossier.file.role is Role.PROCESSOR:
        yield Likeness("role", _ROLE, ("role",))


def _subjects(dossier: Dossier) -> Iterator[tuple[str, Likeness]]:
    """Read what the file is about: from its facts, and that a person decided not to notify."""
    for name, facts in _FROM.items():
        keys = keys_that_match(dossier, facts)
        if keys:
            yield name, Likeness(name, SUBJECTS[name], keys)
    decided = dossier.decisions.get("notify")
    if decided is not None and decided.choice in _NOT_NOTIFIED:
        yield "not-notified", Likeness("not-notified", SUBJECTS["not-notified"], (), (decided.entry,))
