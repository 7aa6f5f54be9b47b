"""Where it is kept what destinations were asked to answer for: two tables of records.db. Reads and writes, no rule."""

from __future__ import annotations

import json
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
from primum.imaging.sendings.model import ERASED

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
    # struck off the sending only after this: what is not there any more was erased while it was sent
    tx.exec_driver_sql(
        "INSERT OR IGNORE INTO confirmation_references (confirmation_id, sending_id, sop_uid, sop_class_uid)"
        " SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM sending_instances WHERE sending_id = ?2 AND sop_uid = ?3)",
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


def forget_erased(tx: Connection, ref: str, sops: Iterable[str], *, whole: bool, now: datetime) -> int:
    """Forget instances of a study that are erased; return how many were named. What is left empty is over.

    An answer that comes later finds that it was given, and is taken without a word.
    """
    among = "confirmation_id IN (SELECT id FROM confirmations WHERE study_ref = ?1)"
    doomed = f"{among} AND (?3 OR sop_uid IN (SELECT value FROM json_each(?2)))"  # noqa: S608 (texts of ours)
    values = (ref, json.dumps(sorted(set(sops))), int(whole))
    named = f"SELECT DISTINCT confirmation_id FROM confirmation_references WHERE {doomed}"  # noqa: S608 (texts of ours)
    touched = [(row[0],) for row in tx.exec_driver_sql(named, values)]
    gone = tx.exec_driver_sql(f"DELETE FROM confirmation_references WHERE {doomed}", values).rowcount  # noqa: S608
    ended = (
        "UPDATE confirmations SET stage = CASE WHEN answered_at IS NULL THEN 'given-up' ELSE stage END, due_at = NULL,"
        " reason = ?1, answered_at = coalesce(answered_at, ?2), study_ref = CASE WHEN ?3 THEN '' ELSE study_ref END"
    )
    if whole:
        tx.exec_driver_sql(f"{ended} WHERE study_ref = ?4", (ERASED, to_text(now), 1, ref))
    for (number,) in touched if not whole else ():
        empty = " WHERE id = ?4 AND NOT EXISTS (SELECT 1 FROM confirmation_references r WHERE r.confirmation_id = ?4)"
        tx.exec_driver_sql(ended + empty, (ERASED, to_text(now), 0, number))
    return int(gone)


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
