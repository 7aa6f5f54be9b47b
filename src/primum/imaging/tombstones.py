"""What was erased, and must not come back unseen: marks in records.db, and the index's table of what did come back.

A record that a tombstone covers is no study, series or instance of the index: it stands in `returned` until
a person decides (docs/design/retention.md). Nothing here can be turned back into a UID.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from primum.imaging.columns import Arrival
from primum.vault import RecordFacts

WHOLE = ""
"""The mark of a whole study."""
LEVELS = ("study", "series", "instance")


def mark_of(study: str, level: str, uid: str) -> str:
    """Return the mark of a part of a study: keyed by the study's reference, which is keyed itself."""
    if level == "study":
        return WHOLE
    said = f"{level}\0{uid}".encode()
    return hashlib.blake2b(said, key=study.encode("ascii"), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Buried:
    """The tombstones of one study."""

    study: str
    marks: frozenset[str]

    def covers(self, facts: RecordFacts) -> bool:
        """Tell whether a record is of what was erased."""
        return (
            WHOLE in self.marks
            or mark_of(self.study, "series", facts.series_instance_uid) in self.marks
            or mark_of(self.study, "instance", facts.sop_instance_uid) in self.marks
        )


def buried(records: Connection, studies: Iterable[str]) -> dict[str, Buried]:
    """Give the tombstones of these studies, by reference; nearly always none."""
    rows = records.exec_driver_sql(
        "SELECT study_ref, mark FROM tombstones WHERE study_ref IN (SELECT value FROM json_each(?))",
        (json.dumps(list(studies)),),
    )
    marks: dict[str, set[str]] = {}
    for study, mark in rows:
        marks.setdefault(study, set()).add(mark)
    return {study: Buried(study, frozenset(found)) for study, found in marks.items()}


def note_returned(index: Connection, packs: Mapping[str, int], arrivals: Iterable[Arrival]) -> None:
    """Write down what came back, in the transaction that moves the positions past it."""
    rows = [
        (
            packs[one.position.pack], one.position.offset, one.position.end, one.position.study,
            one.facts.controller_id, one.facts.study_instance_uid, one.facts.series_instance_uid,
            one.facts.sop_instance_uid, one.facts.received_at,
        )
        for one in arrivals
    ]  # fmt: skip
    if rows:
        index.exec_driver_sql(
            "INSERT OR IGNORE INTO returned (pack_id, start, stop, study_ref, controller_id, study_uid, series_uid,"
            " sop_uid, received_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
