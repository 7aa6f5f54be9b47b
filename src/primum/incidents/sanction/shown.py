"""One thing that the file shows, in words, with the entry or fact that shows it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from primum.ground.clock import from_text
from primum.incidents.dated import Words, read_dated
from primum.incidents.facts.catalogue import CATALOGUE, VOCABULARIES
from primum.incidents.model import Dossier, Entry, Evidence

FOR: Final = "for"
AGAINST: Final = "against"
NEUTRAL: Final = "neutral"
SIDES: Final[Mapping[str, Words]] = {
    FOR: {"fr": "à décharge", "en": "for"},
    AGAINST: {"fr": "à charge", "en": "against"},
    NEUTRAL: {"fr": "à peser", "en": "to weigh"},
}
_SAYS: Final[Mapping[str, Words]] = read_dated("primum.incidents.sanction", "criteria.toml")["says"]
_AT_LEAST: Final[Words] = {"fr": "au moins {count}", "en": "at least {count}"}
_ABOUT: Final[Words] = {"fr": "environ {count}", "en": "about {count}"}


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown: on which side, in words, by which entry, with its evidence."""

    side: str
    name: str
    words: Words
    entries: tuple[str, ...]
    evidence: tuple[Evidence, ...] = ()


def by_fact(dossier: Dossier, side: str, name: str, key: str, **facts: Words | str) -> Shown:
    """Say something that a fact shows."""
    known = dossier.facts[key]
    return Shown(side, name, _filled(name, facts), (known.entry,), known.evidence)


def by_entry(one: Entry, side: str, name: str, **facts: Words | str) -> Shown:
    """Say something that an entry shows."""
    return Shown(side, name, _filled(name, facts), (one.id,))


def chosen(key: str, values: Iterable[str] | str) -> Words:
    """Give the words of what was chosen from the vocabulary of a fact."""
    words = VOCABULARIES[CATALOGUE[key].vocabulary]
    names = [values] if isinstance(values, str) else list(values)
    return {one: ", ".join(words[name][one] for name in names) for one in ("fr", "en")}


def counted(value: Mapping[str, Any]) -> Words:
    """Give a count in words: exact, at least, or about."""
    plain = {"fr": "{count}", "en": "{count}"}
    form = _AT_LEAST if value.get("at_least") else _ABOUT if value.get("approximate") else plain
    return {one: text.format(count=value["count"]) for one, text in form.items()}


def day(instant: str | datetime) -> str:
    """Give the day of an instant, in UTC, as ISO writes it."""
    at = from_text(instant) if isinstance(instant, str) else instant
    return at.date().isoformat()


def _filled(name: str, facts: Mapping[str, Words | str]) -> Words:
    return {
        one: text.format(**{key: value if isinstance(value, str) else value[one] for key, value in facts.items()})
        for one, text in _SAYS[name].items()
    }
