"""A patient as a person looks at them: how they are shown, what is known of them, who looks alike, what was decided.

Reads only (docs/design/patients.md). Whether somebody may look is the caller's business.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine import Engine

from primum.imaging import acts
from primum.imaging.acts import Act, ActKind, People, people_of
from primum.imaging.amending import decided
from primum.imaging.amendments import Amendment, in_force
from primum.imaging.errors import NotHere
from primum.imaging.extract import Identifier
from primum.imaging.ins import Identity
from primum.imaging.model import Reached
from primum.imaging.names import name_key, parse_name
from primum.imaging.near import Face, Reason, reasons
from primum.imaging.overlays import Shown
from primum.imaging.sql import Sql, reach_sql
from primum.imaging.store import reading

MOST_ALIKE = 50
"""Patients who look alike, on one page: more is a name so common that a person searches by other traits."""
_CANDIDATES = 2000


@dataclass(frozen=True, slots=True)
class Alike:
    """A patient who looks like another one, and why."""

    patient_id: str
    shown: Shown
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class StudyOf:
    """A study of a patient. `here` is the patient whom it was assigned to."""

    ref: str
    study_uid: str = field(repr=False)
    shown: Mapping[str, Any] = field(repr=False)
    modalities: tuple[str, ...]
    instances: int
    amended: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision, and whether it holds."""

    id: str
    kind: str
    at: str
    by: str
    reason: str
    holds: bool
    undoable: bool
    about: str = ""
    """Another patient, an instance's rejection code, or what was undone."""
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class PatientView:
    """All of a patient."""

    id: str
    controller_id: str
    shown: Shown
    met: Shown
    survivor: str
    """Whom this patient was merged into; empty when not."""
    merged: tuple[str, ...]
    """Who was merged into this patient."""
    identifiers: tuple[Identifier, ...] = field(repr=False)
    identity: Identity | None = field(repr=False)
    stated: Decision | None
    alike: tuple[Alike, ...]
    studies: tuple[StudyOf, ...]
    decisions: tuple[Decision, ...]


