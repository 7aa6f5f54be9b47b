"""The words around the fields (words.toml), French and English, and how instants are written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from functools import cache
from typing import Final

from primum.incidents.dated import read_dated
from primum.incidents.notices.form import Words

LANGUAGES: Final = ("fr", "en")
_DAY: Final = {"fr": "%d/%m/%Y %H:%M", "en": "%Y-%m-%d %H:%M"}


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    found: Mapping[str, Mapping[str, str]] = read_dated("primum.incidents.notices", "words.toml")
    return found


def word(language: str, key: str, /, **facts: object) -> str:
    """Return a sentence with its facts. KeyError for one that does not exist."""
    return _words()[language][key].format(**facts)


def words(key: str, /, **facts: object) -> Words:
    """Return a sentence in both languages; a fact that is in both languages itself is put in by language."""
    return {
        one: word(one, key, **{name: fact[one] if isinstance(fact, Mapping) else fact for name, fact in facts.items()})
        for one in LANGUAGES
    }


def known_word(key: str) -> Words | None:
    """Return a word in both languages, or None where there is none of that name."""
    return words(key) if key in _words()["fr"] else None


def same(text: str) -> Words:
    """Say a text that is the same in both languages: what somebody typed."""
    return dict.fromkeys(LANGUAGES, text)


def written(at: datetime, zone: tzinfo) -> Words:
    """Write an instant in a zone, to the minute, with the zone's offset then: `24/11/2026 23:40 (UTC+01:00)`."""
    try:
        local = at.astimezone(zone)
    except OverflowError:  # the first or the last day of the calendar
        local = at
    offset = f"{local:%z}"
    return {one: f"{local.strftime(_DAY[one])} (UTC{offset[:3]}:{offset[3:5]})" for one in LANGUAGES}
