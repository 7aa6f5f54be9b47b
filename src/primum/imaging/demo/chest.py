"""A chest tomography with contrast, painted slice by slice in Hounsfield units.

Deterministic: the same seed gives the same voxels, so that a browser's canvas can be compared with them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from primum.imaging.demo import thorax
from primum.imaging.demo.canvas import Canvas, Field, grain, smooth, within

AIR, LUNG, FAT, MUSCLE, BLOOD, BRIGHT_BLOOD, MARROW, CORTEX = -1000, -858, -104, 52, 118, 265, 210, 820
HEART_TOP = 165.0
"""Height above which the mediastinum is vessels in fat, and below which it is the heart."""
FIELD_OF_VIEW = 372.0
"""Width of the reconstructed square, in mm."""


@dataclass(frozen=True, slots=True)
class Scan:
    """How the scan is made: matrix, number of slices, and which patient (seed)."""

    size: int = 512
    slices: int = 120
    seed: int = 1

    @property
    def spacing(self) -> float:
        """Distance between pixels, in mm."""
        return round(FIELD_OF_VIEW / self.size, 6)

    @property
    def step(self) -> float:
        """Distance between slices, in mm."""
        return thorax.LENGTH / self.slices


class Chest:
    """A patient on the table: what does not change from slice to slice is prepared once."""

    def __init__(self, scan: Scan) -> None:
        """Grow the vessels and prepare the fields that every slice uses."""
        self.scan = scan
        random = np.random.default_rng([scan.seed, 71])
        self._vessels, self._airways = thorax.lung_vessels(scan.seed), thorax.airways()
        self._aorta, self._veins, self._arteries = thorax.great_vessels()
        self._stout = float(random.uniform(0.97, 1.03))
        blank = Canvas(scan.size, scan.spacing, AIR)
        coarse = [
            np.tile(grain(128, 22, random), (2, 2)).repeat(scan.size // 256, 0).repeat(scan.size // 256, 1)
            for _ in "ab"
        ]
        self._marbling = _softened(coarse[0])
        self._noise = [grain(scan.size, 1.9, random) for _ in range(3)]
        self._streaks = grain(scan.size, 7, random)
        self._flat = blank.x, blank.y
        x, y = blank.x / np.float32(self._stout), blank.y
        # organs are no ellipses: bend the paper on which they are drawn
        self._x = x + 2.2 * np.sin(y / 31 + 0.4) + 1.3 * np.sin(x / 23)
        self._y = y + 2.0 * np.sin(x / 37 + 1.1) + 1.2 * np.cos(y / 19)
        self._body = _oval(self._x, self._y - 2, thorax.BODY, 2.5)
        self._dome = thorax.diaphragm(self._x, self._y)
        self._straight_cage = self._cage_at(0)

    def slice(self, index: int) -> NDArray[np.int16]:
        """Return slice `index` (0 is the topmost) in Hounsfield units."""
        down = (index + 0.5) * self.scan.step
        canvas = Canvas(self.scan.size, self.scan.spacing, AIR)
        canvas.x, canvas.y = self._x, self._y
        rho, angle = self._cage(down)
        self._wall(canvas, down, rho)
        lung = self._lungs(canvas, down, rho)
        self._middle(canvas, down)
        self._belly(canvas, down, rho)
        self._ribs(canvas, down, rho, angle)
        self._spine(canvas, down)
        self._table(canvas)
        return self._measured(canvas, index, lung)

    def _cage(self, down: float) -> tuple[Field, Field]:
        middle = thorax.cage_middle(down)
        return self._cage_at(middle) if middle else self._straight_cage

    def _cage_at(self, middle: float) -> tuple[Field, Field]:
        """Return how far out each pixel is (1 at the widest cage) and at which angle from the spine."""
        y = self._y - np.float32(middle)
        angle = np.abs(np.arctan2(self._x / np.float32(thorax.CAGE[0]), y / np.float32(thorax.CAGE[1])))
        return _oval(self._x, y, thorax.CAGE, 2.3), angle

    def _wall(self, canvas: Canvas, down: float, rho: Field) -> None:
        girth = 0.93 + 0.07 * float(smooth(down, 0, 90))
        skin = (self._body - girth) * thorax.BODY[1]
        canvas.blend(within(skin, 1), 30)
        canvas.blend(within(skin + 2.2, 1.2), FAT + 9 * self._marbling)
        scale = thorax.cage_scale(down)
        thick = 16 + 26 * (1 - float(smooth(down, 20, 170)))
        flesh = np.maximum((rho - scale) * thorax.CAGE[1] - thick, skin + 13 + 6 * self._marbling)
        texture = MUSCLE - 78 * smooth(self._marbling, 1.0, 1.7) + 5 * self._marbling
        canvas.blend(within(flesh, 2), texture)
        cleft = within(np.abs((rho - scale) * thorax.CAGE[1] - 11 - 3 * self._marbling) - 1.3, 2)
        canvas.blend(cleft * within(flesh, 2) * np.float32(0.8), FAT)
        self._shoulders(canvas, down)

    def _shoulders(self, canvas: Canvas, down: float) -> None:
        for side in (-1, 1):
            blade = 1 - float(smooth(down, 105, 135))
            x, y, turn = (
                side * (96 + 10 * float(smooth(down, 0, 60))),
                66 - 8 * float(smooth(down, 60, 130)),
                side * -38,
            )
            canvas.ellipse(x, y, 34 * blade, 4.4 * blade, CORTEX - 150, turn=turn)
            canvas.ellipse(x, y, 32 * blade, 2.4 * blade, MARROW, turn=turn)
            if down < 46:
                along = 24 + (down - 4) * 2.2
                canvas.ellipse(side * along, -34 - down * 0.3, 17, 6.5, CORTEX, turn=side * 12)
                canvas.ellipse(side * along, -34 - down * 0.3, 14, 4.2, MARROW, turn=side * 12)

    def _lungs(self, canvas: Canvas, down: float, rho: Field) -> Field:
        scale = thorax.cage_scale(down)
        inner = (rho - scale) * thorax.CAGE[1] + 9.5
        canvas.blend(within(inner, 1.2), FAT + 120 * within(inner + 1.6, 1.2))
        between = thorax.mediastinum(self._y, down) - np.abs(self._x)
        dome = np.float32(down) - self._dome
        border = np.maximum(np.maximum(inner + 2.6, between), dome)
        lung = within(border, 1.4) * np.float32(smooth(down, 14, 24))
        inside = within(inner + 1.8, 1.4)
        canvas.blend(inside, FAT + 28 * self._marbling)
        # blood settles at the back of who lies on it: 60 HU denser there
        canvas.blend(lung, LUNG + 60 * smooth(self._y, -80, 90) + 9 * self._marbling)
        dots = self._vessels.cut(down, self.scan.step)
        thin = dots[:, 2] < 2.6 * self.scan.spacing
        canvas.dots(self._straight(dots[thin]), 60)
        canvas.discs(dots[~thin], 150, edge=1.2)
        fissure = np.abs(self._y - np.float32(46 - 0.42 * (down - 110))) - 0.35
        canvas.blend(lung * within(fissure, 1.4) * np.float32(0.16), 0)
        return lung

    def _straight(self, dots: NDArray[np.float32]) -> NDArray[np.float32]:
        # dots are laid on the unbent grid; a millimetre's difference does not matter to a vessel of the lung
        return dots * np.array([self._stout, 1, 1], np.float32)

    def _middle(self, canvas: Canvas, down: float) -> None:
        if down < HEART_TOP:
            canvas.ellipse(0, 10, 34, 40 if down < thorax.CARINA else 30, FAT + 18, edge=6)
        self._heart(canvas, down)
        for tubes, value, wall in (
            (self._veins, 190, 1.0),
            (self._arteries, 240, 1.0),
            (self._aorta, BRIGHT_BLOOD, 1.6),
        ):
            discs = tubes.cut(down, self.scan.step)
            canvas.discs(((x, y, r + wall) for x, y, r in discs), 58, edge=1.6)
            canvas.discs(discs, value, edge=1.4)
        canvas.ellipse(9, 44, 8, 6, 44, turn=20, edge=1.5)
        canvas.ellipse(9, 44, 2.4, 1.6, -420, turn=20, edge=1.5)
        pipes = self._airways.cut(down, self.scan.step)
        canvas.discs(((x, y, r + 1.5) for x, y, r in pipes), 38, edge=1.4)
        canvas.discs(pipes, -985, edge=1.2)
        if down < 40:
            for side in (-1, 1):
                canvas.ellipsoid(down, (side * 18, 8, 8), (10, 15, 26), 128, turn=side * 15, edge=1.5)
        canvas.ellipsoid(down, (4, -74, 110), (13, 8, 90), CORTEX - 330)
        canvas.ellipsoid(down, (4, -74, 110), (11, 5.6, 88), MARROW - 60)

    def _heart(self, canvas: Canvas, down: float) -> None:
        canvas.ellipsoid(down, (20, -22, 192), (66, 50, 60), FAT + 10, turn=32, edge=2)
        canvas.ellipsoid(down, (21, -22, 192), (61, 45, 54), 92, turn=32, edge=2)
        canvas.ellipsoid(down, (-22, -16, 180), (22, 27, 36), 172, turn=10, edge=2.5)
        canvas.ellipsoid(down, (12, 12, 168), (33, 17, 26), 226, turn=-6, edge=2.5)
        canvas.ellipsoid(down, (12, -44, 196), (36, 16, 38), 182, turn=24, edge=2.5)
        canvas.ellipsoid(down, (44, -12, 198), (38, 25, 40), 110, turn=34, edge=2)
        canvas.ellipsoid(down, (41, -12, 196), (28, 15.5, 31), 228, turn=34, edge=2.5)
        for x, y in ((50, -8), (38, -22)):
            canvas.ellipsoid(down, (x, y, 200), (4.2, 3.4, 13), 122, edge=2)

    def _belly(self, canvas: Canvas, down: float, rho: Field) -> None:
        dome = self._dome - np.float32(down)
        under = np.maximum(dome, (rho - thorax.cage_scale(down)) * thorax.CAGE[1] + 11.5)
        cover = within(under, 1.6)
        if not cover.any():
            return
        canvas.blend(cover, FAT + 16 * self._marbling)
        liver = np.maximum(under + 2, self._x - np.float32(34) - 0.3 * self._y + np.float32(down - 250) * 0.35)
        liver = np.maximum(liver, self._x * 0.55 + self._y - 66)
        canvas.blend(within(liver, 2), 108 + 4 * self._marbling)
        self._liver_vessels(canvas, down, within(liver, 2))
        behind = np.maximum(under + 3, 34 - self._x)
        spleen = np.maximum(behind, (_oval(self._x - 84, self._y - 42, (44, 34), 2.2) - 1) * 34)
        canvas.blend(within(spleen, 2) * np.float32(smooth(down, 236, 248)), 122)
        stomach = np.maximum(under + 3.5, (_oval(self._x - 62, self._y + 22, (46, 36), 2.2) - 1) * 36)
        canvas.blend(within(stomach, 2), 62)
        hollow = within(stomach + 4.5, 1.5)
        canvas.blend(hollow, np.where(self._y < -26, np.float32(-960), np.float32(18)))
        for tubes in (self._aorta, self._veins):
            canvas.discs(tubes.cut(down, self.scan.step), 215 if tubes is self._aorta else 150, edge=1.6)

    def _liver_vessels(self, canvas: Canvas, down: float, liver: Field) -> None:
        for n, lean in enumerate((-0.75, -0.15, 0.5)):
            along = (down - 222) * 0.9
            across = self._x + np.float32(24 + 46 * -lean * (along / 60) + 4 * n)
            vein = np.hypot(across, self._y - np.float32(18 - along * 0.55 + 9 * n)) - np.float32(5.2 - n)
            canvas.blend(within(vein, 2) * liver, 158)

    def _ribs(self, canvas: Canvas, down: float, rho: Field, angle: Field) -> None:
        scale = thorax.cage_scale(down)
        depth = np.abs((rho - scale) * thorax.CAGE[1] + 4.6)
        shell = depth < 7
        fall = (np.float32(down + 30) - thorax.rib_height(angle[shell])) / np.float32(thorax.RIB_STEP)
        which = np.round(fall)
        height = np.abs(fall - which) * np.float32(thorax.RIB_STEP)
        apart = np.hypot(height / np.float32(1.45), depth[shell]) - 4.3
        # ribs end in cartilage before the breastbone; the lowest ones end free
        end = np.where(which > 10, 1.9, np.where(which > 7, 2.35, 2.62))
        bone = within(apart, 1.1) * within((angle[shell] - end) * 40, 3)
        gristle = within(apart + 0.6, 1.4) * within((2.55 - angle[shell]) * 40, 3) * (which < 9)
        painted = canvas.image[shell]
        painted += gristle * (110 - painted)
        painted += bone * (CORTEX - painted)
        painted += within(apart + 1.9, 1.3) * bone * (MARROW + 40 - painted)
        canvas.image[shell] = painted

    def _spine(self, canvas: Canvas, down: float) -> None:
        y = 70 + 6 * math.sin(down / 300 * math.pi)
        beat = ((down + 4) / thorax.RIB_STEP) % 1
        disc = beat > 0.82
        canvas.ellipse(0, y, 18.5, 15.5, 96 if disc else CORTEX - 180, edge=1.2)
        canvas.ellipse(0, y + 0.5, 16.6, 13.6, 82 if disc else MARROW + 4 * math.sin(beat * 9), edge=1.6)
        canvas.ellipse(0, y + 23, 15, 11.5, CORTEX - 190)
        for side in (-1, 1):
            if not disc:
                canvas.ellipse(side * 12.5, y + 14, 4.2, 8, CORTEX - 220)
            if 0.1 < beat < 0.62:
                canvas.ellipse(side * 27, y + 21, 15, 4.4, CORTEX - 200, turn=side * 18)
                canvas.ellipse(side * 27, y + 21, 13, 2.4, MARROW, turn=side * 18)
        canvas.ellipse(0, y + 35, 3.4, 11 * (0.55 + 0.45 * math.sin(beat * math.pi)), CORTEX - 220)
        canvas.ellipse(0, y + 21.5, 9.4, 8, 4)
        canvas.ellipse(0, y + 21.5, 5.2, 4.2, 42, edge=1.5)

    def _table(self, canvas: Canvas) -> None:
        x, y = self._flat
        # a couch is a trough: its edges stand higher than its middle
        under = y - np.float32(123) + (x / 40) ** 2
        edge = np.maximum(np.float32(0) - under, np.maximum(under - 34, np.abs(x) - 172))
        canvas.blend(within(np.abs(edge + 1.4) - 1.2, 1), -240)
        canvas.blend(within(edge + 4, 1), -930)

    def _measured(self, canvas: Canvas, index: int, lung: Field) -> NDArray[np.int16]:
        random = np.random.default_rng([self.scan.seed, 5, index])
        shift = random.integers(0, self.scan.size, (4, 2))
        noise = np.roll(self._noise[index % 3], shift[0], (0, 1)) + np.roll(
            self._noise[(index + 1) % 3], shift[1], (0, 1)
        )
        body = within((self._body - 1) * 60, 60)
        depth = 4.5 + 9 * body
        canvas.image += (
            noise * depth * np.float32(0.75) + np.roll(self._streaks, shift[2], (0, 1)) * np.float32(2.2) * body
        )
        canvas.image += lung * np.roll(self._streaks, shift[3], (0, 1)) * 7
        return np.clip(np.rint(canvas.image), -1024, 3071).astype(np.int16)


def _oval(x: Field, y: Field, axes: tuple[float, float], power: float) -> Field:
    across, deep = np.abs(x / np.float32(axes[0])), np.abs(y / np.float32(axes[1]))
    return np.asarray((across**power + deep**power) ** np.float32(1 / power), np.float32)


def _softened(field: Field) -> Field:
    for axis in (0, 1):
        for reach in (1, 2):
            field = (field + np.roll(field, reach, axis) + np.roll(field, -reach, axis)) / np.float32(3)
    return np.asarray(field / field.std(), np.float32)
