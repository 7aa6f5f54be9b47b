"""Medians month by month, as coordinates for a drawing of ours; the table beside it says the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from primum.doors.web.dose_words import write_number
from primum.imaging.dose.statistics import Line, Summary

WIDTH: Final = 640
HEIGHT: Final = 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 16, 32
MOST_MONTHS: Final = 36


@dataclass(frozen=True, slots=True)
class Mark:
    """A month: where its median is, and from where to where the middle half of its values goes."""

    x: float
    middle: float
    top: float
    bottom: float
    label: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A line across, and its number."""

    y: float
    label: str


@dataclass(frozen=True, slots=True)
class Plot:
    """The drawing."""

    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    level: float | None
    """Where the reference level is."""
    path: str


def plot(language: str, line: Line) -> Plot:
    """Place the months of a line."""
    months: Mapping[str, Summary] = dict(list(line.months.items())[-MOST_MONTHS:])
    highest = max(one.three_quarters for one in months.values())
    highest = max(highest, line.beside.value if line.beside else 0.0)
    step = _step(highest or 1.0)
    top = step * (int(highest / step) + 1)
    across = (WIDTH - _LEFT - _RIGHT) / max(len(months), 1)

    def y(value: float) -> float:
        return round(HEIGHT - _BOTTOM - value / top * (HEIGHT - _BOTTOM - _TOP), 1)

    marks = tuple(
        Mark(
            round(_LEFT + across * (at + 0.5), 1), y(one.median), y(one.three_quarters), y(one.quarter),
            f"{month[4:]}/{month[2:4]}",
        )
        for at, (month, one) in enumerate(months.items())
    )  # fmt: skip
    count = round(top / step)
    ticks = tuple(Tick(y(step * at), write_number(language, step * at)) for at in range(count + 1))
    path = " ".join(f"{one.x},{one.middle}" for one in marks)
    return Plot(marks, ticks, y(line.beside.value) if line.beside else None, path)


def _step(highest: float) -> float:
    """Choose a round distance between lines, so that there are two to five of them."""
    size = 1.0
    while size > highest:
        size /= 10
    while size * 10 <= highest:
        size *= 10
    return next(size * part for part in (0.5, 1, 2, 5) if highest / (size * part) <= 5)  # noqa: PLR2004
