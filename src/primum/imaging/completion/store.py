"""Where completions and forwarding rules are kept (records.db), and what has come since (index.db)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection
from sqlalchemy.engine import Engine

from primum.ground.clock import from_text, to_text
from primum.imaging.completion.model import Completion, ForwardRule, How
from primum.imaging.store import reading


def note_arrivals(index: Connection, studies: Iterable[str], now: datetime) -> None:
    """Write down that something came for these studies, in the transaction that indexes it."""
    rows = [(study, to_text(now)) for study in sorted(set(studies))]
    if rows:
        index.exec_driver_sql(
            "INSERT INTO arrivals (study_ref, last_at) VALUES (?, ?)"
            " ON CONFLICT (study_ref) DO UPDATE SET last_at = excluded.last_at",
            rows,
        )


def waiting(index: Engine, before: datetime, limit: int) -> list[tuple[str, datetime]]:
    """List studies for which nothing has come since `before`, and when something last did."""
    sql = "SELECT study_ref, last_at FROM arrivals WHERE last_at <= ? ORDER BY last_at, study_ref LIMIT ?"
    with reading(index) as connection:
        return [(row[0], from_text(row[1])) for row in connection.exec_driver_sql(sql, (to_text(before), limit))]


def seen(index: Engine, study: str, last_at: datetime) -> None:
    """Strike a study off, unless something has come meanwhile."""
    with index.begin() as connection:
        connection.exec_driver_sql(
            "DELETE FROM arrivals WHERE study_ref = ? AND last_at = ?", (study, to_text(last_at))
        )


class Kept(NamedTuple):
    """An instance that is served: what forwarding needs of it."""

    sop_uid: str
    received_at: str


def served(index: Engine, study: str) -> list[Kept]:
    """List the instances of a study that are served, in the order in which they came."""
    # by its series: instances have no index of their study, and one would cost each that arrives
    sql = (
        "SELECT i.sop_uid, i.received_at FROM studies s JOIN series e ON e.study_id = s.id"
        " JOIN instances i ON i.series_id = e.id WHERE s.ref = ? ORDER BY i.received_at, i.sop_uid"
    )
    with reading(index) as connection:
        return [Kept(*row) for row in connection.exec_driver_sql(sql, (study,))]


def completion(records: Engine, study: str) -> Completion | None:
    """Find what was last known of a study."""
    sql = (
        "SELECT study_ref, controller_id, instances, received_at, completed_at, how, times FROM completions"
        " WHERE study_ref = ?"
    )
    with reading(records) as connection:
        row = connection.exec_driver_sql(sql, (study,)).first()
    if row is None:
        return None
    ref, controller, instances, received, completed, how, times = row
    return Completion(ref, controller, instances, received, from_text(completed), How(how), times)


def keep(records: Engine, one: Completion) -> None:
    """Keep that a study is complete."""
    with records.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO completions VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (study_ref) DO UPDATE SET"
            " instances = excluded.instances, received_at = excluded.received_at,"
            " completed_at = excluded.completed_at, how = excluded.how, times = excluded.times",
            (one.study_ref, one.controller_id, one.instances, one.received_at, to_text(one.completed_at), one.how.value,
             one.times),
        )  # fmt: skip


def rules(records: Engine) -> list[ForwardRule]:
    """List the forwarding rules, oldest first."""
    sql = (
        "SELECT id, controller_id, destination_id, device_id, modality, made_by, made_at FROM forward_rules"
        " ORDER BY made_at, id"
    )
    with reading(records) as connection:
        return [
            ForwardRule(number, controller, destination, device, modality, by, from_text(at))
            for number, controller, destination, device, modality, by, at in connection.exec_driver_sql(sql)
        ]


def add_rule(records: Engine, one: ForwardRule) -> bool:
    """Keep a rule; tell whether there was none that says the same."""
    values: Sequence[object] = (
        one.id, one.controller_id, one.destination_id, one.device_id, one.modality, one.made_by, to_text(one.made_at),
    )  # fmt: skip
    with records.begin() as connection:
        same = "SELECT 1 FROM forward_rules WHERE (controller_id, destination_id, device_id, modality) = (?, ?, ?, ?)"
        if connection.exec_driver_sql(same, tuple(values[1:5])).first() is not None:
            return False
        connection.exec_driver_sql("INSERT INTO forward_rules VALUES (?, ?, ?, ?, ?, ?, ?)", tuple(values))
    return True


def remove_rule(records: Engine, rule_id: str) -> bool:
    """Remove a rule; tell whether there was one."""
    with records.begin() as connection:
        done = connection.exec_driver_sql("DELETE FROM forward_rules WHERE id = ?", (rule_id,))
        return bool(done.rowcount)
