"""Whoever leaves the archive: a patient whose last study passes the point of no return. Whoever keeps more is told.

Asked in the transaction that passes it: the erasure forgets whose study it was, and with the patient go their numbers.
"""

# ruff: noqa: S608 (every piece of SQL is of this file, every value is bound)

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from primum.imaging.records import patients_of, same_person

_AMONG = "IN (SELECT value FROM json_each(?))"
_DOOMED = "SELECT study_ref FROM erasures WHERE state = 'erasing' AND level = 'study'"


@dataclass(frozen=True, slots=True)
class Leaving:
    """A patient of whom no study is left."""

    controller_id: str
    patients: tuple[str, ...]
    """Our ids: of the patient, and of those who were merged with them."""
    numbers: tuple[str, ...] = field(repr=False)
    """The practice's own numbers that were theirs and nobody else's."""


class OnLeaving(Protocol):
    """Forgets a patient elsewhere, within the transaction `tx` of records.db."""

    def __call__(self, tx: Connection, one: Leaving, now: datetime) -> None:
        """Forget them."""
        ...


def leaving(tx: Connection, controller_id: str, study_ref: str) -> Iterator[Leaving]:
    """Give the patients of a study, which is being erased, who have no study but such as are being erased."""
    for patient in sorted(patients_of(tx, study_ref)):
        people = same_person(tx, patient)
        if not _has_more(tx, people):
            yield Leaving(controller_id, tuple(people), tuple(_numbers(tx, controller_id, people)))


def _has_more(tx: Connection, people: list[str]) -> bool:
    tables = ("study_patients", "study_moves")
    sql = "SELECT 1 FROM {} WHERE patient_id " + _AMONG + f" AND study_ref NOT IN ({_DOOMED}) LIMIT 1"
    listed = (json.dumps(people),)
    return any(tx.exec_driver_sql(sql.format(one), listed).first() is not None for one in tables)


def _numbers(tx: Connection, controller_id: str, people: list[str]) -> list[str]:
    sql = (
        f"SELECT DISTINCT value FROM patient_identifiers i WHERE own = 1 AND controller_id = ?1 AND patient_id"
        f" {_AMONG.replace('?', '?2')} AND NOT EXISTS (SELECT 1 FROM patient_identifiers o WHERE o.own = 1"
        f" AND o.value = i.value AND o.controller_id = ?1 AND o.patient_id NOT {_AMONG.replace('?', '?2')})"
    )
    return list(tx.exec_driver_sql(sql, (controller_id, json.dumps(people))).scalars())
