"""The archive's part of records.db beside patients: tails of packs, and what an erased study leaves."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection
from sqlalchemy.engine import Engine

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
    with reading(records) as connection:
        rows = connection.exec_driver_sql("SELECT study_ref, pack, count, chain, stop FROM vault_tails")
        return {row[1]: Tail(study=row[0], pack=row[1], count=row[2], chain=row[3], end=row[4]) for row in rows}


def forget_study(records: Connection, study: str) -> None:
    """Delete what records.db holds of an erased study, and of its patient when no other study is theirs."""
    row = records.exec_driver_sql("SELECT patient_id FROM study_patients WHERE study_ref = ?", (study,)).first()
    records.exec_driver_sql("DELETE FROM study_patients WHERE study_ref = ?", (study,))
    records.exec_driver_sql("DELETE FROM vault_tails WHERE study_ref = ?", (study,))
    if row is None or records.exec_driver_sql("SELECT 1 FROM study_patients WHERE patient_id = ?", (row[0],)).first():
        return
    records.exec_driver_sql("DELETE FROM retention_deaths WHERE patient_id = ?", (row[0],))
    records.exec_driver_sql("DELETE FROM patient_identifiers WHERE patient_id = ?", (row[0],))
    records.exec_driver_sql("DELETE FROM patients WHERE id = ?", (row[0],))
