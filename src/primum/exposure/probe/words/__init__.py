"""The sentences of a report: one TOML file a language, with the same keys in each."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Final

LANGUAGES: Final = ("fr", "en")


@cache
def words_of(language: str) -> dict[str, str]:
    """Read the sentences of a language, by `group.name`."""
    text = resources.files(__name__).joinpath(f"{language}.toml").read_text("utf-8")
    return {f"{group}.{name}": said for group, lines in tomllib.loads(text).items() for name, said in lines.items()}


def say(language: str, name: str, **facts: object) -> str:
    """Say a sentence, with its facts filled in."""
    return words_of(language)[name].format(**facts)


def has(language: str, name: str) -> bool:
    """Tell whether there is a sentence of that name."""
    return name in words_of(language)
