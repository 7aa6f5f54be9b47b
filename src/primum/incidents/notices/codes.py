"""Words of ours, as the probe, the check and the kinds of evidence have them, said in French and English. Pure."""

from __future__ import annotations

from typing import Final

from primum.exposure.checks.catalogue import catalogue
from primum.exposure.probe.words import has, say
from primum.incidents.notices.form import Words
from primum.incidents.notices.words import LANGUAGES, known_word, same

_GROUPS: Final = {"vantage": "place", "reached": "can", "rung": "can", "readable": "attribute"}
"""Where the probe's own sentences say the words of a fact, or of a part of one."""
_LINE: Final = "check."


def said(fact: str, word: str) -> Words:
    """Say a word of a fact; one that has no sentence is given as it is."""
    name = f"{_GROUPS[fact]}.{word}" if fact in _GROUPS else ""
    if all(has(language, name) for language in LANGUAGES):
        return {language: say(language, name) for language in LANGUAGES}
    line = catalogue().rules.get(word.removeprefix(_LINE)) if word.startswith(_LINE) else None
    if line is not None:
        return line.title
    return known_word(f"{fact}-{word}") or same(word)
