"""An ultrasound clip of the liver and the right kidney, with colour Doppler in the portal vein, as a probe sees it.

Drawn as it is acquired: echoes along beams that leave a curved probe, speckled, weaker with depth, then bent into the
fan that a screen shows. The patient breathes, the vein flows with the heart. Lengths in millimetres.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from primum.imaging.demo.canvas import Field, grain, smooth

WIDTH, HEIGHT = 640, 480
FRAMES = 24
FRAME_TIME = 66.67
"""Milliseconds between two frames: fifteen a second."""
DEPTH = 150.0
PROBE = 50.0
"""Radius of the curved probe."""
HALF = math.radians(33)
BEAMS, SAMPLES = 300, 520
MM_PER_PIXEL = 0.40
TOP, MIDDLE = 46, 300
"""Where the skin's middle is on the screen: row and column."""
BOX = (math.radians(-12), math.radians(13), 52.0, 100.0)
"""The region of interest of the Doppler: beams and depths."""

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Region:
    """Where the fan is on the screen, for the calibration (PS3.3 C.8.5.5)."""

    left: int = 60
    top: int = 8
    right: int = 540
    bottom: int = 470


@lru_cache(maxsize=1)
def _grid() -> tuple[Field, Field, Field, Field]:
    """Beams by samples: angle, depth below the skin, and where that is, to the right and downwards."""
    angle, depth = np.meshgrid(
        np.linspace(-HALF, HALF, BEAMS, dtype=np.float32), np.linspace(0, DEPTH, SAMPLES, dtype=np.float32),
        indexing="ij",
    )  # fmt: skip
    radius = depth + PROBE
    return angle, depth, np.asarray(radius * np.sin(angle)), np.asarray(radius * np.cos(angle) - PROBE)


def clip(seed: int = 1) -> list[Picture]:
    """Draw the frames: red, green and blue."""
    random = np.random.default_rng([seed, 91])
    speckle = _speckle(random)
    return [_frame(number, speckle, random) for number in range(FRAMES)]


def _speckle(random: np.random.Generator) -> Field:
    """Rayleigh noise, fine along a beam and coarse across."""
    shape = (BEAMS, SAMPLES + 40)
    parts = []
    for _ in range(2):
        noise = random.standard_normal(shape)
        frequency = np.fft.rfft2(noise)
        v, u = np.meshgrid(np.fft.fftfreq(shape[0]), np.fft.rfftfreq(shape[1]), indexing="ij")
        frequency *= np.exp(-((v * 7.5) ** 2) - (u * 3.4) ** 2)
        field = np.fft.irfft2(frequency, s=shape)
        parts.append(field / field.std())
    return np.asarray(np.hypot(*parts) / 1.25, np.float32)


def _frame(number: int, speckle: Field, random: np.random.Generator) -> Picture:
    phase = 2 * math.pi * number / FRAMES
    breath = 2.6 * math.sin(phase)
    angle, depth, x, z = _grid()
    shift = round(breath / (DEPTH / SAMPLES))
    echo = _tissue(x, z - breath) * speckle[:, 20 - shift : 20 - shift + SAMPLES]
    echo = _skin(depth, x) + echo * np.exp(-depth / 170)
    echo *= 1 - 0.55 * _shadow(angle, depth)
    echo += 0.012 * np.abs(random.standard_normal(echo.shape)).astype(np.float32) * (1 + depth / 90)
    grey = np.clip(74 * np.log10(np.maximum(echo, 1e-4)) + 166, 0, 255)
    # three beats in a breath
    red, blue = _flow(x, z - breath, 0.5 + 0.5 * math.sin(3 * phase) ** 2, random)
    inside = (angle > BOX[0]) & (angle < BOX[1]) & (depth > BOX[2]) & (depth < BOX[3])
    colour = np.stack([grey, grey, grey], -1)
    colour = _painted(colour, red * inside, (235, 60, 20), (255, 220, 90))
    colour = _painted(colour, blue * inside, (20, 60, 225), (110, 220, 255))
    screen = _bent(colour)
    _frame_of_box(screen)
    _scales(screen)
    return screen


