"""Dated data: tables beside the code, with the day from which they hold, their source, how sure that is. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

Words = Mapping[str, str]
"""One sentence or name, by language: `fr`, `en`."""

CONFIDENCE: Final[Mapping[str, Words]] = {
    "verified": {"fr": "lu dans une source directe", "en": "read in a direct source"},
    "secondary": {
        "fr": "lu dans une source secondaire ; à confirmer par votre DPO",
        "en": "read in a secondary source; to be confirmed by your DPO",
    },
    "inferred": {"fr": "déduit ou calculé par nous", "en": "inferred or computed by us"},
    "to-be-confirmed": {"fr": "à confirmer par votre DPO", "en": "to be confirmed by your DPO"},
    "house": {"fr": "règle de la maison, pas un délai légal", "en": "a rule of the house, not a legal delay"},
}
"""How sure a piece of dated data is, and how that is said where it is shown."""


def read_dated(package: str, name: str) -> dict[str, Any]:
    """Read a TOML table that lies in `package`; dated data have `in_force` and `source`, words alone have not."""
    return tomllib.loads(files(package).joinpath(name).read_text("utf-8"))


def words_of(table: Mapping[str, Any], prefix: str = "") -> Words:
    """Take the sentence of a table in both languages: `fr` and `en`, or `PREFIX_fr` and `PREFIX_en`."""
    return {one: table[f"{prefix}{one}"] for one in ("fr", "en")}
