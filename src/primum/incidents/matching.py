"""Whether facts of a file have the values that a table of dated data names. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from primum.incidents.model import Dossier

ANY: Final = "*"
"""In a table: whatever value, as long as there is one."""


def keys_that_match(dossier: Dossier, facts: Mapping[str, list[str]]) -> tuple[str, ...]:
    """List the keys of the facts that have one of the values that the table names for them."""
    return tuple(key for key, values in facts.items() if _matches(dossier, key, values))


def _matches(dossier: Dossier, key: str, values: list[str]) -> bool:
    value = dossier.value(key)
    if not value:
        return False
    return values == [ANY] or bool(({value} if isinstance(value, str) else set(value)) & set(values))
