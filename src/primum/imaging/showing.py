"""What rows of the index say: as DICOM JSON, as lines of the worklist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from primum.ground.quick_json import read
from primum.imaging.attributes import ATTRIBUTES, Level
from primum.imaging.columns import NAME_DAMAGED
from primum.imaging.model import Reached, StudyEntry, StudyRow
from primum.imaging.pixels import served_syntax
from primum.imaging.query import Criteria
from primum.imaging.sql import reach_sql

Json = dict[str, Any]

STUDY_COLUMNS = (
    "s.ref, s.controller_id, s.study_uid, s.patient_id, s.confidential, s.series, s.instances, s.shown, s.modalities"
)
STUDY_SHOWN = [
    "00080020", "00080030", "00080050", "00080056", "00080061", "00080090", "00081030", "00100010", "00100020",
    "00100030", "00100040", "0020000D", "00200010", "00201206", "00201208",
]  # fmt: skip
SERIES_SHOWN = [
    "00080021", "00080031", "00080060", "0008103E", "0020000E", "00200011", "00201209", "00400244", "00400245",
    "00400275",
]  # fmt: skip
INSTANCE_SHOWN = ["00080016", "00080018", "00083002", "00200013", "00280008", "00280010", "00280011", "00280100"]
_VRS = {one.key: one.vr for one in ATTRIBUTES}

_SAME_PATIENT = "FROM studies o WHERE o.patient_id = s.patient_id AND"
_ON_REQUEST = {
    0x00080062: "(SELECT group_concat(c, '\\') FROM (SELECT DISTINCT y.sop_class_uid AS c FROM series x"
    " JOIN instances y ON y.series_id = x.id WHERE x.study_id = s.id ORDER BY 1))",
    0x00201200: f"(SELECT count(*) {_SAME_PATIENT}",
    0x00201202: f"(SELECT sum(o.series) {_SAME_PATIENT}",
    0x00201204: f"(SELECT sum(o.instances) {_SAME_PATIENT}",
}
"""Attributes that cost a look each: computed where asked for by name. Those of a patient count what is in reach."""


@dataclass(frozen=True, slots=True)
class Match:
    """A row that matched: its study (for a patient, the one received last), and all it says."""

    row: Sequence[Any] = field(repr=False)
    shown: Json = field(repr=False)

    @property
    def entry(self) -> StudyEntry:
        """Its study."""
        return _entry(self.row, self.shown)


def asked_of(criteria: Criteria) -> list[int]:
    """List the attributes asked for that cost a look each."""
    return [tag for tag in _ON_REQUEST if tag in criteria.include or criteria.include_all]


def on_request(asked: Sequence[int], reach: Reached) -> tuple[str, tuple[object, ...]]:
    """Write the columns that answer them, and their parameters."""
    others = reach_sql(reach, "o")
    text = ""
    values: tuple[object, ...] = ()
    for tag in asked:
        counts = _ON_REQUEST[tag].endswith("AND")
        text += f", {_ON_REQUEST[tag]} ({others.text}))" if counts else f", {_ON_REQUEST[tag]}"
        values += others.values if counts else ()
    return text, values


def extras_of(asked: Sequence[int], row: Sequence[Any]) -> Json:
    """Read them from a row; the column after them is its place."""
    extras: Json = {}
    for tag, value in zip(asked, row[len(row) - len(asked) - 1 : -1], strict=True):
        key = f"{tag:08X}"
        values = value.split("\\") if isinstance(value, str) else [value]
        extras[key] = {"vr": _VRS[key], "Value": values} if value else {"vr": _VRS[key]}
    return extras


FLAGS = (
    "EXISTS (SELECT 1 FROM studies o WHERE o.name_key = s.name_key AND o.name_key <> ''"
    "  AND o.controller_id = s.controller_id AND o.patient_id <> s.patient_id),"
    " EXISTS (SELECT 1 FROM studies o WHERE o.patient_number = s.patient_number AND o.patient_number <> ''"
    "  AND o.issuer = s.issuer AND o.controller_id = s.controller_id AND o.patient_id <> s.patient_id),"
    " s.mixed, s.flags, (SELECT count(*) FROM versions v WHERE v.study_id = s.id AND v.decided = 0)"
)


def line_of(row: Sequence[Any], extras: Json) -> StudyRow:
    """Read a line of the worklist from a row of STUDY_COLUMNS and FLAGS."""
    shown = _study_json(row)
    return StudyRow(
        _entry(row, shown),
        shown | extras,
        tuple(filter(None, row[8].split("\\"))),
        homonym=bool(row[9]),
        collision=bool(row[10]),
        mixed=bool(row[11]),
        damaged=bool(row[12] & NAME_DAMAGED),
        conflicts=row[13],
    )


def shown_at(level: Level, *, within_study: bool = False, within_series: bool = False) -> list[str]:
    """List the attributes that QIDO-RS gives unasked (PS3.18 tables 10.6.3-3 to -5), parents' where needed."""
    if level is Level.STUDY:
        return STUDY_SHOWN
    if level is Level.SERIES:
        return [*(["0020000D"] if within_study else STUDY_SHOWN), *SERIES_SHOWN]
    if within_series:
        return ["0020000D", "0020000E", *INSTANCE_SHOWN]
    return [*(["0020000D"] if within_study else STUDY_SHOWN), *SERIES_SHOWN, *INSTANCE_SHOWN]


