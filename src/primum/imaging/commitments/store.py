"""Where requests for commitment are kept: two tables of records.db."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from importlib.resources import as_file, files
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine import Engine

from primum.ground.clock import from_text, to_text
from primum.ground.db import migrate
from primum.imaging.commitments.model import Commitment, Reference

_COLUMNS = "id, device_id, controller_id, transaction_uid, asked_at, checked_at, delivered_at, tries, next_try_at"


def prepare_commitments(engine: Engine) -> None:
    """Bring the tables up to date."""
    with as_file(files("primum.imaging.commitments").joinpath("migrations")) as folder:
        migrate(engine, folder, "commitments_version")


def add(tx: Connection, one: Commitment) -> None:
    """Keep a new request."""
    tx.exec_driver_sql(
        "INSERT INTO commitments (id, device_id, controller_id, transaction_uid, asked_at) VALUES (?, ?, ?, ?, ?)",
        (one.id, one.device_id, one.controller_id, one.transaction_uid, to_text(one.asked_at)),
    )
    tx.exec_driver_sql(
        "INSERT INTO commitment_references (commitment_id, place, sop_class_uid, sop_uid) VALUES (?, ?, ?, ?)",
        [(one.id, place, ref.sop_class_uid, ref.sop_instance_uid) for place, ref in enumerate(one.references)],
    )


def by_transaction(tx: Connection, device_id: str, transaction_uid: str) -> Commitment | None:
    """Find a device's request by its Transaction UID."""
    return _one(tx, "device_id = ? AND transaction_uid = ?", (device_id, transaction_uid))


def by_id(tx: Connection, commitment_id: str) -> Commitment | None:
    """Find a request by our id, with its references."""
    return _one(tx, "id = ?", (commitment_id,))


def unchecked(tx: Connection) -> list[str]:
    """List the requests that were not checked yet, oldest first."""
    sql = "SELECT id FROM commitments WHERE checked_at IS NULL ORDER BY asked_at, id"
    return [row[0] for row in tx.exec_driver_sql(sql)]


def due(tx: Connection, now: datetime) -> list[str]:
    """List the requests whose result is to be delivered now."""
    sql = "SELECT id FROM commitments WHERE next_try_at IS NOT NULL AND next_try_at <= ? ORDER BY next_try_at, id"
    return [row[0] for row in tx.exec_driver_sql(sql, (to_text(now),))]


def recent(tx: Connection, limit: int) -> list[Commitment]:
    """List the newest requests, references left out."""
    sql = f"SELECT {_COLUMNS} FROM commitments ORDER BY asked_at DESC, id LIMIT ?"  # noqa: S608 (ours)
    return [_commitment(row, ()) for row in tx.exec_driver_sql(sql, (limit,))]


def counts(tx: Connection, commitment_id: str) -> tuple[int, int]:
    """Count a request's references, and those that the archive does not answer for."""
    sql = "SELECT count(*), count(reason) FROM commitment_references WHERE commitment_id = ?"
    row = tx.exec_driver_sql(sql, (commitment_id,)).one()
    return row[0], row[1]


def change(tx: Connection, commitment_id: str, **values: object) -> None:
    """Change a request."""
    assigned = ", ".join(f"{name} = ?" for name in values)
    tx.exec_driver_sql(f"UPDATE commitments SET {assigned} WHERE id = ?", (*values.values(), commitment_id))  # noqa: S608


def set_reasons(tx: Connection, commitment_id: str, reasons: Sequence[int | None]) -> None:
    """Write what came of each reference, in order."""
    tx.exec_driver_sql(
        "UPDATE commitment_references SET reason = ? WHERE commitment_id = ? AND place = ?",
        [(reason, commitment_id, place) for place, reason in enumerate(reasons)],
    )


def committed(tx: Connection, sop_uids: Sequence[str]) -> set[str]:
    """Tell which of these instances the archive said that it answers for."""
    found: set[str] = set()
    for uid in sop_uids:
        sql = (
            "SELECT 1 FROM commitment_references r JOIN commitments c ON c.id = r.commitment_id"
            " WHERE r.sop_uid = ? AND r.reason IS NULL AND c.checked_at IS NOT NULL"
        )
        if tx.exec_driver_sql(sql, (uid,)).first():
            found.add(uid)
    return found


def _one(tx: Connection, where: str, values: tuple[object, ...]) -> Commitment | None:
    row = tx.exec_driver_sql(f"SELECT {_COLUMNS} FROM commitments WHERE {where}", values).first()  # noqa: S608 (ours)
    if row is None:
        return None
    sql = "SELECT sop_class_uid, sop_uid, reason FROM commitment_references WHERE commitment_id = ? ORDER BY place"
    return _commitment(row, tuple(Reference(*one) for one in tx.exec_driver_sql(sql, (row[0],))))


def _commitment(row: Any, references: tuple[Reference, ...]) -> Commitment:  # noqa: ANN401 (a row of the driver)
    name, device, controller, transaction, asked, checked, delivered, tries, due_at = row
    return Commitment(
        id=name,
        device_id=device,
        controller_id=controller,
        transaction_uid=transaction,
        asked_at=from_text(asked),
        checked_at=_instant(checked),
        delivered_at=_instant(delivered),
        tries=tries,
        next_try_at=_instant(due_at),
        references=references,
    )


def _instant(text: str | None) -> datetime | None:
    return from_text(text) if text else None
