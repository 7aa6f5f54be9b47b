"""What one may ask of the archive: find studies, read their metadata, frames and bulk data. Reads only.

Every question takes a `Reach`: what is out of reach is not there. Deciding who reaches what, and writing down who
looked, is the caller's business.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine import Engine

from primum.imaging.attributes import ATTRIBUTES, BY_KEYWORD, Level
from primum.imaging.columns import NAME_DAMAGED
from primum.imaging.errors import NotHere
from primum.imaging.limits import LIMITS, Limits
from primum.imaging.matching import OneOf
from primum.imaging.metadata import series_metadata
from primum.imaging.model import InstanceEntry, Reached, RejectedEntry, StudyEntry, StudyRow
from primum.imaging.overlays import read_overlay
from primum.imaging.pixels import Part, read_bulk, read_frame, served_syntax
from primum.imaging.query import Criteria, Key
from primum.imaging.rewriting import corrected_chunks
from primum.imaging.sql import Sql, key_sql, narrow_sql, reach_sql
from primum.imaging.store import reading
from primum.vault import Position, Vault

Json = dict[str, Any]

FEW = 2000
"""Up to so many candidates, rows are fetched and sorted; above, the newest studies are read until a page is full."""

_STUDY_SHOWN = [
    "00080020",
    "00080030",
    "00080050",
    "00080056",
    "00080061",
    "00080090",
    "00081030",
    "00100010",
    "00100020",
    "00100030",
    "00100040",
    "0020000D",
    "00200010",
    "00201206",
    "00201208",
]
_SERIES_SHOWN = [
    "00080021",
    "00080031",
    "00080060",
    "0008103E",
    "0020000E",
    "00200011",
    "00201209",
    "00400244",
    "00400245",
    "00400275",
]
_INSTANCE_SHOWN = ["00080016", "00080018", "00083002", "00200013", "00280008", "00280010", "00280011", "00280100"]
_VRS = {one.key: one.vr for one in ATTRIBUTES}

_STUDY_COLUMNS = (
    "s.ref, s.controller_id, s.study_uid, s.patient_id, s.confidential, s.series, s.instances, s.shown, s.modalities"
)
_PLACE_COLUMNS = (
    "s.ref, p.pack, i.start, i.stop, s.study_uid, e.series_uid, i.sop_uid, i.sop_class_uid, i.syntax, i.rows, s.overlay"
)
_VERSIONS = "(SELECT count(*) FROM versions v WHERE v.sop_uid = i.sop_uid AND v.study_id = s.id)"
_TABLES = {
    Level.STUDY: "studies s",
    Level.SERIES: "studies s JOIN series e ON e.study_id = s.id AND e.instances > 0",
    Level.INSTANCE: "studies s JOIN series e ON e.study_id = s.id JOIN instances i ON i.series_id = e.id",
}
_STUDY_ORDER = "s.study_date DESC, s.study_time DESC, s.study_uid, s.controller_id"
_ORDERS = {
    Level.STUDY: _STUDY_ORDER,
    Level.SERIES: f"{_STUDY_ORDER}, e.number IS NULL, e.number, e.series_uid",
    Level.INSTANCE: f"{_STUDY_ORDER}, e.number IS NULL, e.number, e.series_uid, i.number IS NULL, i.number, i.sop_uid",
}


class Archive:
    """Answers from the index, and reads records in the vault. Safe to share between threads."""

    def __init__(self, index: Engine, vault: Vault, limits: Limits = LIMITS) -> None:
        """`index` may be open for reading only."""
        self._index, self._vault, self._limits = index, vault, limits

    # finding

    def studies(self, criteria: Criteria, reach: Reached) -> list[Json]:
        """QIDO-RS, studies: one DICOM JSON object each (PS3.18 table 10.6.3-3)."""
        rows = self._select(Level.STUDY, _STUDY_COLUMNS, criteria, reach)
        return [_pick(_study_json(row), _STUDY_SHOWN, criteria) for row in rows]

    def series(self, criteria: Criteria, reach: Reached, study_uid: str | None = None) -> list[Json]:
        """QIDO-RS, series of one study or of all (table 10.6.3-4)."""
        columns = f"{_STUDY_COLUMNS}, e.shown, e.instances"
        rows = self._select(Level.SERIES, columns, _within(criteria, study_uid), reach)
        parents = ["0020000D"] if study_uid else _STUDY_SHOWN
        return [_pick(_study_json(row) | _series_json(row[9:]), [*parents, *_SERIES_SHOWN], criteria) for row in rows]

    def instances(
        self, criteria: Criteria, reach: Reached, study_uid: str | None = None, series_uid: str | None = None
    ) -> list[Json]:
        """QIDO-RS, instances of one series, of one study, or of all (table 10.6.3-5)."""
        columns = (
            f"{_STUDY_COLUMNS}, e.shown, e.instances, i.sop_class_uid, i.sop_uid, i.syntax, i.number, i.frames, i.rows,"
            " i.columns, i.bits"
        )
        rows = self._select(Level.INSTANCE, columns, _within(criteria, study_uid, series_uid), reach)
        parents = ["0020000D", "0020000E"] if series_uid else ["0020000D", *_SERIES_SHOWN]
        parents = parents if study_uid or series_uid else [*_STUDY_SHOWN, *_SERIES_SHOWN]
        return [
            _pick(
                _study_json(row) | _series_json(row[9:]) | _instance_json(row[11:]),
                [*parents, *_INSTANCE_SHOWN],
                criteria,
            )
            for row in rows
        ]

    def rows(self, criteria: Criteria, reach: Reached) -> list[StudyRow]:
        """Find studies as lines of the worklist, with what a person should look at twice."""
        flags = (
            "EXISTS (SELECT 1 FROM studies o WHERE o.name_key = s.name_key AND o.name_key <> ''"
            "  AND o.controller_id = s.controller_id AND o.patient_id <> s.patient_id),"
            " EXISTS (SELECT 1 FROM studies o WHERE o.patient_number = s.patient_number AND o.patient_number <> ''"
            "  AND o.issuer = s.issuer AND o.controller_id = s.controller_id AND o.patient_id <> s.patient_id),"
            " s.mixed, s.flags, (SELECT count(*) FROM versions v WHERE v.study_id = s.id AND v.decided = 0)"
        )
        found = self._select(Level.STUDY, f"{_STUDY_COLUMNS}, {flags}", criteria, reach)
        return [
            StudyRow(
                _entry(row),
                _study_json(row),
                tuple(filter(None, row[8].split("\\"))),
                homonym=bool(row[9]),
                collision=bool(row[10]),
                mixed=bool(row[11]),
                damaged=bool(row[12] & NAME_DAMAGED),
                conflicts=row[13],
            )
            for row in found
        ]

    def count(self, criteria: Criteria, reach: Reached) -> int:
        """Count the studies that match, all pages together."""
        where = Sql.all_of([*map(key_sql, criteria.keys), reach_sql(reach)])
        with reading(self._index) as connection:
            few = _few(connection, criteria)
            where = Sql.all_of([*few, where])
            sql = f"SELECT count(*) FROM studies s WHERE {where.text}"  # noqa: S608 (sql.py's own texts)
            return int(connection.exec_driver_sql(sql, where.values).scalar_one())

    def _select(self, level: Level, columns: str, criteria: Criteria, reach: Reached) -> Sequence[Any]:
        conditions = [*map(key_sql, criteria.keys), reach_sql(reach)]
        with reading(self._index) as connection:
            few = _few(connection, criteria)
            where = Sql.all_of([*few, *conditions])
            # the sign keeps SQLite from walking all studies by date for the sake of the order
            order = _ORDERS[level].replace("s.study_date", "+s.study_date") if few else _ORDERS[level]
            sql = f"SELECT {columns} FROM {_TABLES[level]} WHERE {where.text} ORDER BY {order} LIMIT ? OFFSET ?"  # noqa: S608
            limit = min(criteria.limit, self._limits.page)
            return connection.exec_driver_sql(sql, (*where.values, limit, criteria.offset)).fetchall()

    # locating

    def locate_study(self, study_uid: str, reach: Reached) -> StudyEntry:
        """Find a study by its UID; the one received first when several controllers have it. Raises NotHere."""
        return self._locate(Sql("s.study_uid = ?", (study_uid,)), reach)

    def study(self, ref: str, reach: Reached) -> StudyEntry:
        """Find a study by its reference. Raises NotHere."""
        return self._locate(Sql("s.ref = ?", (ref,)), reach)

    def _locate(self, which: Sql, reach: Reached) -> StudyEntry:
        where = Sql.all_of([which, reach_sql(reach)])
        sql = f"SELECT {_STUDY_COLUMNS} FROM studies s WHERE {where.text} ORDER BY s.first LIMIT 1"  # noqa: S608
        with reading(self._index) as connection:
            row = connection.exec_driver_sql(sql, where.values).first()
        if row is None:
            raise NotHere(what="study")
        return _entry(row)

    def series_uids(self, ref: str, reach: Reached) -> list[str]:
        """List the series of a study in order. Raises NotHere."""
        self.study(ref, reach)
        with reading(self._index) as connection:
            rows = connection.exec_driver_sql(
                f"SELECT e.series_uid FROM {_TABLES[Level.SERIES]} WHERE s.ref = ? ORDER BY {_ORDERS[Level.SERIES]}",  # noqa: S608
                (ref,),
            )
            return [row[0] for row in rows]

    def instance(self, study_uid: str, series_uid: str, sop_uid: str, reach: Reached) -> InstanceEntry:
        """Find the instance that is served for a SOP Instance UID. Raises NotHere."""
        which = Sql("s.study_uid = ? AND e.series_uid = ? AND i.sop_uid = ?", (study_uid, series_uid, sop_uid))
        found = self._places(which, reach, order="s.first", limit=1)
        if not found:
            raise NotHere(what="instance")
        return found[0]

    def instance_of(self, ref: str, series_uid: str | None, sop_uid: str, reach: Reached) -> InstanceEntry:
        """Find one instance of a study by the study's reference. Raises NotHere."""
        values = (ref, series_uid, series_uid, sop_uid)
        which = Sql("s.ref = ? AND (? IS NULL OR e.series_uid = ?) AND i.sop_uid = ?", values)
        found = self._places(which, reach, order="s.first", limit=1)
        if not found:
            raise NotHere(what="instance")
        return found[0]

    def instances_of(self, ref: str, reach: Reached, series_uid: str | None = None) -> list[InstanceEntry]:
        """List the instances of a study, or of one of its series, in order of number. Raises NotHere."""
        which = Sql("s.ref = ? AND (? IS NULL OR e.series_uid = ?)", (ref, series_uid, series_uid))
        found = self._places(which, reach, order=_ORDERS[Level.INSTANCE], limit=-1)
        if not found:
            raise NotHere(what="series" if series_uid else "study")
        return found

    def _places(self, which: Sql, reach: Reached, *, order: str, limit: int) -> list[InstanceEntry]:
        where = Sql.all_of([which, reach_sql(reach)])
        sql = (
            f"SELECT {_PLACE_COLUMNS}, {_VERSIONS}"  # noqa: S608 (texts of ours)
            f" FROM {_TABLES[Level.INSTANCE]} JOIN packs p ON p.id = i.pack_id"
            f" WHERE {where.text} ORDER BY {order} LIMIT ?"
        )
        with reading(self._index) as connection:
            rows = connection.exec_driver_sql(sql, (*where.values, limit)).fetchall()
        return [_instance_entry(row) for row in rows]

    def versions(self, ref: str, reach: Reached) -> list[InstanceEntry]:
        """List the conflict versions of a study: other bytes that came under a SOP Instance UID of it."""
        where = Sql.all_of([Sql("s.ref = ?", (ref,)), reach_sql(reach)])
        sql = (
            f"SELECT {_PLACE_COLUMNS}, 0 FROM versions i JOIN studies s ON s.id = i.study_id"  # noqa: S608
            f" JOIN series e ON e.id = i.series_id JOIN packs p ON p.id = i.pack_id WHERE {where.text}"
            " ORDER BY i.sop_uid, i.received_at, p.pack, i.start"
        )
        with reading(self._index) as connection:
            rows = connection.exec_driver_sql(sql, where.values).fetchall()
        return [_instance_entry(row) for row in rows]

    def study_shown(self, ref: str) -> Json:
        """Give the attributes of a study as DICOM JSON, as they are served. Raises NotHere."""
        with reading(self._index) as connection:
            row = connection.exec_driver_sql("SELECT shown FROM studies WHERE ref = ?", (ref,)).first()
        if row is None:
            raise NotHere(what="study")
        shown: Json = json.loads(row[0])
        return shown

    # reading

    def series_metadata(self, ref: str, series_uid: str, reach: Reached) -> bytes:
        """WADO-RS metadata of a series: a JSON array. Raises NotHere, or an illness of the vault."""
        return series_metadata(self._vault, self.instances_of(ref, reach, series_uid), self._limits)

    def study_metadata(self, ref: str, reach: Reached) -> bytes:
        """WADO-RS metadata of a study: those of its series, one after another."""
        blocks = [self.series_metadata(ref, uid, reach)[1:-1] for uid in self.series_uids(ref, reach)]
        return b"[" + b",".join(blocks) + b"]"

    def frame(self, study_uid: str, series_uid: str, sop_uid: str, number: int, reach: Reached) -> Part:
        """Read one frame, counted from 1: only the segments that hold it are opened.

        Raises NotHere, NoFrame, FramesUnknown, DamagedDataSet, or an illness of the vault.
        """
        return self.frame_of(self.instance(study_uid, series_uid, sop_uid, reach), number)

    def frame_of(self, entry: InstanceEntry, number: int) -> Part:
        """Read one frame of an instance that was found before."""
        return read_frame(self._vault.open(entry.position), number, self._limits)

    def bulkdata(self, study_uid: str, series_uid: str, sop_uid: str, path: str, reach: Reached) -> Iterator[Part]:
        """Read what a BulkDataURI of the metadata stands for. Raises as `frame`."""
        return self.bulk_of(self.instance(study_uid, series_uid, sop_uid, reach), path)

    def bulk_of(self, entry: InstanceEntry, path: str) -> Iterator[Part]:
        """Read a value of an instance that was found before."""
        return read_bulk(self._vault.open(entry.position), path, self._limits)

    def data_set(self, entry: InstanceEntry) -> Iterator[bytes]:
        """Read a whole data set as it is served: as it was sent, or corrected. In pieces.

        Raises CannotCorrect, or an illness of the vault.
        """
        record = self._vault.open(entry.position)
        if entry.overlay is None:
            return record.chunks()
        return corrected_chunks(record, read_overlay(entry.overlay), self._limits)

    def original(self, entry: InstanceEntry) -> Iterator[bytes]:
        """Read a whole data set as it was sent, in pieces. Raises an illness of the vault."""
        return self._vault.open(entry.position).chunks()

    def rejected(self, ref: str, reach: Reached) -> list[RejectedEntry]:
        """List the rejected instances of a study, with why: for whoever may see more than ordinary use does."""
        where = Sql.all_of([Sql("s.ref = ?", (ref,)), reach_sql(reach)])
        sql = (
            f"SELECT {_PLACE_COLUMNS}, 0, i.code FROM rejected i JOIN studies s ON s.id = i.study_id"  # noqa: S608
            f" JOIN series e ON e.id = i.series_id JOIN packs p ON p.id = i.pack_id WHERE {where.text}"
            " ORDER BY e.number, e.series_uid, i.number, i.sop_uid"
        )
        with reading(self._index) as connection:
            rows = connection.exec_driver_sql(sql, where.values).fetchall()
        return [RejectedEntry(_instance_entry(row), row[12]) for row in rows]


