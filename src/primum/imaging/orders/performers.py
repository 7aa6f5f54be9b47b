"""Workitems and who performs them: claimed by a transaction UID, told of their progress, completed or canceled."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from primum.imaging.orders import tables, workitems
from primum.imaging.orders.errors import BadField, NoSuchStep, NotTheTransaction, StepConflict
from primum.imaging.orders.model import Entry, Order, StepState, text
from primum.imaging.orders.service import Orders
from primum.imaging.orders.values import Json, depth
from primum.imaging.orders.watching import telling
from primum.imaging.orders.watching.messages import Workitem
from primum.imaging.orders.workitems import NEXT, OF_STEP, PROGRESS, TO_STEP, WorkitemState

_DEPTH = 24
_PROGRESS_BYTES = 64 * 1024
"""What a performer says of itself: a percentage, a sentence, the series it made."""
_WHAT = "workitem"
_NOBODY = "UNKNOWN"
"""Requesting AE of who does not say it: the attribute may not be empty."""
_TITLE_CHARACTERS = 16


def workitem(connection: Connection, controllers: Sequence[str] | None, uid: str) -> Entry:
    """Find the step that a workitem is, within reach. Raises NoSuchStep."""
    entry = tables.entry_of(connection, "workitem_uid", uid)
    if entry is None or (controllers is not None and entry.order.controller_id not in controllers):
        raise NoSuchStep
    return entry


class Performers:
    """Workitems of the orders within reach of whoever asks."""

    def __init__(self, orders: Orders) -> None:
        """Work on `orders`."""
        self._orders = orders

    def search(self, controllers: Sequence[str] | None, wanted: Mapping[str, str]) -> list[dict[str, Any]]:
        """List the workitems that are asked for. Raises TooManyAnswers."""
        since, until = workitems.days(wanted)
        self._orders.open_entries(controllers, since, until)  # notes whose images have come
        low, high = self._orders.period(since, until)
        with self._reading() as connection:
            found = tables.entries(
                connection, controllers, low, high, states=tuple(StepState), most=self._orders.limits.looked_at
            )
            told = [workitems.attributes(one, self._progress(connection, one)) for one in found]
        return [one for one in told if workitems.matches(wanted, one)][: self._orders.limits.answers]

    def retrieve(self, controllers: Sequence[str] | None, uid: str) -> tuple[Order, dict[str, Any]]:
        """Return one, and the order that it is of. Raises NoSuchStep."""
        with self._reading() as connection:
            entry = self._entry(connection, controllers, uid)
            return entry.order, workitems.attributes(entry, self._progress(connection, entry))

    def create(self, by: str, controller_id: str, given: Json) -> str:
        """Place an order of one step; return the workitem's UID. Raises BadField, NumberTaken, IdentityContradicts."""
        patient, facts = workitems.created(given)
        order = self._orders.place(by, controller_id, patient, facts, what=_WHAT)
        return self._orders.order(order.id, None)[0].step.workitem_uid

    def update(self, by: str, controllers: Sequence[str] | None, uid: str, given: Json) -> bool:
        """Change a workitem: its schedule while it waits, its progress while it is performed.

        Returns whether all that was asked was done. Raises NoSuchStep, StepConflict, NotTheTransaction, BadField.
        """
        with self._orders.engine.begin() as connection:
            entry = self._entry(connection, controllers, uid)
            state = OF_STEP[entry.step.state]
            if state is WorkitemState.IN_PROGRESS:
                self._held(entry, given)
                self._tell(connection, entry, given)
                return given.keys() <= PROGRESS | {workitems.TRANSACTION, "00080005"}
            if state is not WorkitemState.SCHEDULED:
                raise StepConflict(state=state.value)
            facts = workitems.updated(entry, given)
            self._orders.change_in(connection, by, entry.order, entry.patient, facts, what=_WHAT)
        return given.keys() <= workitems.UPDATABLE - PROGRESS

    def set_state(self, by: str, controllers: Sequence[str] | None, uid: str, given: Json) -> bool:
        """Claim, complete or cancel a workitem; False when it was in that final state already.

        Raises NoSuchStep, StepConflict, NotTheTransaction, BadField.
        """
        asked, transaction = workitems.state_asked(given), workitems.transaction_of(given)
        if not transaction:
            raise BadField(field="workitem.transaction")
        with self._orders.engine.begin() as connection:
            entry = self._entry(connection, controllers, uid)
            state = OF_STEP[entry.step.state]
            if state is asked and not NEXT[state]:
                return False
            if asked not in NEXT[state]:
                raise StepConflict(state=state.value)
            if state is WorkitemState.IN_PROGRESS:
                self._held(entry, given)
            claim = transaction if asked is WorkitemState.IN_PROGRESS else ""
            self._orders.set_step(connection, entry.step.id, TO_STEP[asked], by=by, done_by=_WHAT, claim=claim)
        return True

    def cancel(
        self, by: str, controllers: Sequence[str] | None, uid: str, requester: str = "", given: Json | None = None
    ) -> bool:
        """Cancel a workitem that waits; False when it is canceled already.

        One in progress is its performer's: whoever watches it is told that `requester` asks. Raises NoSuchStep, and
        StepConflict where it is over, or nobody would be told.
        """
        with self._orders.engine.begin() as connection:
            entry = self._entry(connection, controllers, uid)
            state = OF_STEP[entry.step.state]
            if state is WorkitemState.CANCELED:
                return False
            if state is WorkitemState.IN_PROGRESS:
                self._ask(connection, entry, requester, given or {})
                return True
            if state is not WorkitemState.SCHEDULED:
                raise StepConflict(state=state.value)
            self._orders.set_step(connection, entry.step.id, StepState.CANCELLED, by=by, done_by=_WHAT)
        return True

    def _ask(self, connection: Connection, entry: Entry, requester: str, given: Json) -> None:
        """Have the performer told that somebody wants a workitem cancelled."""
        asks = text("workitem.requester", requester.strip() or _NOBODY, _TITLE_CHARACTERS)
        if not telling.cancel_asked(connection, self._orders.now(), _item(entry), asks, given):
            raise StepConflict(state=WorkitemState.IN_PROGRESS.value)

    @staticmethod
    def _held(entry: Entry, given: Json) -> None:
        """Refuse whoever is not the performer. A step begun by MPPS has no transaction, and is the modality's."""
        if not entry.step.claim or workitems.transaction_of(given) != entry.step.claim:
            raise NotTheTransaction

    def _tell(self, connection: Connection, entry: Entry, given: Json) -> None:
        kept = {**self._progress(connection, entry), **{tag: given[tag] for tag in PROGRESS if tag in given}}
        written = json.dumps(kept, separators=(",", ":"), ensure_ascii=False)
        if not depth(kept, _DEPTH) or len(written) > _PROGRESS_BYTES:
            raise BadField(field="workitem.progress")
        connection.exec_driver_sql("UPDATE order_steps SET progress = ? WHERE id = ?", (written, entry.step.id))
        telling.progressed(connection, self._orders.now(), _item(entry), given)

    @staticmethod
    def _progress(connection: Connection, entry: Entry) -> dict[str, Any]:
        row = connection.exec_driver_sql("SELECT progress FROM order_steps WHERE id = ?", (entry.step.id,)).first()
        found: dict[str, Any] = json.loads(row[0]) if row is not None else {}
        return found

    @staticmethod
    def _entry(connection: Connection, controllers: Sequence[str] | None, uid: str) -> Entry:
        entry = workitem(connection, controllers, uid)
        # its numbers as they are kept with the step
        steps = tuple(
            entry.step.facts if one.number == entry.step.facts.number else one for one in entry.order.facts.steps
        )
        return replace(entry, order=replace(entry.order, facts=replace(entry.order.facts, steps=steps)))

    def _reading(self) -> Connection:
        return self._orders.engine.connect().execution_options(reading=True)


def _item(entry: Entry) -> Workitem:
    return Workitem(entry.step.workitem_uid, entry.order.controller_id)
