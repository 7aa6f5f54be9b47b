"""A fact, and its way into a line: checked against the vocabulary before anything is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from primum.journal.errors import FactRefused
from primum.journal.limits import LIMITS
from primum.journal.shapes import is_actor, is_reference, is_word, shaped
from primum.journal.vocabulary import DETAILS, Kind

_NUMBER_AND_INSTANT = 64
"""Room for `{"n":…,"at":"…",` in front of what `encode` gives."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened.

    `actor` is one of our ids, `system` or `stranger`; `subject` an id, a study reference or empty;
    `details` only what the kind declares (docs/reference/journal.md); an empty text is left out.
    """

    kind: Kind
    actor: str
    subject: str = ""
    details: Mapping[str, str | int] = field(default_factory=dict)


def encode(fact: Fact) -> str:
    """Write a fact as the end of a body, from `"kind"` on. Raises FactRefused; never repeats a value."""
    meaning = fact.kind.value
    if not is_actor(fact.actor):
        raise FactRefused(kind=meaning.name, what="the actor is not one of our ids")
    if fact.subject and not is_reference(fact.subject):
        raise FactRefused(kind=meaning.name, what="the subject is not one of our ids")
    details: dict[str, str | int] = {}
    for key in sorted(fact.details):
        if key not in meaning.details:
            raise FactRefused(kind=meaning.name, what=f"no detail {key if is_word(key) else '?'}")
        if fact.details[key] == "":
            continue  # nothing was to be said
        value = shaped(DETAILS[key], fact.details[key])
        if value is None:
            raise FactRefused(kind=meaning.name, what=f"{key} is not {DETAILS[key].value}")
        details[key] = value
    return encoded(meaning.name, fact.actor, fact.subject, details)


def encoded(kind: str, actor: str, subject: str, details: Mapping[str, str | int]) -> str:
    """Write what `encode` has checked, or what a chain says of itself."""
    text = json.dumps(details, separators=(",", ":"))
    text = f'"kind":"{kind}","actor":"{actor}","subject":"{subject}","details":{text}}}'
    if len(text) > LIMITS.body - _NUMBER_AND_INSTANT:
        raise FactRefused(kind=kind, what="it is too long")
    return text