def _oval(x: Field, z: Field, at: tuple[float, float], radii: tuple[float, float], turn: float) -> Field:
    """How far outside an ellipse, in its own radii: below 1 is inside."""
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    dx, dz = x - at[0], z - at[1]
    return np.asarray(np.hypot((dx * cos + dz * sin) / radii[0], (dz * cos - dx * sin) / radii[1]), np.float32)


def _tube(x: Field, z: Field, bend: float, at: float, slope: float) -> Field:
    """Distance from the middle of a vein that crosses the picture."""
    middle = at + slope * x + bend * np.sin(x / 26)
    return np.asarray(np.abs(z - middle) / math.hypot(1, slope), np.float32)


_VEINS = ((3.0, 74, -0.10, 6.2, 0.9), (5.0, 44, 0.22, 2.6, 0.45), (2.5, 128, 0.42, 3.0, 0.2))
"""Portal vein and two branches of the hepatic one: bend, depth, slope, radius, how bright their walls are."""
_KIDNEY = ((34.0, 101.0), (47.0, 22.0), 14.0)


def _tissue(x: Field, z: Field) -> Field:
    echo = np.full_like(x, 0.19)
    for bend, at, slope, radius, wall in _VEINS:
        away = _tube(x, z, bend, at, slope)
        here = smooth(x, -62, -50) * (1 - smooth(x, 46, 58))
        echo = echo * (1 - here * (1 - smooth(away, radius - 1, radius)))
        echo += here * wall * np.exp(-(((away - radius - 0.8) / 0.8) ** 2)).astype(np.float32)
    kidney = _oval(x, z, *_KIDNEY)
    cortex = 1 - smooth(kidney, 0.97, 1.02)
    echo = echo * (1 - cortex) + cortex * 0.105
    sinus = 1 - smooth(_oval(x, z, _KIDNEY[0], (29.0, 8.5), _KIDNEY[2]), 0.6, 1.1)
    echo += sinus * 0.55
    for along in (-24, -12, 0, 12, 24):
        turn = math.radians(_KIDNEY[2])
        for side in (-1, 1):
            middle = (
                _KIDNEY[0][0] + along * math.cos(turn) - side * 13.5 * math.sin(turn),
                _KIDNEY[0][1] + along * math.sin(turn) + side * 13.5 * math.cos(turn),
            )
            echo *= 1 - 0.6 * (1 - smooth(_oval(x, z, middle, (4.2, 4.6), 14), 0.7, 1.1))
    echo += 0.8 * np.exp(-(((kidney - 1.05) / 0.02) ** 2)).astype(np.float32)
    dome = np.hypot(x + 8, (z - 20) * 0.92) - 108 + 0.08 * x
    echo += 2.4 * np.exp(-((dome / 1.1) ** 2)).astype(np.float32) * (1 - smooth(x, 4, 22))
    return np.asarray(echo * (1 - 0.55 * smooth(dome, 1, 4) * (1 - smooth(x, 4, 22))), np.float32)


def _skin(z: Field, x: Field) -> Field:
    """Skin, fat and muscle: bright layers over the liver's capsule."""
    layers = np.zeros_like(z)
    for at, thick, bright in ((1.2, 1.0, 1.5), (5.5, 0.7, 0.7), (9.0, 0.6, 0.9), (13.2, 0.8, 0.8), (17.4, 0.7, 1.1)):
        layers += bright * np.exp(-(((z - at - 0.4 * np.sin(x / 11 + at)) / thick) ** 2)).astype(np.float32)
    return np.asarray(layers * 0.55, np.float32)


def _shadow(angle: Field, depth: Field) -> Field:
    """A rib at the edge of the fan throws its shadow."""
    return np.asarray(np.exp(-(((angle + 0.50) / 0.05) ** 2)) * smooth(depth, 10, 24), np.float32)


def _flow(x: Field, z: Field, pulse: float, random: np.random.Generator) -> tuple[Field, Field]:
    """How fast blood comes (red) and goes (blue), 0 to 1, with the flicker of few samples."""
    away = _tube(x, z, 3.0, 74, -0.10)
    other = _tube(x, z, 5.0, 44, 0.22)
    flicker = 1 + 0.16 * np.roll(_flicker(), tuple(random.integers(0, SAMPLES, 2)), (0, 1))[: x.shape[0]]
    portal = np.clip(1 - (away / 6.0) ** 2, 0, 1) * (0.55 + 0.45 * pulse) * flicker
    hepatic = np.clip(1 - (other / 2.6) ** 2, 0, 1) * (0.4 + 0.3 * pulse) * flicker
    return np.asarray(portal, np.float32), np.asarray(hepatic, np.float32)