def pick(every: Json, usual: Sequence[str], criteria: Criteria) -> Json:
    """Keep the usual attributes (empty where there is no value), those asked for, or all; in no order."""
    picked = {key: every.get(key) or _EMPTY[key] for key in usual}
    picked["00080005"] = _IN_UTF_8
    if criteria.include_all:
        return picked | every
    for tag in criteria.include:
        key = f"{tag:08X}"
        if key in every:
            picked[key] = every[key]
    return picked


_IN_UTF_8 = {"vr": "CS", "Value": ["ISO_IR 192"]}
_EMPTY = {key: {"vr": vr} for key, vr in _VRS.items()}
"""The same for all rows, which nobody changes."""


def study_attributes(row: StudyRow, criteria: Criteria) -> Json:
    """Give a line of the worklist as QIDO-RS does: the usual attributes, and those asked for."""
    return pick(row.shown, STUDY_SHOWN, criteria)


def entry_of(row: Sequence[Any]) -> StudyEntry:
    """Read the study of a row that begins with STUDY_COLUMNS."""
    return _entry(row, read(row[7]))


def _entry(row: Sequence[Any], shown: Json) -> StudyEntry:
    referrer = shown.get("00080090", {}).get("Value") or [None]
    return StudyEntry(
        row[0], row[1], row[2], row[3], (referrer[0] or {}).get("Alphabetic", ""), bool(row[4]), row[5], row[6]
    )


def match_of(level: Level, row: Sequence[Any], asked: Sequence[int]) -> Match:
    """Read what a row says."""
    shown = _study_json(row)
    if level in {Level.SERIES, Level.INSTANCE}:
        shown |= _series_json(row[9:])
    if level is Level.INSTANCE:
        shown |= _instance_json(row[11:])
    return Match(row, shown | extras_of(asked, row) if asked else shown)


def _study_json(row: Sequence[Any]) -> Json:
    shown: Json = read(row[7])
    shown["00080056"] = {"vr": "CS", "Value": ["ONLINE"]}
    shown["00080061"] = {"vr": "CS", "Value": row[8].split("\\")} if row[8] else {"vr": "CS"}
    shown["00201206"] = {"vr": "IS", "Value": [row[5]]}
    shown["00201208"] = {"vr": "IS", "Value": [row[6]]}
    return shown


def _series_json(row: Sequence[Any]) -> Json:
    shown: Json = read(row[0])
    shown["00201209"] = {"vr": "IS", "Value": [row[1]]}
    return shown


def _instance_json(row: Sequence[Any]) -> Json:
    keys = ("00080016", "00080018", "00083002", "00200013", "00280008", "00280010", "00280011", "00280100")
    values = [row[0], row[1], served_syntax(row[2]), *row[3:8]]
    return {
        key: {"vr": _VRS[key], "Value": [value]} for key, value in zip(keys, values, strict=True) if value is not None
    }
