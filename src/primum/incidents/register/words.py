"""The words of the register and of the control pack, in French and English: words.toml; facts in words."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import datetime, tzinfo
from functools import cache
from importlib.resources import files
from typing import Any, Final

from primum.ground.clock import from_text
from primum.incidents.facts.catalogue import CATALOGUE, VOCABULARIES, Kind, Shape
from primum.incidents.model import SYSTEM, Evidence, Fact, Standing

LANGUAGES: Final = ("fr", "en")


@cache
def _words(language: str) -> Mapping[str, str]:
    found: Mapping[str, str] = tomllib.loads((files(__package__) / "words.toml").read_text("utf-8"))[language]
    return found


def word(language: str, key: str, /, **facts: object) -> str:
    """Return a sentence with its facts. KeyError for one that does not exist."""
    return _words(language)[key].format(**facts)


def known_word(language: str, group: str, name: str) -> str:
    """Return our word for a name of a group; the name itself where a further room gave one that has no word here."""
    return _words(language).get(f"{group}.{name}", name)


def instant(at: datetime, zone: tzinfo | None) -> str:
    """Write an instant to the minute, in `zone` (None: the machine's own), with its offset."""
    local = at.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M} ({offset(at, zone)})"


def offset(at: datetime, zone: tzinfo | None) -> str:
    """Write the offset from UTC that held at an instant: `+02:00`."""
    told = f"{at.astimezone(zone):%z}"
    return f"{told[:3]}:{told[3:5]}"


def label(fact: Fact, language: str) -> str:
    """Name a fact."""
    return CATALOGUE[fact.key].label[language]


def value(fact: Fact, language: str, zone: tzinfo | None) -> str:
    """Write what a fact says; that it is not known, where somebody said so."""
    if fact.standing is Standing.UNKNOWN:
        return word(language, "not-known")
    kind = CATALOGUE[fact.key]
    match kind.shape:
        case Shape.COUNT:
            return count(fact.value, language)
        case Shape.BEGAN:
            return _began(fact.value, language, zone)
        case Shape.ENDED:
            return _ended(fact.value, language, zone)
        case _:
            return ", ".join(_texts(kind, fact.value, language))


def _texts(kind: Kind, told: Any, language: str) -> list[str]:  # noqa: ANN401 (a fact is of its own type)
    if kind.shape is Shape.FIELDS:
        return [str(told[one]) for one in kind.fields if told.get(one)]
    every = told if isinstance(told, list) else [told]
    words = VOCABULARIES.get(kind.vocabulary, {})
    return [words[one][language] if one in words else str(one) for one in every]


def count(told: Mapping[str, Any], language: str) -> str:
    """Write a count, with what it does not say."""
    most = "count.at-least" if told.get("at_least") else "count.about" if told.get("approximate") else "count"
    return word(language, most, count=told["count"])


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


def _began(told: Mapping[str, Any], language: str, zone: tzinfo | None) -> str:
    after = instant(from_text(told["not_after"]), zone)
    proof = told.get("proof_after") or "-"
    if not told.get("not_before"):
        return word(language, "began.no-earlier", after=after, proof=proof)
    before = instant(from_text(told["not_before"]), zone)
    return word(
        language, "began", before=before, after=after, proof=proof, proof_before=told.get("proof_before") or "-"
    )


def _ended(told: Mapping[str, Any], language: str, zone: tzinfo | None) -> str:
    key = "ended.ongoing" if told["state"] == "ongoing" else "ended.ended"
    return word(language, key, at=instant(from_text(told["at"]), zone), proof=told.get("proof") or "-")
