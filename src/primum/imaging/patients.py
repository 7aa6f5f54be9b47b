"""Whose study it is: the rule of docs/design/imaging.md, Patients, and where its decisions are kept (records.db).

A PatientID is what a device typed: two people may share one, one person may have several. Nothing is merged by guess.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from primum.ground.clock import Clock, to_text
from primum.ground.ids import new_id
from primum.imaging.extract import BIRTH_DATE, ISSUER, NAME, PATIENT_ID, Attributes, Identifier
from primum.imaging.names import PersonName, compatible, name_key, parse_name

SEX = 0x00100040


@dataclass(frozen=True, slots=True)
class Traits:
    """What a study says of its patient."""

    name: PersonName
    birth_date: str
    sex: str
    identifier: Identifier
    others: tuple[Identifier, ...] = ()

    def may_be(self, other: Traits) -> bool:
        """Tell whether both may be of one person; what is missing contradicts nothing."""
        same_day = not self.birth_date or not other.birth_date or self.birth_date == other.birth_date
        return same_day and compatible(self.name, other.name)


def traits_of(attributes: Attributes) -> Traits:
    """Read the traits of a header."""
    return Traits(
        attributes.name(NAME),
        attributes.date(BIRTH_DATE),
        attributes.text(SEX),
        Identifier(attributes.text(ISSUER), attributes.text(PATIENT_ID), ""),
        tuple(attributes.other_identifiers()),
    )


@dataclass(frozen=True, slots=True)
class Assignment:
    """Whose a study is, and whether a person marked it confidential."""

    patient_id: str
    confidential: bool


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A study that the index does not know yet."""

    controller_id: str
    study_ref: str
    traits: Traits


_Known = tuple[str, str, str]
"""Controller, issuer and value of an identifier."""


class Assigner:
    """Decides whose new studies are, a batch at a time, in one transaction of records.db."""

    def __init__(self, records: Connection, clock: Clock) -> None:
        """Read and write through `records`, whose transaction the caller has begun."""
        self._records, self._now = records, to_text(clock.now())
        self._candidates: dict[_Known, dict[str, Traits]] = {}
        self._patients: dict[str, tuple[object, ...]] = {}
        self._identifiers: list[tuple[object, ...]] = []
        self._studies: list[tuple[object, ...]] = []
        self.filled: set[str] = set()
        """Patients of whom more is known now: what is served of other studies may follow from it."""

    def assign(self, newcomers: Sequence[Newcomer]) -> list[Assignment]:
        """Tell whose each study is: as decided before, or decided now and kept. In order: one decides for the next."""
        refs = json.dumps([one.study_ref for one in newcomers])
        rows = self._records.exec_driver_sql(
            "SELECT study_ref, patient_id, confidential FROM study_patients"
            " WHERE study_ref IN (SELECT value FROM json_each(?))",
            (refs,),
        )
        known = {row[0]: Assignment(row[1], bool(row[2])) for row in rows}
        self._load_candidates([one for one in newcomers if one.study_ref not in known])
        decided = [known.get(one.study_ref) or self._assign(one) for one in newcomers]
        self._write()
        return decided

    def _load_candidates(self, newcomers: Sequence[Newcomer]) -> None:
        asked = json.dumps([_identifier(one) for one in newcomers])
        rows = self._records.exec_driver_sql(
            "SELECT i.controller_id, i.issuer, i.value, p.id, p.name, p.birth_date, p.sex FROM json_each(?) j"
            " JOIN patient_identifiers i ON i.value = j.value->>2 AND i.controller_id = j.value->>0"
            "  AND i.issuer = j.value->>1 AND i.own = 1"
            " JOIN patients p ON p.id = i.patient_id",
            (asked,),
        )
        for controller_id, issuer, value, patient_id, name, birth_date, sex in rows:
            traits = Traits(parse_name(name), birth_date, sex, Identifier(issuer, value, ""))
            self._candidates.setdefault((controller_id, issuer, value), {})[patient_id] = traits

    def _assign(self, one: Newcomer) -> Assignment:
        patient_id = self._decide(one)
        for other in one.traits.others:
            self._identifiers.append((patient_id, one.controller_id, *other, 0))
        self._studies.append((one.study_ref, one.controller_id, patient_id))
        return Assignment(patient_id, confidential=False)

    def _decide(self, one: Newcomer) -> str:
        if not one.traits.identifier.value:
            return self._new(one, collision=False)
        candidates = self._candidates.setdefault(_identifier(one), {})
        compatible_ones = [patient_id for patient_id, known in candidates.items() if one.traits.may_be(known)]
        if len(compatible_ones) == 1:
            (patient_id,) = compatible_ones
            filled = _filled(candidates[patient_id], one.traits)
            if filled != candidates[patient_id]:
                self._keep(patient_id, one.controller_id, filled, collision=False)
                candidates[patient_id] = filled
                self.filled.add(patient_id)
            return patient_id
        for patient_id, known in candidates.items():
            self._keep(patient_id, one.controller_id, known, collision=True)
        patient_id = self._new(one, collision=bool(candidates))
        candidates[patient_id] = one.traits
        return patient_id

    def _new(self, one: Newcomer, *, collision: bool) -> str:
        patient_id = new_id("pat")
        self._keep(patient_id, one.controller_id, one.traits, collision=collision)
        if one.traits.identifier.value:
            self._identifiers.append((patient_id, one.controller_id, *one.traits.identifier, 1))
        return patient_id

    def _keep(self, patient_id: str, controller_id: str, traits: Traits, *, collision: bool) -> None:
        before = self._patients.get(patient_id)
        self._patients[patient_id] = (
            patient_id,
            controller_id,
            traits.name.text(),
            name_key(traits.name).text(),
            traits.birth_date,
            traits.sex,
            int(collision or (before is not None and bool(before[6]))),
            int(not traits.identifier.value),
            self._now,
        )

    def _write(self) -> None:
        patients = list(self._patients.values())
        for sql, rows in ((_PATIENTS, patients), (_IDENTIFIERS, self._identifiers), (_STUDIES, self._studies)):
            if rows:
                self._records.exec_driver_sql(sql, rows)


_PATIENTS = """
    INSERT INTO patients (id, controller_id, name, name_key, birth_date, sex, collision, no_identifier, made_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key,
      birth_date = excluded.birth_date, sex = excluded.sex, collision = max(collision, excluded.collision)
"""
_IDENTIFIERS = """
    INSERT OR IGNORE INTO patient_identifiers (patient_id, controller_id, issuer, value, kind, own)
    VALUES (?, ?, ?, ?, ?, ?)
"""
_STUDIES = "INSERT INTO study_patients (study_ref, controller_id, patient_id, confidential) VALUES (?, ?, ?, 0)"


def _identifier(one: Newcomer) -> _Known:
    return one.controller_id, one.traits.identifier.issuer, one.traits.identifier.value


def _filled(known: Traits, traits: Traits) -> Traits:
    """Complete what is known of a patient with traits that it lacked."""
    name = known.name if name_key(known.name).given or not any(traits.name) else traits.name
    return Traits(name, known.birth_date or traits.birth_date, known.sex or traits.sex, known.identifier)
