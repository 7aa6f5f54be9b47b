"""What the tables of the index hold of one record: columns to match and order by, and DICOM JSON to show."""

from __future__ import annotations

import hashlib
import json
from typing import Any, NamedTuple

from primum.identity import fold_name
from primum.imaging.attributes import Level
from primum.imaging.extract import BIRTH_DATE, ISSUER, NAME, PATIENT_ID, REFERRER, Attributes
from primum.imaging.names import PersonName, fold, name_key
from primum.imaging.patients import SEX
from primum.vault import Position, RecordFacts

NAME_DAMAGED, UNREADABLE = 1, 2
"""Bits of a study's `flags`, of its earliest record."""

_MODALITY, _NUMBER = 0x00080060, 0x00200011


class Arrival(NamedTuple):
    """A record on its way into the index."""

    position: Position
    facts: RecordFacts
    attributes: Attributes

    @property
    def order(self) -> tuple[str, str, int]:
        """Its place among all records."""
        return self.facts.received_at, self.position.pack, self.position.offset

    @property
    def first(self) -> str:
        """The same as text, which compares alike."""
        return f"{self.facts.received_at} {self.position.pack} {self.position.offset:016d}"


def study_columns(arrival: Arrival) -> dict[str, Any]:
    """What `studies` holds of its earliest record."""
    attributes = arrival.attributes
    name, referrer = attributes.name(NAME), attributes.name(REFERRER)
    shown = attributes.json(Level.STUDY)
    shown["0020000D"] = {"vr": "UI", "Value": [arrival.facts.study_instance_uid]}
    return {
        "first": arrival.first,
        "study_date": attributes.date(0x00080020),
        "study_time": attributes.time(0x00080030),
        **_name_columns("name", name),
        **_flat_columns(name),
        "name_key": name_key(name).text(),
        "patient_number": attributes.text(PATIENT_ID),
        "issuer": attributes.text(ISSUER),
        "birth_date": attributes.date(BIRTH_DATE),
        "sex": attributes.text(SEX),
        "accession": attributes.text(0x00080050),
        "study_number": attributes.text(0x00200010),
        "description": fold(attributes.text(0x00081030)),
        **_name_columns("referrer", referrer),
        "referrer_key": fold_name(referrer.text()),
        "shown": _text(shown),
        "flags": NAME_DAMAGED * attributes.damaged | UNREADABLE * (not attributes.readable),
    }


def _name_columns(column: str, name: PersonName) -> dict[str, str | None]:
    alphabetic, ideographic, phonetic = name.folded()
    return {f"{column}_a": alphabetic, f"{column}_i": ideographic or None, f"{column}_p": phonetic or None}


def _flat_columns(name: PersonName) -> dict[str, str | None]:
    alphabetic, ideographic, phonetic = (group.replace("^", "") for group in name.folded())
    return {"flat_a": alphabetic, "flat_i": ideographic or None, "flat_p": phonetic or None}


def series_columns(arrival: Arrival) -> dict[str, Any]:
    """What `series` holds of its earliest record."""
    attributes = arrival.attributes
    shown = attributes.json(Level.SERIES)
    shown["0020000E"] = {"vr": "UI", "Value": [arrival.facts.series_instance_uid]}
    return {
        "first": arrival.first,
        "modality": attributes.text(_MODALITY),
        "number": attributes.number(_NUMBER),
        "description": fold(attributes.text(0x0008103E)),
        "station": attributes.text(0x00081010),
        "body_part": attributes.text(0x00180015),
        "step_date": attributes.date(0x00400244),
        "step_time": attributes.time(0x00400245),
        "shown": _text(shown),
    }


def _text(shown: dict[str, Any]) -> str:
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


PERSON = (PATIENT_ID, ISSUER, NAME)
"""What `person_of` looks at."""


def person_of(attributes: Attributes) -> bytes:
    """Eight bytes that differ when two records do not say the same of their patient."""
    said = "\0".join((attributes.text(PATIENT_ID), attributes.text(ISSUER), name_key(attributes.name(NAME)).text()))
    return hashlib.blake2b(said.encode("utf-8", "replace"), digest_size=8).digest()
