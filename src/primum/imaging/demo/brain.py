"""A head in the magnet: the same anatomy seen with T1 and with T2 weighting.

The cortex's folds are the level lines of a band of noise: close to the surface its zero is a sulcus, the
flanks are grey matter, the rest is white. Lengths in mm; x to the left hand, y to the back, z to the crown.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from primum.imaging.demo.canvas import Field, grain, smooth

BOTTOM, TOP = -66.0, 86.0
"""From the lowest slice (under the cerebellum) to the crown."""


class Tissue(IntEnum):
    """What a voxel is made of."""

    AIR = 0
    SKIN = 1
    FAT = 2
    BONE = 3
    FLUID = 4
    GREY = 5
    WHITE = 6
    MUSCLE = 7
    DEEP = 8


T1 = (4, 140, 330, 22, 44, 158, 246, 112, 176)
"""Signal of each tissue with T1 weighting (short TR and TE): fat bright, fluid dark."""
T2 = (4, 100, 210, 18, 500, 250, 164, 78, 190)
"""Signal of each tissue with T2 weighting (long TR and TE): fluid bright."""


@dataclass(frozen=True, slots=True)
class Acquisition:
    """Matrix, number of slices and patient (seed) of an examination."""

    size: int = 256
    slices: int = 44
    seed: int = 1
    width: float = 220.0

    @property
    def spacing(self) -> float:
        """Distance between pixels, in mm."""
        return self.width / self.size

    @property
    def step(self) -> float:
        """Distance between slices, in mm."""
        return round((TOP - BOTTOM) / self.slices, 3)


class Head:
    """A head, ready to be cut into slices."""

    def __init__(self, acquisition: Acquisition) -> None:
        """Prepare folds, coordinates and the coil's shading."""
        self.acquisition = acquisition
        random = np.random.default_rng([acquisition.seed, 72])
        size = acquisition.size
        axis = (np.arange(size, dtype=np.float32) - (size - 1) / 2) * np.float32(acquisition.spacing)
        self._y, self._x = np.meshgrid(axis, axis, indexing="ij")
        self._folds = _band(acquisition, 17.0, random)
        self._folia = _band(acquisition, 6.5, random)
        self._rician = [grain(size, 1.2, random) for _ in range(4)]
        self._shade = 1 + 0.05 * grain(size, size / 3, random)
        self._lopsided = float(random.uniform(-1.5, 1.5))

    def slice(self, index: int, weights: tuple[int, ...]) -> NDArray[np.uint16]:
        """Return slice `index` (0 is the lowest) as the magnet would show it, 12 bits."""
        z = BOTTOM + (index + 0.5) * self.acquisition.step
        signal = np.asarray(weights, np.float32)[self.tissues(index, z)]
        signal = _blurred(signal) * (self._shade * (1 - 0.0008 * abs(z)))
        random = np.random.default_rng([self.acquisition.seed, 6, index, weights[4]])
        a, b = (
            np.roll(self._rician[k], random.integers(0, 256, 2), (0, 1)) for k in random.choice(4, 2, replace=False)
        )
        seen = np.hypot(signal + 6.5 * a, 6.5 * b)
        return np.asarray(np.clip(np.rint(seen * 2), 0, 4095), np.uint16)

    def tissues(self, index: int, z: float) -> NDArray[np.uint8]:
        """Return the tissue of each voxel of a slice."""
        x = self._x + np.float32(self._lopsided * z / 90)
        y = self._y
        made = np.zeros(x.shape, np.uint8)
        skin = _depth(x, y, z, (82, 104, 106), (0, 2, -16))
        face = _depth(x, y, z, (62, 60, 90), (0, -50, -56))
        outside = np.minimum(skin, face)
        made[outside < 0] = Tissue.SKIN
        made[outside < -2.0] = Tissue.FAT
        skull = _depth(x, y, z, (76, 97, 99), (0, 2, -16))
        if z < -8:
            self._below(made, x, y, z, face)
        made[(skull < 0) & (z > -45)] = Tissue.BONE
        made[(skull < -2.4) & (skull > -4.2) & (z > 0)] = Tissue.FAT
        inner = _depth(x, y, z, (71.5, 90.5, 79), (0, 4, 2))
        made[(inner < 0) & (z > -46)] = Tissue.FLUID if z > 6 else Tissue.BONE
        brain = self._cerebrum_depth(x, y, z)
        hind = self._hind_depth(x, y, z)
        cistern = (np.hypot(x * 0.8, y - 8) < 25) & (z > -22)
        made[((np.minimum(brain, hind) < 2.6) | cistern) & (inner < 0)] = Tissue.FLUID
        self._cerebrum(made, x, y, z, brain=brain, folds=self._folds[index])
        self._hind(made, x, y, z, small=hind, folia=self._folia[index])
        self._eyes(made, x, y, z)
        return made

    def _cerebrum_depth(self, x: Field, y: Field, z: float) -> Field:
        # its floor: over the eyes in front, the tent of the cerebellum at the back, between them the brain stem
        side = np.abs(x)
        front = np.minimum(-17 + 0.012 * (side - 16) ** 2 + 0.004 * (y + 45) ** 2, -4)
        tent = _tent(x, y)
        floor = -3 + smooth(-y, 8, 30) * (front + 3) + smooth(y, 6, 26) * (tent + 3)
        whole = _depth(x, y, z, (69, 88, 76), (0, 4, 2))
        temporal = _depth(side, y - 0.35 * (side - 40), z, (25, 42, 25), (43, 2, -15))
        return np.asarray(np.minimum(np.maximum(whole, floor - np.float32(z)), np.maximum(temporal, whole)))

    def _hind_depth(self, x: Field, y: Field, z: float) -> Field:
        small = _depth(np.abs(x), y, z, (36, 31, 27), (18, 50, -31))
        tent = np.float32(z + 2.5) - _tent(x, y)
        return np.asarray(np.maximum(np.maximum(small, tent), 15 - np.hypot(x, y - 12)))

    def _cerebrum(self, made: NDArray[np.uint8], x: Field, y: Field, z: float, *, brain: Field, folds: Field) -> None:
        bridge = 46 * (1 - float(smooth(z, 37, 46)))
        bent = x + 0.9 * np.sin(y / 8 + np.float32(z / 6))
        split = np.hypot(bent, np.maximum(bridge - np.abs(y - 2), 0)) - 0.7
        depth = np.minimum(-_depth(x, y, z, (69, 88, 76), (0, 4, 2)), np.maximum(split, 0) * 1.05)
        if -16 < z < 24:
            sylvian = np.hypot((np.abs(x) - 58) / 2.6, y + 14 + (z - 4) * 0.5)
            depth = np.minimum(depth, np.maximum(sylvian - 1.6, 0) * 1.3)
        fold = np.abs(folds)
        fade = 1 - smooth(depth, 11, 25)
        rim = np.minimum(depth, -brain)
        inside = brain < 0
        made[inside] = Tissue.WHITE
        made[inside & ((rim < 3.6) | (fold < 0.82 * fade))] = Tissue.GREY
        made[inside & ((rim < 0.7) | (fold < 0.11 * (1 - smooth(depth, 9, 19))))] = Tissue.FLUID
        self._deep(made, x, y, z)

    def _deep(self, made: NDArray[np.uint8], x: Field, y: Field, z: float) -> None:
        side = np.abs(x)
        for centre, radii in (
            ((13, 14, 12), (9, 13, 10)),
            ((27, -2, 8), (6.5, 17, 11)),
            ((13, -24, 16), (5, 9, 12)),
            ((20, -4, 4), (4.5, 9, 7)),
        ):
            made[_depth(side, y, z, radii, centre) < 0] = Tissue.DEEP
        capsule = np.abs((side - 20) * 0.9 + np.abs(y - 2) * -0.42)
        made[(capsule < 1.8) & (np.abs(y) < 26) & (abs(z - 9) < 11) & (side > 13)] = Tissue.WHITE
        horn = _depth(side, y, z, (4.6, 13, 8), (8, -24, 21))
        body = _depth(side - 0.0048 * (y - 2) ** 2, y, z, (4.6, 34, 6.5), (6.2, 3, 27))
        back = _depth(side - 0.3 * (y - 30), y, z, (4.6, 16, 12), (22, 30, 13))
        made[np.minimum(np.minimum(horn, body), back) < 0] = Tissue.FLUID
        made[(side < 0.9) & (np.abs(y + 8) < 16) & (12 < z < 34)] = Tissue.WHITE
        made[(side < 1.9) & (np.abs(y - 6) < 13) & (-4 < z < 15)] = Tissue.FLUID
        if 24 < z < 40:
            arch = np.hypot(x / 22, (y - 2) / 46)
            made[(np.abs(arch - 1) < 0.07) & (side < 12) & (z < 36)] = Tissue.WHITE
            made[(side < 16) & (np.abs(y - 2) < 40) & (z > 34.5)] = Tissue.WHITE

    def _hind(self, made: NDArray[np.uint8], x: Field, y: Field, z: float, *, small: Field, folia: Field) -> None:
        side = np.abs(x)
        leaves = np.cos(np.hypot(side - 8, (y - 26) * 1.1) * np.float32(1.12) + 1.2 * folia)
        inside = small < 0
        made[inside] = Tissue.GREY
        made[inside & (leaves > 0.80) & (small < -2) & (small > -16)] = Tissue.WHITE
        made[inside & (leaves < -0.93) & (small > -15)] = Tissue.FLUID
        made[(_depth(side, y, z, (16, 12, 12), (17, 44, -34)) < -1 + 1.5 * folia) & inside] = Tissue.WHITE
        if z > -2:
            return
        wide = 10.5 + 6.5 * float(np.exp(-(((z + 28) / 11) ** 2)))
        stem = np.hypot(x / wide, (y - 8 - (z + 28) * -0.12) / (wide * 0.88))
        made[stem < 1.28] = Tissue.FLUID
        made[stem < 1] = Tissue.WHITE
        made[(stem < 0.55) & (np.abs(folia) > 0.7)] = Tissue.DEEP
        made[_depth(x, y, z, (7, 4.5, 14), (0, 25, -30)) < 0] = Tissue.FLUID
        made[(_depth(x, y, z, (1.3, 1.6, 14), (0, 17, -8)) < 0)] = Tissue.FLUID

    def _below(self, made: NDArray[np.uint8], x: Field, y: Field, z: float, face: Field) -> None:
        flesh = (face < -7) | (_depth(x, y, z, (60, 52, 70), (0, 44, -70)) < 0)
        made[flesh] = Tissue.MUSCLE
        side = np.abs(x)
        made[(_depth(side, y, z, (11, 25, 26), (9, -64, -52)) < 0)] = Tissue.SKIN
        made[(_depth(side, y, z, (8.5, 22, 24), (9, -64, -52)) < 0)] = Tissue.AIR
        made[(side < 1) & (np.abs(y + 64) < 24) & (z < -26)] = Tissue.BONE
        for at, radii in (((33, -66, -50), (15, 14, 17)), ((58, 30, -44), (9, 12, 14))):
            made[_depth(side, y, z, [r + 2 for r in radii], at) < 0] = Tissue.BONE
            made[_depth(side, y, z, radii, at) < 0] = Tissue.AIR
        made[_depth(x, y, z, (12, 9, 60), (0, -22, -70)) < 0] = Tissue.AIR

    def _eyes(self, made: NDArray[np.uint8], x: Field, y: Field, z: float) -> None:
        side = np.abs(x)
        if not -44 < z < -4:
            return
        inward = side + (y + 80) * np.float32(0.3) - 33
        cone = _depth(inward, y, z, (17, 32, 17), (0, -62, -24))
        made[cone < 0] = Tissue.FAT
        apart = np.abs(np.hypot(inward, z + 24) - (12.5 - 0.28 * (y + 80)))
        strap = (np.abs(np.hypot(inward, 0) - np.abs(z + 24)) > 6) & (apart < 1.7)
        made[strap & (cone < -1) & (y > -76) & (y < -40)] = Tissue.MUSCLE
        ball = _depth(side, y, z, (12.4, 12.4, 12.4), (33, -80, -24))
        made[ball < 0.8] = Tissue.MUSCLE
        made[ball < -0.6] = Tissue.FLUID
        made[_depth(side, y, z, (5, 2.4, 5), (33, -88.5, -24)) < 0] = Tissue.GREY
        made[(np.hypot(inward, z + 24) < 2.4) & (y > -68) & (y < -34)] = Tissue.WHITE


