"""Text can be read in both schemes (WCAG 2.2, 1.4.3), and the edges of fields can be seen (1.4.11)."""

import re
from pathlib import Path

import pytest

import primum.doors.web

SHEET = (Path(primum.doors.web.__file__).parent / "static" / "primum.css").read_text("utf-8")
LIGHT = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", SHEET.split("@media (prefers-color-scheme: dark)")[0]))
DARK = LIGHT | dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", SHEET.split("@media (prefers-color-scheme: dark)")[1]))
TEXT = [
    *((ink, ground) for ink in ("ink", "ink-soft") for ground in ("paper", "surface", "sunken")),
    ("ink", "accent-wash"), ("ink-soft", "accent-wash"), ("accent", "surface"), ("accent", "paper"),
    ("accent-strong", "accent-wash"), ("on-accent", "accent"), ("on-accent", "accent-strong"), ("warn", "warn-wash"),
    ("alarm", "alarm-wash"),
]  # fmt: skip


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_is_readable(scheme, ink, ground):
    assert contrast(scheme[ink], scheme[ground]) >= 4.5


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_edge_of_a_field_is_visible(scheme):
    assert contrast(scheme["line-strong"], scheme["surface"]) >= 3
