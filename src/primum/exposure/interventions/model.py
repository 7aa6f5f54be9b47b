"""An intervention, and what two probes say about it: the difference is the proof (SAN-2020-015 § 20, 49). Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Final, Protocol

from primum.exposure.probe.gate import ProbeRefused
from primum.exposure.probe.model import Hole
from primum.exposure.ran import Ran, same

MOST_BYTES: Final = 8 << 20
"""Of a written report: a PDF with photographs of a cabinet."""
MOST_ATTACHED: Final = 16
"""Reports of one intervention."""
MOST_OPEN: Final = 50
"""Open at the same time: more is a list that nobody closes."""


class BadIntervention(ProbeRefused):
    """This cannot be written down: {what}."""

    code: ClassVar[str] = "probe.bad-intervention"
    hint: ClassVar[str] = "say who comes, from which company, under which contract, and what for; each in one line"


class NoSuchIntervention(ProbeRefused):
    """There is no such intervention."""

    code: ClassVar[str] = "probe.no-such-intervention"
    hint: ClassVar[str] = "primum intervention list"


class InterventionOver(ProbeRefused):
    """This intervention was closed already."""

    code: ClassVar[str] = "probe.intervention-over"
    hint: ClassVar[str] = "open another one: what was done after has a probe before it too"


class ProbeUnderWay(ProbeRefused):
    """The probe of this intervention is still under way."""

    code: ClassVar[str] = "probe.under-way"
    hint: ClassVar[str] = "wait for its result: it takes ten minutes at most"


class When(StrEnum):
    """Which of the two probes."""

    BEFORE = "before"
    AFTER = "after"


class State(StrEnum):
    """How far it is."""

    OPENING = "opening"
    """The probe before is under way: nobody touches anything yet."""
    OPEN = "open"
    CLOSING = "closing"
    """The probe after is under way."""
    CLOSED = "closed"


class Outcome(StrEnum):
    """What the two probes say together."""

    UNCHANGED = "unchanged"
    """Nothing was opened and nothing closed: closed before and after, or the same holes."""
    BETTER = "better"
    """Something was closed, nothing opened."""
    WORSE = "worse"
    """Something is open now that was not before."""
    NOT_DETERMINED = "not-determined"
    """One of them says nothing, or not enough."""


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody says before they touch anything."""

    kind: str
    author: str
    company: str
    contract: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Probed:
    """What is known of one probe: the run, or why there is none."""

    at: datetime
    run: str = ""
    """Digest of the run; empty where it was refused or void."""
    verdict: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Attached:
    """A written report, without its bytes."""

    id: str
    name: str
    size: int
    sha256: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervention:
    """One intervention."""

    id: str
    told: Told
    state: State
    controller_id: str
    opened_at: datetime
    opened_by: str
    closed_at: datetime | None = None
    closed_by: str = ""
    before: Probed | None = None
    after: Probed | None = None
    outcome: Outcome | None = None
    difference: Difference | None = None
    attached: tuple[Attached, ...] = ()

    def overdue(self, now: datetime, open_for: timedelta) -> bool:
        """Tell whether it should have been closed by now."""
        return self.state is not State.CLOSED and now - self.opened_at > open_for


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed between two runs. `unsettled`: open before, and not proven closed after."""

    opened: tuple[Hole, ...] = ()
    closed: tuple[Hole, ...] = ()
    stayed: tuple[Hole, ...] = ()
    unsettled: tuple[Hole, ...] = ()
    unsure: tuple[Hole, ...] = ()
    """Open after, and not proven closed before."""
    blind: int = 0
    """How many addresses and ports one of the two could not tell about."""


class Prober(Protocol):
    """Runs the probe that interventions go by: made by app. It takes minutes, and is called outside transactions."""

    def __call__(self, progress: Callable[[str, int, int], None]) -> Mapping[str, Any]:
        """Return the report's JSON object. Raises PrimumError where it is refused."""
        ...


@dataclass(slots=True)
class Overview:
    """What a check asks: those that are open, and those that left something open."""

    open: list[Intervention] = field(default_factory=list)
    worse: list[Intervention] = field(default_factory=list)


def difference(before: Ran, after: Ran) -> Difference:
    """Compare two runs: what one of them does not settle is neither opened nor closed."""
    stayed = [hole for hole in after.holes if any(same(hole, one) for one in before.holes)]
    fresh = [hole for hole in after.holes if hole not in stayed]
    gone = [hole for hole in before.holes if not any(same(hole, one) for one in after.holes)]
    return Difference(
        opened=tuple(hole for hole in fresh if before.settles_closed(hole)),
        unsure=tuple(hole for hole in fresh if not before.settles_closed(hole)),
        closed=tuple(hole for hole in gone if after.settles_closed(hole)),
        unsettled=tuple(hole for hole in gone if not after.settles_closed(hole)),
        stayed=tuple(stayed),
        blind=len(before.gaps | after.gaps),
    )


def judge(before: Ran | None, after: Ran | None, found: Difference) -> Outcome:
    """Say what two runs prove together: something that was opened first, then what one of them could not tell."""
    if found.opened:
        return Outcome.WORSE
    if before is None or after is None or not (before.sound and after.sound):
        return Outcome.NOT_DETERMINED
    # who was there before has to be asked after; a telephone that has left says nothing
    left = {one.address for one in before.services} - after.asked.keys()
    if found.unsure or found.unsettled or found.blind or left or not after.asked:
        return Outcome.NOT_DETERMINED
    return Outcome.BETTER if found.closed else Outcome.UNCHANGED
