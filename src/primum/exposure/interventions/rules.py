"""The rules of interventions: dated data, read once (rules.toml has the sources)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class InterventionRules:
    """What holds now. `kinds`: what is touched, in French and English."""

    open_for: timedelta
    kinds: dict[str, dict[str, str]]


@cache
def intervention_rules() -> InterventionRules:
    """Return the rules."""
    found = tomllib.loads(files("primum.exposure.interventions").joinpath("rules.toml").read_text("utf-8"))
    return InterventionRules(
        open_for=timedelta(hours=found["open_hours"]),
        kinds={one["name"]: {"fr": one["fr"], "en": one["en"]} for one in found["kind"]},
    )
