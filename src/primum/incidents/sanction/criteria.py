"""Article 83(2), a to k: what the file shows for and against, with references; *nothing in the file* where so. Pure.

No weight is given and no sum made. What is for and what against is our reading (criteria.toml); a person corrects it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from primum.incidents.dated import Words, read_dated, words_of
from primum.incidents.model import Dossier
from primum.incidents.sanction.showing import (
    about_data,
    about_nature,
    answers,
    how_it_was_learned,
    mitigation,
    orders,
    other,
    responsibility,
    why_it_happened,
)
from primum.incidents.sanction.shown import AGAINST, FOR, Shown

_READ: Final[dict[str, Any]] = read_dated("primum.incidents.sanction", "criteria.toml")
SOURCE: Final = {one: str(_READ[one]) for one in ("in_force", "source", "confidence")}
NOTHING: Final[Words] = _READ["says"]["nothing"]


@dataclass(frozen=True, slots=True)
class Criterion:
    """One letter, with what the file shows."""

    letter: str
    words: Words
    seen: str
    """Where a decision that was read applied this letter; empty where none was."""
    shown: tuple[Shown, ...]

    @property
    def in_favour(self) -> tuple[Shown, ...]:
        """List what speaks for the body."""
        return tuple(one for one in self.shown if one.side == FOR)

    @property
    def against(self) -> tuple[Shown, ...]:
        """List what speaks against it."""
        return tuple(one for one in self.shown if one.side == AGAINST)

    @property
    def nothing(self) -> bool:
        """Whether the file shows nothing: to be said as such."""
        return not self.shown


def _silent(_dossier: Dossier) -> Iterator[Shown]:
    """No entry of a file tells of it: earlier infringements, codes and certificates are a person's to bring."""
    return iter(())


_SHOWING: Final[Mapping[str, Callable[[Dossier], Iterator[Shown]]]] = {
    "a": about_nature, "b": why_it_happened, "c": mitigation, "d": responsibility, "e": _silent, "f": answers,
    "g": about_data, "h": how_it_was_learned, "i": orders, "j": _silent, "k": other,
}  # fmt: skip


def criteria(dossier: Dossier) -> list[Criterion]:
    """List the eleven letters in order, each with what the file shows."""
    return [
        Criterion(one["letter"], words_of(one), one["seen"], tuple(_SHOWING[one["letter"]](dossier)))
        for one in _READ["criterion"]
    ]
