"""The rules of mandates: dated data, read once (rules.toml has the sources)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Literal

Language = Literal["fr", "en"]


@dataclass(frozen=True, slots=True)
class Quality:
    """In which quality somebody allows. `controls`: they answer for the target themselves."""

    name: str
    controls: bool
    fr: str
    en: str

    def said(self, language: str) -> str:
        """Say it in a language."""
        return self.fr if language == "fr" else self.en


@dataclass(frozen=True, slots=True)
class MandateRules:
    """What holds now."""

    in_force: date
    longest: timedelta
    qualities: dict[str, Quality]
    words: dict[str, str]
    words_for: dict[str, str]


@cache
def mandate_rules() -> MandateRules:
    """Return the rules."""
    found = tomllib.loads(files("primum.exposure.mandates").joinpath("rules.toml").read_text("utf-8"))
    return MandateRules(
        in_force=found["in_force"],
        longest=timedelta(days=found["longest"]["days"]),
        qualities={
            one["name"]: Quality(one["name"], one["controls"], one["fr"], one["en"]) for one in found["quality"]
        },
        words=found["words"],
        words_for=found["words_for"],
    )
