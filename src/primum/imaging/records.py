"""The archive's part of records.db beside patients: tails of packs, and what an erased study leaves."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.engine import Engine

from primum.ground.discmap import CodedMap
from primum.imaging.acts import ActKind, concerning
from primum.imaging.model import Stored
from primum.imaging.store import reading
from primum.vault import Illness, Position, RecordAbsent, Tail, Vault


def keep_tails(records: Engine, vault: Vault, lasts: Iterable[Stored]) -> None:
    """Keep how far packs go: `vault check` compares, so that a pack cut short or put back is noticed."""
    tails = [tail for tail in (one.tail or _tail(vault, one.position) for one in lasts) if tail is not None]
    if not tails:
        return
    with records.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO vault_tails (pack, study_ref, count, chain, stop) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (pack) DO UPDATE SET count = excluded.count, chain = excluded.chain, stop = excluded.stop"
            " WHERE excluded.count > count",
            [(tail.pack, tail.study, tail.count, tail.chain, tail.end) for tail in tails],
        )


def _tail(vault: Vault, position: Position) -> Tail | None:
    try:
        return vault.open(position).tail
    except (Illness, RecordAbsent):
        return None  # erased meanwhile, or damaged: the tail kept before still says what is expected


def tails(records: Engine) -> dict[str, Tail]:
    """Give the tail of each pack as it was last indexed, by pack: what `vault check` expects to find."""
    return {tail.pack: tail for tail in each_tail(records)}


def tails_on_disc(records: Engine, folder: Path) -> Mapping[str, Tail]:
    """Give the same, held on the disc of `folder`: for who lives long, and must not grow with the archive."""
    kept: CodedMap[Tail] = CodedMap(folder, lambda tail: json.dumps(astuple(tail)).encode("ascii"), _read_tail)
    for tail in each_tail(records):
        kept[tail.pack] = tail
    return kept


def _read_tail(data: bytes) -> Tail:
    return Tail(*json.loads(data))


def each_tail(records: Engine) -> Iterator[Tail]:
    """Go through these tails: for who does not hold them all in memory."""
    with reading(records) as connection:
        for row in connection.exec_driver_sql("SELECT study_ref, pack, count, chain, stop FROM vault_tails"):
            yield Tail(study=row[0], pack=row[1], count=row[2], chain=row[3], end=row[4])


def forget_study(records: Connection, study: str) -> None:
    """Delete what records.db holds of an erased study, and of its patient when no other study is theirs.

    Patients who were merged go together, when no study of any of them is left.
    """
    patients = patients_of(records, study)
    for table in ("study_patients", "study_moves", "vault_tails", "completions", "to_read"):
        records.exec_driver_sql(f"DELETE FROM {table} WHERE study_ref = ?", (study,))  # noqa: S608
    for patient in patients:
        _forget_patient(records, patient)


def patients_of(records: Connection, study: str) -> set[str]:
    """Name the patients of a study: whose it was filed as, and to whom it was moved."""
    return {
        row[0]
        for table in ("study_patients", "study_moves")
        for row in records.exec_driver_sql(f"SELECT patient_id FROM {table} WHERE study_ref = ?", (study,))  # noqa: S608
    }


def same_person(records: Connection, patient: str) -> list[str]:
    """Name a patient and those who were merged with them."""
    merges = [one for one in concerning(records, {patient}) if one.kind is ActKind.MERGE]
    return sorted({patient, *(name for one in merges for name in (one.patient_id, one.other))})


def _forget_patient(records: Connection, patient: str) -> None:
    people = json.dumps(same_person(records, patient))
    among = "IN (SELECT value FROM json_each(?))"
    for table in ("study_patients", "study_moves"):
        if records.exec_driver_sql(f"SELECT 1 FROM {table} WHERE patient_id {among}", (people,)).first():  # noqa: S608
            return
    for table in ("retention_deaths", "retention_holds", "patient_acts", "patient_identifiers"):
        records.exec_driver_sql(f"DELETE FROM {table} WHERE patient_id {among}", (people,))  # noqa: S608
    records.exec_driver_sql(f"DELETE FROM patients WHERE id {among}", (people,))  # noqa: S608
