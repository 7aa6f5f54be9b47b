"""Decisions brought into the rows of index.db, and taken out again (docs/design/patients.md).

A study that is amended is *lifted* to what records alone make of it before records are written, and *applied* after:
so rows do not depend on the order in which anything arrived.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection
from sqlalchemy.engine import Engine

from primum.imaging.acts import concerning, people_of, shown
from primum.imaging.amendments import Amendment, Decided, Effects, effects_of, read, write
from primum.imaging.columns import Arrival, study_columns
from primum.imaging.errors import ImagingRefusal
from primum.imaging.extract import Attributes
from primum.imaging.limits import LIMITS, Limits
from primum.imaging.model import Stored
from primum.imaging.overlays import Overlay, overlay_of
from primum.imaging.rewriting import corrected_header, minimal_header
from primum.imaging.rows import COLUMN_LIST, write_counts, write_study
from primum.imaging.store import reading
from primum.imaging.syntaxes import EXPLICIT_LE, syntax_of
from primum.imaging.walker import inflate
from primum.vault import Position


class Noted(NamedTuple):
    """A decision as it was met in a pack: about which study, in which study's packs, and its place among records."""

    study: str
    source: str
    first: str
    amendment: Amendment


_KEY = "sop_uid = ? AND study_id = ?"

Fetch = Callable[[Position], Stored | None]
"""How a record is read again; None when it cannot be."""


@dataclass(frozen=True, slots=True)
class _Study:
    """An amended study's row."""

    id: int
    ref: str
    first: str
    patient_id: str
    overlay: str | None


