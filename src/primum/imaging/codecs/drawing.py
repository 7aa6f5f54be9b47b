"""Lines and areas on a picture. Runs in a codec process only.

A pixel's centre lies at its index and a half. Whatever lies outside is cut off before it costs anything.
"""

from __future__ import annotations

import math
from itertools import pairwise, product

import numpy as np

from primum.imaging.codecs.arrays import Array

_ROUND = 72
"""Sides of the polygon that stands for a circle of less than 300 pixels; larger ones have more."""
_STEPS = 12
"""Lines between two points of a curve."""
LETTERS_HIGH = 300
"""Rows of a picture whose letters, where nothing says their size, are as small as they can be read."""
_THICK, _THICKEST = 0.5, 4
"""Of a stroke, as a share of the unit that letters are drawn in, and in pixels: each is drawn as often, squared."""
_MIDDLE = 127


def inside(points: Array, rows: int, columns: int) -> Array:
    """Tell which pixels' centres lie in a polygon, (x, y) each, by the even-odd rule."""
    toggles = np.zeros((rows, columns + 1), bool)
    for (x0, y0), (x1, y1) in pairwise([*points.tolist(), points[0].tolist()]):
        if y0 == y1:
            continue
        (xa, ya), (xb, yb) = ((x0, y0), (x1, y1)) if y0 < y1 else ((x1, y1), (x0, y0))
        first, last = max(math.ceil(ya - 0.5), 0), min(math.ceil(yb - 0.5), rows)
        if first >= last:
            continue
        lines = np.arange(first, last)
        x = xa + (lines + 0.5 - ya) * (xb - xa) / (yb - ya)
        toggles[lines, np.clip(np.ceil(x - 0.5), 0, columns).astype(np.intp)] ^= True
    result: Array = np.logical_xor.accumulate(toggles, axis=1)[:, :columns]
    return result


def outline(picture: Array, points: Array, shade: int) -> None:
    """Draw a line through points."""
    for start, end in pairwise(points.tolist()):
        _line(picture, start, end, shade)


def write(picture: Array, points: Array, shade: int, scale: float) -> None:
    """Draw letters, each of whose lines ends in no number, with an edge that sets them off from what lies behind."""
    lines = np.split(points, np.flatnonzero(np.isnan(points[:, 0])))
    drawn = [kept + 0.5 for line in lines if len(kept := line[~np.isnan(line[:, 0])])]
    thick = min(max(1, round(scale * _THICK)), _THICKEST)
    edge = 0 if shade > _MIDDLE else 255
    for colour, reach in ((edge, range(-1, thick + 1)), (shade, range(thick))):
        for line in drawn:
            for x, y in product(reach, reach):
                outline(picture, line + np.array([x, y]), colour)


def dot(picture: Array, point: Array, shade: int) -> None:
    """Draw a point so that it is seen: a small cross."""
    x, y = point.tolist()
    _line(picture, [x - 2, y], [x + 2, y], shade)
    _line(picture, [x, y - 2], [x, y + 2], shade)


def _line(picture: Array, start: list[float], end: list[float], shade: int) -> None:
    rows, columns = picture.shape[:2]
    cut = _clipped(start, end, columns, rows)
    if cut is None:
        return
    (x0, y0), (x1, y1) = cut
    count = math.ceil(max(abs(x1 - x0), abs(y1 - y0))) + 1  # no pixel is left out, and diagonals stay thin
    x = np.clip(np.floor(np.linspace(x0, x1, count)).astype(np.intp), 0, columns - 1)
    y = np.clip(np.floor(np.linspace(y0, y1, count)).astype(np.intp), 0, rows - 1)
    picture[y, x] = shade


def _clipped(
    start: list[float], end: list[float], columns: int, rows: int
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """The part of a line inside of the picture (after Liang and Barsky); None where there is none."""
    low, high = 0.0, 1.0
    for at, most in ((0, columns), (1, rows)):
        step = end[at] - start[at]
        for sign, edge in ((-1, 0.0), (1, float(most))):
            towards, room = sign * step, sign * (edge - start[at])
            if towards == 0:
                if room < 0:
                    return None
            elif towards < 0:
                low = max(low, room / towards)
            else:
                high = min(high, room / towards)
    if low > high:
        return None
    dx, dy = end[0] - start[0], end[1] - start[1]
    return (start[0] + low * dx, start[1] + low * dy), (start[0] + high * dx, start[1] + high * dy)


def circle(points: Array) -> Array:
    """A circle by its centre and a point of it, as a closed line."""
    radius = math.hypot(*(points[1] - points[0]).tolist())
    return _round(points[0], np.array([radius, 0.0]), np.array([0.0, radius]))


def ellipse(points: Array) -> Array:
    """An ellipse by the ends of its two axes, as a closed line."""
    centre = (points[0] + points[1]) / 2
    return _round(centre, points[1] - centre, points[3] - centre)


def _round(centre: Array, one: Array, other: Array) -> Array:
    radius = min(max(math.hypot(*one.tolist()), math.hypot(*other.tolist())), 1e5)
    angles = np.linspace(0, 2 * np.pi, max(_ROUND, int(math.sqrt(radius) * 8)) + 1)[:, None]
    result: Array = centre + np.cos(angles) * one + np.sin(angles) * other
    return result


def curve(points: Array) -> Array:
    """A smooth line through points (after Catmull and Rom); PS3.3 C.10.5.1.2 leaves open which."""
    if len(points) < 3:  # noqa: PLR2004 (two points have one line)
        return points
    closed = bool(np.array_equal(points[0], points[-1]))
    before = points[-2] if closed else 2 * points[0] - points[1]
    after = points[1] if closed else 2 * points[-1] - points[-2]
    every = np.vstack([before, points, after])
    t = np.linspace(0, 1, _STEPS, endpoint=False)[:, None]
    parts = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(every, every[1:], every[2:], every[3:], strict=False)
    ]
    return np.vstack([*parts, points[-1:]])