def study_attributes(row: StudyRow, criteria: Criteria) -> Json:
    """Give a line of the worklist as QIDO-RS does: the usual attributes, and those asked for."""
    return _pick(row.shown, _STUDY_SHOWN, criteria)


def _within(criteria: Criteria, study_uid: str | None, series_uid: str | None = None) -> Criteria:
    """Add the UIDs of a request's path to its keys."""
    given = (("StudyInstanceUID", study_uid), ("SeriesInstanceUID", series_uid))
    keys = [Key(BY_KEYWORD[name], OneOf((uid,))) for name, uid in given if uid is not None]
    return Criteria(
        (*criteria.keys, *keys), criteria.include, criteria.include_all, criteria.limit, criteria.offset
    )  # fmt: skip


def _few(connection: Connection, criteria: Criteria) -> list[Sql]:
    """Narrow a query to few candidates through the index that leaves fewest; nothing where none leaves few."""
    best: tuple[int, Sql] | None = None
    for key in criteria.keys:
        narrow = narrow_sql(key)
        if narrow is None:
            continue
        sql = f"SELECT count(*) FROM (SELECT 1 FROM ({narrow.text}) LIMIT ?)"  # noqa: S608 (sql.py's own texts)
        count = connection.exec_driver_sql(sql, (*narrow.values, FEW + 1)).scalar_one()
        if count <= FEW and (best is None or count < best[0]):
            best = count, narrow
    return [Sql(f"s.id IN ({best[1].text})", best[1].values)] if best else []


