"""What a check says: findings, lines, reports, what changed between two, and the exit status. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import Any, Final

FORMAT: Final = 1


class State(StrEnum):
    """What a line is, from the worst."""

    BAD = "bad"
    ATTENTION = "attention"
    NOT_DETERMINED = "not-determined"
    GOOD = "good"


class Way(StrEnum):
    """How a line is known."""

    MEASURED = "measured"
    DECLARED = "declared"


class Exit(IntEnum):
    """The exit status of `primum check`."""

    GOOD = 0
    BAD = 1
    VOID = 2
    UNSETTLED = 3


Fact = str | int
Facts = dict[str, Fact]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check answers. `facts` and `items` hold numbers, our ids and this machine's own names; no patient."""

    code: str
    facts: Mapping[str, Fact] = field(default_factory=dict)
    items: Sequence[str] = ()
    evidence: Sequence[str] = ()
    at: datetime | None = None
    """When what it says was so; None: now."""
    way: Way = Way.MEASURED
    until: date | None = None
    """The last day a declaration counts."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a person said of a line (and, where a line is about several, of which): counts until that day's end."""

    id: str
    name: str
    subject: str
    value: str
    until: date
    declared_at: datetime
    declared_by: str

    def counts(self, on: date) -> bool:
        """Tell whether it counts on a day."""
        return on <= self.until


Json = dict[str, Any]
"""A line or a report as it is signed: what is in it is what was said, in both languages."""


def states(lines: Sequence[Json]) -> dict[str, int]:
    """Count lines by state."""
    return {state.value: sum(line["state"] == state for line in lines) for state in State}


def exit_of(lines: Sequence[Json]) -> Exit:
    """Judge a report: something bad before all, then what wants attention or is not known."""
    found = states(lines)
    if found[State.BAD]:
        return Exit.BAD
    return Exit.UNSETTLED if found[State.ATTENTION] or found[State.NOT_DETERMINED] or not lines else Exit.GOOD


def difference(before: Sequence[Json], after: Sequence[Json]) -> list[Json]:
    """List what changed from one run to the next: another state, way, answer or listed thing; new lines; lines gone."""
    old, new = {line["name"]: line for line in before}, {line["name"]: line for line in after}
    found = []
    for name in [*new, *(one for one in old if one not in new)]:
        was, now = old.get(name), new.get(name)
        if was is None or now is None or any(was[key] != now[key] for key in ("state", "way", "code", "items")):
            found.append({"name": name, "title": (now or was or {})["title"], "from": _brief(was), "to": _brief(now)})
    return found


def _brief(line: Json | None) -> Json | None:
    return None if line is None else {key: line[key] for key in ("state", "way", "code")}


def canonical(report: Json) -> str:
    """Write a report as it is signed: keys in order, no spaces, ASCII."""
    return json.dumps(report, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
