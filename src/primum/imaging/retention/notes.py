"""Decisions that name erased instances by UID: rejection notes and choices, in this study's packs and in others'.

A note goes with what it names. What it named besides is said again by a note of ours in the study concerned, first
(docs/design/retention.md).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from primum.imaging.amending import decided
from primum.imaging.amendments import Amendment, Kind, in_force, note_id, read
from primum.imaging.rejection_notes import KEY_OBJECTS


@dataclass(frozen=True, slots=True)
class Restated:
    """What a note that goes says of instances that stay."""

    study_ref: str
    code: str
    sops: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Doomed:
    """The records that go, as (study in whose packs, SOP Instance UID or amendment id), and what is said again."""

    records: tuple[tuple[str, str], ...] = ()
    restated: tuple[Restated, ...] = ()


def naming(index: Connection, ref: str, sops: Collection[str], *, whole: bool) -> Doomed:
    """Find the decisions that name these instances of a study."""
    goes = set(sops)
    mine = [one.amendment for one in decided(index, ref)]
    choices = [(ref, one.id) for one in mine if one.kind is Kind.CHOOSE and one.sop in goes and not whole]
    rejects = {one.id for one in mine if one.kind is Kind.REJECT and (whole or goes & set(one.sops))}
    notes = [
        (source, sop)
        for source in _sources(index, ref, rejects)
        for sop in _key_objects(index, source)
        if note_id(ref, sop) in rejects
    ]
    said: dict[Restated, None] = {}
    for source, sop in notes:
        for study_ref in _studies_of(index, source):
            kept = _left(index, study_ref, sop, notes, goes if study_ref == ref else set())
            if kept is not None and not (whole and study_ref == ref):
                said[kept] = None
    return Doomed((*choices, *((source, sop) for source, sop in notes if not (whole and source == ref))), tuple(said))


def _left(
    index: Connection, study_ref: str, note: str, doomed: Iterable[tuple[str, str]], goes: set[str]
) -> Restated | None:
    """Say what a note that is in force rejects of a study besides what goes, and no other note that stays does."""
    mine = [one.amendment for one in decided(index, study_ref)]
    held = in_force((one.id, one.undoes) for one in mine)
    ids = {note_id(study_ref, sop) for _, sop in doomed}
    this = next((one for one in mine if one.id == note_id(study_ref, note) and one.id in held), None)
    if this is None:
        return None
    others = [one for one in mine if one.kind is Kind.REJECT and one.id in held and one.id not in ids]
    left = tuple(sop for sop in this.sops if sop not in goes and not _said(others, sop, this.code))
    return Restated(study_ref, this.code, left) if left else None


def _said(others: Iterable[Amendment], sop: str, code: str) -> bool:
    return any(one.code == code and sop in one.sops for one in others)


def _sources(index: Connection, ref: str, ids: Collection[str]) -> list[str]:
    rows = index.exec_driver_sql("SELECT id, source_ref FROM amendments WHERE study_ref = ?", (ref,))
    return sorted({source for one, source in rows if one in ids})


def _studies_of(index: Connection, source: str) -> list[str]:
    """List the studies that notes of one study's packs reject instances of."""
    rows = index.exec_driver_sql("SELECT study_ref, body FROM amendments WHERE source_ref = ?", (source,))
    return sorted({study for study, body in rows if read(body).kind is Kind.REJECT})


def _key_objects(index: Connection, ref: str) -> list[str]:
    found: dict[str, None] = {}
    for table in ("instances", "rejected"):
        rows = index.exec_driver_sql(
            "SELECT i.sop_uid FROM studies s JOIN series e ON e.study_id = s.id"  # noqa: S608 (our own tables)
            f" JOIN {table} i ON i.series_id = e.id AND i.study_id = s.id WHERE s.ref = ? AND i.sop_class_uid = ?",
            (ref, KEY_OBJECTS),
        )
        found.update((row[0], None) for row in rows)
    return list(found)
