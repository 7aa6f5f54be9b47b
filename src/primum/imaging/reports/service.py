"""The reports of studies, to be listed and read. Whether somebody may is the caller's business, and so is the journal.

What an instance says of itself is read once and kept in records.db; it is read again where other bytes come to be
served for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.engine import Engine

from primum.ground.errors import PrimumError
from primum.ground.ids import new_id
from primum.ground.log import Log
from primum.imaging.pixels import read_header
from primum.imaging.reports import cda, store, tree
from primum.imaging.reports.errors import NoSuchReport, ReportTooLarge, ReportUnreadable
from primum.imaging.reports.limits import LIMITS, Limits
from primum.imaging.reports.model import FINAL, FORMATS, Format, Report, Row, Sayings, State, Text, related
from primum.imaging.reports.node import Node, Shape
from primum.imaging.reports.sayings import document_of, sayings_of
from primum.imaging.reports.store import Served
from primum.imaging.store import reading
from primum.imaging.syntaxes import syntax_of
from primum.vault import Record, Vault

_log = Log("reports")

WRITTEN_HERE = store.UNSTORED


class Reports:
    """What there is to read."""

    def __init__(self, index: Engine, records: Engine, vault: Vault, limits: Limits = LIMITS) -> None:
        """Look in `index`, keep in `records`, read from `vault`."""
        self._index, self._records, self._vault, self._limits = index, records, vault, limits

    # -- which there are --

    def validated(self, studies: Iterable[str]) -> dict[str, datetime]:
        """Tell which of some studies (their references) have a report that is final, and since when the latest is.

        One that was validated elsewhere is so from when it came: what its own clock says is compared with nothing here.
        """
        refs = sorted(set(studies))
        final = [one for one in self._known(refs) if one.status in FINAL]
        if not final:
            return {}
        with reading(self._index) as index:
            came = store.came_at(index, {one.study_ref for one in final})
        found: dict[str, datetime] = {}
        for one in final:
            at = one.validated_at or came.get((one.study_ref, one.sop_uid))
            if at is not None:  # else it was erased a moment ago
                found[one.study_ref] = max(at, found.get(one.study_ref, at))
        return found

    def of_study(self, study: str, *, drafts: bool) -> list[Report]:
        """List the reports of a study, the newest first; with `drafts` those too that wait here."""
        rows = self._known([study], drafts=True)
        return [one for one in related(rows) if drafts or one.row.state not in WRITTEN_HERE]

    def report(self, report_id: str) -> Report:
        """Find a report by our id, as it stands among those of its study. Raises NoSuchReport."""
        with reading(self._records) as records:
            row = store.row(records, report_id)
        if row is None:
            raise NoSuchReport
        for one in self.of_study(row.study_ref, drafts=True):
            if one.row.id == report_id:
                return one
        raise NoSuchReport

    def _known(self, studies: Iterable[str], *, drafts: bool = False) -> list[Row]:
        """Give the rows of all reports that are served, and of drafts where they are asked for."""
        refs = sorted(set(studies))
        with reading(self._index) as index:
            instances = store.served(index, refs)
        with reading(self._records) as records:
            rows = {(one.study_ref, one.sop_uid): one for one in store.rows_of(records, refs)}
        known, left = [], self._limits.read_at_once
        for one in instances:
            row = rows.pop((one.study_ref, one.sop_uid), None)
            if row is None or row.place != one.place:
                left -= 1
                # beyond the bound it is listed as if it said nothing, and read by the next question
                row = self._look(one, row) if left >= 0 else row or _unread(one)
            known.append(row)
        return known + [one for one in rows.values() if drafts and one.state in WRITTEN_HERE]

    def _look(self, one: Served, row: Row | None) -> Row:
        """Read what an instance says, or whether its bytes are those that were read before, and keep it."""
        try:
            record = self._vault.open(one.position)
            digest = record.digest_by("sha256").hex()
            if row is not None and digest == row.sha256:
                row = replace(row, place=one.place)
            else:
                said = sayings_of(one.sop_class_uid, self._first(record), syntax_of(one.syntax), self._limits)
                row = replace(row or _unread(one), sayings=said, place=one.place, sha256=digest)
        except PrimumError as refusal:  # an illness of the vault: the list is shown without it
            _log.warning("report.unread", study=one.study_ref, code=refusal.code)
            return row or _unread(one)
        with self._records.begin() as records:
            store.put(records, row)
            store.note(records, row)
            kept = store.by_instance(records, row.study_ref, row.sop_uid)
        return kept or row

    def told_by(self, results: Iterable[str]) -> dict[str, str]:
        """Tell which report (our id) each of some results is about."""
        with reading(self._records) as records:
            return {one: store.report_of_result(records, one) for one in results}

    # -- what they say --

    def draft(self, report: Report) -> tuple[Text, bytes]:
        """Give what a draft says: its text, or its PDF."""
        with reading(self._records) as records:
            return store.content(records, report.row.id)

    def document(self, report: Report) -> bytes:
        """Give the PDF or CDA as it was before it was wrapped. Raises ReportUnreadable, NoSuchReport."""
        if report.row.state in WRITTEN_HERE:
            document = self.draft(report)[1]
        elif report.row.format is Format.SR:
            raise ReportUnreadable(why="it is no document but a tree")
        else:
            served, record = self._record(report.row)
            document = document_of(
                self._header(record, self._limits.shown_bytes), syntax_of(served.syntax), self._limits
            )
        if not document:
            raise ReportUnreadable(why="it holds no document")
        return document

    def nodes(self, report: Report) -> list[Node]:
        """Give what a report says as a tree; of a PDF nothing. Raises ReportUnreadable, ReportTooLarge."""
        row = report.row
        if row.format is Format.PDF:
            return []
        if row.state in WRITTEN_HERE:
            return text_nodes(self.draft(report)[0])
        if row.format is Format.CDA:
            return cda.read(self.document(report), self._limits).body
        served, record = self._record(row)
        return tree.read(self._header(record, self._limits.tree_bytes), syntax_of(served.syntax), self._limits)

    def instance(self, report: Report) -> Served:
        """Find the instance of a report. Raises NoSuchReport where it is none yet, or no more."""
        with reading(self._index) as index:
            for one in store.served(index, [report.row.study_ref]):
                if one.sop_uid == report.row.sop_uid:
                    return one
        raise NoSuchReport

    def _first(self, record: Record) -> memoryview:
        """Give as much of an object as tells what it says of itself."""
        whole = record.length <= self._limits.shown_bytes or syntax_of(record.facts.transfer_syntax_uid).deflated
        return read_header(record) if whole else memoryview(record.read(0, self._limits.first_bytes))

    @staticmethod
    def _header(record: Record, limit: int) -> memoryview:
        if record.length > limit:
            raise ReportTooLarge(limit=limit, of="bytes")
        return read_header(record)

    def digest(self, served: Served) -> str:
        """Give the SHA-256 of an instance's record."""
        return self._vault.open(served.position).digest_by("sha256").hex()

    def _record(self, row: Row) -> tuple[Served, Record]:
        served = self.instance(Report(row))
        return served, self._vault.open(served.position)


def _unread(one: Served) -> Row:
    return Row(
        id=new_id("rep"),
        study_ref=one.study_ref,
        controller_id=one.controller_id,
        state=State.RECEIVED,
        format=FORMATS[one.sop_class_uid],
        series_uid=one.series_uid,
        sop_uid=one.sop_uid,
        sayings=Sayings(),
    )


def text_nodes(text: Text) -> list[Node]:
    """Give a typed text as it will be shown once it is written."""
    names = {"fr": ("Résultat", "Conclusion"), "en": ("Findings", "Impression")}[text.language]
    said: Sequence[str] = (text.findings, text.impression)
    return [
        Node(Shape.HEADING, name, children=[Node(Shape.TEXT, text=one)])
        for name, one in zip(names, said, strict=True)
        if one
    ]