class Amender:
    """Lifts and applies through one connection, in one transaction."""

    def __init__(self, index: Connection, records: Engine, fetch: Fetch, limits: Limits = LIMITS) -> None:
        """Write through `index`, whose transaction the caller has begun."""
        self._index, self._records, self._fetch, self._limits = index, records, fetch, limits
        self._series: set[int] = set()

    def amended(self, refs: Iterable[str]) -> set[str]:
        """Tell which of some studies have amendments, or are served otherwise than as sent."""
        listed = json.dumps(sorted(set(refs)))
        rows = self._index.exec_driver_sql(
            "SELECT study_ref FROM amendments WHERE study_ref IN (SELECT value FROM json_each(?1))"
            " UNION SELECT ref FROM studies WHERE ref IN (SELECT value FROM json_each(?1)) AND overlay IS NOT NULL",
            (listed,),
        )
        return {row[0] for row in rows}

    def studies_of(self, patients: Iterable[str]) -> set[str]:
        """List the studies that are some patients' now."""
        rows = self._index.exec_driver_sql(
            "SELECT ref FROM studies WHERE patient_id IN (SELECT value FROM json_each(?))",
            (json.dumps(sorted(set(patients))),),
        )
        return {row[0] for row in rows}

    def showing(self, patients: Collection[str]) -> set[str]:
        """List those of them that are served otherwise than as sent: how these are shown may have changed."""
        return self.amended(self.studies_of(patients)) if patients else set()

    def keep(self, noted: Iterable[Noted]) -> list[Noted]:
        """Keep decisions; the earliest record of one that came twice counts. Return those that were not known yet."""
        noted = list(noted)
        rows = [
            (one.study, one.amendment.id, one.source, one.first, one.amendment.kind, write(one.amendment))
            for one in noted
        ]
        if not rows:
            return []
        known = {
            tuple(row)
            for row in self._index.exec_driver_sql(
                "SELECT a.study_ref, a.id FROM json_each(?) j JOIN amendments a"
                " ON a.study_ref = j.value->>0 AND a.id = j.value->>1",
                (json.dumps([row[:2] for row in rows]),),
            )
        }
        self._index.exec_driver_sql(
            "INSERT INTO amendments (study_ref, id, source_ref, first, kind, body) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (study_ref, id) DO UPDATE SET first = excluded.first, source_ref = excluded.source_ref,"
            " kind = excluded.kind, body = excluded.body WHERE excluded.first < first",
            rows,
        )
        return [one for one in noted if (one.study, one.amendment.id) not in known]

    def lift(self, refs: Collection[str]) -> None:
        """Bring the rows of some studies back to what records alone make of them."""
        for study in self._studies(refs):
            self._touch("SELECT series_id FROM rejected WHERE study_id = ?", study.id)
            self._index.exec_driver_sql(
                f"INSERT INTO instances ({COLUMN_LIST}) SELECT {COLUMN_LIST} FROM rejected WHERE study_id = ?",  # noqa: S608
                (study.id,),
            )
            self._index.exec_driver_sql("DELETE FROM rejected WHERE study_id = ?", (study.id,))
            self._index.exec_driver_sql(
                "UPDATE versions SET decided = 0 WHERE study_id = ? AND decided = 1", (study.id,)
            )
            for sop in effects_of(self._decided(study.ref)).chosen:
                self._serve(study.id, sop, b"")

    def apply(self, refs: Collection[str]) -> None:
        """Bring the decisions about some studies, and about their patients, into their rows; then all counts."""
        for study in self._studies(refs):
            effects = effects_of(self._decided(study.ref))
            for sop, (digest, at) in effects.chosen.items():
                self._serve(study.id, sop, bytes.fromhex(digest))
                self._index.exec_driver_sql(
                    "UPDATE versions SET decided = 1 WHERE sop_uid = ? AND study_id = ? AND received_at <= ?",
                    (sop, study.id, at),
                )
            self._reject(study.id, effects)
            self._show(study, effects)
        write_counts(self._index, self._series)
        self._series.clear()

    def _studies(self, refs: Collection[str]) -> list[_Study]:
        if not refs:  # nearly always
            return []
        rows = self._index.exec_driver_sql(
            "SELECT id, ref, first, patient_id, overlay FROM studies WHERE ref IN (SELECT value FROM json_each(?))",
            (json.dumps(sorted(refs)),),
        )
        return [_Study(*row) for row in rows]

    def _decided(self, ref: str) -> list[Decided]:
        return decided(self._index, ref)

    def _touch(self, sql: str, *values: object) -> None:
        self._series |= {row[0] for row in self._index.exec_driver_sql(sql, values)}

    # which record is served

    def _serve(self, study_id: int, sop: str, digest: bytes) -> None:
        """Serve the version with this digest where it is there, else the earliest."""
        rows = self._index.exec_driver_sql(
            "SELECT v.digest, v.series_id, v.served FROM ("
            "  SELECT digest, series_id, received_at, pack_id, start, 1 served FROM instances"
            "    WHERE sop_uid = ?1 AND study_id = ?2 UNION ALL"
            "  SELECT digest, series_id, received_at, pack_id, start, 0 FROM versions"
            "    WHERE sop_uid = ?1 AND study_id = ?2"
            ") v JOIN packs p ON p.id = v.pack_id ORDER BY v.received_at, p.pack, v.start",
            (sop, study_id),
        ).fetchall()
        wanted = next((row for row in rows if row[0] == digest), rows[0] if rows else None)
        if wanted is None or wanted[2]:
            return
        self._series |= {row[1] for row in rows}
        for source, target, which, values in (
            ("instances", "versions", _KEY, (sop, study_id)),
            ("versions", "instances", f"{_KEY} AND digest = ?", (sop, study_id, wanted[0])),
        ):
            moved = f"INSERT INTO {target} ({COLUMN_LIST}) SELECT {COLUMN_LIST} FROM {source} WHERE {which}"  # noqa: S608
            self._index.exec_driver_sql(moved, values)
            self._index.exec_driver_sql(f"DELETE FROM {source} WHERE {which}", values)  # noqa: S608

    def _reject(self, study_id: int, effects: Effects) -> None:
        if not effects.rejected:
            return
        listed = json.dumps(list(effects.rejected))
        self._touch(
            "SELECT series_id FROM instances WHERE sop_uid IN (SELECT value FROM json_each(?)) AND study_id = ?",
            listed,
            study_id,
        )
        keys = [(sop, study_id) for sop in effects.rejected]
        self._index.exec_driver_sql(
            f"INSERT INTO rejected ({COLUMN_LIST}, code) SELECT {COLUMN_LIST}, ? FROM instances WHERE {_KEY}",  # noqa: S608
            [(code, sop, study_id) for sop, code in effects.rejected.items()],
        )
        self._index.exec_driver_sql(f"DELETE FROM instances WHERE {_KEY}", keys)  # noqa: S608
        self._index.exec_driver_sql(f"UPDATE versions SET decided = 1 WHERE {_KEY}", keys)  # noqa: S608

    # what is shown

    def _show(self, study: _Study, effects: Effects) -> None:
        patient_id, overlay = self._patient(study.ref, effects)
        text = overlay.text() if overlay is not None else None
        number = study.id
        if text is not None or study.overlay is not None:
            arrival = self._earliest(study)
            if arrival is not None:
                number = write_study(self._index, number, study_columns(self._corrected(arrival, overlay)))
        self._index.exec_driver_sql(
            "UPDATE studies SET patient_id = ?, overlay = ? WHERE id = ?", (patient_id, text, number)
        )

    def _patient(self, ref: str, effects: Effects) -> tuple[str, Overlay | None]:
        with reading(self._records) as records:
            row = records.exec_driver_sql(
                "SELECT s.patient_id, m.patient_id FROM study_patients s LEFT JOIN study_moves m USING (study_ref)"
                " WHERE s.study_ref = ?",
                (ref,),
            ).first()
            assigned, noted = row if row is not None else ("", None)
            placed = effects.patient or assigned
            people = people_of(concerning(records, {placed}))
            patient_id, merged_at = people.survivor(placed)
            patient = shown(records, patient_id, people)
        if (effects.patient or None) != noted:
            self._note_move(ref, effects.patient)
        moved_at = effects.moved_at if effects.patient and patient_id != assigned else ""
        changed_at = merged_at if patient_id != assigned else ""
        return patient_id, overlay_of(patient, changed_at, moved_at, effects.set, effects.set_at)

    def _note_move(self, ref: str, patient_id: str) -> None:
        with self._records.begin() as records:
            records.exec_driver_sql("DELETE FROM study_moves WHERE study_ref = ?", (ref,))
            if patient_id:
                records.exec_driver_sql("INSERT INTO study_moves VALUES (?, ?)", (ref, patient_id))

    def _earliest(self, study: _Study) -> Stored | None:
        _, pack, start = study.first.rsplit(" ", 2)
        of_study = "t.series_id IN (SELECT id FROM series WHERE study_id = ?1)"
        each = " UNION ".join(
            f"SELECT t.stop FROM {table} t JOIN packs p ON p.id = t.pack_id"  # noqa: S608 (our own tables)
            f" WHERE {of_study} AND p.pack = ?2 AND t.start = ?3"
            for table in ("instances", "versions", "rejected")
        )
        row = self._index.exec_driver_sql(each, (study.id, pack, int(start))).first()
        return None if row is None else self._fetch(Position(study.ref, pack, int(start), row[0]))

    def _corrected(self, stored: Stored, overlay: Overlay | None) -> Arrival:
        header, syntax = stored.header or b"", stored.facts.transfer_syntax_uid
        attributes = Attributes(header, syntax, self._limits)
        if overlay is not None:
            readable = attributes.readable
            attributes = corrected_attributes(header, syntax, overlay, self._limits)
            attributes.readable &= readable
        return Arrival(stored.position, stored.facts, attributes)


def corrected_attributes(header: bytes, transfer_syntax: str, overlay: Overlay, limits: Limits = LIMITS) -> Attributes:
    """Read the attributes of a header (or of its beginning) as they are served."""
    try:
        syntax = syntax_of(transfer_syntax)
        if syntax.deflated:
            header, transfer_syntax = inflate(header, limits.inflated_header_bytes)[0], EXPLICIT_LE
        return Attributes(
            corrected_header(header, transfer_syntax, overlay, limits, partial=True), transfer_syntax, limits
        )
    except ImagingRefusal:
        attributes = Attributes(minimal_header(overlay), EXPLICIT_LE, limits)
        attributes.readable = False
        return attributes


def decided(index: Connection, ref: str) -> list[Decided]:
    """List the decisions about a study that the index holds."""
    rows = index.exec_driver_sql("SELECT first, body FROM amendments WHERE study_ref = ?", (ref,))
    return [Decided(first, read(body)) for first, body in rows]
