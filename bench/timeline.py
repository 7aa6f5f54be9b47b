"""Series over time as plain SVG: panels one below the other, on one axis of minutes. Light and dark pages alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

_WIDTH, _HEIGHT = 860, 170
_LEFT, _RIGHT, _TOP, _BETWEEN = 62, 176, 34, 34
COLOURS = ("#3b76af", "#d9822b", "#4f9d57", "#b5493f", "#7e67b0", "#8a6d5c", "#c56fae", "#7a7a7a", "#a8a432")
"""Told apart on white and on black; each line is named in the legend besides."""

_STYLE = (
    "text{fill:#333}.g{stroke:#8886;stroke-width:.6}.l{fill:none;stroke-width:1.4;stroke-linejoin:round}"
    "@media (prefers-color-scheme:dark){text{fill:#ccc}}"
)

Series = Sequence[tuple[float, float]]
"""Seconds since the start, and a value."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One diagram: its title with the unit, and lines by name. `logarithmic`: decades are equally high."""

    title: str
    lines: Mapping[str, Series]
    logarithmic: bool = False


def draw(title: str, panels: Sequence[Panel]) -> str:
    """Return the SVG, `title` being what a screen reader says."""
    end = max((at for one in panels for line in one.lines.values() for at, _ in line), default=60.0)
    height = _TOP + len(panels) * (_HEIGHT + _BETWEEN) + 14
    size = f'viewBox="0 0 {_WIDTH} {height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="sans-serif" font-size="11">',
        f"<title>{escape(title)}</title>",
        f"<style>{_STYLE}</style>",
    ]
    for number, panel in enumerate(panels):
        parts += _panel(panel, _TOP + number * (_HEIGHT + _BETWEEN), end, last=number == len(panels) - 1)
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel, top: float, end: float, *, last: bool) -> list[str]:
    low: float
    high: float
    values = [value for line in panel.lines.values() for _, value in line]
    if panel.logarithmic:
        values = [log10(one) for one in values if one > 0]
        low, high = floor(min(values, default=0.0)), ceil(max(values, default=1.0))
        high = high if high > low else low + 1
        marks = [(float(one), f"{10.0**one:g}") for one in range(low, high + 1)]
    else:
        step = _step(max(values, default=1.0))
        low, high = 0, max(1, ceil(max(values, default=1.0) / step)) * step
        marks = [(step * n, f"{step * n:g}") for n in range(round(high / step) + 1)]
    bottom = top + _HEIGHT

    def across(at: float) -> float:
        return _LEFT + at / end * (_WIDTH - _LEFT - _RIGHT)

    def up(value: float) -> float:
        return bottom - (value - low) / (high - low) * _HEIGHT

    out = [f'<text x="{_LEFT}" y="{top - 8}" font-weight="bold">{escape(panel.title)}</text>']
    for value, words in marks:
        out.append(f'<line class="g" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{up(value):.1f}" y2="{up(value):.1f}"/>')
        out.append(f'<text x="{_LEFT - 6}" y="{up(value) + 4:.1f}" text-anchor="end">{words}</text>')
    minutes = _step(end / 60)
    for n in range(int(end / 60 / minutes) + 1):
        at = across(n * minutes * 60)
        out.append(f'<line class="g" x1="{at:.1f}" x2="{at:.1f}" y1="{top}" y2="{bottom}"/>')
        unit = " min" if n == 0 and last else ""
        out.append(f'<text x="{at:.1f}" y="{bottom + 14}" text-anchor="middle">{n * minutes:g}{unit}</text>')
    for number, (name, line) in enumerate(panel.lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        kept = [(at, log10(value) if panel.logarithmic else value) for at, value in line if value > 0 or low == 0]
        points = " ".join(f"{across(at):.1f},{up(value):.1f}" for at, value in kept)
        out.append(f'<polyline class="l" stroke="{colour}" points="{points}"/>')
        at = top + 10 + number * 15
        out.append(f'<rect x="{_WIDTH - _RIGHT + 14}" y="{at - 8}" width="10" height="10" fill="{colour}"/>')
        out.append(f'<text x="{_WIDTH - _RIGHT + 29}" y="{at + 1}">{escape(name)}</text>')
    return out


def _step(most: float) -> float:
    """Return a round step: four to nine of them reach `most`."""
    if most <= 0:
        return 1.0
    size = 10 ** floor(log10(most))
    return float(next(size * share for share in (0.1, 0.2, 0.25, 0.5, 1, 2) if size * share * 9 >= most))
