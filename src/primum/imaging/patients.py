"""Whose study it is: the rule of docs/design/imaging.md, Patients, and where its decisions are kept (records.db).

A PatientID is what a device typed: two people may share one, one person may have several. Nothing is merged by guess.
"""

from __future__ import annotations

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


def assign(records: Connection, clock: Clock, controller_id: str, study_ref: str, traits: Traits) -> Assignment:
    """Tell whose study this is: as decided before, or decided now and kept."""
    known = records.exec_driver_sql(
        "SELECT patient_id, confidential FROM study_patients WHERE study_ref = ?", (study_ref,)
    ).first()
    if known is not None:
        return Assignment(known[0], bool(known[1]))
    patient_id = _decide(records, clock, controller_id, traits)
    for other in traits.others:
        _identify(records, patient_id, controller_id, other, own=False)
    records.exec_driver_sql(
        "INSERT INTO study_patients (study_ref, controller_id, patient_id, confidential) VALUES (?, ?, ?, 0)",
        (study_ref, controller_id, patient_id),
    )
    return Assignment(patient_id, confidential=False)


def _decide(records: Connection, clock: Clock, controller_id: str, traits: Traits) -> str:
    if not traits.identifier.value:
        return _new(records, clock, controller_id, traits, no_identifier=True)
    candidates = _known_as(records, controller_id, traits.identifier)
    compatible_ones = [patient_id for patient_id, known in candidates.items() if traits.may_be(known)]
    if len(compatible_ones) == 1:
        _fill(records, compatible_ones[0], candidates[compatible_ones[0]], traits)
        return compatible_ones[0]
    if candidates:
        records.exec_driver_sql("UPDATE patients SET collision = 1 WHERE id = ?", [(one,) for one in candidates])
    return _new(records, clock, controller_id, traits, collision=bool(candidates))


def _known_as(records: Connection, controller_id: str, identifier: Identifier) -> dict[str, Traits]:
    rows = records.exec_driver_sql(
        "SELECT p.id, p.name, p.birth_date, p.sex FROM patient_identifiers i JOIN patients p ON p.id = i.patient_id"
        " WHERE i.value = ? AND i.controller_id = ? AND i.issuer = ? AND i.own = 1",
        (identifier.value, controller_id, identifier.issuer),
    )
    return {row[0]: Traits(parse_name(row[1]), row[2], row[3], identifier) for row in rows}


def _new(
    records: Connection,
    clock: Clock,
    controller_id: str,
    traits: Traits,
    *,
    collision: bool = False,
    no_identifier: bool = False,
) -> str:
    patient_id = new_id("pat")
    records.exec_driver_sql(
        "INSERT INTO patients (id, controller_id, name, name_key, birth_date, sex, collision, no_identifier, made_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            patient_id,
            controller_id,
            traits.name.text(),
            name_key(traits.name).text(),
            traits.birth_date,
            traits.sex,
            collision,
            no_identifier,
            to_text(clock.now()),
        ),
    )
    if not no_identifier:
        _identify(records, patient_id, controller_id, traits.identifier, own=True)
    return patient_id


def _identify(records: Connection, patient_id: str, controller_id: str, identifier: Identifier, *, own: bool) -> None:
    records.exec_driver_sql(
        "INSERT OR IGNORE INTO patient_identifiers (patient_id, controller_id, issuer, value, kind, own)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (patient_id, controller_id, identifier.issuer, identifier.value, identifier.kind, own),
    )


def _fill(records: Connection, patient_id: str, known: Traits, traits: Traits) -> None:
    """Complete a known patient with traits that it lacked."""
    name = known.name if name_key(known.name).given or not any(traits.name) else traits.name
    filled = (name.text(), known.birth_date or traits.birth_date, known.sex or traits.sex)
    if filled != (known.name.text(), known.birth_date, known.sex):
        records.exec_driver_sql(
            "UPDATE patients SET name = ?, name_key = ?, birth_date = ?, sex = ? WHERE id = ?",
            (filled[0], name_key(name).text(), *filled[1:], patient_id),
        )
