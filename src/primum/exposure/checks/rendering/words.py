"""The words around a report's own sentences, in French and English: `words.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Final

LANGUAGES: Final = ("fr", "en")


@cache
def _words(language: str) -> Mapping[str, str]:
    found: Mapping[str, str] = tomllib.loads((files(__package__) / "words.toml").read_text("utf-8"))[language]
    return found


def word(language: str, key: str, /, **facts: object) -> str:
    """Return a sentence with its facts. KeyError for one that does not exist."""
    return _words(language)[key].format(**facts)


def written(instant: str) -> str:
    """Write an instant of a report, to the minute, in UTC: the file is the same wherever it is drawn."""
    at = datetime.fromisoformat(instant)
    return f"{at:%Y-%m-%d %H:%M}"
