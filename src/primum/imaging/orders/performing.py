"""Performed steps kept, tied to the scheduled ones, and what follows for the worklist (docs/design/orders.md, MPPS)."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection

from primum.imaging.orders import tables
from primum.imaging.orders.errors import NoSuchPerformed, PerformedExists, PerformedValue
from primum.imaging.orders.model import Entry, StepState, uid
from primum.imaging.orders.performed import (
    Performed,
    PerformedFacts,
    PerformedState,
    check_creation,
    facts,
    modified,
)
from primum.imaging.orders.service import Orders
from primum.imaging.orders.values import Json, depth

_DEPTH = 24
"""Objects and lists inside each other: a dose item in a series in a step is 10."""
_STEP_STATES = {
    PerformedState.IN_PROGRESS: StepState.STARTED,
    PerformedState.COMPLETED: StepState.DONE,
    PerformedState.DISCONTINUED: StepState.DISCONTINUED,
}


class Performing:
    """What the modalities say that they do."""

    def __init__(self, orders: Orders) -> None:
        """Keep performed steps beside `orders`."""
        self._orders = orders

    def create(self, device_id: str, controller_id: str, sop_uid: str, attributes: Json) -> Performed:
        """Take an N-CREATE; on disc at return. Raises PerformedExists, and what `check_creation` refuses."""
        uid("performed.sop_uid", sop_uid)
        state = check_creation(attributes)
        made = Performed(sop_uid, controller_id, device_id, state, attributes)
        text = self._written(attributes)
        with self._orders.engine.begin() as connection:
            if _row(connection, sop_uid) is not None:
                raise PerformedExists
            told, now = facts(made), self._orders.now()
            connection.exec_driver_sql(
                "INSERT INTO performed_steps (sop_uid, controller_id, device_id, state, study_uid, accession,"
                " attributes, made_at, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    sop_uid, controller_id, device_id, state.value, next(iter(told.study_uids), ""),
                    next(iter(told.accessions), ""), text, now, now,
                ),
            )  # fmt: skip
            self._follow(connection, made)
        return made

    def change(self, device_id: str, controller_id: str, sop_uid: str, change: Json) -> tuple[Performed, list[str]]:
        """Take an N-SET; return the step and the tags not applied.

        Raises NoSuchPerformed, and what `modified` refuses.
        """
        with self._orders.engine.begin() as connection:
            kept = _found(connection, sop_uid, controller_id)
            state, attributes, refused = modified(kept.state, kept.attributes, change)
            changed = Performed(sop_uid, controller_id, device_id, state, attributes)
            connection.exec_driver_sql(
                "UPDATE performed_steps SET state = ?, attributes = ?, changed_at = ? WHERE sop_uid = ?",
                (state.value, self._written(attributes), self._orders.now(), sop_uid),
            )
            self._follow(connection, changed)
        return changed, refused

    def read(self, controller_id: str, sop_uid: str) -> Performed:
        """Return a performed step. Raises NoSuchPerformed."""
        with self._orders.engine.connect().execution_options(reading=True) as connection:
            return _found(connection, sop_uid, controller_id)

    def of_study(self, controller_id: str, study_uid: str) -> list[PerformedFacts]:
        """Return what performed steps say of one study: whether it is complete, and what should be there."""
        with self._orders.engine.connect().execution_options(reading=True) as connection:
            rows = connection.exec_driver_sql(
                f"{_SELECT} WHERE study_uid = ? AND controller_id = ? ORDER BY made_at", (study_uid, controller_id)
            )
            return [facts(_performed(row)) for row in rows]

    def _written(self, attributes: Json) -> str:
        if not depth(attributes, _DEPTH):
            raise PerformedValue(tag="depth")
        text = json.dumps(attributes, separators=(",", ":"), ensure_ascii=False)
        if len(text) > self._orders.limits.performed_bytes:
            raise PerformedValue(tag="length")
        return text

    def _follow(self, connection: Connection, performed: Performed) -> None:
        """Bring the scheduled steps that it names to where it stands."""
        for entry in self._named(connection, performed):
            connection.exec_driver_sql(
                "INSERT OR IGNORE INTO performed_links (sop_uid, step_id) VALUES (?, ?)",
                (performed.sop_uid, entry.step.id),
            )
            state = _STEP_STATES[performed.state]
            if entry.step.state is StepState.CANCELLED or (
                state is StepState.STARTED and entry.step.state is StepState.DONE
            ):
                continue
            if state is StepState.DISCONTINUED and _completed_otherwise(connection, entry, performed.sop_uid):
                continue
            self._orders.set_step(connection, entry.step.id, state, by=performed.device_id, done_by="mpps")

    @staticmethod
    def _named(connection: Connection, performed: Performed) -> list[Entry]:
        """Find the scheduled steps that it names: by their number, and by study or accession besides.

        A number alone is not believed: devices number their own unscheduled steps.
        """
        told = facts(performed)
        found = tables.entries_named(
            connection, performed.controller_id, numbers=told.step_numbers, study_uids=told.study_uids
        )
        named = []
        for one in found:
            order = one.order.facts
            same_study = order.study_uid in told.study_uids or order.accession in told.accessions
            same_step = one.step.facts.number in told.step_numbers or not told.step_numbers
            if same_study and same_step:
                named.append(one)
        return named


_SELECT = "SELECT sop_uid, controller_id, device_id, state, attributes FROM performed_steps"


def _row(connection: Connection, sop_uid: str) -> Any:  # noqa: ANN401 (a row)
    return connection.exec_driver_sql(f"{_SELECT} WHERE sop_uid = ?", (sop_uid,)).first()


def _found(connection: Connection, sop_uid: str, controller_id: str) -> Performed:
    row = _row(connection, sop_uid)
    if row is None or row[1] != controller_id:
        raise NoSuchPerformed
    return _performed(row)


def _performed(row: Any) -> Performed:  # noqa: ANN401 (a row)
    return Performed(row[0], row[1], row[2], PerformedState(row[3]), json.loads(row[4]))


def _completed_otherwise(connection: Connection, entry: Entry, sop_uid: str) -> bool:
    found = connection.exec_driver_sql(
        "SELECT 1 FROM performed_links l JOIN performed_steps p ON p.sop_uid = l.sop_uid"
        " WHERE l.step_id = ? AND p.state = 'COMPLETED' AND p.sop_uid <> ?",
        (entry.step.id, sop_uid),
    )
    return found.first() is not None
