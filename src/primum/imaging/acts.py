"""What people decided about patients: acts in records.db, and what they come to (docs/design/patients.md).

Lines are only added. Which patient a study shows, and how, follows from those in force.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection

from primum.imaging.amendments import in_force
from primum.imaging.overlays import OF_PATIENT, Shown


class ActKind(StrEnum):
    """What can be decided about a patient."""

    CORRECT = "correct"
    MERGE = "merge"
    IDENTITY = "identity"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class Act:
    """One decision. `other` is the patient merged into `patient_id`, or the act that is undone."""

    number: int
    id: str
    controller_id: str
    kind: ActKind
    patient_id: str
    other: str
    body: Mapping[str, Any] = field(repr=False)
    reason: str
    made_at: str
    made_by: str


_COLUMNS = "number, id, controller_id, kind, patient_id, other, body, reason, made_at, made_by"


def keep(records: Connection, act: Act) -> int:
    """Add an act; its number is given by the table and returned."""
    row = records.exec_driver_sql(
        "INSERT INTO patient_acts (id, controller_id, kind, patient_id, other, body, reason, made_at, made_by)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING number",
        (act.id, act.controller_id, act.kind, act.patient_id, act.other,
         json.dumps(dict(act.body), ensure_ascii=False, sort_keys=True), act.reason, act.made_at, act.made_by),
    ).one()  # fmt: skip
    return int(row[0])


def since(records: Connection, number: int) -> list[Act]:
    """List the acts after a number."""
    sql = f"SELECT {_COLUMNS} FROM patient_acts WHERE number > ? ORDER BY number"  # noqa: S608 (our own columns)
    return _acts(records.exec_driver_sql(sql, (number,)))


def act(records: Connection, act_id: str) -> Act | None:
    """Find one act."""
    sql = f"SELECT {_COLUMNS} FROM patient_acts WHERE id = ?"  # noqa: S608 (our own columns)
    found = _acts(records.exec_driver_sql(sql, (act_id,)))
    return found[0] if found else None


def _acts(rows: Iterable[Any]) -> list[Act]:
    return [
        Act(row[0], row[1], row[2], ActKind(row[3]), row[4], row[5], json.loads(row[6]), row[7], row[8], row[9])
        for row in rows
    ]


def last_number(records: Connection) -> int:
    """Tell the number of the last act."""
    return int(records.exec_driver_sql("SELECT coalesce(max(number), 0) FROM patient_acts").scalar_one())


def acted_on(records: Connection, patients: Iterable[str]) -> set[str]:
    """Tell about which of some patients anything was ever decided."""
    rows = records.exec_driver_sql(
        "SELECT patient_id FROM patient_acts WHERE patient_id IN (SELECT value FROM json_each(?1))"
        " UNION SELECT other FROM patient_acts WHERE other IN (SELECT value FROM json_each(?1))",
        (json.dumps(sorted(set(patients))),),
    )
    return {row[0] for row in rows}


def concerning(records: Connection, patients: Iterable[str]) -> list[Act]:
    """List all acts that concern some patients, and those whom these were merged with, in order."""
    known: dict[int, Act] = {}
    asked: set[str] = set()
    wanted = set(patients)
    sql = (
        f"SELECT {_COLUMNS} FROM patient_acts WHERE patient_id IN (SELECT value FROM json_each(?1))"  # noqa: S608
        " OR other IN (SELECT value FROM json_each(?1)) ORDER BY number"
    )
    while wanted:
        for one in _acts(records.exec_driver_sql(sql, (json.dumps(sorted(wanted)),))):
            known[one.number] = one
        asked |= wanted
        joined = {name for one in known.values() if one.kind is ActKind.MERGE for name in (one.patient_id, one.other)}
        wanted = joined - asked
    return [known[number] for number in sorted(known)]


@dataclass(frozen=True, slots=True)
class People:
    """What the acts concerning some patients come to."""

    merged: Mapping[str, tuple[str, str]]
    """By the patient who is gone: the survivor, and when."""
    corrected: Mapping[str, tuple[Mapping[str, str], str]] = field(repr=False)
    """By patient: the attributes corrected (names as in `OF_PATIENT`), and when last."""
    identities: Mapping[str, Act] = field(repr=False)
    """By patient: the last identity stated."""

    def survivor(self, patient_id: str) -> tuple[str, str]:
        """Follow the merges from a patient to whoever stands for them now; tell when the last one was made."""
        at = ""
        seen = {patient_id}
        while patient_id in self.merged:
            patient_id, then = self.merged[patient_id]
            at = max(at, then)
            if patient_id in seen:  # merging refuses circles; a table that holds one does not hang us
                break
            seen.add(patient_id)
        return patient_id, at


def people_of(acts: Sequence[Act]) -> People:
    """Put acts together: those in force, in order."""
    held = in_force((one.id, one.other if one.kind is ActKind.UNDO else "") for one in acts)
    merged: dict[str, tuple[str, str]] = {}
    corrected: dict[str, tuple[dict[str, str], str]] = {}
    identities: dict[str, Act] = {}
    for one in acts:
        if one.id not in held:
            continue
        if one.kind is ActKind.MERGE:
            merged.setdefault(one.other, (one.patient_id, one.made_at))
        elif one.kind is ActKind.CORRECT:
            before, _ = corrected.get(one.patient_id, ({}, ""))
            corrected[one.patient_id] = {**before, **one.body}, one.made_at
        elif one.kind is ActKind.IDENTITY:
            identities[one.patient_id] = one
    return People(merged, corrected, identities)


def shown(records: Connection, patient_id: str, people: People) -> Shown:
    """Tell how a patient is shown: as first met, then as corrected."""
    row = records.exec_driver_sql(
        "SELECT p.name, p.birth_date, p.sex, i.issuer, i.value FROM patients p"
        " LEFT JOIN patient_identifiers i ON i.patient_id = p.id AND i.own = 1 WHERE p.id = ?"
        " ORDER BY i.rowid LIMIT 1",
        (patient_id,),
    ).first()
    name, birth_date, sex, issuer, number = row if row is not None else ("", "", "", "", "")
    met = {"name": name, "birth_date": birth_date, "sex": sex, "issuer": issuer or "", "number": number or ""}
    attributes, at = people.corrected.get(patient_id, ({}, ""))
    return Shown(
        **{which: attributes.get(which, met[which]) for which in OF_PATIENT},
        corrected=frozenset(attributes),
        at=at,
    )
