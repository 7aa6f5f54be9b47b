"""What `bench.ingest` tells: medians, least and most, ratios of medians, the worst round's ratio, processor time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.results import Bar, Bars, Place, Table, told
from bench.rows import PROCESSOR_GOAL, Row

if TYPE_CHECKING:
    from bench.ingest import Measured

NAMES = {
    "orthanc": "Orthanc",
    "postgres": "Orthanc, PostgreSQL",
    "storescp": "DCMTK storescp, no sync",
    "pynetdicom": "pynetdicom storescp, no sync",
}
STALL = (
    "The stock rows are mostly not our speed: an untouched storescu keeps Nagle's algorithm on, Orthanc 1.10.1 delays "
    "its acknowledgements, and each instance then waits 40 ms for the other. Primum acknowledges at once (TCP_NODELAY "
    "and TCP_QUICKACK on the receiving side alone). Compare the tuned rows for speed proper."
)

Results = Mapping[str, Mapping[str, "Measured"]]


class Compared(NamedTuple):
    """Primum beside one contender in one row."""

    row: Row
    other: str
    ours: Measured
    theirs: Measured

    @property
    def name(self) -> str:
        """Name the ratio."""
        return self.row.ratio(self.other)

    @property
    def ratio(self) -> float:
        """Divide the medians."""
        return round(median(self.ours.rates) / median(self.theirs.rates), 2)

    @property
    def worst(self) -> float:
        """Give the smallest ratio of any round in which both ran."""
        return round(min(a / b for a, b in zip(self.ours.rates, self.theirs.rates, strict=False)), 2)

    @property
    def processor(self) -> float | None:
        """Divide the processor times for an instance; None where a clock of 10 ms saw none of theirs."""
        theirs = median(self.theirs.processor_ms)
        return round(median(self.ours.processor_ms) / theirs, 2) if theirs else None

    @property
    def goal(self) -> float | None:
        """Give the ratio that we hold ourselves to."""
        return self.row.goals.get(self.other)


def compared(results: Results, rows: Sequence[Row]) -> Iterator[Compared]:
    """Go through all pairs that ran, those with Orthanc first."""
    pairs = [(row, other) for row in rows for other in row.against]
    for row, other in sorted(pairs, key=lambda one: list(NAMES).index(one[1])):
        by = results.get(row.name, {})
        if "primum" in by and other in by:
            yield Compared(row, other, by["primum"], by[other])


def as_object(results: Results, rows: Sequence[Row], place: Place, *, quick: bool) -> dict[str, Any]:
    """Return everything as one object."""
    pairs = list(compared(results, rows))
    bars = [Bar(f"{one.name} ({NAMES[one.other]})", one.ratio, one.worst, one.goal) for one in pairs]
    return told(
        "ingest", place, quick=quick, tables=[as_table(results, rows)],
        charts=[Bars("ratios", "C-STORE: instances per second, Primum over the others", bars)] if bars else [],
        ratios={one.name: one.ratio for one in pairs},
        worst_round={one.name: one.worst for one in pairs},
        goals={one.name: one.goal for one in pairs if one.goal is not None},
        reached={one.name: one.ratio >= one.goal for one in pairs if one.goal is not None},
        processor={one.name: one.processor for one in pairs if one.other == "orthanc"},
        processor_goal=PROCESSOR_GOAL,
        rows={row: {name: _figures(one) for name, one in by.items()} for row, by in results.items()},
        note=STALL,
    )  # fmt: skip


def _figures(one: Measured) -> dict[str, object]:
    return {
        "median": round(median(one.rates), 1),
        "least": round(min(one.rates), 1),
        "most": round(max(one.rates), 1),
        "processor_ms": round(median(one.processor_ms), 2),
        "rounds": [round(rate, 1) for rate in one.rates],
        "refused": one.refused,
    }


def as_table(results: Results, rows: Sequence[Row]) -> Table:
    """Return a line for each pair; where Primum ran alone, its own."""
    head = ["row", "against", "Primum", "the other", "ratio", "worst round", "goal", "CPU ms", "CPU ratio"]
    pairs = list(compared(results, rows))
    lines = [_line(one) for one in pairs]
    paired = {one.row.name for one in pairs}
    for name, by in results.items():
        if name not in paired:
            lines += [[name, "", _rate(one), "", "", "", "", _ms(one), ""] for one in by.values()]
    return Table(head, lines)


def _line(one: Compared) -> list[str]:
    processor = f"{one.processor:.2f}" if one.processor is not None else ""
    if one.other == "orthanc" and one.processor is not None:
        processor += _mark(reached=one.processor <= PROCESSOR_GOAL)
    goal = "" if one.goal is None else f"{one.goal:g}x" + _mark(reached=one.ratio >= one.goal)
    return [
        one.name, NAMES[one.other], _rate(one.ours), _rate(one.theirs), _times(one.ratio), _times(one.worst), goal,
        f"{_ms(one.ours)} / {_ms(one.theirs)}", processor,
    ]  # fmt: skip


def _mark(*, reached: bool) -> str:
    return " reached" if reached else " missed"


def _rate(one: Measured) -> str:
    return f"{median(one.rates):.0f}/s ({min(one.rates):.0f}-{max(one.rates):.0f})"


def _ms(one: Measured) -> str:
    return f"{median(one.processor_ms):.1f}"


def _times(ratio: float) -> str:
    return f"{ratio:.2f}x"
