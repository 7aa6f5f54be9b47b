"""Where it is kept what destinations were asked to answer for: two tables of records.db. Reads and writes, no rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from importlib.resources import as_file, files
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine import Engine

from primum.ground.clock import from_text, to_text
from primum.ground.db import migrate
from primum.imaging.commitments.model import Reference
from primum.imaging.confirmations.model import Confirmation, Stage

_COLUMNS = (
    "c.id, c.sending_id, c.study_ref, c.controller_id, c.destination_id, c.requested_by, c.channel,"
    " c.transaction_uid, c.begun_at, c.due_at, c.tries, c.stage, c.reason, c.answered_at,"
    " (SELECT count(*) FROM confirmation_references r WHERE r.confirmation_id = c.id),"
    " (SELECT count(r.reason) FROM confirmation_references r WHERE r.confirmation_id = c.id)"
)


def prepare_confirmations(engine: Engine) -> None:
    """Bring the tables to their newest shape."""
    with as_file(files("primum.imaging.confirmations").joinpath("migrations")) as folder:
        migrate(engine, folder, "confirmations_version")


def add(tx: Connection, one: Confirmation) -> None:
    """Keep a new request, without references yet."""
    tx.exec_driver_sql(
        "INSERT INTO confirmations (id, sending_id, study_ref, controller_id, destination_id, requested_by, channel,"
        " transaction_uid, begun_at, due_at, tries, stage, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (one.id, one.sending_id, one.study_ref, one.controller_id, one.destination_id, one.requested_by, one.channel,
         one.transaction_uid, to_text(one.begun_at), _text(one.due_at), one.tries, one.stage.value, one.reason),
    )  # fmt: skip


def refer(tx: Connection, one: Confirmation, references: Iterable[Reference]) -> None:
    """Add instances to a request; those that its sending has named before stay where they are."""
    tx.exec_driver_sql(
        "INSERT OR IGNORE INTO confirmation_references (confirmation_id, sending_id, sop_uid, sop_class_uid)"
        " VALUES (?, ?, ?, ?)",
        [(one.id, one.sending_id, ref.sop_instance_uid, ref.sop_class_uid) for ref in references],
    )


def references(tx: Connection, confirmation_id: str) -> list[Reference]:
    """List the instances of a request."""
    sql = (
        "SELECT sop_class_uid, sop_uid, reason FROM confirmation_references WHERE confirmation_id = ? ORDER BY sop_uid"
    )
    return [Reference(*row) for row in tx.exec_driver_sql(sql, (confirmation_id,))]


def refused(tx: Connection, sending_id: str) -> set[str]:
    """List the instances of a sending that have a reason."""
    sql = "SELECT sop_uid FROM confirmation_references WHERE sending_id = ? AND reason IS NOT NULL"
    return {row[0] for row in tx.exec_driver_sql(sql, (sending_id,))}


def set_reasons(tx: Connection, confirmation_id: str, reasons: Mapping[str, int | None]) -> None:
    """Write what the destination said of each instance."""
    tx.exec_driver_sql(
        "UPDATE confirmation_references SET reason = ? WHERE confirmation_id = ? AND sop_uid = ?",
        [(reason, confirmation_id, uid) for uid, reason in reasons.items()],
    )


def change(tx: Connection, confirmation_id: str, **values: object) -> None:
    """Change a request."""
    assigned = ", ".join(f"{name} = ?" for name in values)
    sql = f"UPDATE confirmations SET {assigned} WHERE id = ?"  # noqa: S608 (texts of ours)
    tx.exec_driver_sql(sql, (*values.values(), confirmation_id))


def of_sending(tx: Connection, sending_id: str) -> list[Confirmation]:
    """List the requests about a sending, oldest first."""
    return _read(tx, "c.sending_id = ? ORDER BY c.begun_at, c.id", (sending_id,))


def by_transaction(tx: Connection, destination_id: str, transaction_uid: str) -> Confirmation | None:
    """Find what a destination was asked under a Transaction UID."""
    found = _read(tx, "c.destination_id = ? AND c.transaction_uid = ?", (destination_id, transaction_uid))
    return found[0] if found else None


def one(tx: Connection, confirmation_id: str) -> Confirmation | None:
    """Find a request."""
    found = _read(tx, "c.id = ?", (confirmation_id,))
    return found[0] if found else None


def due(tx: Connection, now: datetime, destination_id: str | None = None, limit: int = 1000) -> list[Confirmation]:
    """List what is to be asked, or asked again, now."""
    which = "c.due_at <= ? AND (? IS NULL OR c.destination_id = ?) ORDER BY c.due_at, c.id LIMIT ?"
    return _read(tx, which, (to_text(now), destination_id, destination_id, limit))


def forget(tx: Connection, before: datetime) -> None:
    """Drop what is over and was begun before an instant: the journal has it."""
    old = "SELECT id FROM confirmations WHERE due_at IS NULL AND stage <> 'gathering' AND begun_at < ? LIMIT 1000"
    numbers = [(row[0],) for row in tx.exec_driver_sql(old, (to_text(before),))]
    if numbers:
        tx.exec_driver_sql("DELETE FROM confirmation_references WHERE confirmation_id = ?", numbers)
        tx.exec_driver_sql("DELETE FROM confirmations WHERE id = ?", numbers)


def _read(tx: Connection, which: str, values: tuple[object, ...]) -> list[Confirmation]:
    sql = f"SELECT {_COLUMNS} FROM confirmations c WHERE {which}"  # noqa: S608 (texts of ours)
    return [_confirmation(row) for row in tx.exec_driver_sql(sql, values)]


def _confirmation(row: Sequence[Any]) -> Confirmation:
    name, sending, study, controller, destination, by, channel, transaction, begun, due_at, *rest = row
    tries, stage, reason, answered, instances, failed = rest
    return Confirmation(
        name, sending, study, controller, destination, by, channel, transaction, from_text(begun), _instant(due_at),
        tries, Stage(stage), reason, _instant(answered), instances, failed,
    )  # fmt: skip


def _instant(text: str | None) -> datetime | None:
    return from_text(text) if text else None


def _text(at: datetime | None) -> str | None:
    return to_text(at) if at is not None else None
