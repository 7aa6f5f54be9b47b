"""The tables of reports in records.db, and which instances of index.db are reports. No rule is here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection

from primum.ground.clock import from_text, to_text
from primum.imaging.reports.model import FORMATS, Format, Relation, Row, Said, Sayings, State, Text
from primum.vault import Position

_COLUMNS = (
    "id, study_ref, controller_id, state, format, series_uid, sop_uid, said, title, author, at, relation, about, place,"
    " sha256, made_by, made_at, validated_by, validated_at, shown_as, validated_sha256"
)
UNSTORED = frozenset({State.DRAFT, State.VALIDATING})
"""Where a report is no instance yet."""
_MARKS = ", ".join("?" * 21)
_CLASSES = json.dumps(sorted(FORMATS))
_SOP_CLASSES = 0x00080062
"""The term by which the index knows of which SOP classes a study has instances."""


class Served(NamedTuple):
    """An instance of a report as the index has it."""

    study_ref: str
    controller_id: str
    series_uid: str
    sop_uid: str
    sop_class_uid: str
    syntax: str
    position: Position

    @property
    def place(self) -> str:
        """Pack and offset, in one word."""
        return f"{self.position.pack} {self.position.offset}"


def served(index: Connection, refs: Iterable[str]) -> list[Served]:
    """List the instances of some studies that are reports."""
    # terms narrow: of a study without reports no instance is looked at
    sql = (
        "SELECT s.ref, s.controller_id, e.series_uid, i.sop_uid, i.sop_class_uid, i.syntax, p.pack, i.start, i.stop"
        " FROM json_each(?1) j JOIN studies s ON s.ref = j.value JOIN series e ON e.study_id = s.id"
        " JOIN instances i ON i.series_id = e.id JOIN packs p ON p.id = i.pack_id"
        " WHERE i.sop_class_uid IN (SELECT value FROM json_each(?2)) AND EXISTS (SELECT 1 FROM json_each(?2) c"
        " JOIN terms t ON t.tag = ?3 AND t.value = c.value AND t.study_id = s.id) ORDER BY i.sop_uid"
    )
    rows = index.exec_driver_sql(sql, (json.dumps(sorted(set(refs))), _CLASSES, _SOP_CLASSES))
    return [
        Served(ref, controller, series, sop, sop_class, syntax, Position(ref, pack, start, stop))
        for ref, controller, series, sop, sop_class, syntax, pack, start, stop in rows
    ]


def came_at(index: Connection, refs: Iterable[str]) -> dict[tuple[str, str], datetime]:
    """Tell when the reports of some studies came: by study and SOP Instance UID."""
    sql = (
        "SELECT s.ref, i.sop_uid, i.received_at FROM json_each(?1) j JOIN studies s ON s.ref = j.value"
        " JOIN series e ON e.study_id = s.id JOIN instances i ON i.series_id = e.id"
        " WHERE i.sop_class_uid IN (SELECT value FROM json_each(?2))"
    )
    rows = index.exec_driver_sql(sql, (json.dumps(sorted(refs)), _CLASSES))
    return {(ref, sop): from_text(at.partition(" ")[0]) for ref, sop, at in rows}


def rows_of(records: Connection, refs: Iterable[str]) -> list[Row]:
    """List what is known of the reports of some studies."""
    sql = f"SELECT {_COLUMNS} FROM reports WHERE study_ref IN (SELECT value FROM json_each(?))"  # noqa: S608
    return [_row(row) for row in records.exec_driver_sql(sql, (json.dumps(sorted(set(refs))),))]


def row(records: Connection, report_id: str) -> Row | None:
    """Find one report."""
    sql = f"SELECT {_COLUMNS} FROM reports WHERE id = ?"  # noqa: S608
    found = records.exec_driver_sql(sql, (report_id,)).first()
    return None if found is None else _row(found)


def by_instance(records: Connection, ref: str, sop_uid: str) -> Row | None:
    """Find the report that is an instance of a study."""
    sql = f"SELECT {_COLUMNS} FROM reports WHERE study_ref = ? AND sop_uid = ?"  # noqa: S608
    found = records.exec_driver_sql(sql, (ref, sop_uid)).first()
    return None if found is None else _row(found)


def validating(records: Connection) -> list[Row]:
    """List those whose validation was decided and is not done."""
    sql = f"SELECT {_COLUMNS} FROM reports WHERE state = 'validating' ORDER BY id"  # noqa: S608
    return [_row(row) for row in records.exec_driver_sql(sql)]


def put(records: Connection, one: Row) -> None:
    """Add a report; the first row of an instance counts."""
    said = one.sayings
    records.exec_driver_sql(
        f"INSERT INTO reports ({_COLUMNS}) VALUES ({_MARKS}) ON CONFLICT (study_ref, sop_uid) DO NOTHING",  # noqa: S608
        (
            one.id, one.study_ref, one.controller_id, one.state.value, one.format.value, one.series_uid, one.sop_uid,
            said.said.value, said.title, said.author, said.at, said.relation.value, said.about, one.place, one.sha256,
            one.made_by, to_text(one.made_at) if one.made_at else "", one.validated_by,
            to_text(one.validated_at) if one.validated_at else "", one.shown_as, one.validated_sha256,
        ),
    )  # fmt: skip


def note(records: Connection, one: Row) -> None:
    """Keep what a report says now, and of which record that was read; where it stands is not touched."""
    said = one.sayings
    records.exec_driver_sql(
        "UPDATE reports SET said = ?, title = ?, author = ?, at = ?, relation = ?, about = ?, place = ?, sha256 = ?"
        " WHERE id = ?",
        (
            said.said.value, said.title, said.author, said.at, said.relation.value, said.about, one.place, one.sha256,
            one.id,
        ),
    )  # fmt: skip


def move(records: Connection, one: Row, was: State) -> bool:
    """Write a report that stood in a state; tell whether it still did."""
    done = records.exec_driver_sql(
        "UPDATE reports SET state = ?, validated_by = ?, validated_at = ?, shown_as = ?, place = ?, sha256 = ?,"
        " validated_sha256 = ? WHERE id = ? AND state = ?",
        (
            one.state.value, one.validated_by, to_text(one.validated_at) if one.validated_at else "", one.shown_as,
            one.place, one.sha256, one.validated_sha256, one.id, was.value,
        ),
    )  # fmt: skip
    return bool(done.rowcount)


def _row(found: Sequence[Any]) -> Row:
    said = Sayings(Said(found[7]), found[8], found[9], found[10], Relation(found[11]), found[12])
    return Row(
        found[0], found[1], found[2], State(found[3]), Format(found[4]), found[5], found[6], said, found[13], found[14],
        found[15], from_text(found[16]) if found[16] else None, found[17],
        from_text(found[18]) if found[18] else None, found[19], found[20],
    )  # fmt: skip


# -- drafts --


def put_content(records: Connection, report_id: str, text: Text, document: bytes) -> None:
    """Keep what a draft says."""
    records.exec_driver_sql(
        "INSERT INTO report_contents VALUES (?, ?, ?, ?, ?) ON CONFLICT (report_id) DO UPDATE SET"
        " findings = excluded.findings, impression = excluded.impression, language = excluded.language,"
        " document = excluded.document",
        (report_id, text.findings, text.impression, text.language, document),
    )


def content(records: Connection, report_id: str) -> tuple[Text, bytes]:
    """Give what a draft says; nothing once it is an instance."""
    found = records.exec_driver_sql(
        "SELECT findings, impression, language, document FROM report_contents WHERE report_id = ?", (report_id,)
    ).first()
    return (Text(), b"") if found is None else (Text(found[0], found[1], found[2]), bytes(found[3]))


def drop_content(records: Connection, report_id: str) -> None:
    """Forget what a draft said."""
    records.exec_driver_sql("DELETE FROM report_contents WHERE report_id = ?", (report_id,))


def drop(records: Connection, report_id: str) -> bool:
    """Forget a draft; tell whether there was one."""
    done = records.exec_driver_sql("DELETE FROM reports WHERE id = ? AND state = 'draft'", (report_id,))
    return bool(done.rowcount)


# -- results --


def tie_result(records: Connection, result_id: str, one: Row) -> None:
    """Note of which report a result tells."""
    records.exec_driver_sql("INSERT INTO report_results VALUES (?, ?, ?)", (result_id, one.id, one.study_ref))


def report_of_result(records: Connection, result_id: str) -> str:
    """Tell which report a result is about; empty where none is known any more."""
    sql = "SELECT report_id FROM report_results WHERE result_id = ?"
    return str(records.exec_driver_sql(sql, (result_id,)).scalar() or "")


def reports_kept(records: Connection) -> bool:
    """Tell whether this records.db has reports at all: a copy of an older version has none."""
    sql = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('reports', 'result_messages')"
    return records.exec_driver_sql(sql).scalar() == len(("reports", "result_messages"))


def forget_lost(records: Connection, ref: str, kept: Iterable[str]) -> None:
    """Forget reports of a study whose instances are not there any more: who listed them meanwhile noted them again."""
    records.exec_driver_sql(
        "DELETE FROM reports WHERE study_ref = ? AND state IN ('received', 'validated')"
        " AND sop_uid NOT IN (SELECT value FROM json_each(?))",
        (ref, json.dumps(sorted(set(kept)))),
    )


class Gone(NamedTuple):
    """What of reports went with instances."""

    sops: frozenset[str]
    """Those that were instances."""
    drafts: int
    results: int
    """Messages that lost their content, or were withdrawn."""


def forget_reports(records: Connection, ref: str, sops: Iterable[str], *, whole: bool) -> Gone:
    """Forget the reports of instances that are erased; of a whole study drafts too, and what results said of them."""
    doomed = json.dumps(sorted(set(sops)))
    which = "study_ref = ?1 AND (?3 OR sop_uid IN (SELECT value FROM json_each(?2)))"
    found = f"SELECT id FROM reports WHERE {which}"  # noqa: S608 (texts of ours)
    values = (ref, doomed, int(whole))
    # of a whole study whatever is tied to it: a report may have gone before
    sql = f"SELECT result_id FROM report_results WHERE study_ref = ?1 AND (?3 OR report_id IN ({found}))"  # noqa: S608
    results = [(str(one),) for one in records.exec_driver_sql(sql, values).scalars()]
    if results:
        records.exec_driver_sql(
            "UPDATE result_messages SET body = x'', state = CASE WHEN state IN ('sent', 'sent-again') THEN state"
            " ELSE 'erased' END WHERE id = ?",
            results,
        )
        records.exec_driver_sql("DELETE FROM report_results WHERE result_id = ?", results)
    rows = records.exec_driver_sql(f"SELECT state, sop_uid FROM reports WHERE {which}", values).all()  # noqa: S608
    records.exec_driver_sql(f"DELETE FROM reports WHERE {which}", values)  # noqa: S608
    final = frozenset(sop for state, sop in rows if State(state) not in UNSTORED)
    return Gone(final, len(rows) - len(final), len(results))
