"""The rules of stations: dated data, read once (rules.toml has the sources)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class StationRules:
    """What holds now: how long a check counts, how long a file is good, when a screen locks too late."""

    counts_for: timedelta
    valid_for: timedelta
    lock_seconds: int


@cache
def station_rules() -> StationRules:
    """Return the rules."""
    found = tomllib.loads(files("primum.exposure.station").joinpath("rules.toml").read_text("utf-8"))
    return StationRules(timedelta(days=found["days"]), timedelta(days=found["valid_days"]), found["lock_seconds"])
