"""The one page "what to do in the next hour": what to keep, what to stop, whom to call, what not to do. Pure.

The advice is dated data (hour.toml), by story and by what opened a file. Evidence comes before closing, and deleting
is proposed nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cache
from typing import Any, Final

from primum.incidents.countdown import local
from primum.incidents.dated import CONFIDENCE, read_dated
from primum.incidents.deadline import prudent_due
from primum.incidents.model import Dossier, EntryKind, Origin, Role, Standing
from primum.incidents.stories.book import STORIES, story_of

BY_ORIGIN: Final[Mapping[Origin, str]] = {
    Origin.FINDING: "finding", Origin.JOURNAL: "journal", Origin.PROCESSOR: "processor",
    Origin.AUTHORITY: "authority",
}  # fmt: skip
"""What happened, where no story says it."""
OTHER: Final = "other"
_PARTS: Final = ("keep", "close", "call", "never")


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `source`: the number of its source on the page, from 1; 0 for our own advice."""

    text: str
    source: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the page: `name` is keep, close, call, never, clock or done."""

    name: str
    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Hour:
    """The page, in one language."""

    language: str
    title: str
    situation: str
    exercise: str
    """What says that it is an exercise; empty where it is not."""
    parts: tuple[Part, ...]
    sources: tuple[str, ...]
    sources_title: str
    foot: tuple[str, ...]


def hour(
    situation: str,
    *,
    language: str,
    zone: tzinfo,
    detected_at: datetime | None = None,
    role: Role = Role.CONTROLLER,
    done: Sequence[str] = (),
    exercise: bool = False,
) -> Hour:
    """Make the page of a situation: a story's name, or `finding`, `journal`, `other`. KeyError for another."""
    own, words = _advice()["situation"][situation], _words(language)
    numbers: dict[str, int] = {}
    parts = [
        Part("clock", words["clock"], tuple(_clock(language, zone, detected_at, role))),
        *(Part(name, words[name], tuple(_lines(name, own, language, numbers))) for name in _PARTS),
        Part("done", words["done"], tuple(Line(one) for one in done)),
    ]
    told = STORIES.stories.get(situation)
    return Hour(
        language=language,
        title=words["title"],
        situation=told.title[language] if told is not None else words[situation],
        exercise=words["exercise"] if exercise else "",
        parts=tuple(one for one in parts if one.lines),
        sources=tuple(_source(name, number, language) for name, number in numbers.items()),
        sources_title=words["sources"],
        foot=(words["own"], words["as_of"].format(day=_advice()["in_force"])),
    )


def hour_of(dossier: Dossier, *, language: str, zone: tzinfo) -> Hour:
    """Make the page of a file, with what was done already."""
    return hour(
        situation_of(dossier), language=language, zone=zone, detected_at=dossier.detected_first,
        role=dossier.file.role, done=_done(dossier, language, zone), exercise=dossier.file.exercise,
    )  # fmt: skip


def situation_of(dossier: Dossier) -> str:
    """Say which advice a file wants: its story's, else that of what opened it."""
    told = story_of(dossier)
    if told is not None:
        return told.name
    return BY_ORIGIN.get(dossier.origin, OTHER)


def situations() -> list[str]:
    """List every situation that has its advice."""
    return list(_advice()["situation"])


def _lines(name: str, own: Mapping[str, Any], language: str, numbers: dict[str, int]) -> list[Line]:
    advice = _advice()
    if name == "call":
        chosen = [advice["call"][one] for one in own["call"]]
    else:
        chosen = [*advice["common"][name], *own[name]] if name == "keep" else [*own[name], *advice["common"][name]]
    return [Line(one[language], _number(one.get("source", ""), numbers)) for one in chosen]


def _number(source: str, numbers: dict[str, int]) -> int:
    return numbers.setdefault(source, len(numbers) + 1) if source else 0


def _clock(language: str, zone: tzinfo, detected_at: datetime | None, role: Role) -> list[Line]:
    words, found = _words(language), []
    if detected_at is not None:
        found.append(words["detected"].format(at=local(detected_at, zone, language)))
    if role is Role.PROCESSOR:
        found.append(words["processor"])
    elif detected_at is not None:
        due = prudent_due(detected_at)
        hours = round((due - detected_at).total_seconds() / 3600)
        found += [words["prudent"].format(at=local(due, zone, language), hours=hours), words["first"]]
    return [Line(one) for one in found]


def _done(dossier: Dossier, language: str, zone: tzinfo) -> list[str]:
    """Say what the file holds already: never more than its entries."""
    words = _words(language)
    measured = sum(one.standing is Standing.MEASURED for one in dossier.measured.values())
    frozen, actions = dossier.of_kind(EntryKind.EVIDENCE), dossier.of_kind(EntryKind.ACTION)
    found = [words["opened"].format(file=dossier.file.id, at=local(dossier.file.opened_at, zone, language))]
    if measured:
        found.append(words["measured"].format(count=measured))
    if frozen:
        found.append(words["frozen"].format(count=len(frozen), at=local(frozen[-1].at, zone, language)))
    else:
        found.append(words["not-frozen"])
    found.append(words["contained"].format(count=len(actions)) if actions else words["not-contained"])
    return [*found, words["nothing-sent"]]


def _source(name: str, number: int, language: str) -> str:
    one = _advice()["source"][name]
    return f"[{number}] {one['title']} ({one['date']}) : {CONFIDENCE[one['confidence']][language]}"


@cache
def _advice() -> Mapping[str, Any]:
    return read_dated("primum.incidents", "hour.toml")


def _words(language: str) -> Mapping[str, str]:
    found: Mapping[str, str] = _advice()["words"][language]
    return found
