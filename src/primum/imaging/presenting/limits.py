"""Bounds on presentation states, and why each number."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StateLimits:
    """The numbers, each with its reason."""

    header_bytes: int = 4 << 20
    """A state: annotations of a hundred images are some 100 KiB, look-up tables as much."""

    pictures: int = 1_000
    """Images and frames of one answer: a state is drawn for the slices of a series, not for a film."""

    graphics: int = 300
    """Graphics and texts on one image: what a person draws, and a machine's marks beside it."""

    points: int = 20_000
    """Points of its graphics and letters on one image: an outline drawn by hand has a few hundred, a letter ten."""

    characters: int = 1_024
    """Of one text: it is an ST (PS3.5 6.2)."""

    side: int = 8_192
    """Rows and columns of the displayed area: a mammogram has 5000; it may reach beyond the image."""


STATE_LIMITS = StateLimits()
