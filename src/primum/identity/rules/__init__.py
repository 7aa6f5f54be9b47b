"""Rules that come from outside: dated files, each with its source."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class PasswordRule:
    """What a password must be (characters)."""

    fewest_characters: int
    most_characters: int
    fewest_unguessable: int


@dataclass(frozen=True, slots=True)
class TriesRule:
    """How tries are slowed down, and when they end."""

    free: int
    first_wait: timedelta
    wait_factor: int
    lock_at: int
    lock: timedelta


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules in force."""

    password: PasswordRule
    tries: TriesRule


@cache
def rules_in_force() -> Rules:
    """Read the newest rule file."""
    file = resources.files(__package__) / "passwords-2022.toml"
    table = tomllib.loads(file.read_text("utf-8"))
    tries = table["tries"]
    return Rules(
        PasswordRule(**table["password"]),
        TriesRule(
            free=tries["free"],
            first_wait=timedelta(seconds=tries["first_wait_seconds"]),
            wait_factor=tries["wait_factor"],
            lock_at=tries["lock_at"],
            lock=timedelta(hours=tries["lock_hours"]),
        ),
    )
