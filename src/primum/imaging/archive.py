"""What one may ask of the archive: find studies, read their metadata, frames and bulk data. Reads only.

Every question takes a `Reach`: what is out of reach is not there. Deciding who reaches what, and writing down who
looked, is the caller's business.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.engine import Engine

from primum.ground.memo import Memo
from primum.imaging.amendments import RejectionCode
from primum.imaging.attributes import Level
from primum.imaging.codecs.animating import animation
from primum.imaging.codecs.pool import Codecs
from primum.imaging.codecs.rendering import PictureWish, picture
from primum.imaging.codecs.transcoding import Instance, frame_in, transcoded
from primum.imaging.errors import NotHere
from primum.imaging.finding import ORDERS, TABLES, Finder, Findings, within
from primum.imaging.limits import LIMITS, Limits
from primum.imaging.metadata import series_metadata
from primum.imaging.model import (
    EVERYTHING,
    InstanceEntry,
    Reach,
    Reached,
    RejectedEntry,
    StudyEntry,
    StudyRow,
    sees_quality,
)
from primum.imaging.overlays import Overlay, read_overlay
from primum.imaging.pixels import Part, read_bulk, read_frame, read_header
from primum.imaging.presenting.applying import presented, state_of
from primum.imaging.presenting.state import State
from primum.imaging.query import Criteria
from primum.imaging.rendered import document, film
from primum.imaging.retrieving import Wanted
from primum.imaging.rewriting import corrected_chunks, corrected_header
from primum.imaging.showing import STUDY_COLUMNS, Match, entry_of, pick, shown_at
from primum.imaging.sql import Sql, among_rejected, as_seen, listed_sql, reach_sql
from primum.imaging.store import reading
from primum.vault import Position, Vault

Json = dict[str, Any]

_PLACE_COLUMNS = (
    "s.ref, p.pack, i.start, i.stop, s.study_uid, e.series_uid, i.sop_uid, i.sop_class_uid, i.syntax, i.rows, s.overlay"
)
_VERSIONS = "(SELECT count(*) FROM versions v WHERE v.sop_uid = i.sop_uid AND v.study_id = s.id)"
_RETRIEVAL_ORDER = "s.study_uid, s.ref, e.number IS NULL, e.number, e.series_uid, i.number IS NULL, i.number, i.sop_uid"


class Archive:
    """Answers from the index, and reads records in the vault. Safe to share between threads."""

    def __init__(self, index: Engine, vault: Vault, limits: Limits = LIMITS) -> None:
        """`index` may be open for reading only."""
        self._index, self._vault, self._limits = index, vault, limits
        self._finder = Finder(index, limits)
        self._codecs = Codecs()
        self._located, self._listed = Memo(index, limits.located), Memo(index, limits.listed)

    # finding

    def studies(self, criteria: Criteria, reach: Reached) -> list[Json]:
        """QIDO-RS, studies: one DICOM JSON object each (PS3.18 table 10.6.3-3)."""
        return self._picked(Level.STUDY, criteria, reach, None, None)

    def series(self, criteria: Criteria, reach: Reached, study_uid: str | None = None) -> list[Json]:
        """QIDO-RS, series of one study or of all (table 10.6.3-4)."""
        return self._picked(Level.SERIES, criteria, reach, study_uid, None)

    def instances(
        self, criteria: Criteria, reach: Reached, study_uid: str | None = None, series_uid: str | None = None
    ) -> list[Json]:
        """QIDO-RS, instances of one series, of one study, or of all (table 10.6.3-5)."""
        return self._picked(Level.INSTANCE, criteria, reach, study_uid, series_uid)

    def _picked(
        self, level: Level, criteria: Criteria, reach: Reached, study_uid: str | None, series_uid: str | None
    ) -> list[Json]:
        usual = shown_at(level, within_study=bool(study_uid), within_series=bool(series_uid))
        found = self.page(level, within(criteria, study_uid, series_uid), reach)
        return [dict(sorted(pick(one.shown, usual, criteria).items())) for one in found]

    def find(self, level: Level, criteria: Criteria, reach: Reached) -> Findings:
        """Find what matches at a level: which rows now, what they say page by page. Raises QueryTooBroad."""
        return self._finder.find(level, criteria, reach)

    def page(self, level: Level, criteria: Criteria, reach: Reached) -> list[Match]:
        """Find what matches at a level and read it at once: for whoever takes one page. Raises QueryTooBroad."""
        return self._finder.page(level, criteria, reach)

    def rows(self, criteria: Criteria, reach: Reached) -> list[StudyRow]:
        """Find studies as lines of the worklist, with what a person should look at twice."""
        return self._finder.lines(criteria, reach)

    def count(self, criteria: Criteria, reach: Reached) -> int:
        """Count the studies that match, all pages together. Raises QueryTooBroad."""
        return self._finder.count(criteria, reach)

    # locating

    def locate_study(self, study_uid: str, reach: Reached) -> StudyEntry:
        """Find a study by its UID; the one received first when several controllers have it. Raises NotHere."""
        return self._locate(Sql("s.study_uid = ?", (study_uid,)), reach)

    def study(self, ref: str, reach: Reached) -> StudyEntry:
        """Find a study by its reference. Raises NotHere."""
        return self._locate(Sql("s.ref = ?", (ref,)), reach)

    def _locate(self, which: Sql, reach: Reached) -> StudyEntry:
        where = Sql.all_of([which, reach_sql(reach)])
        found = self._located.get((where.text, where.values), lambda: self._read_study(where))
        if found is None:
            raise NotHere(what="study")
        return found

    def _read_study(self, where: Sql) -> StudyEntry | None:
        sql = f"SELECT {STUDY_COLUMNS} FROM studies s WHERE {where.text} ORDER BY s.first LIMIT 1"  # noqa: S608
        with reading(self._index) as connection:
            row = connection.exec_driver_sql(sql, where.values).first()
        return None if row is None else entry_of(row)

    def series_uids(self, ref: str, reach: Reached) -> list[str]:
        """List the series of a study in order. Raises NotHere."""
        self.study(ref, reach)
        with reading(self._index) as connection:
            tables = as_seen(TABLES[Level.SERIES], reach)
            rows = connection.exec_driver_sql(
                f"SELECT e.series_uid FROM {tables} WHERE s.ref = ? ORDER BY {ORDERS[Level.SERIES]}",  # noqa: S608
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
        """Find one instance of a study by the study's reference. Raises NotHere.

        Where another of its series was asked for before and nothing was committed since, the whole series is read:
        a viewer goes on to the next slice.
        """
        asked = (ref, series_uid, reach if isinstance(reach, Reach) else tuple(reach))
        if series_uid and self._located.again(asked):
            listed = self._listed.get(asked, lambda: self._read_series(ref, series_uid, reach))
            if listed and sop_uid in listed:
                return listed[sop_uid]
        values = (ref, series_uid, series_uid, sop_uid)
        which = Sql("s.ref = ? AND (? IS NULL OR e.series_uid = ?) AND i.sop_uid = ?", values)
        found = self._places(which, reach, order="s.first", limit=1)
        if not found:
            raise NotHere(what="instance")
        return found[0]

    def _read_series(self, ref: str, series_uid: str, reach: Reached) -> dict[str, InstanceEntry]:
        """List a series by SOP Instance UID; nothing of one that is too long to be remembered."""
        which = Sql("s.ref = ? AND e.series_uid = ?", (ref, series_uid))
        found = self._places(which, reach, order="s.first", limit=self._limits.series + 1)
        return {} if len(found) > self._limits.series else {one.sop_uid: one for one in reversed(found)}

    def instances_of(self, ref: str, reach: Reached, series_uid: str | None = None) -> list[InstanceEntry]:
        """List the instances of a study, or of one of its series, in order of number. Raises NotHere."""
        which = Sql("s.ref = ? AND (? IS NULL OR e.series_uid = ?)", (ref, series_uid, series_uid))
        found = self._places(which, reach, order=ORDERS[Level.INSTANCE], limit=-1)
        if not found:
            raise NotHere(what="series" if series_uid else "study")
        return found

    def retrieved(self, wanted: Wanted, reach: Reached, limit: int) -> list[InstanceEntry]:
        """List the instances that a C-GET or C-MOVE asks for, study after study; none is no error."""
        named = (
            ("s.patient_number", wanted.patients),
            ("s.study_uid", wanted.studies),
            ("e.series_uid", wanted.series),
            ("i.sop_uid", wanted.instances),
        )
        which = Sql.all_of([listed_sql(column, values) for column, values in named if values])
        return self._places(which, reach, order=_RETRIEVAL_ORDER, limit=limit)

    def _places(self, which: Sql, reach: Reached, *, order: str, limit: int) -> list[InstanceEntry]:
        where = Sql.all_of([which, reach_sql(reach)])
        sql = (
            f"SELECT {_PLACE_COLUMNS}, {_VERSIONS}"  # noqa: S608 (texts of ours)
            f" FROM {TABLES[Level.INSTANCE]} JOIN packs p ON p.id = i.pack_id"
            f" WHERE {where.text} ORDER BY {order} LIMIT ?"
        )
        with reading(self._index) as connection:
            rows = connection.exec_driver_sql(sql, (*where.values, limit)).fetchall()
            found = [_instance_entry(row) for row in rows]
            if not sees_quality(reach):
                return found
            rows = connection.exec_driver_sql(among_rejected(sql), (*where.values, limit)).fetchall()
        found += [replace(_instance_entry(row), rejected=RejectionCode.QUALITY) for row in rows]
        # study after study: what leaves is written down study by study
        place = {ref: number for number, ref in enumerate(dict.fromkeys(one.position.study for one in found))}
        found.sort(key=lambda one: place[one.position.study])
        return found if limit < 0 else found[:limit]

    def records_of(self, sop_uid: str, reach: Reached) -> list[InstanceEntry]:
        """List every record kept under a SOP Instance UID within reach: served, rejected, and conflict versions."""
        where = Sql.all_of([Sql("i.sop_uid = ?", (sop_uid,)), reach_sql(reach)])
        found: list[Any] = []
        with reading(self._index) as connection:
            for table in ("instances", "versions", "rejected"):
                sql = (
                    f"SELECT {_PLACE_COLUMNS}, 0 FROM {table} i JOIN studies s ON s.id = i.study_id"  # noqa: S608
                    f" JOIN series e ON e.id = i.series_id JOIN packs p ON p.id = i.pack_id WHERE {where.text}"
                )
                found += connection.exec_driver_sql(sql, where.values).fetchall()
        return [_instance_entry(row) for row in found]

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

    def modalities_of(self, ref: str) -> set[str]:
        """Tell of which modalities a study has series."""
        with reading(self._index) as connection:
            row = connection.exec_driver_sql("SELECT modalities FROM studies WHERE ref = ?", (ref,)).first()
        return set(filter(None, row[0].split("\\"))) if row is not None else set()

    def within_reach(self, refs: Iterable[str], reach: Reached) -> set[str]:
        """Tell which of some studies are within reach."""
        where = Sql.all_of([listed_sql("s.ref", tuple(refs)), reach_sql(reach)])
        with reading(self._index) as connection:
            sql = f"SELECT s.ref FROM studies s WHERE {where.text}"  # noqa: S608 (texts of ours)
            return {row[0] for row in connection.exec_driver_sql(sql, where.values)}

    def stations_of(self, ref: str) -> set[str]:
        """Tell at which stations the series of a study were made, as they say."""
        sql = "SELECT DISTINCT e.station FROM series e JOIN studies s ON s.id = e.study_id WHERE s.ref = ?"
        with reading(self._index) as connection:
            return {row[0] for row in connection.exec_driver_sql(sql, (ref,)) if row[0]}

    def modalities_among(self, ref: str, sop_uids: Iterable[str]) -> set[str]:
        """Tell of which modalities some instances of a study are."""
        sql = (
            "SELECT DISTINCT e.modality FROM instances i JOIN studies s ON s.id = i.study_id"
            " JOIN series e ON e.id = i.series_id"
            " WHERE s.ref = ? AND i.sop_uid IN (SELECT value FROM json_each(?))"
        )
        with reading(self._index) as connection:
            return {row[0] for row in connection.exec_driver_sql(sql, (ref, json.dumps(list(sop_uids)))) if row[0]}

    def kept(self, controller_id: str, sop_uids: Iterable[str]) -> set[str]:
        """Tell which of these instances a controller has, rejected ones included."""
        sql = (
            "SELECT i.sop_uid FROM {} i JOIN studies s ON s.id = i.study_id WHERE s.controller_id = ?"
            " AND i.sop_uid IN (SELECT value FROM json_each(?))"
        )
        asked = (controller_id, json.dumps(sorted(sop_uids)))
        with reading(self._index) as connection:
            return {
                row[0]
                for table in ("instances", "rejected")
                for row in connection.exec_driver_sql(sql.format(table), asked)
            }

    def devices_of(self, ref: str) -> set[str]:
        """Tell who brought a study: the devices (or people) that sent the first instance of each of its series."""
        firsts = {one.series_uid: one for one in reversed(self.instances_of(ref, EVERYTHING))}
        return {self._vault.open(one.position).facts.device_id for one in firsts.values()}

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
        record = self._vault.open(entry.position)
        if entry.overlay is None:
            return read_bulk(record, path, self._limits)
        # by this way too, nothing is read as it was before: it may be another person's
        stored, overlay = read_header(record, self._limits), read_overlay(entry.overlay)
        header = memoryview(corrected_header(stored, entry.transfer_syntax, overlay, self._limits))
        return read_bulk(record, path, self._limits, header)

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

    def transcoded(self, entry: InstanceEntry, target: str) -> Iterator[bytes]:
        """Read a whole data set as it is served, in another transfer syntax (`can_serve` says which are possible).

        In pieces. Raises, before the first: NotTranscoded, Undecodable, CodecsBusy, FramesUnknown, DamagedDataSet,
        DataSetTooLarge, CannotCorrect, or an illness of the vault.
        """
        record, overlay = self._vault.open(entry.position), _overlay_of(entry)
        return transcoded(record, target, self._codecs, self._limits, overlay=overlay)

    def frame_in(self, entry: InstanceEntry, number: int, target: str) -> bytes:
        """Read one frame, counted from 1, in another transfer syntax. Raises as `transcoded`, and NoFrame."""
        return frame_in(Instance(self._vault.open(entry.position), self._codecs, self._limits), number, target)

    def frame_count(self, entry: InstanceEntry) -> int:
        """Count the frames of an instance. Raises FramesUnknown, and Undecodable where there are fewer than it says."""
        return Instance(self._vault.open(entry.position), self._codecs, self._limits).count

    def picture(self, entry: InstanceEntry, number: int, wish: PictureWish) -> bytes:
        """Make a picture of a frame, counted from 1; 0 stands for the one that represents it.

        Raises NotAPicture, NoFrame, Undecodable, CodecsBusy, DamagedDataSet, DataSetTooLarge, or an illness of the
        vault.
        """
        return picture(self._shown(entry, wish), number, wish)

    def animation(self, entry: InstanceEntry, numbers: Sequence[int], wish: PictureWish) -> Iterator[bytes]:
        """Make an animated GIF of frames, of all where none is named. Raises as `picture`."""
        return animation(self._shown(entry, wish), numbers, wish)

    def _shown(self, entry: InstanceEntry, wish: PictureWish) -> Instance:
        """Open an instance to be shown; what is written on it is as it was corrected."""
        overlay = _overlay_of(entry) if wish.annotations else None
        return Instance(self._vault.open(entry.position), self._codecs, self._limits, overlay=overlay)

    def state(self, entry: InstanceEntry) -> State:
        """Read a presentation state. Raises BadState, NotAPicture, DamagedDataSet, or an illness of the vault."""
        record = self._vault.open(entry.position)
        return state_of(Instance(record, self._codecs, self._limits, overlay=_overlay_of(entry)))

    def presented(self, entry: InstanceEntry, state: State, number: int, wish: PictureWish, *, begun: bool) -> bytes:
        """Make a picture of a frame as a presentation state says. Raises as `picture`, and BadState."""
        instance = Instance(self._vault.open(entry.position), self._codecs, self._limits)
        return presented(instance, entry.sop_uid, state, number, wish, begun=begun)

    def film(self, entry: InstanceEntry) -> Iterator[bytes]:
        """Give the stream of a film as it is kept. Raises NotAPicture, FramesUnknown."""
        return film(Instance(self._vault.open(entry.position), self._codecs, self._limits))

    def opened(self, entry: InstanceEntry) -> Instance:
        """Open an instance, its header as it is served. Raises CannotCorrect, or an illness of the vault."""
        return Instance(self._vault.open(entry.position), self._codecs, self._limits, overlay=_overlay_of(entry))

    def document(self, entry: InstanceEntry) -> bytes:
        """Return an encapsulated PDF. Raises NotAPicture."""
        return document(Instance(self._vault.open(entry.position), self._codecs, self._limits))


def _overlay_of(entry: InstanceEntry) -> Overlay | None:
    return None if entry.overlay is None else read_overlay(entry.overlay)


def _instance_entry(row: Sequence[Any]) -> InstanceEntry:
    position = Position(row[0], row[1], row[2], row[3])
    return InstanceEntry(position, row[4], row[5], row[6], row[7], row[8], row[9] or 0, row[11], row[10])
