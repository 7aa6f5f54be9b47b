"""The highest daily amount of an injunction, as the law has it on a day: rules.toml."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from primum.incidents.correspondence import Procedure
from primum.incidents.dated import read_dated


@dataclass(frozen=True, slots=True)
class Penalty:
    """One rule. `daily`: whole euros. `confidence`: `verified` or `to-be-confirmed`."""

    procedure: Procedure
    daily: int
    in_force: date
    until: date | None
    source: str
    confidence: str

    def holds(self, procedure: Procedure, on: date) -> bool:
        """Tell whether it is the rule of a procedure on a day."""
        return self.procedure is procedure and self.in_force <= on and (self.until is None or on <= self.until)


def _read() -> tuple[Penalty, ...]:
    found = read_dated("primum.incidents.register", "rules.toml")
    return tuple(
        Penalty(
            Procedure(one["procedure"]), one["daily"], one["in_force"], one.get("until"), one["source"],
            one["confidence"],
        )
        for one in found["penalty"]
    )  # fmt: skip


PENALTIES: Final = _read()
"""Every rule, in the order of the file."""


def penalty_on(procedure: Procedure, on: date) -> Penalty | None:
    """Find the rule of a procedure on a day; None where there is none."""
    return next((one for one in PENALTIES if one.holds(procedure, on)), None)
