"""Diagnostic reference levels: dated files, each level with its source and how sure of it we are."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from primum.imaging.dose.model import Kind
from primum.imaging.dose.units import Unit


@dataclass(frozen=True, slots=True)
class Level:
    """One level: of what measure, of which part of the body, of whom. A comparison, never a limit."""

    name: str
    fr: str
    en: str
    kind: Kind
    measure: str
    value: float
    unit: str
    age: str
    regions: frozenset[str]
    """Codes of Target Region that the level is of, whatever their scheme: values of SCT and SRT do not meet."""
    views: frozenset[str]
    """Codes of Image View, where the level is of one projection; empty: of any."""
    phantom: str
    """The code of the phantom that CTDIvol and DLP are of; empty where it does not matter."""
    source: str
    confidence: str

    def title(self, language: str) -> str:
        """Return what the text calls it."""
        return self.fr if language == "fr" else self.en


@dataclass(frozen=True, slots=True)
class LevelSet:
    """The levels of one text."""

    name: str
    in_force: date
    levels: tuple[Level, ...]


@cache
def every_set() -> tuple[LevelSet, ...]:
    """Read every rule file."""
    folder = resources.files(__package__)
    files = sorted(one.name for one in folder.iterdir() if one.name.endswith(".toml"))
    return tuple(_read(tomllib.loads((folder / name).read_text("utf-8"))) for name in files)


def levels_in_force(day: date) -> tuple[Level, ...]:
    """Give the levels of the newest text that had begun on a day; none before the first."""
    begun = sorted((one for one in every_set() if one.in_force <= day), key=lambda one: one.in_force)
    return begun[-1].levels if begun else ()


def _read(table: dict[str, Any]) -> LevelSet:
    levels = tuple(
        Level(
            name=f"{table['name']}.{one['name']}",
            fr=one["fr"],
            en=one["en"],
            kind=Kind(one["kind"]),
            measure=one["measure"],
            value=float(one["value"]),
            unit=Unit(one["unit"]).value,
            age=one["age"],
            regions=frozenset(one["regions"]),
            views=frozenset(one.get("views", ())),
            phantom=one.get("phantom", ""),
            source=one["source"],
            confidence=one["confidence"],
        )
        for one in table["level"]
    )
    return LevelSet(table["name"], table["in_force"], levels)
