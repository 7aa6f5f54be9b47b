"""What every benchmark tells: one JSON object with a `kind`, where and when it ran, tables and charts.

`python -m bench.publish` turns such objects into the page docs/performance.md; nothing there is typed by hand.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SAMPLE = 1.0
"""Seconds during which it is seen how busy the machine is, before a benchmark begins."""


@dataclass(frozen=True, slots=True)
class Table:
    """Cells as they are to be read; `name` tells several tables of one kind apart."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    name: str = ""

    def markdown(self) -> str:
        """Write it in Markdown."""
        lines = [self.head, ["---"] * len(self.head), *self.rows]
        return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


@dataclass(frozen=True, slots=True)
class Bar:
    """A ratio of medians, the worst round's, and the goal, where there are these."""

    label: str
    value: float
    worst: float | None = None
    goal: float | None = None


@dataclass(frozen=True, slots=True)
class Bars:
    """A chart of ratios: one bar each, over a scale of powers because they span from a half to thirty."""

    name: str
    title: str
    bars: Sequence[Bar]
    shape: str = "bars"


@dataclass(frozen=True, slots=True)
class Line:
    """One curve: points of x and y."""

    label: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Lines:
    """A chart of curves over a scale of powers of ten."""

    name: str
    title: str
    x: str
    y: str
    lines: Sequence[Line]
    shape: str = "lines"


def _machine() -> str:
    release = ".".join(platform.release().split(".")[:2])  # the rest names a house's own kernel
    return f"{os.cpu_count()} cores, {platform.system()} {release}, Python {platform.python_version()}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when a benchmark began, and which share of the processors others used then."""

    date: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="minutes"))
    machine: str = field(default_factory=_machine)
    busy_before: float = field(default_factory=lambda: busy(SAMPLE))

    @property
    def command(self) -> str:
        """Say how it was called."""
        return " ".join(["python", *_called(), *sys.argv[1:]])


def busy(seconds: float) -> float:
    """Return the share of all processors that was used in so many seconds, during which we do nothing (Linux)."""
    idle, total = _processors()
    time.sleep(seconds)
    later_idle, later = _processors()
    return round(1 - (later_idle - idle) / max(later - total, 1), 3)


def _processors() -> tuple[int, int]:
    told = [int(one) for one in Path("/proc/stat").read_text("ascii").splitlines()[0].split()[1:9]]
    return told[3] + told[4], sum(told)  # idle, and idle while the disc works


def _called() -> list[str]:
    found = getattr(sys.modules["__main__"], "__spec__", None)
    return ["-m", found.name] if found is not None else [f"bench/{Path(sys.argv[0]).name}"]


def told(
    kind: str,
    place: Place,
    *,
    quick: bool,
    tables: Sequence[Table],
    charts: Sequence[Bars | Lines] = (),
    **more: object,
) -> dict[str, Any]:
    """Put together what a benchmark tells; `more` is for programs that read it."""
    return {
        "kind": kind,
        "quick": quick,
        **asdict(place),
        "command": place.command,
        **more,
        "tables": [asdict(one) for one in tables],
        "charts": [asdict(one) for one in charts],
    }


def show(found: dict[str, Any], *, as_json: bool) -> None:
    """Print one JSON object, or the tables in Markdown."""
    if as_json:
        print(json.dumps(found, indent=1))
    else:
        print("\n\n".join(Table(**one).markdown() for one in found["tables"]))


def say(words: str) -> None:
    """Tell how far it is, on standard error: standard output is for what was found."""
    print(words, file=sys.stderr, flush=True)
