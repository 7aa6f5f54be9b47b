"""The eighteen cases of EDPB 01/2021, and which of them are nearest: for comparison, never a verdict. Pure.

Nearness is the share of features in common (Jaccard, 1901): those of both, over those of either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from primum.incidents.dated import Words, read_dated, words_of
from primum.incidents.matching import keys_that_match
from primum.incidents.model import Dossier

_READ: Final = read_dated("primum.incidents.severity", "cases.toml")
SOURCE: Final = {one: str(_READ[one]) for one in ("in_force", "source")}


@dataclass(frozen=True, slots=True)
class Case:
    """One of the cases. `outcome`: of register, authority, people, what the EDPB concludes to."""

    number: int
    title: Words
    situation: Words
    features: frozenset[str]
    outcome: tuple[str, ...]
    confidence: str


@dataclass(frozen=True, slots=True)
class Match:
    """A case with the reasons why it is near: what is in both, what is in it alone, what is here alone."""

    case: Case
    shared: tuple[str, ...]
    only_there: tuple[str, ...]
    only_here: tuple[str, ...]
    overlap: float
    """0 to 1."""


CASES: Final[tuple[Case, ...]] = tuple(
    Case(
        one["number"], words_of(one), words_of(one, "situation_"), frozenset(one["features"]), tuple(one["outcome"]),
        one["confidence"],
    )
    for one in _READ["case"]
)  # fmt: skip
FEATURES: Final[Mapping[str, Words]] = {one["name"]: words_of(one) for one in _READ["feature"]}
OUTCOMES: Final[Mapping[str, Words]] = {
    "register": {"fr": "au registre", "en": "in the register"},
    "authority": {"fr": "autorité notifiée", "en": "authority notified"},
    "people": {"fr": "personnes informées", "en": "people told"},
}
_FROM: Final[Mapping[str, Mapping[str, list[str]]]] = {one["name"]: one["facts"] for one in _READ["feature"]}


def features_of(dossier: Dossier) -> dict[str, tuple[str, ...]]:
    """Read the features of a file: each with the keys of the facts that give it."""
    found = {name: keys_that_match(dossier, facts) for name, facts in _FROM.items()}
    return {name: keys for name, keys in found.items() if keys}


def nearest(features: Iterable[str], most: int = 3) -> list[Match]:
    """List the nearest cases, the nearest first, by number where two are as near. None where nothing is shared."""
    here = frozenset(features) & set(FEATURES)
    found = [_match(one, here) for one in CASES if one.features & here]
    return sorted(found, key=lambda one: (-one.overlap, one.case.number))[:most]


def _match(case: Case, here: frozenset[str]) -> Match:
    shared = case.features & here
    return Match(
        case, _named(shared), _named(case.features - here), _named(here - case.features),
        len(shared) / len(case.features | here),
    )  # fmt: skip


def _named(features: frozenset[str]) -> tuple[str, ...]:
    return tuple(name for name in FEATURES if name in features)
