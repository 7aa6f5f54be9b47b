"""The facts of a hole of this Primum: what a grant could reach, and what went out by it, from index and journal.

Through `Own`, which app/ is; here is what becomes of its answers. Pure. Counts and our own ids, never a name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Protocol

from primum.exposure.probe.model import Hole, Rung
from primum.ground.clock import to_text
from primum.incidents.facts.filling import Filled
from primum.incidents.model import Evidence

FILLED: Final = ("people", "minors", "studies", "records", "accesses")
READS: Final = frozenset({Rung.FIND, Rung.GET, Rung.MOVE})
"""By these what is in the archive goes out. By a grant to store nothing does."""
_STUDIES: Final = 200
"""Studies that went out, listed by our reference; the rest are counted."""
_ERASURES: Final = 30
"""Erasures named as evidence; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A device's grant by which a stranger came in. `reads`: whether anything goes out by it."""

    device_id: str
    controller_id: str
    reads: bool
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Reach:
    """What of one controller was within reach: what is there still, and what was erased since."""

    people: int
    minors: int
    undated: int
    """People whose birth date is not known."""
    studies: int
    erasures: tuple[str, ...] = ()
    """Ids of erasures of whole studies that were there; whose they were is not kept."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What the access ledger says of one device."""

    device_id: str
    associations: int
    searches: int
    sent: tuple[str, ...]
    """References of the studies that went out, each once."""
    instances: int
    while_probed: int
    """Searches and sendings within a run of the probe: ours, and counted in none of the others."""


@dataclass(frozen=True, slots=True)
class Accesses:
    """What the access ledger says of an interval. `pruned`: its months that are not kept any more."""

    since: datetime
    until: datetime
    traces: tuple[Trace, ...]
    pruned: tuple[str, ...] = ()


class Own(Protocol):
    """What this Primum knows of itself; app/ says it."""

    def is_here(self, address: str) -> bool:
        """Tell whether an address is this machine's."""
        ...

    def grants(self, hole: Hole, since: datetime, until: datetime) -> Sequence[Grant]:
        """List the grants by which a stranger came through a hole between two instants; none where it is not ours."""
        ...

    def reach(self, controller_id: str, since: datetime, until: datetime, on: date) -> Reach:
        """Count what of a controller was there between two instants; `on`: the day that tells who is a minor."""
        ...

    def accesses(
        self, devices: Sequence[str], since: datetime, until: datetime, runs: Sequence[tuple[datetime, datetime]]
    ) -> Accesses:
        """Read what the access ledger says of devices; `runs`: when the probe was at it."""
        ...


def own_facts(reach: Reach, accesses: Accesses, *, alone: bool) -> list[Filled]:
    """Give the facts of one controller. `alone`: nothing but this Primum is concerned by the breach."""
    gone = tuple(Evidence("records", one, "erased") for one in reach.erasures[:_ERASURES])
    left = len(reach.erasures) - len(gone)
    more = (Evidence("records", "erasures", f"erased={left}"),) if left else ()
    index = (Evidence("index", "studies", to_text(accesses.until)), *gone, *more)
    unknown_people = bool(reach.erasures) or not alone
    people = {"count": reach.people, "at_least": unknown_people}
    minors = {"count": reach.minors, "at_least": unknown_people or reach.undated > 0}
    studies = {"count": reach.studies + len(reach.erasures), "at_least": not alone}
    undated = (Evidence("index", "birth-dates", f"unknown={reach.undated}"),) if reach.undated else ()
    return [
        Filled("people", people, index),
        Filled("minors", minors, (*index, *undated)),
        Filled("studies", studies, index),
        Filled("records", studies, index),
        Filled("accesses", said(accesses), _of_the_journal(accesses)),
    ]


def said(accesses: Accesses) -> list[str]:
    """Write accesses as words: counts for each device, then the studies that went out. Pruned months come first."""
    words = [f"not-kept={one}" for one in accesses.pruned]
    for one in accesses.traces:
        counts = {
            "associations": one.associations, "searches": one.searches, "studies-sent": len(one.sent),
            "instances": one.instances, "by-the-probe": one.while_probed,
        }  # fmt: skip
        at_least = "+" if accesses.pruned else ""
        words.append(" ".join([one.device_id, *(f"{name}={count}{at_least}" for name, count in counts.items())]))
    sent = [f"{one.device_id} study={ref}" for one in accesses.traces for ref in one.sent]
    words += sent[:_STUDIES]
    if len(sent) > _STUDIES:
        words.append(f"studies-not-listed={len(sent) - _STUDIES}")
    return words


def _of_the_journal(accesses: Accesses) -> tuple[Evidence, ...]:
    note = f"{to_text(accesses.since)}..{to_text(accesses.until)}"
    kept = Evidence("journal", "access", note)
    if not accesses.pruned:
        return (kept,)
    lost = f"pruned: {accesses.pruned[0]}..{accesses.pruned[-1]}; counts are at least"
    return (kept, Evidence("journal", "segment:pruned", lost))