@lru_cache(maxsize=1)
def _flicker() -> Field:
    return grain(SAMPLES, 5, np.random.default_rng(17))


def _painted(picture: Field, speed: Field, slow: tuple[int, ...], fast: tuple[int, ...]) -> Field:
    seen = (speed > 0.16)[..., None]
    t = np.clip(speed, 0, 1)[..., None]
    paint = np.array(slow, np.float32) * (0.45 + 0.55 * np.minimum(2 * t, 1))
    paint = paint + np.maximum(2 * t - 1, 0) * (np.array(fast, np.float32) - np.array(slow, np.float32))
    return np.asarray(np.where(seen, paint, picture), np.float32)


@lru_cache(maxsize=1)
def _bending() -> tuple[NDArray[np.intp], NDArray[np.intp], Field, Field, NDArray[np.bool_]]:
    """For each pixel of the screen: its beam and sample, the rests between them, and whether it is in the fan."""
    row, column = np.meshgrid(np.arange(HEIGHT), np.arange(WIDTH), indexing="ij")
    x, z = (column - MIDDLE) * MM_PER_PIXEL, (row - TOP) * MM_PER_PIXEL * 0.93 + PROBE - 6
    beam = (np.arctan2(x, z) + HALF) / (2 * HALF) * (BEAMS - 1)
    sample = (np.hypot(x, z) - PROBE) / DEPTH * (SAMPLES - 1)
    inside = (beam >= 0) & (beam < BEAMS - 1) & (sample >= 0) & (sample < SAMPLES - 1)
    low_beam, low_sample = np.clip(beam.astype(int), 0, BEAMS - 2), np.clip(sample.astype(int), 0, SAMPLES - 2)
    return low_beam, low_sample, (beam - low_beam)[..., None], (sample - low_sample)[..., None], inside


def _bent(picture: Field) -> Picture:
    beam, sample, across, along, inside = _bending()
    near = picture[beam, sample] * (1 - along) + picture[beam, sample + 1] * along
    far = picture[beam + 1, sample] * (1 - along) + picture[beam + 1, sample + 1] * along
    shown = (near * (1 - across) + far * across) * inside[..., None]
    return np.asarray(np.clip(np.rint(shown), 0, 255), np.uint8)


def _frame_of_box(screen: Picture) -> None:
    """Outline the region of interest."""
    low, high, near, far = BOX
    for angle, depth in (
        *((one, d) for one in (low, high) for d in np.linspace(near, far, 400)),
        *((a, one) for one in (near, far) for a in np.linspace(low, high, 300)),
    ):
        x, z = (depth + PROBE) * math.sin(angle), (depth + PROBE) * math.cos(angle)
        row = round((z - PROBE + 6) / (MM_PER_PIXEL * 0.93)) + TOP
        screen[row, round(x / MM_PER_PIXEL) + MIDDLE] = (90, 220, 120)


def _scales(screen: Picture) -> None:
    """Draw the scale of velocities, the scale of greys, and a mark each centimetre."""
    t = np.linspace(1, -1, 120)[:, None]
    bar = np.where(
        t[..., None] > 0,
        np.array((235, 60, 20)) + np.maximum(2 * t[..., None] - 1, 0) * (np.array((255, 220, 90)) - (235, 60, 20)),
        np.array((20, 60, 225)) + np.maximum(-2 * t[..., None] - 1, 0) * (np.array((110, 220, 255)) - (20, 60, 225)),
    ) * np.clip(np.abs(t[..., None]) * 2, 0.12, 1)
    screen[30:150, 590:604] = np.clip(bar, 0, 255).astype(np.uint8)
    screen[170:290, 590:604] = np.linspace(255, 0, 120).astype(np.uint8)[:, None, None]
    for centimetre in range(16):
        row = TOP - 6 + round(centimetre * 10 / (MM_PER_PIXEL * 0.93))
        if row < HEIGHT:
            screen[row, 560 : 572 if centimetre % 5 == 0 else 566] = 200