def _entry(row: Sequence[Any]) -> StudyEntry:
    referrer = json.loads(row[7]).get("00080090", {}).get("Value") or [None]
    return StudyEntry(
        row[0], row[1], row[2], row[3], (referrer[0] or {}).get("Alphabetic", ""), bool(row[4]), row[5], row[6]
    )


def _instance_entry(row: Sequence[Any]) -> InstanceEntry:
    position = Position(row[0], row[1], row[2], row[3])
    return InstanceEntry(position, row[4], row[5], row[6], row[7], row[8], row[9] or 0, row[11], row[10])


def _study_json(row: Sequence[Any]) -> Json:
    shown: Json = json.loads(row[7])
    shown["00080056"] = {"vr": "CS", "Value": ["ONLINE"]}
    shown["00080061"] = {"vr": "CS", "Value": row[8].split("\\")} if row[8] else {"vr": "CS"}
    shown["00201206"] = {"vr": "IS", "Value": [row[5]]}
    shown["00201208"] = {"vr": "IS", "Value": [row[6]]}
    return shown


def _series_json(row: Sequence[Any]) -> Json:
    shown: Json = json.loads(row[0])
    shown["00201209"] = {"vr": "IS", "Value": [row[1]]}
    return shown


def _instance_json(row: Sequence[Any]) -> Json:
    keys = ("00080016", "00080018", "00083002", "00200013", "00280008", "00280010", "00280011", "00280100")
    values = [row[0], row[1], served_syntax(row[2]), *row[3:8]]
    return {
        key: {"vr": _VRS[key], "Value": [value]} for key, value in zip(keys, values, strict=True) if value is not None
    }


def _pick(every: Json, usual: Sequence[str], criteria: Criteria) -> Json:
    """Keep the usual attributes (empty where there is no value), those asked for, or all."""
    picked: Json = {"00080005": {"vr": "CS", "Value": ["ISO_IR 192"]}}
    picked |= {key: every.get(key) or {"vr": _VRS[key]} for key in usual}
    if criteria.include_all:
        picked |= every
    else:
        asked = (f"{tag:08X}" for tag in criteria.include)
        picked |= {key: every[key] for key in asked if key in every}
    return dict(sorted(picked.items()))
