"""The ceilings of the law and the EDPB's background on starting amounts (ceilings.toml). Pure.

Nothing here takes a file: these are the same for everybody, and are no estimate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from primum.incidents.dated import Words, read_dated, words_of

_READ: Final[dict[str, Any]] = read_dated("primum.incidents.sanction", "ceilings.toml")
SOURCE: Final = {one: str(_READ[one]) for one in ("in_force", "source")}


@dataclass(frozen=True, slots=True)
class Ceiling:
    """A legal maximum. Amounts in euros; None where the text has none of that kind."""

    name: str
    words: Words
    source: str
    confidence: str
    eur: int | None = None
    turnover_percent: int | None = None
    """Of the undertaking's worldwide turnover; the higher of both holds."""
    eur_a_day: int | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence that goes with the ceilings."""

    name: str
    words: Words
    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Share:
    """A share in percent, of a ceiling (seriousness) or of that result (turnover), by EDPB 04/2022, 60 and 65 to 66."""

    words: Words
    from_percent: float
    to_percent: float
    confidence: str


CEILINGS: Final[tuple[Ceiling, ...]] = tuple(
    Ceiling(
        one["name"], words_of(one), one["source"], one["confidence"], one.get("eur"), one.get("turnover_percent"),
        one.get("eur_a_day"),
    )
    for one in _READ["ceiling"]
)  # fmt: skip
NOTES: Final[tuple[Note, ...]] = tuple(
    Note(one["name"], words_of(one), one["source"], one["confidence"]) for one in _READ["note"]
)


def _shares(name: str) -> tuple[Share, ...]:
    return tuple(
        Share(words_of(one), float(one["from_percent"]), float(one["to_percent"]), one["confidence"])
        for one in _READ[name]
    )


SERIOUSNESS: Final = _shares("seriousness")
TURNOVER: Final = _shares("turnover")
BACKGROUND_SOURCE: Final = "EDPB, Guidelines 04/2022 v2.1, § 60 and 65-66"


def starting_range(ceiling: Ceiling, seriousness: Share, turnover: Share) -> tuple[int, int]:
    """Work out the published range of starting amounts, in euros, of one class of bodies: background, of no file.

    Raises ValueError for a ceiling that is no fixed amount.
    """
    if ceiling.eur is None or ceiling.turnover_percent is None:
        raise ValueError(ceiling.name)
    low, high = (
        ceiling.eur * one * other / 10_000
        for one, other in (
            (seriousness.from_percent, turnover.from_percent), (seriousness.to_percent, turnover.to_percent),
        )
    )  # fmt: skip
    return round(low), round(high)
