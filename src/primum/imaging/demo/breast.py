"""A mammogram, from above (cranio-caudal view of the left breast): fat, ducts that gather at the nipple, veins, skin.

What is drawn is how much gland the rays cross, bent by the curve of a film.
Lengths in millimetres; the chest wall is at the left edge, the nipple points right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from primum.imaging.demo.canvas import Field, grain, smooth


@dataclass(frozen=True, slots=True)
class Breast:
    """Size of the detector in pixels, and which patient (seed)."""

    columns: int = 1280
    rows: int = 1700
    seed: int = 1
    spacing: float = 0.14

    @property
    def reach(self) -> float:
        """From the chest wall to the nipple."""
        return 118.0

    @property
    def half(self) -> float:
        """Half the height along the chest wall."""
        return 96.0


def mammogram(breast: Breast) -> NDArray[np.uint16]:
    """Expose and develop: 12 bits, gland bright (MONOCHROME2), air black."""
    random = np.random.default_rng([breast.seed, 37])
    x = (np.arange(breast.columns, dtype=np.float32) * breast.spacing)[None, :]
    y = ((np.arange(breast.rows, dtype=np.float32) - breast.rows / 2) * breast.spacing)[:, None]
    inside = _depth(breast, x, y)
    thick = np.sqrt(np.clip(inside / 16, 0, 1)) * (1 - 0.12 * smooth(inside, 0, 60))
    gland = _gland(breast, x, y, inside, random)
    seen = 0.30 * thick + gland * thick
    seen += 0.26 * np.exp(-(((inside - 0.9) / 0.9) ** 2)) * (inside > -1)
    seen += _nipple(breast, x, y)
    for vein in range(5):
        seen += _vein(x, y, vein, random) * thick
    seen += _calcium(x, y, random)
    seen += 0.011 * grain(2048, 1.4, random)[: breast.rows, : breast.columns] * (0.4 + thick)
    seen = np.where(inside > -1.2, seen, 0)
    curve = 1 / (1 + np.exp(-6.0 * (seen - 0.56)))
    return np.asarray(np.clip(np.rint(4095 * np.where(inside > -1.2, curve, 0)), 0, 4095), np.uint16)


def _depth(breast: Breast, x: Field, y: Field) -> Field:
    """How far inside the skin, in mm; negative outside. Fuller below than above, as compressed."""
    half = np.where(y > 0, breast.half * 0.97, breast.half)
    away = (np.clip(x, 0, None) / breast.reach) ** 2.1 + (np.abs(y) / half) ** 2.3
    return np.asarray((1 - away ** (1 / 2.2)) * breast.half * 0.9, np.float32)


def _gland(breast: Breast, x: Field, y: Field, inside: Field, random: np.random.Generator) -> Field:
    """Lobes in a cone behind the nipple, mottled at three sizes and drawn out along the ducts."""
    from_nipple = np.hypot(breast.reach - x, y * 0.92)
    angle = np.arctan2(y * 0.92, breast.reach - x)
    cone = np.exp(-((angle / 0.62) ** 4)) * smooth(from_nipple, 3, 22) * (1 - smooth(from_nipple, 62, 112))
    shape = inside.shape
    sizes = ((95, 0.55), (42, 0.4), (17, 0.28))
    coarse = sum(weight * grain(2048, size, random)[: shape[0], : shape[1]] for size, weight in sizes)
    ducts = np.zeros(shape, np.float32)
    for duct in range(26):
        at = -0.62 + 1.24 * duct / 25 + float(random.normal(0, 0.03))
        bend = 0.10 * np.sin(from_nipple / (16 + 5 * (duct % 4)) + duct) * smooth(from_nipple, 6, 60)
        width = 0.018 + 0.5 / np.maximum(from_nipple, 6)
        ducts += np.exp(-(((angle - at - bend) / width) ** 2)) * (1 - smooth(from_nipple, 40, 84))
    mottled = np.clip(0.42 + 0.34 * np.asarray(coarse), 0, 1.3)
    cooper = np.clip(np.abs(grain(2048, 30, random)[: shape[0], : shape[1]]), 0, 1)
    strands = np.exp(-((cooper / 0.09) ** 2)) * 0.09 * smooth(inside, 1, 8)
    return np.asarray(cone * (0.46 * mottled + 0.10 * np.clip(ducts, 0, 1.6)) + strands, np.float32)


def _nipple(breast: Breast, x: Field, y: Field) -> Field:
    bump = np.hypot((x - breast.reach - 0.5) / 4.5, y / 5.5)
    return np.asarray(0.42 * np.sqrt(np.clip(1 - bump**2, 0, 1)), np.float32)


def _vein(x: Field, y: Field, number: int, random: np.random.Generator) -> Field:
    start, slope = float(random.uniform(-70, 70)), float(random.uniform(-0.35, 0.35))
    middle = start - math.copysign(slope, start) * x + 5 * np.sin(x / 19 + number) + 2 * np.sin(x / 7 + number)
    radius = 0.9 + 0.3 * number % 1
    away = np.abs(y - middle)
    return np.asarray(0.13 * np.sqrt(np.clip(1 - (away / radius) ** 2, 0, 1)) * (1 - smooth(x, 60, 100)), np.float32)


def _calcium(x: Field, y: Field, random: np.random.Generator) -> Field:
    """A few round benign calcifications, and a fibroadenoma beside them."""
    found = 0.16 * (1 - smooth(np.hypot((x - 46) / 9.5, (y + 30) / 7.5), 0.86, 1.04))
    for _ in range(7):
        at, radius = (float(random.uniform(36, 80)), float(random.uniform(-38, 30))), float(random.uniform(0.25, 0.6))
        found = found + 0.5 * (1 - smooth(np.hypot(x - at[0], y - at[1]), radius * 0.5, radius + 0.15))
    return np.asarray(found, np.float32)
