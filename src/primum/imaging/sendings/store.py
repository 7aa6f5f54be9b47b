"""Where sendings are kept: two tables of records.db. What was acknowledged is not sent again, whatever happens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from importlib.resources import as_file, files
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine import Engine

from primum.ground.clock import from_text, to_text
from primum.ground.db import migrate
from primum.ground.ids import new_id
from primum.imaging.sendings.model import (
    WAITING_MOST,
    NoSuchSending,
    Sending,
    SendingOver,
    State,
    TooManySendings,
)

COLUMNS = (
    "s.id, s.study_ref, s.controller_id, s.destination_id, s.requested_by, s.channel, s.requested_at, s.due_at,"
    " s.attempts, s.state, s.reason, s.instances,"
    " (SELECT count(*) FROM sending_instances i WHERE i.sending_id = s.id)"
)


def prepare_sendings(engine: Engine) -> None:
    """Bring the tables to their newest shape."""
    with as_file(files("primum.imaging.sendings").joinpath("migrations")) as folder:
        migrate(engine, folder, "sendings_version")


class Sendings:
    """The sendings of a home. Safe for many threads."""

    def __init__(self, records: Engine) -> None:
        """Keep them in `records`."""
        self._records = records

    def add(  # noqa: PLR0917 (each is a column)
        self,
        study_ref: str,
        controller_id: str,
        destination_id: str,
        requested_by: str,
        channel: str,
        sop_uids: Sequence[str],
        now: datetime,
        *,
        number: str = "",
    ) -> Sending:
        """Write down what is to be sent, before anything is. Raises TooManySendings.

        With a `number` it is written once, however often it is asked; NoSuchSending where that is another's.
        """
        number = number or new_id("snd")
        with self._records.begin() as connection:
            asked = (study_ref, destination_id, requested_by)
            known = connection.exec_driver_sql(
                "SELECT study_ref, destination_id, requested_by FROM sendings WHERE id = ?", (number,)
            ).fetchone()
            if known is not None:
                if tuple(known) != asked:
                    raise NoSuchSending
                return self._one(connection, number)
            waiting = "SELECT count(*) FROM sendings WHERE state = 'waiting'"
            count = connection.exec_driver_sql(waiting).scalar_one()
            if count >= WAITING_MOST:
                raise TooManySendings(count=count)
            at = to_text(now)
            values = (number, study_ref, controller_id, destination_id, requested_by, channel, at, at, len(sop_uids))
            connection.exec_driver_sql(
                "INSERT INTO sendings (id, study_ref, controller_id, destination_id, requested_by, channel,"
                " requested_at, due_at, attempts, state, reason, instances)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 'waiting', '', ?)",
                values,
            )
            connection.exec_driver_sql(
                "INSERT INTO sending_instances (sending_id, sop_uid) VALUES (?, ?)",
                [(number, uid) for uid in dict.fromkeys(sop_uids)],
            )
            return self._one(connection, number)

    def one(self, number: str) -> Sending:
        """Read one. KeyError."""
        found = self._read("s.id = ?", (number,), 1)
        if not found:
            raise KeyError(number)
        return found[0]

    def cancel(self, number: str) -> None:
        """Withdraw one that waits. Raises SendingOver."""
        with self._records.begin() as connection:
            sql = "UPDATE sendings SET state = 'cancelled' WHERE id = ? AND state = 'waiting'"
            if not connection.exec_driver_sql(sql, (number,)).rowcount:
                raise SendingOver

    def hasten(self, number: str, now: datetime) -> None:
        """Make one that waits due at once. Raises SendingOver."""
        with self._records.begin() as connection:
            sql = "UPDATE sendings SET due_at = min(due_at, ?) WHERE id = ? AND state = 'waiting'"
            if not connection.exec_driver_sql(sql, (to_text(now), number)).rowcount:
                raise SendingOver

    def of_study(self, study_ref: str, limit: int = 100) -> list[Sending]:
        """List the sendings of a study, the newest first."""
        return self._read("s.study_ref = ?", (study_ref,), limit, order="s.requested_at DESC, s.id")

    def due(self, now: datetime, destination_id: str | None = None, limit: int = 100) -> list[Sending]:
        """List what is due, the longest due first."""
        which = "s.state = 'waiting' AND s.due_at <= ? AND (? IS NULL OR s.destination_id = ?)"
        return self._read(which, (to_text(now), destination_id, destination_id), limit)

    def recent(self, limit: int = 100) -> list[Sending]:
        """List what waits, and then what ended, the newest first."""
        return self._read("1", (), limit, order="s.state = 'waiting' DESC, s.requested_at DESC, s.id")

    def left(self, number: str) -> set[str]:
        """List the instances that nobody has acknowledged."""
        with self._records.connect().execution_options(reading=True) as connection:
            sql = "SELECT sop_uid FROM sending_instances WHERE sending_id = ?"
            return {row[0] for row in connection.exec_driver_sql(sql, (number,))}

    def acknowledged(self, number: str, sop_uids: Iterable[str]) -> None:
        """Strike instances off, once the destination has them."""
        struck = [(number, uid) for uid in sop_uids]
        if struck:
            with self._records.begin() as connection:
                sql = "DELETE FROM sending_instances WHERE sending_id = ? AND sop_uid = ?"
                connection.exec_driver_sql(sql, struck)

    def ended(self, number: str, state: State, reason: str) -> None:
        """Write down that there will be no further attempt; what was withdrawn or erased meanwhile stays so."""
        with self._records.begin() as connection:
            sql = (
                "UPDATE sendings SET state = ?, reason = ?, attempts = attempts + 1 WHERE id = ? AND state = 'waiting'"
            )
            connection.exec_driver_sql(sql, (state.value, reason, number))

    def postponed(self, number: str, due_at: datetime, reason: str) -> None:
        """Write down when it is tried again, and why it has to be."""
        with self._records.begin() as connection:
            changed = "due_at = ?, reason = ?, attempts = attempts + 1"
            sql = f"UPDATE sendings SET {changed} WHERE id = ? AND state = 'waiting'"  # noqa: S608 (texts of ours)
            connection.exec_driver_sql(sql, (to_text(due_at), reason, number))

    def forget(self, before: datetime) -> int:
        """Drop what ended and was asked for before an instant: the journal has it; return how many."""
        with self._records.begin() as connection:
            old = "SELECT id FROM sendings WHERE state <> 'waiting' AND requested_at < ? LIMIT 1000"
            numbers = [(row[0],) for row in connection.exec_driver_sql(old, (to_text(before),))]
            if numbers:
                connection.exec_driver_sql("DELETE FROM sending_instances WHERE sending_id = ?", numbers)
                connection.exec_driver_sql("DELETE FROM sendings WHERE id = ?", numbers)
        return len(numbers)

    def _read(
        self, which: str, values: tuple[object, ...], limit: int, order: str = "s.due_at, s.requested_at, s.id"
    ) -> list[Sending]:
        sql = f"SELECT {COLUMNS} FROM sendings s WHERE {which} ORDER BY {order} LIMIT ?"  # noqa: S608 (texts of ours)
        with self._records.connect().execution_options(reading=True) as connection:
            return [sending_of(row) for row in connection.exec_driver_sql(sql, (*values, limit))]

    @staticmethod
    def _one(connection: Connection, number: str) -> Sending:
        sql = f"SELECT {COLUMNS} FROM sendings s WHERE s.id = ?"  # noqa: S608 (texts of ours)
        return sending_of(connection.exec_driver_sql(sql, (number,)).one())


def sending_of(row: Sequence[Any]) -> Sending:
    """Read a row of COLUMNS."""
    number, study, controller, destination, by, channel, *rest = row
    requested, due, attempts, state, reason, instances, left = rest
    return Sending(
        number, study, controller, destination, by, channel, from_text(requested), from_text(due), attempts,
        State(state), reason, instances, left,
    )  # fmt: skip