class Patients:
    """Looks patients up. Safe to share between threads."""

    def __init__(self, index: Engine, records: Engine) -> None:
        """Both may be open for reading only."""
        self._index, self._records = index, records

    def controller_of(self, patient_id: str) -> str:
        """Tell whose a patient is. Raises NotHere."""
        with reading(self._records) as records:
            row = records.exec_driver_sql("SELECT controller_id FROM patients WHERE id = ?", (patient_id,)).first()
        if row is None:
            raise NotHere(what="patient")
        return str(row[0])

    def controller_of_act(self, act_id: str) -> str:
        """Tell whose patients an act concerns. Raises NotHere."""
        with reading(self._records) as records:
            found = acts.act(records, act_id)
        if found is None:
            raise NotHere(what="decision")
        return found.controller_id

    def patient(self, patient_id: str, reach: Reached) -> PatientView:
        """Look a patient up, who has a study within reach (or was merged into one who has). Raises NotHere."""
        controller_id = self.controller_of(patient_id)
        with reading(self._records) as records:
            history = acts.concerning(records, {patient_id})
            people = people_of(history)
            survivor, _ = people.survivor(patient_id)
            studies = self._studies(survivor, reach)
            if not studies and not self._reaches_all_of(controller_id, reach):
                raise NotHere(what="patient")
            gone = tuple(sorted(one for one, (into, _) in people.merged.items() if into == patient_id))
            stated = people.identities.get(patient_id)
            shown = acts.shown(records, patient_id, people)
            return PatientView(
                patient_id,
                controller_id,
                shown,
                acts.shown(records, patient_id, replace(people, corrected={})),
                survivor if survivor != patient_id else "",
                gone,
                self._identifiers(records, (patient_id, *gone)),
                Identity.from_json(stated.body) if stated is not None else None,
                _of_act(stated, holds=True) if stated is not None else None,
                self._alike(records, controller_id, patient_id, _face(shown, stated), reach),
                studies if survivor == patient_id else (),
                _of_acts(history),
            )

    def series(self, ref: str) -> list[dict[str, str | int]]:
        """List the series of a study of which something is shown."""
        with reading(self._index) as index:
            rows = index.exec_driver_sql(
                "SELECT e.series_uid, e.modality, e.shown, e.instances FROM series e"
                " JOIN studies s ON s.id = e.study_id WHERE s.ref = ? AND e.instances > 0"
                " ORDER BY e.number IS NULL, e.number, e.series_uid",
                (ref,),
            ).fetchall()
        return [
            {"uid": row[0], "modality": row[1], "images": row[3],
             "description": str((json.loads(row[2]).get("0008103E", {}).get("Value") or [""])[0] or "")}
            for row in rows
        ]  # fmt: skip

    def decisions(self, ref: str) -> tuple[Decision, ...]:
        """List what was decided about a study."""
        with reading(self._index) as index:
            found = [one.amendment for one in sorted(decided(index, ref), key=lambda one: one.order)]
        held = in_force((one.id, one.undoes) for one in found)
        return tuple(_of_amendment(one, holds=one.id in held) for one in found)

    def _studies(self, patient_id: str, reach: Reached) -> tuple[StudyOf, ...]:
        where = Sql.all_of([Sql("s.patient_id = ?", (patient_id,)), reach_sql(reach)])
        with reading(self._index) as index:
            rows = index.exec_driver_sql(
                "SELECT s.ref, s.study_uid, s.shown, s.modalities, s.instances, s.overlay IS NOT NULL FROM studies s"  # noqa: S608
                f" WHERE {where.text} ORDER BY s.study_date DESC, s.study_time DESC, s.study_uid",
                where.values,
            ).fetchall()
        return tuple(
            StudyOf(row[0], row[1], json.loads(row[2]), tuple(filter(None, row[3].split("\\"))), row[4], bool(row[5]))
            for row in rows
        )

    @staticmethod
    def _reaches_all_of(controller_id: str, reach: Reached) -> bool:
        """Tell whether one reaches whatever a controller has: then their patients without a study too."""
        each = reach if isinstance(reach, Sequence) else [reach]
        return any(one.controllers is None or controller_id in one.controllers for one in each)

    @staticmethod
    def _identifiers(records: Connection, patients: Iterable[str]) -> tuple[Identifier, ...]:
        rows = records.exec_driver_sql(
            "SELECT DISTINCT issuer, value, kind FROM patient_identifiers"
            " WHERE patient_id IN (SELECT value FROM json_each(?)) ORDER BY own DESC, issuer, value",
            (json.dumps(list(patients)),),
        )
        return tuple(Identifier(*row) for row in rows)

    def _alike(
        self, records: Connection, controller_id: str, patient_id: str, face: Face, reach: Reached
    ) -> tuple[Alike, ...]:
        family = name_key(parse_name(face.name)).family
        rows = records.exec_driver_sql(
            "SELECT id FROM patients WHERE controller_id = ?1 AND birth_date = ?2 AND ?2 <> ''"
            " UNION SELECT id FROM patients WHERE controller_id = ?1 AND ?3 <> ''"
            "  AND name_key >= ?3 AND name_key < ?3 || char(1114111)"
            " UNION SELECT patient_id FROM patient_identifiers WHERE value = ?4 AND controller_id = ?1 AND ?4 <> ''"
            " UNION SELECT patient_id FROM patient_acts WHERE controller_id = ?1 AND kind IN ('correct', 'identity')"
            " LIMIT ?5",
            (controller_id, face.birth_date, family, face.number, _CANDIDATES),
        )
        candidates = {row[0] for row in rows} - {patient_id}
        people = people_of(acts.concerning(records, candidates)) if candidates else People({}, {}, {})
        found = []
        within = self._within(candidates, reach, controller_id)
        for one in sorted(candidates & within):
            if one in people.merged:
                continue
            shown = acts.shown(records, one, people)
            why = reasons(face, _face(shown, people.identities.get(one)))
            if why:
                found.append(Alike(one, shown, why))
        return tuple(found[:MOST_ALIKE])

    def _within(self, patients: set[str], reach: Reached, controller_id: str) -> set[str]:
        if self._reaches_all_of(controller_id, reach):
            return patients
        asked = Sql("s.patient_id IN (SELECT value FROM json_each(?))", (json.dumps(sorted(patients)),))
        where = Sql.all_of([asked, reach_sql(reach)])
        with reading(self._index) as index:
            sql = f"SELECT DISTINCT s.patient_id FROM studies s WHERE {where.text}"  # noqa: S608 (sql.py's own texts)
            return {row[0] for row in index.exec_driver_sql(sql, where.values)}


def _face(shown: Shown, stated: Act | None) -> Face:
    birth_name = Identity.from_json(stated.body).birth_name if stated is not None else ""
    return Face(shown.name, shown.birth_date, birth_name, shown.number, shown.issuer)


def _of_act(one: Act, *, holds: bool) -> Decision:
    told = one.kind in {ActKind.CORRECT, ActKind.MERGE}
    fields = {name: str(value) for name, value in one.body.items()} if told else {}
    return Decision(
        one.id, str(one.kind), one.made_at, one.made_by, one.reason, holds, holds and one.kind is not ActKind.UNDO,
        one.other, fields,
    )  # fmt: skip


def _of_acts(history: Sequence[Act]) -> tuple[Decision, ...]:
    held = in_force((one.id, one.other if one.kind is ActKind.UNDO else "") for one in history)
    return tuple(_of_act(one, holds=one.id in held) for one in history)


def _of_amendment(one: Amendment, *, holds: bool) -> Decision:
    about = one.patient or one.code or one.undoes
    return Decision(one.id, str(one.kind), one.at, one.by, one.reason, holds, holds and not one.undoes, about, one.set)
