"""A story's form read: each answer by the shape of its question, each problem beside the question that it is about.

Nothing is guessed: a field left empty is no answer, "I do not know" is one, and both at once are a problem.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from primum.doors.web.incident_values import question, read_form, tongue
from primum.doors.web.local_time import Unclear, read_local
from primum.ground.clock import to_text
from primum.incidents.facts.catalogue import CATALOGUE, Shape, check_value
from primum.incidents.limits import LIMITS
from primum.incidents.model import BadEntry
from primum.incidents.stories.book import Question, Story
from primum.incidents.stories.telling import BY_OTHERS

SEEN: Final = "seen"
"""The fields of when it was noticed: `seen.now`, or `seen.at` with `seen.offset`."""
INSTANT: Final = "instant"
"""The shape of a question that asks for one of the six instants."""


@dataclass(slots=True)
class Told:
    """What a form said. `problems`: a key of the words, by question."""

    seen_at: datetime | None = None
    answers: dict[str, Any] = field(default_factory=dict)
    """As JSON: an instant as text, None for "I do not know"."""
    problems: dict[str, str] = field(default_factory=dict)


def asked(language: str, story: Story) -> list[dict[str, Any]]:
    """Give what the form needs to ask each question, in the story's own words."""
    return [_asked(language, one) for one in story.asks]


def told(story: Story, form: Mapping[str, str], now: datetime, *, several: bool) -> Told:
    """Read the whole form. `several`: it is told for more than one controller, and only what they share is taken."""
    found = Told()
    _read_seen(form, now, found)
    for one in story.asks:
        own = _own(form, one.about)
        unknown, answered = bool(own.get("unknown")), _answered(own)
        if unknown and answered:
            found.problems[one.about] = "both"
        elif several and (unknown or answered) and not one.shared and one.which is None:
            found.problems[one.about] = "each_its_own"
        elif unknown:
            found.answers[one.about] = None
        elif answered:
            _read_one(story, one, own, now, found)
    return found


def _asked(language: str, one: Question) -> dict[str, Any]:
    asks = one.asks[tongue(language)]
    if one.which is not None:
        return {"key": one.about, "shape": INSTANT, "asks": asks, "shared": True, "unknown": False}
    return {**question(language, one.about), "asks": asks, "shared": one.shared, "unknown": True}


def _own(form: Mapping[str, str], about: str) -> dict[str, str]:
    start = f"{about}."
    return {name.removeprefix(start): value for name, value in form.items() if name.startswith(start)}


def _answered(own: Mapping[str, str]) -> bool:
    """Tell whether anything of an answer was typed or chosen; what is preset is no answer."""
    preset = {"how", "offset", "unknown"}
    return any(value.strip() for name, value in own.items() if name not in preset)


def _read_seen(form: Mapping[str, str], now: datetime, found: Told) -> None:
    own = _own(form, SEEN)
    if own.get("now") and own.get("at"):
        found.problems[SEEN] = "both_instants"
    elif own.get("now"):
        found.seen_at = now
    elif not own.get("at"):
        found.problems[SEEN] = "seen"
    else:
        found.seen_at = _instant(own, now, SEEN, found)


def _read_one(story: Story, one: Question, own: Mapping[str, str], now: datetime, found: Told) -> None:
    if one.which is not None:
        at = _instant(own, now, one.about, found)
        if at is not None and found.seen_at is not None and story.origin in BY_OTHERS and at > found.seen_at:
            found.problems[one.about] = "after_told"
        elif at is not None:
            found.answers[one.about] = to_text(at)
        return
    try:
        value = read_form(one.about, own, None)
        check_value(one.about, value)
    except BadEntry:
        found.problems[one.about] = _PROBLEMS.get(CATALOGUE[one.about].shape, "other")
    else:
        found.answers[one.about] = value


def _instant(own: Mapping[str, str], now: datetime, about: str, found: Told) -> datetime | None:
    try:
        at = read_local(own.get("at", ""), None, own.get("offset", ""))
    except Unclear:
        found.problems[about] = "hour_twice"
    except ValueError:
        found.problems[about] = "no_hour"
    else:
        if at > now + LIMITS.ahead:
            found.problems[about] = "future"
        elif at < now - LIMITS.oldest:
            found.problems[about] = "too_old"
        else:
            return at
    return None


_PROBLEMS: Final[Mapping[Shape, str]] = {
    Shape.COUNT: "number", Shape.NUMBER: "number", Shape.BEGAN: "began", Shape.ENDED: "ended",
}  # fmt: skip
