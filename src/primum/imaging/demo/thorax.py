"""The shape of a thorax, shared by the tomography and the radiograph: where ribs, lungs, vessels lie.

Lengths in mm; x towards the left hand, y towards the back, `down` from the top of the scan towards the feet.
No organ is anybody's: the numbers are round ones of an adult.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from primum.imaging.demo.canvas import Field, smooth

LENGTH = 300.0
"""Height of the scanned part of the body."""
CAGE = (134.0, 94.0)
"""Half axes of the rib cage at its widest."""
BODY = (163.0, 117.0)
"""Half axes of the trunk."""
RIB_STEP = 25.0
"""From one rib to the next; also the height of a vertebra with its disc."""
RIB_FALL = 74.0
"""How far a rib comes down from the spine to the front."""
CARINA = 112.0
"""Where the windpipe divides."""


BUILDS = 3
"""How many different trees of vessels the demo's patients share."""


@dataclass(frozen=True, slots=True)
class Tubes:
    """Branching pipes as balls on a string: rows of x, y, down, radius."""

    balls: NDArray[np.float32]

    def cut(self, at: float, thickness: float) -> NDArray[np.float32]:
        """Return the discs (x, y, radius) that a slice at `at` sees of the pipes."""
        away = np.abs(self.balls[:, 2] - at)
        reach = np.maximum(self.balls[:, 3], thickness / 2)
        near = away < reach
        some = self.balls[near]
        radius = np.sqrt(np.maximum(some[:, 3] ** 2 - away[near] ** 2, (some[:, 3] * 0.55) ** 2))
        return np.column_stack([some[:, 0], some[:, 1], radius]).astype(np.float32)


def cage_scale(down: float) -> float:
    """Width of the rib cage at this height, relative to its widest."""
    return 0.46 + 0.54 * float(smooth(down, -12, 125)) - 0.03 * float(smooth(down, 230, 300))


def cage_middle(down: float) -> float:
    """How far towards the back the cage's middle lies: the apex leans backwards."""
    return 24.0 * (1 - float(smooth(down, 0, 110)))


def diaphragm(x: Field | float, y: Field | float) -> Field:
    """Height of the diaphragm: two domes, the right one (over the liver) higher."""
    right = 206 + 80 * (((x + 66) / 88) ** 2 + ((y + 6) / 84) ** 2)
    left = 220 + 80 * (((x - 72) / 84) ** 2 + ((y + 6) / 84) ** 2)
    return np.asarray(-14 * np.log(np.exp(-right / 14) + np.exp(-left / 14)), np.float32)


def mediastinum(y: Field | float, down: float) -> Field:
    """Half width of what lies between the lungs, at this depth and height."""
    hilum = 10 * math.exp(-(((down - 132) / 26) ** 2))
    top = 10 * math.exp(-((down / 45) ** 2))
    front = np.exp(-(((np.asarray(y, np.float32) - 4) / 34) ** 2))
    spine = np.exp(-(((np.asarray(y, np.float32) - 82) / 24) ** 2))
    return np.asarray(7 + (21 + hilum + top) * front + 22 * spine, np.float32)


def in_lung(x: float, y: float, down: float) -> bool:
    """Tell whether a point is inside a lung, well away from its border (plain numbers: asked 10 000 times)."""
    rise = min(1.0, max(0.0, (down + 12) / 137))
    scale = 0.34 + 0.54 * rise * rise * (3 - 2 * rise)
    right = 206 + 80 * (((x + 66) / 88) ** 2 + ((y + 6) / 84) ** 2)
    left = 220 + 80 * (((x - 72) / 84) ** 2 + ((y + 6) / 84) ** 2)
    if down > min(right, left) - 6 or abs(x) < 24 + 14 * math.exp(-(((y - 4) / 34) ** 2)):
        return False
    out: float = (abs(x) / CAGE[0]) ** 2.3 + (abs(y - 24 * (1 - rise)) / CAGE[1]) ** 2.3
    return out < math.pow(scale, 2.3)


def line(points: list[tuple[float, float, float, float]], step: float = 1.5) -> NDArray[np.float32]:
    """String balls along a rounded path through `points` (x, y, down, radius)."""
    given = np.asarray(points, float)
    # twice corner-cut: enough for a vessel to look grown rather than welded
    for _ in range(3):
        cut = np.repeat(given, 2, axis=0)[1:-1]
        mixed = np.empty_like(cut)
        mixed[0::2], mixed[1::2] = cut[0::2] * 0.75 + cut[1::2] * 0.25, cut[0::2] * 0.25 + cut[1::2] * 0.75
        given = np.vstack([given[:1], mixed, given[-1:]])
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(given[:, :3], axis=0), axis=1))])
    places = np.arange(0, along[-1], step)
    return np.column_stack([np.interp(places, along, given[:, i]) for i in range(4)]).astype(np.float32)


