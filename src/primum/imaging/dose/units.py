"""Units of dose as reports say them (UCUM), and as practices in France and Europe write them.

Only a unit that is known is converted. Any other one stays with its number exactly as it was sent: nothing is guessed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Unit(StrEnum):
    """What numbers are shown in, whatever they were sent in."""

    MGY = "mGy"
    MGY_CM = "mGy·cm"
    GY_CM2 = "Gy·cm²"
    SECOND = "s"
    KILOVOLT = "kV"
    MILLIAMPERE_SECOND = "mAs"
    MILLIMETRE = "mm"
    MEGABECQUEREL = "MBq"


_DOSE: Final = {"kGy": 1e6, "Gy": 1e3, "dGy": 1e2, "cGy": 1e1, "mGy": 1.0, "uGy": 1e-3, "nGy": 1e-6}
_AREA: Final = {"m2": 1e4, "dm2": 1e2, "cm2": 1.0, "mm2": 1e-2}
_LENGTH: Final = {"m": 1e2, "dm": 1e1, "cm": 1.0, "mm": 1e-1}

_KNOWN: Final[dict[Unit, dict[str, float]]] = {
    Unit.MGY: dict(_DOSE),
    Unit.MGY_CM: {f"{dose}.{length}": a * b for dose, a in _DOSE.items() for length, b in _LENGTH.items()},
    Unit.GY_CM2: {f"{dose}.{area}": a / 1e3 * b for dose, a in _DOSE.items() for area, b in _AREA.items()},
    Unit.SECOND: {"s": 1.0, "ms": 1e-3, "us": 1e-6, "min": 60.0, "h": 3600.0},
    Unit.KILOVOLT: {"kV": 1.0, "V": 1e-3, "MV": 1e3},
    Unit.MILLIAMPERE_SECOND: {"mA.s": 1.0, "uA.s": 1e-3, "A.s": 1e3, "mAs": 1.0, "uAs": 1e-3, "C": 1e3, "mC": 1.0},
    Unit.MILLIMETRE: {"mm": 1.0, "cm": 10.0, "m": 1e3},
    Unit.MEGABECQUEREL: {"MBq": 1.0, "kBq": 1e-3, "Bq": 1e-6, "GBq": 1e3, "mCi": 37.0, "uCi": 0.037, "Ci": 37e3},
}
"""By the unit shown: the UCUM codes that are known, and what each is worth in it."""


_OURS: Final = frozenset(one.value for one in Unit)


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with its unit: one of `Unit` where it was understood, else as it was sent.

    `high` is the other end where one event has several values (dual source, several pulses).
    """

    value: float
    unit: str
    high: float | None = None

    @property
    def understood(self) -> bool:
        """Whether it is in a unit of ours: only then is it put together with others."""
        return self.unit in _OURS


def amount(value: float, code: str, wanted: Unit) -> Amount:
    """Write a number sent in a UCUM unit in the one that is wanted; in its own where it is another kind or unknown."""
    factor = _KNOWN[wanted].get(code.strip())
    if factor is None or not math.isfinite(value * factor):
        return Amount(value, code.strip())
    # twelve digits: what was sent has sixteen characters at most, and 0.1 times 37 is not to show its error
    return Amount(float(f"{value * factor:.12g}"), wanted.value)


def spread(amounts: list[Amount]) -> Amount | None:
    """Put the values of one event together: from the lowest to the highest; the first where their units differ."""
    if not amounts:
        return None
    first = amounts[0]
    same = [one.value for one in amounts if one.unit == first.unit]
    low, high = min(same), max(same)
    return Amount(low, first.unit, high if high > low else None)


def total(amounts: list[Amount]) -> Amount | None:
    """Add amounts of one unit; None where there are none, or of units that cannot be added."""
    units = {one.unit for one in amounts}
    added = sum(one.value for one in amounts)
    if len(units) != 1 or not math.isfinite(added):
        return None
    return Amount(float(f"{added:.12g}"), amounts[0].unit)
