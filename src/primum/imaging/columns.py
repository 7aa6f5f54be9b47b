"""What the tables of the index hold of one record: columns to match and order by, and DICOM JSON to show."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from primum.identity import fold_name
from primum.imaging.attributes import ITEMS, Level
from primum.imaging.extract import BIRTH_DATE, ISSUER, NAME, PATIENT_ID, REFERRER, Attributes, zone_of
from primum.imaging.matching import microseconds
from primum.imaging.names import PersonName, fold, name_key
from primum.imaging.patients import SEX
from primum.vault import Position, RecordFacts

NAME_DAMAGED, UNREADABLE = 1, 2
"""Bits of a study's `flags`, of its earliest record."""

_MODALITY, _NUMBER, _STUDY_ID, _STATION = 0x00080060, 0x00200011, 0x00200010, 0x00081010
OTHER_IDS_TERM = 0x00101000


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
        "moment": _moment(attributes),
        "zone": zone_of(attributes.text(0x00080201)),
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
        "series_date": attributes.date(0x00080021),
        "series_time": attributes.time(0x00080031),
        "shown": _text(shown),
    }


def _moment(attributes: Attributes) -> int | None:
    date = attributes.date(0x00080020)
    return microseconds(date, attributes.time(0x00080030)) if date else None


def study_terms(shown: Mapping[str, Any], columns: Mapping[str, Any]) -> set[tuple[int, str]]:
    """What a study is found by besides its columns that have an index of their own (terms.tag, terms.value)."""
    found = {(BIRTH_DATE, columns["birth_date"]), (_STUDY_ID, columns["study_number"])}
    found |= {(OTHER_IDS_TERM, value) for value in other_ids(shown)}
    found |= {(REFERRER, (columns[f"referrer_{group}"] or "").replace("^", "")) for group in "aip"}
    return {(tag, value) for tag, value in found if value}


def words_of(columns: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """What the trigrams hold of a study: names, number, accession, description; each ends with a mark of ours."""
    names = "=".join(columns[key] or "" for key in ("flat_a", "flat_i", "flat_p"))
    return f"{names}=", f"{columns['patient_number']}=", f"{columns['accession']}=", f"{columns['description']}="


def series_terms(shown: Mapping[str, Any], columns: Mapping[str, Any]) -> set[tuple[int, str]]:
    """What a study is found by because of one of its series."""
    found = {(_STATION, columns["station"])}
    for item in shown.get("00400275", {}).get("Value", ()):
        found |= {(tag, value) for tag in ITEMS[0x00400275] for value in _plain(item, tag)}
    return {(tag, value) for tag, value in found if value}


def other_ids(shown: Mapping[str, Any]) -> list[str]:
    """The other numbers of a patient: of the sequence, and of the retired attribute."""
    items = shown.get("00101002", {}).get("Value", ())
    return [*_plain(shown, OTHER_IDS_TERM), *(value for item in items for value in _plain(item, PATIENT_ID))]


def _plain(shown: Mapping[str, Any], tag: int) -> list[str]:
    return [str(value) for value in shown.get(f"{tag:08X}", {}).get("Value", ()) if value is not None]


def _text(shown: dict[str, Any]) -> str:
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


PERSON = (PATIENT_ID, ISSUER, NAME)
"""What `person_of` looks at."""


def person_of(attributes: Attributes) -> bytes:
    """Eight bytes that differ when two records do not say the same of their patient."""
    said = "\0".join((attributes.text(PATIENT_ID), attributes.text(ISSUER), name_key(attributes.name(NAME)).text()))
    return hashlib.blake2b(said.encode("utf-8", "replace"), digest_size=8).digest()
