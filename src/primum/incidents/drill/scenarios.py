"""The scenarios as data: what happens when, what it makes known, what is looked for (scenarios.toml)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from primum.incidents.dated import read_dated
from primum.incidents.facts.catalogue import CATALOGUE
from primum.incidents.model import IncidentRefused, Which
from primum.incidents.stories.book import STORIES

FINDING: Final = "finding"
"""What opens the file of a scenario by itself; else a story, by its name, and the player."""


class NoSuchScenario(IncidentRefused):
    """There is no such scenario."""

    code: ClassVar[str] = "incident.no-such-scenario"
    hint: ClassVar[str] = "primum incident drill list"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens. `knows`: the facts and instants that nobody could know before."""

    after: timedelta
    text: Mapping[str, str]
    knows: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing that is looked for. `name`: a kind of score.py."""

    name: str
    label: Mapping[str, str]
    by: timedelta | None = None
    """Since the beginning; None for what must never happen."""
    choices: tuple[str, ...] = ()
    """What may be decided: the first needs no ground."""
    grounds: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    other: str = ""
    unless: str = ""
    """Not asked where a person decided this about notifying, on a ground that is allowed."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario."""

    name: str
    title: Mapping[str, str]
    begins: datetime
    lasts: timedelta
    opened_by: str
    measured: Mapping[str, Any]
    events: tuple[Event, ...]
    expects: tuple[Expectation, ...]

    @property
    def ends(self) -> datetime:
        """Return when the exercise is over."""
        return self.begins + self.lasts

    def known(self, key: str, until: datetime) -> list[Any]:
        """List what was known of a fact or an instant up to then, oldest first."""
        told = STORIES.stories.get(self.opened_by)
        first = [told.says[key]] if told is not None and key in told.says else []
        first += [self.measured[key]] if key in self.measured else []
        return first + [one.knows[key] for one in self.events if key in one.knows and self.begins + one.after <= until]


def scenario(name: str) -> Scenario:
    """Find a scenario. Raises NoSuchScenario."""
    if name not in SCENARIOS:
        raise NoSuchScenario
    return SCENARIOS[name]


def _table() -> Mapping[str, Any]:
    return read_dated("primum.incidents.drill", "scenarios.toml")


def _read(table: Mapping[str, Any]) -> dict[str, Scenario]:
    return {one["name"]: _scenario(one, table["looks"]) for one in table["scenario"]}


def _scenario(one: Mapping[str, Any], looks: Mapping[str, Mapping[str, str]]) -> Scenario:
    return Scenario(
        name=one["name"], title=_both(one), begins=one["begins"], lasts=_span(one["lasts"]),
        opened_by=one["opened_by"], measured=one.get("measured", {}),
        events=tuple(_event(each) for each in one["event"]),
        expects=tuple(_expectation(name, each, looks[name]) for name, each in one["expect"].items()),
    )  # fmt: skip


def _event(one: Mapping[str, Any]) -> Event:
    return Event(_span(one["after"]), _both(one), _checked(one.get("knows", {})))


def _expectation(name: str, one: Mapping[str, Any], label: Mapping[str, str]) -> Expectation:
    return Expectation(
        name, label, _span(one["by"]) if "by" in one else None, tuple(one.get("choices", ())),
        tuple(one.get("grounds", ())), tuple(one.get("facts", ())), one.get("other", ""), one.get("unless", ""),
    )  # fmt: skip


def _span(text: str) -> timedelta:
    hours, _, minutes = text.partition(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


def _checked(knows: Mapping[str, Any]) -> Mapping[str, Any]:
    """Refuse a name that is neither a fact nor an instant: the score would never see it."""
    strange = set(knows) - set(CATALOGUE) - set(Which)
    if strange:
        raise ValueError(f"no such fact: {', '.join(sorted(strange))}")
    return knows


def _both(one: Mapping[str, str]) -> dict[str, str]:
    return {"fr": one["fr"], "en": one["en"]}


_TABLE: Final = _table()
SCENARIOS: Final[Mapping[str, Scenario]] = _read(_TABLE)
"""Every scenario, by its name."""
OWN: Final = frozenset(_TABLE["own"])
"""Facts that are a player's own words, or judgement: they are not held against what happened."""
WHY: Final[Mapping[str, Mapping[str, str]]] = _TABLE["why"]
"""How a verdict is explained, by language."""