def _tree(
    start: tuple[float, float, float], heading: NDArray[np.float64], radius: float, random: np.random.Generator
) -> list[NDArray[np.float32]]:
    grown: list[NDArray[np.float32]] = []
    waiting = [(np.asarray(start, float), heading, radius)]
    while waiting:
        place, heading, radius = waiting.pop()
        if radius < 0.36:
            continue
        length = float(random.uniform(5.5, 9.5)) * (radius**0.55) + 2.5
        bend = random.normal(0, 0.16, 3)
        steps = np.linspace(0, 1, max(3, int(length / max(0.5, radius * 0.7))))[:, None]
        path = place + heading * length * steps + bend * length * steps**2
        end = path[-1]
        if not in_lung(*end.tolist()):
            continue
        grown.append(np.column_stack([path, np.full(len(path), radius) * (1 - 0.12 * steps[:, 0])]).astype(np.float32))
        heading = path[-1] - path[-2]
        heading /= np.linalg.norm(heading)
        side = _across(heading, random.standard_normal(3))
        side /= np.linalg.norm(side)
        small = float(random.uniform(0.52, 0.78))
        waiting.append((end, _turned(heading, side, 0.28), radius * 0.87))
        waiting.append((end, _turned(heading, -side, 0.75), radius * small))
    return grown


def _across(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    (ax, ay, az), (bx, by, bz) = a.tolist(), b.tolist()
    return np.array([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx])


def _turned(heading: NDArray[np.float64], side: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    return np.asarray(heading * math.cos(angle) + side * math.sin(angle))


def lung_vessels(seed: int) -> Tubes:
    """Grow the vessels of both lungs from the hila outwards: one of BUILDS trees, since growing takes a second."""
    return _grown(seed % BUILDS)


@lru_cache(maxsize=BUILDS)
def _grown(build: int) -> Tubes:
    random = np.random.default_rng([build, 71])
    grown: list[NDArray[np.float32]] = []
    for side in (-1, 1):
        for _ in range(24):
            towards = np.array([side * random.uniform(0.35, 1), random.uniform(-0.9, 0.9), random.uniform(-1, 1.25)])
            towards /= np.linalg.norm(towards)
            start = (side * random.uniform(38, 46), 8 + random.uniform(-8, 14), 128 + towards[2] * 16)
            grown += _tree(start, towards, float(random.uniform(2.2, 4.0)), random)
    return Tubes(np.vstack(grown))


def airways() -> Tubes:
    """The windpipe, the main bronchi and the first lobar ones."""
    pipes = [
        line([(0, 14, -5, 8.5), (0, 20, 60, 8.5), (1, 26, CARINA, 8.5)]),
        line(
            [(1, 26, CARINA, 7.5), (-20, 25, 124, 6.6), (-42, 20, 142, 5.2), (-52, 22, 165, 3.4), (-58, 34, 195, 2.2)]
        ),
        line([(1, 26, CARINA, 7.5), (24, 27, 130, 5.8), (46, 24, 150, 4.8), (54, 28, 172, 3.2), (60, 40, 200, 2.2)]),
        line([(-30, 23, 130, 4.4), (-54, 18, 120, 3.2), (-70, 10, 100, 2.0)]),
        line([(40, 25, 145, 4.2), (58, 14, 130, 3.0), (72, 4, 112, 2.0)]),
        line([(-48, 20, 150, 3.4), (-62, 0, 165, 2.4), (-74, -16, 175, 1.8)]),
    ]
    return Tubes(np.vstack(pipes))


def great_vessels() -> tuple[Tubes, Tubes, Tubes]:
    """The aorta with its arch and branches; the veins to the heart; the pulmonary arteries."""
    aorta = [
        line([(2, -16, 172, 15), (-12, -22, 140, 15), (-8, -14, 96, 14), (14, 14, 80, 13.5), (27, 46, 92, 13),
              (25, 58, 130, 12.5), (22, 58, 220, 12), (10, 56, 305, 11)]),
        line([(-6, -8, 86, 7), (-18, -8, 62, 6.5), (-26, -2, 20, 5.5), (-34, 0, -5, 5)]),
        line([(8, 6, 80, 4.5), (12, 4, 40, 4.2), (14, 2, -5, 4)]),
        line([(20, 26, 82, 5.5), (28, 24, 45, 5), (44, 18, 14, 4.6), (60, 14, -5, 4.4)]),
    ]  # fmt: skip
    veins = [
        line([(-44, -6, 14, 6), (-28, -14, 50, 8.5), (-28, -10, 95, 9.5), (-27, -4, 160, 10)]),
        line([(52, -8, 18, 5.5), (20, -26, 48, 6.5), (-24, -18, 66, 7.5)]),
        line([(-24, 14, 195, 12), (-26, 18, 240, 12), (-22, 26, 305, 11)]),
    ]
    lungs = [
        line([(26, -34, 165, 13), (26, -22, 136, 13), (34, 6, 122, 11), (50, 26, 130, 7.5)]),
        line([(26, -20, 134, 12), (4, -2, 128, 11), (-30, 6, 132, 9.5), (-46, 10, 142, 6.5)]),
    ]
    return Tubes(np.vstack(aorta)), Tubes(np.vstack(veins)), Tubes(np.vstack(lungs))


def rib_height(angle: Field | float) -> Field:
    """How much lower than at the spine a rib is at `angle` (0 at the spine, pi at the breastbone)."""
    around = np.minimum(np.asarray(angle), np.float32(2.75))
    return np.asarray(RIB_FALL * (0.22 * around + 0.2 * (1 - np.cos(around))), np.float32)
