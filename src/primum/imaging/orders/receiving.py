"""What messages of other systems do to orders: one transaction each, once however often they are sent."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from primum.ground.clock import to_text
from primum.imaging.orders import tables
from primum.imaging.orders.errors import BadField, IdentityContradicts, NoSuchOrder
from primum.imaging.orders.model import Merge, Order, OrderFacts, PatientFacts, StepState
from primum.imaging.orders.proposals import compare_with_images, traits
from primum.imaging.orders.service import Orders, contradict
from primum.imaging.orders.told import Act, OrderAct, Told

AGAIN = "again"
"""What `hear` returns for a message that was applied before."""
_WHAT = "hl7"


class Receiving:
    """Takes what other systems tell."""

    def __init__(self, orders: Orders) -> None:
        """Apply to `orders`."""
        self._orders = orders

    def hear(self, device_id: str, controller_id: str, told: Told) -> str:
        """Apply a message; on disc at return. Returns what was done, in a word.

        Raises BadField, NoSuchOrder, HasBegun, NumberTaken, IdentityContradicts, OtherPatient: nothing is applied then.
        """
        sender = f"{device_id}/{told.application}"
        with self._orders.engine.begin() as connection:
            if tables.message_known(connection, sender, told.control_id, told.digest) is not None:
                return AGAIN
            done = self._apply(connection, device_id, controller_id, told)
            tables.put_message(
                connection, sender, told.control_id, told.digest, kind=told.kind, subject=done, now=self._orders.now()
            )
        return done

    def forget(self, now: datetime) -> int:
        """Forget messages that nobody will send again (a job)."""
        before = to_text(now - timedelta(days=self._orders.limits.messages_kept_days))
        with self._orders.engine.begin() as connection:
            return tables.forget_messages(connection, before)

    def _apply(self, connection: Connection, device_id: str, controller_id: str, told: Told) -> str:
        if told.patient is None:
            raise BadField(field="patient")
        if told.prior is not None:
            self._propose(connection, device_id, controller_id, Merge(told.patient.identifier, told.prior))
            return "merge-proposed"
        if not told.acts:
            return self._traits(connection, device_id, controller_id, told.patient)
        for one in told.acts:
            self._act(connection, device_id, controller_id, told.patient, one)
        return told.acts[0].act.value

    def _traits(self, connection: Connection, device_id: str, controller_id: str, patient: PatientFacts) -> str:
        known = tables.patient(connection, controller_id, patient.identifier)
        if known is not None and contradict(known[1], patient):
            same = patient.identifier
            merge = Merge(same, same, kind="contradiction", facts=traits(patient))
            self._propose(connection, device_id, controller_id, merge)
            return "contradiction-proposed"
        patient_id = self._orders.know_patient(connection, controller_id, patient)
        self._orders.record(
            "order:patient:changed", device_id, patient_id, {"controller": controller_id, "what": _WHAT}
        )
        compare_with_images(self._orders, connection, device_id, controller_id, patient)
        return "patient"

    def _propose(self, connection: Connection, device_id: str, controller_id: str, merge: Merge) -> None:
        self._orders.propose_merge(connection, device_id, controller_id, merge)

    def _act(
        self, connection: Connection, device_id: str, controller_id: str, patient: PatientFacts, one: OrderAct
    ) -> None:
        orders, order = self._orders, self._known(connection, device_id, controller_id, one)
        if one.act is Act.NOTHING:
            return
        if one.act is Act.PLACE and order is None:
            facts = _given(one)
            orders.place_in(connection, device_id, controller_id, patient, facts, what=_WHAT, sender=device_id)
            return
        if order is None:
            raise NoSuchOrder
        self._refuse_other(connection, order, patient)
        if one.act is Act.CANCEL:
            orders.cancel_in(connection, device_id, order, what=_WHAT)
        elif one.act is Act.COMPLETE:
            for step in tables.steps(connection, order.id):
                if step.state is not StepState.CANCELLED:
                    orders.set_step(connection, step.id, StepState.DONE, by=device_id, done_by=_WHAT)
        else:
            orders.change_in(connection, device_id, order, patient, _given(one), what=_WHAT)

    @staticmethod
    def _known(connection: Connection, device_id: str, controller_id: str, one: OrderAct) -> Order | None:
        """Find the order by the placer's number, else by the filler's: both of this sender."""
        for column, number in (("placer_number", one.placer_number), ("filler_number", one.filler_number)):
            if number:
                found = tables.order_by(connection, column, number, controller_id, device_id)
                if found is not None:
                    return found
        return None

    @staticmethod
    def _refuse_other(connection: Connection, order: Order, patient: PatientFacts) -> None:
        """Refuse a message whose patient is not the order's, whatever it asks."""
        known = tables.patient(connection, order.controller_id, patient.identifier)
        if known is None or known[0] != order.patient_id:
            raise NoSuchOrder
        if contradict(known[1], patient):
            raise IdentityContradicts


def _given(one: OrderAct) -> OrderFacts:
    if one.facts is None:
        raise BadField(field="facts")
    return one.facts
