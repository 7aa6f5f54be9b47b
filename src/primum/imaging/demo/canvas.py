"""A slice being painted: soft-edged shapes in millimetres on a grid of pixels.

Coordinates are those of the patient (DICOM PS3.3 C.7.6.2): x towards the left hand, y towards the back.
Edges are soft over about a pixel, as a scanner's are.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.floating[Any]]
"""Values on the grid: 32-bit floats everywhere that time matters."""


def smooth(value: Field | float, low: Field | float, high: Field | float) -> Field:
    """Rise from 0 at `low` to 1 at `high` without a corner."""
    t = np.clip((np.asarray(value, np.float32) - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def within(distance: Field, edge: float) -> Field:
    """Cover: 1 where the signed distance is well inside (negative), 0 outside, soft over `edge`."""
    return np.asarray(np.clip(0.5 - distance / edge, 0, 1), np.float32)


class Canvas:
    """A square slice of `size` pixels of `spacing` mm; `image` holds what has been painted."""

    def __init__(self, size: int, spacing: float, background: float) -> None:
        """Start with `background` everywhere; the origin is the middle."""
        self.size, self.spacing = size, spacing
        axis = (np.arange(size, dtype=np.float32) - (size - 1) / 2) * np.float32(spacing)
        self.y, self.x = (np.ascontiguousarray(one) for one in np.meshgrid(axis, axis, indexing="ij"))
        self.image: Field = np.full((size, size), background, np.float32)

    def window(self, x: float, y: float, reach: float) -> tuple[slice, slice]:
        """Return the rows and columns within `reach` mm of a point (may be empty)."""
        return self._span(y, reach), self._span(x, reach)

    def _span(self, at: float, reach: float) -> slice:
        middle = at / self.spacing + (self.size - 1) / 2
        half = reach / self.spacing + 2
        return slice(max(0, math.floor(middle - half)), min(self.size, max(0, math.ceil(middle + half) + 1)))

    def blend(
        self, cover: Field, value: Field | float, window: tuple[slice, slice] = (slice(None), slice(None))
    ) -> None:
        """Lay `value` over the image where `cover` says."""
        part = self.image[window]
        part += cover * (value - part)

    def ellipse(
        self, x: float, y: float, rx: float, ry: float, value: float, *, turn: float = 0, edge: float = 1
    ) -> None:
        """Fill an ellipse; `turn` in degrees, from x towards y. Radii of less than half a pixel leave nothing."""
        if min(rx, ry) < self.spacing / 2:
            return
        window = self.window(x, y, max(rx, ry))
        dx, dy = self.x[window] - np.float32(x), self.y[window] - np.float32(y)
        if turn:
            cos, sin = np.float32(math.cos(math.radians(turn))), np.float32(math.sin(math.radians(turn)))
            dx, dy = dx * cos + dy * sin, dy * cos - dx * sin
        distance = (np.sqrt((dx / np.float32(rx)) ** 2 + (dy / np.float32(ry)) ** 2) - 1) * np.float32(min(rx, ry))
        self.blend(within(distance, edge), value, window)

    def ellipsoid(
        self,
        at: float,
        centre: tuple[float, float, float],
        radii: tuple[float, float, float],
        value: float,
        *,
        turn: float = 0,
        edge: float = 1,
    ) -> None:
        """Fill the cut at height `at` of an ellipsoid whose third axis is the body's."""
        below = 1 - ((at - centre[2]) / radii[2]) ** 2
        if below > 0:
            scale = math.sqrt(below)
            self.ellipse(centre[0], centre[1], radii[0] * scale, radii[1] * scale, value, turn=turn, edge=edge)

    def discs(self, discs: Iterable[tuple[float, float, float]], value: float, *, edge: float = 1) -> None:
        """Fill discs given as (x, y, radius)."""
        for x, y, radius in discs:
            self.ellipse(x, y, radius, radius, value, edge=edge)

    def dots(self, dots: NDArray[np.float32], value: float) -> None:
        """Fill many small discs (rows of x, y, radius; radii up to three pixels) at once."""
        if not len(dots):
            return
        middle = (self.size - 1) / 2
        column, row, radius = (
            dots[:, 0] / self.spacing + middle,
            dots[:, 1] / self.spacing + middle,
            dots[:, 2] / self.spacing,
        )
        left, top = np.floor(column).astype(int), np.floor(row).astype(int)
        cover = np.zeros_like(self.image)
        for down in range(-3, 5):
            for right in range(-3, 5):
                distance = np.hypot(left + right - column, top + down - row)
                value_here = np.clip(radius - distance + 0.5, 0, 1) * np.minimum(1, radius + 0.25)
                keep = (value_here > 0) & (top + down >= 0) & (top + down < self.size)
                keep &= (left + right >= 0) & (left + right < self.size)
                np.maximum.at(cover, (top[keep] + down, left[keep] + right), value_here[keep].astype(np.float32))
        self.blend(cover, value)


def grain(size: int, reach: float, random: np.random.Generator) -> Field:
    """Make a tile of noise whose grains are `reach` pixels across; mean 0, deviation 1, tiles without a seam."""
    frequency = np.fft.rfftn(random.standard_normal((size, size)))
    v, u = np.meshgrid(np.fft.fftfreq(size), np.fft.rfftfreq(size), indexing="ij")
    frequency *= np.exp(-2 * (math.pi * reach / 2.355) ** 2 * (u**2 + v**2))
    field = np.fft.irfftn(frequency, s=(size, size), axes=(0, 1))
    return np.asarray((field - field.mean()) / field.std(), np.float32)
