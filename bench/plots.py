"""Charts as plain SVG text: bars of ratios, and curves. Readable on a light page and on a dark one, and aloud.

Scales are of powers, where a factor is the same distance everywhere: twice as fast reaches as far to the right of 1x as
half as fast to the left, and a flat curve lies flat. What a colour says, a word beside it says too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from math import log10
from xml.sax.saxutils import escape

from bench.results import Bar, Bars, Line, Lines

_STYLE = """
.page{fill:#fff}text{fill:#1f2328;font:13px system-ui,-apple-system,sans-serif}.title{font-size:15px;font-weight:600}
.dim{fill:#59636e;font-size:12px}.grid{stroke:#d1d9e0}.one{stroke:#59636e;stroke-width:1.5}.bar{fill:#218bff}
.worst{stroke:#1f2328;stroke-width:1.5}.goal{stroke:#bc4c00;stroke-width:3}.curve{fill:none;stroke-width:2}
.c0{stroke:#0969da;fill:#0969da}.c1{stroke:#bc4c00;fill:#bc4c00}.c2{stroke:#1a7f37;fill:#1a7f37}
.c3{stroke:#8250df;fill:#8250df}.c4{stroke:#bf3989;fill:#bf3989}.c5{stroke:#6e5600;fill:#6e5600}
@media (prefers-color-scheme:dark){.page{fill:#0d1117}text{fill:#e6edf3}.dim{fill:#9198a1}.grid{stroke:#3d444d}
.one{stroke:#9198a1}.bar{fill:#388bfd}.worst{stroke:#e6edf3}.goal{stroke:#f0883e}.c0{stroke:#58a6ff;fill:#58a6ff}
.c1{stroke:#f0883e;fill:#f0883e}.c2{stroke:#3fb950;fill:#3fb950}.c3{stroke:#bc8cff;fill:#bc8cff}
.c4{stroke:#f778ba;fill:#f778ba}.c5{stroke:#d29922;fill:#d29922}}
.curve{fill:none!important}
""".strip().replace("\n", "")
_COLOURS = 6
_WIDTH, _EDGE, _TOP = 860, 16, 56
_STEPS = (1.0, 2.0, 5.0)

Scale = Callable[[float], float]


def draw(chart: Bars | Lines) -> str:
    """Draw either."""
    return bars(chart) if isinstance(chart, Bars) else lines(chart)


# bars


def bars(chart: Bars) -> str:
    """Draw ratios: a bar from 1x, a whisker to the worst round, a stroke at the goal, and all three in words."""
    left, right, row = 26 + 7.3 * max(len(bar.label) for bar in chart.bars), 250, 26
    shown = [one for bar in chart.bars for one in (bar.value, bar.worst, bar.goal) if one]
    low, high = min([0.8, *shown]) / 1.1, max([1.25, *shown]) * 1.1
    scale = _scale(low, high, left, _WIDTH - right)
    bottom = _TOP + row * len(chart.bars)
    parts = [
        f'<path class="{"one" if tick == 1 else "grid"}" d="M{scale(tick):.1f} {_TOP - 4}V{bottom + 4}"/>'
        f'<text class="dim" x="{scale(tick):.1f}" y="{bottom + 20}" text-anchor="middle">{tick:g}x</text>'
        for tick in _ticks(low, high)
    ]
    parts += [_bar(bar, scale, _TOP + row * number, left) for number, bar in enumerate(chart.bars)]
    legend = "bar: ratio of medians; thin line: as far as the worst round; upright stroke: goal"
    parts.append(f'<text class="dim" x="{_EDGE}" y="{bottom + 42}">{legend}</text>')
    return _svg(chart.title, "; ".join(f"{bar.label}: {words(bar)}" for bar in chart.bars), bottom + 54, parts)


def words(bar: Bar) -> str:
    """Say what a bar shows."""
    found = f"{bar.value:g}x"
    if bar.worst is not None:
        found += f", worst {bar.worst:g}x"
    if bar.goal is not None:
        found += f", goal {bar.goal:g}x {'reached' if bar.value >= bar.goal else 'missed'}"
    return found


def _bar(bar: Bar, scale: Scale, top: float, left: float) -> str:
    middle, one, end = top + 11, scale(1), scale(max(bar.value, 1e-3))
    parts = [
        f'<text x="{left - 10:.1f}" y="{middle + 4}" text-anchor="end">{escape(bar.label)}</text>',
        f'<rect class="bar" x="{min(one, end):.1f}" y="{top + 3}" width="{max(abs(end - one), 1):.1f}" height="16"/>',
    ]
    if bar.worst:
        at = scale(bar.worst)
        parts.append(f'<path class="worst" d="M{end:.1f} {middle}H{at:.1f}M{at:.1f} {middle - 5}V{middle + 5}"/>')
    if bar.goal:
        parts.append(f'<path class="goal" d="M{scale(bar.goal):.1f} {top}V{top + 22}"/>')
    parts.append(f'<text class="dim" x="{_WIDTH - 240}" y="{middle + 4}">{words(bar)}</text>')
    return "".join(parts)


# curves


def lines(chart: Lines) -> str:
    """Draw curves, each with its name where it ends."""
    left, right, height = 70, 250, 340
    points = [point for line in chart.lines for point in line.points]
    x_low, x_high = min(x for x, _ in points), max(x for x, _ in points)
    y_low, y_high = _room([y for _, y in points])
    across = _scale(x_low, max(x_high, x_low * 1.01), left, _WIDTH - right)
    up = _scale(y_low, y_high, _TOP + height, _TOP)
    parts = [
        f'<path class="grid" d="M{left} {up(tick):.1f}H{_WIDTH - right}"/>'
        f'<text class="dim" x="{left - 8}" y="{up(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>'
        for tick in _ticks(y_low, y_high)
    ]
    parts += [
        f'<text class="dim" x="{across(x):.1f}" y="{_TOP + height + 18}" text-anchor="middle">{_thousands(x)}</text>'
        for x in sorted({x for x, _ in points})
    ]
    parts.append(
        f'<text class="dim" x="{(left + _WIDTH - right) / 2}" y="{_TOP + height + 38}" text-anchor="middle">'
        f'{escape(chart.x)}</text><text class="dim" x="{_EDGE}" y="{_TOP - 8}">{escape(chart.y)}</text>'
    )
    places = _apart([up(line.points[-1][1]) for line in chart.lines], 16)
    for number, (line, place) in enumerate(zip(chart.lines, places, strict=True)):
        parts.append(_curve(line, number, across, up, (_WIDTH - right, place)))
    told = "; ".join(
        f"{line.label}: " + ", ".join(f"{y:g} at {_thousands(x)}" for x, y in line.points) for line in chart.lines
    )
    return _svg(chart.title, f"{chart.y} over {chart.x}. {told}", _TOP + height + 50, parts)


def _curve(line: Line, number: int, across: Scale, up: Scale, name_at: tuple[float, float]) -> str:
    path = "L".join(f"{across(x):.1f} {up(y):.1f}" for x, y in line.points)
    colour, dash = f"c{number % _COLOURS}", f' stroke-dasharray="{5 * (number // _COLOURS)} 4"'
    marks = "".join(f'<circle class="{colour}" cx="{across(x):.1f}" cy="{up(y):.1f}" r="3.5"/>' for x, y in line.points)
    x, y = name_at
    last = line.points[-1][1]
    return (
        f'<path class="curve {colour}" d="M{path}"{dash if number >= _COLOURS else ""}/>{marks}'
        f'<path class="curve {colour}" stroke-width="1" d="M{x:.1f} {up(last):.1f}L{x + 14:.1f} {y:.1f}"/>'
        f'<text x="{x + 18:.1f}" y="{y + 4:.1f}">{escape(line.label)}</text>'
    )


def _room(values: Sequence[float]) -> tuple[float, float]:
    """Leave a factor of four at least between the ends, so that noise does not look like a slope."""
    least, most = max(min(values), 1e-6), max(*values, 1e-6)
    missing = max(1.0, 4 / (most / least)) ** 0.5
    return least / missing / 1.15, most * missing * 1.15


def _apart(places: Sequence[float], least: float) -> list[float]:
    """Move names that would lie on each other apart, in their order."""
    order = sorted(range(len(places)), key=lambda at: places[at])
    found = list(places)
    for before, at in pairwise(order):
        found[at] = max(found[at], found[before] + least)
    return found


def _thousands(number: float) -> str:
    return f"{number:,.0f}".replace(",", " ")


# both


def _scale(low: float, high: float, start: float, end: float) -> Scale:
    span = log10(high) - log10(low)
    return lambda value: start + (log10(value) - log10(low)) / span * (end - start)


def _ticks(low: float, high: float) -> Iterable[float]:
    """Give 1, 2, 5 of each power of ten between the ends."""
    found = [float(f"{step}e{power}") for power in range(-6, 9) for step in _STEPS]
    return [one for one in found if low <= one <= high]


def _svg(title: str, description: str, height: float, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:g}" width="{_WIDTH}" '
        f'height="{height:g}" role="img" aria-labelledby="title desc">\n'
        f'<title id="title">{escape(title)}</title>\n<desc id="desc">{escape(description)}</desc>\n'
        f"<style>{_STYLE}</style>\n"
        f'<rect class="page" width="{_WIDTH}" height="{height:g}"/>\n'
        f'<text class="title" x="{_EDGE}" y="22">{escape(title)}</text>\n' + "\n".join(parts) + "\n</svg>\n"
    )
