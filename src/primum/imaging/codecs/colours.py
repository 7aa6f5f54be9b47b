"""The two tables of colours of an animation: all greys, and a few shades of each colour. Pure."""

from __future__ import annotations

from typing import Final

LEVELS: Final = (6, 7, 6)
"""Shades of red, green and blue."""
GREYS: Final = bytes(value for value in range(256) for _ in range(3))
COLOURS: Final = bytes(
    round(value * 255 / (most - 1))
    for red in range(LEVELS[0])
    for green in range(LEVELS[1])
    for blue in range(LEVELS[2])
    for value, most in zip((red, green, blue), LEVELS, strict=True)
).ljust(768, b"\0")
