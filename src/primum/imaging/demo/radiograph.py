"""A chest radiograph, back to front, as a digital detector sees it: thicknesses crossed, then the film's curve.

What is drawn is the attenuation of each organ along the beam; bones and vessels come from `thorax`, so the
radiograph and the tomography show the same anatomy. x to the image's right is the patient's left.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from primum.imaging.demo import thorax
from primum.imaging.demo.canvas import Field, grain, smooth

FIELD_OF_VIEW = 380.0
"""Side of the detector, in mm."""
SOFT, LIGHT, HARD = 0.0195, 0.0035, 0.036
"""Attenuation per mm at about 120 kV: soft tissue, aerated lung, bone over soft tissue."""
ABOVE = 42.0
"""How far above the tomography's first slice the radiograph begins."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """Size of the detector in pixels, and which patient (seed)."""

    size: int = 2000
    seed: int = 1

    @property
    def spacing(self) -> float:
        """Distance between pixels, in mm."""
        return round(FIELD_OF_VIEW / self.size, 6)


def chest_radiograph(exposure: Exposure) -> NDArray[np.uint16]:
    """Expose and develop: 12 bits, bones bright (MONOCHROME2)."""
    random = np.random.default_rng([exposure.seed, 73])
    # anatomy at half the detector's resolution; the grain is at the full one
    drawing = _Drawing(exposure.size // 2, FIELD_OF_VIEW / (exposure.size // 2))
    drawing.trunk()
    drawing.lungs(exposure.seed)
    drawing.heart()
    drawing.bones()
    drawing.ribs()
    drawing.belly()
    path = _doubled(drawing.path)
    dose = np.exp(-path)
    speckle = grain(exposure.size, 1.3, random)
    seen = -np.log(np.maximum(dose * (1 + 0.010 * speckle / np.sqrt(dose / dose.max() + 0.02)), 1e-6))
    return _developed(seen)


def _developed(seen: Field) -> NDArray[np.uint16]:
    """Spread the useful range over 12 bits, lift local contrast, and bend the toe and shoulder."""
    local = seen - _smeared(seen, 90)
    seen = seen + 0.45 * local
    low, high = np.percentile(seen[:: seen.shape[0] // 200, :: seen.shape[1] // 200], (1.0, 99.6))
    t = np.clip((seen - low) / (high - low), -0.1, 1.2)
    curve = 1 / (1 + np.exp(-5.2 * (t - 0.50)))
    return np.asarray(np.clip(np.rint(160 + 3700 * curve), 0, 4095), np.uint16)


class _Drawing:
    def __init__(self, size: int, spacing: float) -> None:
        self.size, self.spacing = size, spacing
        across = ((np.arange(size) - (size - 1) / 2) * spacing).astype(np.float32)
        down = (np.arange(size) * spacing - ABOVE).astype(np.float32)
        self.down, self.x = (np.ascontiguousarray(one) for one in np.meshgrid(down, across, indexing="ij"))
        self.path: Field = np.zeros((size, size), np.float32)
        self.scale = _scale(self.down)

    def trunk(self) -> None:
        """Add the trunk, the neck and the roots of the arms, as soft tissue through and through."""
        shoulder = 1.0 + 0.42 * (1 - smooth(self.down, 20, 150)) * smooth(self.down, -46, 36)
        half = 152 * shoulder * smooth(self.down, -70, 8) + 4
        half = np.maximum(half, 58 + 70 * smooth(self.down, -40, 10))
        thick = 226 * np.sqrt(np.clip(1 - np.abs(self.x / half) ** 2.6, 0, 1))
        thick *= 0.62 + 0.38 * smooth(self.down, -30, 80)
        self.path += SOFT * thick.astype(np.float32)

    def lungs(self, seed: int) -> None:
        """Take away what is air: lungs to the ribs, down to the domes behind and in front of them."""
        air = np.zeros_like(self.path)
        half, deep = thorax.CAGE[0] * (self.scale - 0.075), thorax.CAGE[1] * (self.scale - 0.09)
        inside = np.clip(1 - (np.abs(self.x) / np.maximum(half, 1)) ** 2.3, 0, 1) ** (1 / 2.3)
        for y in np.linspace(-0.96, 0.96, 15, dtype=np.float32):
            at = y * deep * inside
            border = 9 + 14 * np.exp(-(((at - 4) / 34) ** 2)) + 14 * np.exp(-(((at - 82) / 24) ** 2))
            lung = smooth(np.abs(self.x) - border, -4, 4) * smooth(thorax.diaphragm(self.x, at) - self.down, -3, 3)
            air += lung * smooth(self.down + 24 - ((np.abs(self.x) - 50) / 11) ** 2, -4, 6)
        self.air = np.asarray(air * (2 * 0.96 * deep * inside / 15), np.float32)
        self.path -= (SOFT - LIGHT) * self.air
        self._vessels(seed)
        pipe = np.abs(self.x + 2 * np.sin(self.down / 40)) - 7.5
        self.path -= SOFT * 13 * (1 - smooth(pipe, -4, 1.5)) * (1 - smooth(self.down, 100, 118))

    def _vessels(self, seed: int) -> None:
        shadow = np.zeros_like(self.path)
        for x, _, down, radius in _thinned(thorax.lung_vessels(seed).balls):
            self._tube(shadow, float(x), float(down), float(radius), 2.2)
        for tubes in thorax.great_vessels()[2:]:
            for x, _, down, radius in tubes.balls[::2]:
                self._tube(shadow, float(x), float(down), float(radius), 0.55)
        self.path += SOFT * shadow * smooth(self.air, 5, 60)

    def _tube(self, shadow: Field, x: float, down: float, radius: float, dense: float = 1) -> None:
        reach = int(radius / self.spacing) + 2
        column, row = round(x / self.spacing + (self.size - 1) / 2), round((down + ABOVE) / self.spacing)
        if not (reach < column < self.size - reach and reach < row < self.size - reach):
            return
        window = (slice(row - reach, row + reach + 1), slice(column - reach, column + reach + 1))
        away = (self.x[window] - x) ** 2 + (self.down[window] - down) ** 2
        chord = 2 * dense * np.sqrt(np.maximum(radius**2 - away, 0))
        np.maximum(shadow[window], chord, out=shadow[window])

    def _blob(
        self, centre: tuple[float, float], radii: tuple[float, float], thick: float, turn: float = 0, sharp: float = 0.6
    ) -> Field:
        cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
        dx, dy = self.x - centre[0], self.down - centre[1]
        u, v = (dx * cos + dy * sin) / radii[0], (dy * cos - dx * sin) / radii[1]
        return np.asarray(thick * np.clip(1 - u**2 - v**2, 0, 1) ** sharp, np.float32)

    def heart(self) -> None:
        """Add the heart and the great vessels over the lungs they displace."""
        heart = np.maximum(self._blob((27, 186), (60, 49), 84, 30), self._blob((-17, 182), (33, 50), 66))
        arch = self._blob((24, 88), (17, 19), 40) + 26 * (1 - smooth(np.abs(self.x - 20), 8, 16)) * smooth(
            self.down, 84, 110
        )
        others = self._blob((-20, 82), (13, 66), 24) + self._blob((36, 124), (17, 17), 24)
        hila = self._blob((-44, 138), (17, 26), 20, 20) + self._blob((47, 132), (15, 22), 20, -20)
        # what is no air cannot be displaced: nothing of the heart shows below the dome
        self.path += (SOFT - LIGHT) * np.minimum(heart + arch + others + hila, 0.92 * self.air)

    def bones(self) -> None:
        """Add spine, collar bones, shoulder blades and the heads of the arms."""
        strip = slice(self.size // 2 - round(46 / self.spacing), self.size // 2 + round(46 / self.spacing))
        whole, self.x, self.down, self.path = (
            (self.x, self.down, self.path),
            *(one[:, strip] for one in (self.x, self.down, self.path)),
        )
        for n in range(-2, 15):
            self._vertebra(n * thorax.RIB_STEP - 14, 14 + 0.4 * n)
        self.x, self.down, self.path = whole
        for side in (-1, 1):
            self._collar_bone(side)
            self._shoulder(side)

    def _vertebra(self, middle: float, half: float) -> None:
        waist = half - 1.6 * np.cos((self.down - middle) / 9.4 * math.pi / 2)
        body = (1 - smooth(np.abs(self.x), waist - 1, waist + 2)) * (1 - smooth(np.abs(self.down - middle), 8.6, 11.2))
        rim = np.exp(-(((np.abs(self.down - middle) - 9.4) / 1.1) ** 2)) + 0.6 * np.exp(
            -(((np.abs(self.x) - waist) / 1.3) ** 2)
        )
        bone = 17 * body + 6 * body * rim
        bone += 9 * np.exp(-((self.x / 2.6) ** 2) - ((self.down - middle - 6) / 6.0) ** 2)
        for side in (-1, 1):
            bone += self._blob((side * 8.5, middle - 3), (3.2, 4.4), 9)
            bone += self._blob((side * 24, middle - 3), (14, 4.4), 7, side * -16)
        self.path += (HARD - SOFT) * bone.astype(np.float32)

    def _collar_bone(self, side: int) -> None:
        along = np.clip((side * self.x - 15) / 118, 0, 1)
        middle = 30 - 46 * along + 16 * np.sin(along * 2 * math.pi) * 0.4
        radius = 5.6 + 1.8 * np.abs(along - 0.5) * 2
        chord = np.sqrt(np.maximum(radius**2 - (self.down - middle) ** 2, 0))
        hollow = np.sqrt(np.maximum((radius - 2.1) ** 2 - (self.down - middle) ** 2, 0))
        ends = smooth(side * self.x, 14, 19) * (1 - smooth(side * self.x, 128, 134))
        self.path += (HARD - SOFT) * 2.6 * (chord - 0.6 * hollow) * ends

    def _shoulder(self, side: int) -> None:
        x = side * self.x
        inner = 96 + 0.12 * self.down
        outer = 150 - 0.34 * self.down
        blade = (
            smooth(x - inner, -1, 1.5)
            * smooth(outer - x, -1, 1.5)
            * smooth(self.down, -4, 6)
            * (1 - smooth(self.down, 128, 136))
        )
        self.path += (HARD - SOFT) * 5.5 * blade
        rim = np.exp(-(((x - inner - 1.5) / 1.8) ** 2)) + 1.5 * np.exp(-(((x - outer + 2.5) / 3) ** 2))
        self.path += (HARD - SOFT) * 6 * blade * rim
        self.path += (HARD - SOFT) * self._blob((side * 166, 8), (23, 25), 40)
        shaft = (1 - smooth(np.abs(x - 176 - self.down * 0.08), 12, 14)) * smooth(self.down, 18, 30)
        core = 1 - smooth(np.abs(x - 176 - self.down * 0.08), 6, 8)
        self.path += (HARD - SOFT) * 26 * shaft * (1 - 0.5 * core)

    def ribs(self) -> None:
        """Add both halves of each rib: the steep one in front over the one behind."""
        angle = np.linspace(0.06, 2.6, 260)
        for n in range(-1, 12):
            for front in (False, True):
                chosen = angle[(angle > 1.45) == front]
                end = 1.9 if n > 9 else 2.5
                chosen = chosen[chosen < end]
                self._rib(n, chosen, 0.8 if front else 1.0)

    def _rib(self, n: int, angle: NDArray[np.float64], strength: float) -> None:
        shadow = np.zeros_like(self.path)
        down = n * thorax.RIB_STEP - 20 + thorax.rib_height(angle)
        for a, d in zip(angle, down, strict=True):
            radius = 6.4 if a < 2.2 else 6.9
            across = (float(_scale(d)) - 0.04) * thorax.CAGE[0]
            for side in (-1, 1):
                self._tube(shadow, side * across * abs(math.sin(a)) ** (2 / 2.3), float(d), radius)
        # a rib is a tube: its edges are denser than its middle
        flat = np.minimum(shadow, 7.0)
        edge = np.exp(-(((shadow - 5) / 3.2) ** 2)) * 3.4 * (shadow > 0)
        self.path += (HARD - SOFT) * strength * (flat * 0.62 + 1.5 * edge)

    def belly(self) -> None:
        """Add the gas of the stomach and of the bowel under the left dome."""
        self.path -= SOFT * self._blob((68, 258), (36, 16), 60, 4, 1.3)
        self.path -= SOFT * self._blob((98, 300), (26, 17), 46, -20, 1.3)
        self.path -= SOFT * self._blob((-94, 322), (28, 15), 40, 15, 1.3)


def _scale(down: Field | float) -> Field:
    """Width of the cage, upright and breathed in: rounder at the top than lying down."""
    rise = np.clip((np.asarray(down, np.float32) + 26) / 190, 0, 1)
    return np.asarray(0.30 + 0.70 * np.sqrt(1 - (1 - rise) ** 2.6), np.float32)


def _thinned(balls: NDArray[np.float32]) -> NDArray[np.float32]:
    """Keep every second ball of those vessels that are thick enough to make a shadow."""
    return balls[balls[:, 3] > 0.75][::2]


def _doubled(field: Field) -> Field:
    """Double rows and columns, interpolating."""
    for axis in (0, 1):
        ahead = np.roll(field, -1, axis)
        pair = [0.75 * field + 0.25 * np.roll(field, 1, axis), 0.75 * field + 0.25 * ahead]
        shape = [n * 2 if i == axis else n for i, n in enumerate(field.shape)]
        field = np.stack(pair, axis=axis + 1).reshape(shape)
    return np.asarray(field, np.float32)


def _smeared(field: Field, reach: int) -> Field:
    """Average over a square of `reach` pixels each way (running sums)."""
    for axis in (0, 1):
        total = np.cumsum(
            np.pad(field, [(reach + 1, reach) if i == axis else (0, 0) for i in (0, 1)], mode="edge"), axis, np.float64
        )
        width = 2 * reach + 1
        length = field.shape[axis]
        later, earlier = np.take(total, range(width, width + length), axis), np.take(total, range(length), axis)
        field = ((later - earlier) / width).astype(np.float32)
    return field