def _tent(x: Field, y: Field) -> Field:
    """Height of the tentorium: a tent over the cerebellum, highest behind the brain stem."""
    return np.asarray(np.maximum(6 - 0.36 * np.hypot(0.72 * x, y - 10), -24))


def _depth(
    x: Field, y: Field, z: float, radii: tuple[float, float, float] | list[float], centre: tuple[float, float, float]
) -> Field:
    """Signed distance (about, in mm) to an ellipsoid; negative inside."""
    away = ((x - np.float32(centre[0])) / np.float32(radii[0])) ** 2 + (
        (y - np.float32(centre[1])) / np.float32(radii[1])
    ) ** 2
    root = np.sqrt(away + np.float32(((z - centre[2]) / radii[2]) ** 2))
    return np.asarray((root - 1) * np.float32(min(radii)), np.float32)


def _band(acquisition: Acquisition, length: float, random: np.random.Generator) -> Field:
    """Make a volume of noise whose waves are about `length` mm long, deviation 1."""
    shape = (acquisition.slices, acquisition.size // 2, acquisition.size // 2)
    spacing = (acquisition.step, acquisition.spacing * 2, acquisition.spacing * 2)
    frequency = np.fft.rfftn(random.standard_normal(shape, np.float32))
    axes = [
        np.fft.fftfreq(shape[0], spacing[0]),
        np.fft.fftfreq(shape[1], spacing[1]),
        np.fft.rfftfreq(shape[2], spacing[2]),
    ]
    w, v, u = np.meshgrid(*axes, indexing="ij")
    waves = np.sqrt(u**2 + v**2 + w**2) * length
    frequency *= np.exp(-(((waves - 1) / 0.28) ** 2))
    field = np.fft.irfftn(frequency, s=shape, axes=(0, 1, 2)).astype(np.float32)
    field /= field.std()
    return np.asarray(_twice(field), np.float32)


def _twice(field: Field) -> Field:
    """Double rows and columns, halfway points interpolated."""
    for axis in (1, 2):
        between = (field + np.roll(field, -1, axis)) / np.float32(2)
        field = np.stack([field, between], axis=axis + 1).reshape(
            [n * 2 if i == axis else n for i, n in enumerate(field.shape)]
        )
    return field


def _blurred(signal: Field) -> Field:
    """Mix each voxel with its neighbours a little: the magnet's point spread."""
    for axis in (0, 1):
        signal = 0.56 * signal + 0.22 * (np.roll(signal, 1, axis) + np.roll(signal, -1, axis))
    return np.asarray(signal, np.float32)
