"""Where dose reports are noted, and kept as read: `dose_reports`, a part of index.db that is derived like all of it.

A row is of a record. Only rows whose record is served count: a rejected report, and a version that is not the served
one, keep their rows and are not seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection
from sqlalchemy.engine import Engine

from primum.imaging.columns import Arrival
from primum.imaging.dose import tables
from primum.imaging.dose.model import Report, from_json, to_json
from primum.imaging.dose.reading import SOP_CLASSES
from primum.imaging.model import Reached
from primum.imaging.sql import Sql, reach_sql
from primum.imaging.store import reading
from primum.vault import Position

_SERVED = (
    "dose_reports d JOIN studies s ON s.ref = d.study_ref JOIN packs p ON p.pack = d.pack"
    " JOIN instances i ON i.sop_uid = d.sop_uid AND i.study_id = s.id AND i.pack_id = p.id AND i.start = d.start"
)


def note_reports(index: Connection, arrivals: Iterable[Arrival]) -> None:
    """Write down which arrivals are dose reports, in the transaction that indexes them; a job reads them."""
    rows = [
        (one.position.study, one.facts.sop_instance_uid, one.position.pack, one.position.offset, one.position.end,
         one.facts.transfer_syntax_uid)
        for one in arrivals
        if one.facts.sop_class_uid in SOP_CLASSES
    ]  # fmt: skip
    if rows:
        index.exec_driver_sql(
            "INSERT INTO dose_reports (study_ref, sop_uid, pack, start, stop, syntax) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            rows,
        )


class Unread(NamedTuple):
    """A report that is still to be read."""

    position: Position
    sop_uid: str
    transfer_syntax: str


def unread(index: Engine, limit: int) -> list[Unread]:
    """List reports that nobody has read yet."""
    sql = (
        "SELECT study_ref, pack, start, stop, sop_uid, syntax FROM dose_reports WHERE body IS NULL"
        " ORDER BY study_ref, pack, start LIMIT ?"
    )
    with reading(index) as connection:
        rows = connection.exec_driver_sql(sql, (limit,)).fetchall()
    return [Unread(Position(*row[:4]), row[4], row[5]) for row in rows]


def keep(index: Engine, found: Iterable[tuple[Unread, Report]]) -> None:
    """Keep what reports say; those of a study that was erased meanwhile are gone, and stay so."""
    listed = list(found)
    if not listed:
        return
    with index.begin() as connection:
        for one, report in listed:
            position = one.position
            body = json.dumps(to_json(report), ensure_ascii=False, separators=(",", ":"))
            place = (position.study, position.pack, position.offset)
            there = connection.exec_driver_sql(
                "UPDATE dose_reports SET body = ? WHERE study_ref = ? AND pack = ? AND start = ?", (body, *place)
            )
            if there.rowcount:
                connection.exec_driver_sql(
                    "INSERT INTO dose_values (study_id, study_ref, pack, start) SELECT id, ref, ?2, ?3 FROM studies"
                    " WHERE ref = ?1 ON CONFLICT DO NOTHING",
                    place,
                )
                tables.keep_values(connection, place, report)


def make_values(index: Engine, limit: int) -> int:
    """Make the values of reports that were read before there were any; return of how many."""
    sql = (
        "SELECT d.study_ref, d.pack, d.start, d.body FROM dose_values v JOIN dose_reports d ON d.study_ref ="
        " v.study_ref AND d.pack = v.pack AND d.start = v.start WHERE v.said IS NULL LIMIT ?"
    )
    with reading(index) as connection:
        rows = connection.exec_driver_sql(sql, (limit,)).fetchall()
    if rows:
        with index.begin() as connection:
            for *place, body in rows:
                tables.keep_values(connection, (place[0], place[1], place[2]), from_json(json.loads(body)))
    return len(rows)


def of_studies(index: Engine, refs: Iterable[str], most: int) -> tuple[dict[str, list[Report]], set[str]]:
    """Give the reports that count of some studies, and the studies that have some still to be read."""
    sql = (
        f"SELECT d.study_ref, d.body FROM {_SERVED} WHERE d.study_ref IN (SELECT value FROM json_each(?))"  # noqa: S608
        " ORDER BY d.study_ref, d.pack, d.start"
    )
    found: dict[str, list[Report]] = {}
    waiting: set[str] = set()
    with reading(index) as connection:
        for ref, body in connection.exec_driver_sql(sql, (json.dumps(sorted(set(refs))),)):
            if body is None:
                waiting.add(ref)
            elif len(found.setdefault(ref, [])) < most:
                found[ref].append(from_json(json.loads(body)))
    return found, waiting


class Row(NamedTuple):
    """A report of a study in a period."""

    ref: str
    date: str
    birth_date: str
    said: str | None
    """Its values, where they can be taken as they are."""


_OF_PERIOD = (
    "SELECT v.study_ref, s.study_date, s.birth_date, CASE WHEN v.shared"
    " OR EXISTS (SELECT 1 FROM rejected r WHERE r.study_id = s.id)"
    " OR EXISTS (SELECT 1 FROM versions c WHERE c.study_id = s.id) THEN NULL ELSE v.said END"
    " FROM studies s JOIN dose_values v ON v.study_id = s.id"
)
"""Where nothing of a study is rejected and nothing has another version, what is read is what is served."""


def of_period(index: Engine, reach: Reached, since: str, until: str, most: int) -> list[Row]:
    """Give the reports of studies within reach from one day to another, both included, the newest study first."""
    where = Sql.all_of([Sql("s.study_date >= ? AND s.study_date <= ?", (since, until)), reach_sql(reach)])
    sql = f"{_OF_PERIOD} WHERE {where.text} ORDER BY s.study_date DESC, v.study_ref LIMIT ?"
    with reading(index) as connection:
        return [Row(*row) for row in connection.exec_driver_sql(sql, (*where.values, most)).fetchall()]
