"""How many people and studies a device could reach: counts for the file of a breach, and nothing that names anybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy.engine import Engine

from primum.ground.clock import to_text
from primum.imaging.model import Reached
from primum.imaging.sql import reach_sql
from primum.imaging.store import reading

ADULT: Final = 18
"""Years: article 388 of the Code civil."""
_DATE: Final = 8


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted. `undated`: people without a birth date that is one; they are not among the minors."""

    people: int
    minors: int
    undated: int
    studies: int


def count_reached(
    index: Engine, reach: Reached, until: datetime, on: date, without: frozenset[str] = frozenset()
) -> Counted:
    """Count what came before `until` and is within reach. `on`: the day that tells who is a minor.

    `without`: references of studies that are nobody's, as a probe's canary is.
    """
    within = reach_sql(reach)
    sql = f"SELECT s.ref, s.patient_id, s.birth_date FROM studies s WHERE ({within.text}) AND s.first < ?"  # noqa: S608 (texts of ours)
    born: dict[str, str] = {}
    studies = 0
    with reading(index) as tx:
        # `first` begins with the instant of the first instance, then names its record
        for ref, patient, birth in tx.exec_driver_sql(sql, (*within.values, to_text(until) + "~")):
            if ref not in without:
                studies += 1
                born[patient] = born.get(patient, "") or birth
    dated = {patient: text for patient, text in born.items() if _is_date(text)}
    eighteen = f"{on.year - ADULT:04d}{on.month:02d}{on.day:02d}"
    minors = sum(text > eighteen for text in dated.values())
    return Counted(len(born), minors, len(born) - len(dated), studies)


def _is_date(text: str) -> bool:
    try:
        return len(text) == _DATE and text.isdecimal() and bool(date.fromisoformat(text))
    except ValueError:
        return False
