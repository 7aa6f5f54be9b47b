"""What to keep and how to close where the breach is in somebody else's product: foreign.toml, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Final

from primum.incidents.dated import read_dated

LANGUAGES: Final = ("fr", "en")
Words = Mapping[str, str]
"""A sentence in French (`fr`) and English (`en`)."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """One kind of product. `first`: what to photograph, copy and export before anything; `close`: then."""

    key: str
    label: Words
    first: tuple[Words, ...]
    close: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Procedures:
    """All kinds, with what holds for each, and how sure it is."""

    in_force: date
    source: str
    confidence: str
    said: Words
    always: tuple[Words, ...]
    kinds: Mapping[str, Foreign]


@cache
def procedures() -> Procedures:
    """Read the file."""
    told = read_dated("primum.incidents.containment", "foreign.toml")
    kinds = {
        key: Foreign(key, _words(one), _each(one["first"]), _each(one["close"])) for key, one in told["kind"].items()
    }
    said = {language: str(told[f"said_{language}"]) for language in LANGUAGES}
    return Procedures(told["in_force"], told["source"], told["confidence"], said, _each(told["always"]), kinds)


def _each(listed: list[Any]) -> tuple[Words, ...]:
    return tuple(_words(one) for one in listed)


def _words(one: Mapping[str, Any]) -> Words:
    return {language: str(one[language]) for language in LANGUAGES}
