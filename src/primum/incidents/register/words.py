"""The words of the register and of the control pack, in French and English: words.toml; facts in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from functools import cache
from typing import Any

from primum.ground.clock import from_text
from primum.incidents.dated import read_dated
from primum.incidents.facts.catalogue import CATALOGUE, Shape
from primum.incidents.model import SYSTEM, Evidence, Fact, Standing
from primum.incidents.notices.codes import said
from primum.incidents.notices.values import lines_of
from primum.incidents.notices.words import written


@cache
def _words(language: str) -> Mapping[str, str]:
    found: Mapping[str, str] = read_dated("primum.incidents.register", "words.toml")[language]
    return found


def word(language: str, key: str, /, **facts: object) -> str:
    """Return a sentence with its facts. KeyError for one that does not exist."""
    return _words(language)[key].format(**facts)


def known_word(language: str, group: str, name: str) -> str:
    """Return our word for a name of a group; the name itself where a further room gave one that has no word here."""
    return _words(language).get(f"{group}.{name}", name)


def instant(at: datetime, zone: tzinfo, language: str) -> str:
    """Write an instant to the minute, in `zone`, with its offset."""
    return written(at, zone)[language]


def offset(at: datetime, zone: tzinfo) -> str:
    """Write the offset from UTC that held at an instant: `+02:00`."""
    told = f"{at.astimezone(zone):%z}"
    return f"{told[:3]}:{told[3:5]}"


def label(fact: Fact, language: str) -> str:
    """Name a fact."""
    return CATALOGUE[fact.key].label[language]


def value(fact: Fact, language: str, zone: tzinfo) -> str:
    """Write what a fact says, as the notification does; that it is not known, where somebody said so."""
    if fact.standing is Standing.UNKNOWN:
        return word(language, "not-known")
    kind = CATALOGUE[fact.key]
    if kind.shape is Shape.BEGAN:
        return _began(fact.value, language, zone)
    lines = [(one.label.get(language, ""), one.text[language]) for one in lines_of(kind, fact.value, "", zone)]
    return ", ".join(f"{name} : {text}" if name else text for name, text in lines)


def evidence(found: tuple[Evidence, ...], language: str, people: Mapping[str, str]) -> str:
    """Write what shows a fact: where to look, and our own id; a person by name."""
    told = (
        f"{known_word(language, 'evidence', one.kind)} {people.get(one.ref, one.ref)} {one.note}".strip()
        for one in found
    )
    return " ; ".join(told)


def who(by: str, language: str, people: Mapping[str, str]) -> str:
    """Name who wrote an entry."""
    return word(language, "system") if by == SYSTEM else people.get(by, by)


def _began(told: Mapping[str, Any], language: str, zone: tzinfo) -> str:
    """Write both ends of the interval, each with its proof, in one sentence."""
    after, proof = instant(from_text(told["not_after"]), zone, language), _proof(told.get("proof_after"), language)
    if not told.get("not_before"):
        return word(language, "began.no-earlier", after=after, proof=proof)
    before = instant(from_text(told["not_before"]), zone, language)
    proof_before = _proof(told.get("proof_before"), language)
    return word(language, "began", before=before, after=after, proof=proof, proof_before=proof_before)


def _proof(name: str | None, language: str) -> str:
    return said("proof", name)[language] if name else "-"
