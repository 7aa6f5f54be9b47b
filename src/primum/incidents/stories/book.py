"""The usual stories as data: titles in the teller's words, what each says by itself, what is asked (stories.toml)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Final

from primum.incidents.dated import read_dated
from primum.incidents.facts.catalogue import CATALOGUE, Level
from primum.incidents.model import Dossier, EntryKind, IncidentRefused, Origin, Which

MOST: Final = 7
"""Questions of a story: more are not answered by somebody who stands in a train station."""
LANGUAGES: Final = ("fr", "en")
_MARK: Final = "story:"


class NoSuchStory(IncidentRefused):
    """There is no such story."""

    code: ClassVar[str] = "incident.no-such-story"
    hint: ClassVar[str] = "primum incident tell --help lists the stories"


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a story. `about`: a fact of the catalogue, or an instant."""

    about: str
    asks: Mapping[str, str]

    @property
    def which(self) -> Which | None:
        """Return the instant that it asks for; None where it asks for a fact."""
        return None if self.about in CATALOGUE else Which(self.about)

    @property
    def shared(self) -> bool:
        """Tell whether the answer holds for every controller of the breach."""
        return self.about in CATALOGUE and CATALOGUE[self.about].level is Level.RECORD


@dataclass(frozen=True, slots=True)
class Story:
    """One story."""

    name: str
    origin: Origin
    title: Mapping[str, str]
    when: Mapping[str, str]
    """How the instant of detection is asked for."""
    says: Mapping[str, Any]
    """Facts that are declared by choosing the story."""
    asks: tuple[Question, ...]
    instant: Which | None = None
    """What the instant of detection is too, unless the teller gives another."""
    host: bool = False
    """Told by a house that hosts for others, about their data."""

    @property
    def mark(self) -> str:
        """Return what entries refer to as the rule that they follow."""
        return _MARK + self.name


@dataclass(frozen=True, slots=True)
class Book:
    """All stories, with what they rest on."""

    in_force: date
    source: str
    confidence: str
    stories: Mapping[str, Story]

    def __iter__(self) -> Iterator[Story]:
        """Go through the stories, the most usual first."""
        return iter(self.stories.values())


def story(name: str) -> Story:
    """Find a story. Raises NoSuchStory."""
    if name not in STORIES.stories:
        raise NoSuchStory
    return STORIES.stories[name]


def story_of(dossier: Dossier) -> Story | None:
    """Tell by which story a file was opened; None where it was opened otherwise."""
    for one in dossier.of_kind(EntryKind.INSTANT):
        for shown in one.body.get("evidence", ()):
            if shown["kind"] == "rule" and shown["ref"].startswith(_MARK):
                return STORIES.stories.get(shown["ref"].removeprefix(_MARK))
    return None


def _read() -> Book:
    found = read_dated("primum.incidents.stories", "stories.toml")
    stories = [_story(one) for one in found["story"]]
    return Book(found["in_force"], found["source"], found["confidence"], {one.name: one for one in stories})


def _story(one: dict[str, Any]) -> Story:
    return Story(
        name=one["name"], origin=Origin(one["origin"]), title=_both(one), when=one["when"], says=one.get("says", {}),
        asks=tuple(Question(each["about"], _both(each)) for each in one["ask"]),
        instant=Which(one["instant"]) if "instant" in one else None, host=one.get("host", False),
    )  # fmt: skip


def _both(one: dict[str, str]) -> dict[str, str]:
    return {language: one[language] for language in LANGUAGES}


STORIES: Final = _read()
"""Every story, by its name."""
