"""What one may ask of orders: place, change, cancel, list, and tell them what was done.

Each change is one transaction of records.db, with its fact in the journal before the commit. Nobody's right is
asked here: doors ask `identity` first, and give the controllers within reach.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Protocol

from sqlalchemy import Connection
from sqlalchemy.engine import Engine

from primum.ground.clock import Clock, to_text
from primum.ground.ids import new_id
from primum.imaging.names import compatible, name_key, parse_name
from primum.imaging.orders import tables
from primum.imaging.orders.errors import (
    BadField,
    HasBegun,
    IdentityContradicts,
    NoSuchOrder,
    NumberTaken,
    OtherPatient,
    TooManyAnswers,
)
from primum.imaging.orders.limits import LIMITS, Limits
from primum.imaging.orders.model import (
    OPEN,
    PRIORITIES,
    UNTOUCHED,
    Entry,
    Identifier,
    Merge,
    Order,
    OrderFacts,
    OrderState,
    PatientFacts,
    Step,
    StepFacts,
    StepState,
    Waiting,
    state_of,
)
from primum.imaging.orders.watching import telling

Arrived = Callable[[Sequence[Waiting]], set[str]]
"""Which of some steps (by our id) have images in the archive."""


class Record(Protocol):
    """How a fact gets into the journal: on disc at return where its kind is durable, or it raises."""

    def __call__(self, kind: str, actor: str, subject: str, details: Mapping[str, str | int]) -> None:
        """Write one fact."""
        ...


def _nothing(_waiting: Sequence[Waiting]) -> set[str]:
    return set()


class Orders:
    """The orders of a home."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        record: Record,
        *,
        prefix: str = "",
        arrived: Arrived = _nothing,
        limits: Limits = LIMITS,
    ) -> None:
        """Keep orders in `engine` (records.db); accession numbers begin with `prefix`."""
        self.engine, self.clock, self.record = engine, clock, record
        self._prefix, self._arrived, self.limits = prefix, arrived, limits

    def now(self) -> str:
        """Return the present instant as it is kept."""
        return to_text(self.clock.now())

    def today(self) -> date:
        """Return the present day of the practice."""
        return self.clock.now().astimezone().date()

    # -- placing and changing --

    def place(self, by: str, controller_id: str, patient: PatientFacts, facts: OrderFacts, *, what: str) -> Order:
        """Place an order of somebody of this house. Raises BadField, NumberTaken, IdentityContradicts."""
        with self.engine.begin() as connection:
            return self.place_in(connection, by, controller_id, patient, facts, what=what, sender=what)

    def place_in(
        self,
        connection: Connection,
        by: str,
        controller_id: str,
        patient: PatientFacts,
        facts: OrderFacts,
        *,
        what: str,
        sender: str,
    ) -> Order:
        """Place an order in a transaction that has begun."""
        facts.checked()
        patient_id = self.know_patient(connection, controller_id, patient)
        now, order_id = self.now(), new_id("ord")
        facts = self._numbered(connection, controller_id, facts)
        self._refuse_taken(connection, controller_id, order_id, facts)
        order = Order(order_id, controller_id, patient_id, sender, OrderState.SCHEDULED, facts, by, now, now)
        self.record("order:placed", by, order.id, {"controller": controller_id, "what": what})
        tables.put_order(connection, order)
        for one in facts.steps:
            self._keep(connection, order, None, _step(one))
        return order

    def change(
        self, by: str, order_id: str, controllers: Sequence[str] | None, patient: PatientFacts, facts: OrderFacts
    ) -> Order:
        """Change an order of which nothing has begun. Raises as `place`, and NoSuchOrder, HasBegun, OtherPatient."""
        with self.engine.begin() as connection:
            order = self._order(connection, order_id, controllers)
            return self.change_in(connection, by, order, patient, facts, what="form")

    def change_in(
        self, connection: Connection, by: str, order: Order, patient: PatientFacts, facts: OrderFacts, *, what: str
    ) -> Order:
        """Change an order in a transaction that has begun."""
        facts.checked()
        kept = tables.steps(connection, order.id)
        if order.state is OrderState.CANCELLED or any(one.state not in UNTOUCHED for one in kept):
            raise HasBegun
        if self.know_patient(connection, order.controller_id, patient) != order.patient_id:
            raise OtherPatient
        facts = replace(
            facts,
            accession=facts.accession or order.facts.accession,
            study_uid=facts.study_uid or order.facts.study_uid,
            procedure_id=facts.procedure_id or order.facts.procedure_id,
            placer_number=facts.placer_number or order.facts.placer_number,
            filler_number=facts.filler_number or order.facts.filler_number,
        )
        steps = _paired(kept, facts.steps)
        facts = self._numbered(connection, order.controller_id, replace(facts, steps=tuple(s.facts for s in steps)))
        self._refuse_taken(connection, order.controller_id, order.id, facts)
        changed = replace(order, facts=facts, changed_at=self.now())
        self.record("order:changed", by, order.id, {"controller": order.controller_id, "what": what})
        tables.put_order(connection, changed)
        gone = {one.id for one in kept} - {one.id for one in steps}
        for one in kept:
            if one.id in gone:
                self._keep(connection, changed, one, replace(one, state=StepState.CANCELLED))
        before = {one.id: one for one in kept}
        for one, asked in zip(steps, facts.steps, strict=True):
            self._keep(connection, changed, before.get(one.id), replace(one, facts=asked))
        return changed

    def cancel(self, by: str, order_id: str, controllers: Sequence[str] | None, *, what: str = "form") -> Order:
        """Cancel an order of which nothing has begun. Raises NoSuchOrder, HasBegun."""
        with self.engine.begin() as connection:
            return self.cancel_in(connection, by, self._order(connection, order_id, controllers), what=what)

    def cancel_in(self, connection: Connection, by: str, order: Order, *, what: str) -> Order:
        """Cancel an order in a transaction that has begun; one that is cancelled already stays so."""
        if order.state is OrderState.CANCELLED:
            return order
        kept = tables.steps(connection, order.id)
        if any(one.state not in UNTOUCHED for one in kept):
            raise HasBegun
        self.record("order:cancelled", by, order.id, {"controller": order.controller_id, "what": what})
        changed = replace(order, state=OrderState.CANCELLED, changed_at=self.now())
        tables.put_order(connection, changed)
        for one in kept:
            self._keep(connection, changed, one, replace(one, state=StepState.CANCELLED))
        return changed

    def know_patient(self, connection: Connection, controller_id: str, facts: PatientFacts) -> str:
        """Write what is now known of a patient; return our id. Raises BadField, IdentityContradicts."""
        facts.checked()
        found = tables.patient(connection, controller_id, facts.identifier)
        if found is None:
            patient_id = new_id("opt")
            tables.put_patient(connection, patient_id, controller_id, facts, self.now())
            return patient_id
        patient_id, known = found
        if contradict(known, facts):
            raise IdentityContradicts
        # what is not said again stays as it was said
        told = replace(
            facts,
            sex=facts.sex or known.sex,
            birth_name=facts.birth_name or known.birth_name,
            ins=facts.ins or known.ins,
            ins_oid=facts.ins_oid or known.ins_oid,
            others=facts.others or known.others,
        )
        if told != known:
            tables.put_patient(connection, patient_id, controller_id, told, self.now())
        return patient_id

    # -- asking --

    def order(self, order_id: str, controllers: Sequence[str] | None) -> list[Entry]:
        """Return the entries of an order within reach. Raises NoSuchOrder."""
        with self._reading() as connection:
            found = tables.entries_of(connection, order_id)
        if not found or (controllers is not None and found[0].order.controller_id not in controllers):
            raise NoSuchOrder
        return found

    def priority(self, controller_id: str, study_uid: str, accession: str) -> str:
        """Tell how urgent the order of a study is, found by its UID or its accession number; empty without one."""
        with self._reading() as connection:
            found = tables.facts_of_study(connection, controller_id, study_uid, accession)
        ranks = {one: rank for rank, one in enumerate(PRIORITIES)}
        return min((one.priority for one in found), key=lambda one: ranks.get(one, len(ranks)), default="")

    def days(self, controllers: Sequence[str] | None, since: date, until: date) -> list[Entry]:
        """List what is scheduled from one day to another, whatever became of it. Raises TooManyAnswers."""
        low, high, most = f"{since:%Y%m%d}", f"{until:%Y%m%d}", self.limits.answers
        with self._reading() as connection:
            found = tables.entries(connection, controllers, low, high, states=tuple(StepState), most=most + 1)
        if len(found) > most:
            raise TooManyAnswers(limit=most)
        return found

    def open_entries(self, controllers: Sequence[str] | None, since: str, until: str) -> list[Entry]:
        """List the steps that still wait between two days (empty: 30 days back, a year ahead).

        Raises TooManyAnswers where there are more than may be looked at.
        """
        low, high = self.period(since, until)
        self.note_arrivals(controllers, low, high)
        most = self.limits.looked_at
        with self._reading() as connection:
            found = tables.entries(connection, controllers, low, high, states=OPEN, most=most + 1)
        if len(found) > most:
            raise TooManyAnswers(limit=most)
        return found

    def period(self, since: str, until: str) -> tuple[str, str]:
        """Complete a period that may be open: 30 days back, a year ahead."""
        low = since or f"{self.today() - timedelta(days=self.limits.back_days):%Y%m%d}"
        return low, until or f"{self.today() + timedelta(days=self.limits.ahead_days):%Y%m%d}"

    def alike(
        self, controllers: Sequence[str] | None, name: str, birth_date: str = ""
    ) -> list[tuple[str, PatientFacts]]:
        """List who is known by a family name that begins like this, of orders and of studies, with the controller.

        With a birth date, only those born then or whose name is the same: homonyms are what one looks for.
        """
        family = name_key(parse_name(name)).family
        if not family:
            return []
        with self._reading() as connection:
            known = tables.patients_like(connection, controllers, family, self.limits.answers)
            known += tables.studied_patients_like(connection, controllers, family, self.limits.answers)
        single = {(controller_id, one.identifier): (controller_id, one) for controller_id, one in reversed(known)}
        people = sorted(single.values(), key=lambda found: (found[1].name, found[1].birth_date))
        if not birth_date:
            return people
        exact = parse_name(name)
        return [one for one in people if one[1].birth_date == birth_date or compatible(parse_name(one[1].name), exact)]

    def patient(self, controller_id: str, identifier: Identifier) -> PatientFacts | None:
        """Return what is known of a patient of orders."""
        with self._reading() as connection:
            found = tables.patient(connection, controller_id, identifier)
        return None if found is None else found[1]

    def new_patient_number(self, controller_id: str) -> str:
        """Make a patient number that nobody has: of who comes without one."""
        with self.engine.begin() as connection:
            while True:
                value = f"P{tables.next_number(connection, controller_id, 'patient'):06d}"
                if not tables.number_is_used(connection, controller_id, value):
                    return value

    # -- what was done --

    def note_arrivals(self, controllers: Sequence[str] | None, since: str, until: str) -> int:
        """Mark the open steps whose images have come; return how many."""
        with self._reading() as connection:
            waiting = tables.waiting(connection, controllers, since, until, most=self.limits.looked_at)
        come = self._arrived(waiting) if waiting else set()
        if not come:
            return 0
        with self.engine.begin() as connection:
            for one in waiting:
                if one.step_id in come:
                    self.set_step(connection, one.step_id, StepState.DONE, by="system", done_by="images")
        return len(come)

    def set_step(
        self, connection: Connection, step_id: str, state: StepState, *, by: str, done_by: str, claim: str | None = None
    ) -> None:
        """Bring a step into a state, and its order with it; nothing happens where it is in it already."""
        entry = tables.entry_of(connection, "id", step_id)
        if entry is None or (entry.step.state is state and claim in {None, entry.step.claim}):
            return
        order, step = entry.order, entry.step
        if step.state is not state:
            told = {"controller": order.controller_id, "what": state.value, "reason": done_by}
            self.record("order:step:changed", by, order.id, told)
        kept = step.claim if claim is None else claim
        self._keep(connection, order, step, replace(step, state=state, done_by=done_by, claim=kept))
        states = [one.state for one in tables.steps(connection, order.id)]
        tables.put_order(connection, replace(order, state=state_of(states), changed_at=self.now()))

    # -- proposals --

    def propose_merge(self, connection: Connection, by: str, controller_id: str, merge: Merge) -> str:
        """Keep a proposal for a person: nothing is merged. Return its id, or that of the same one that waits."""
        known = replace(merge, id=new_id("mgp"), controller_id=controller_id, proposed_by=by, proposed_at=self.now())
        waits = tables.same_merge(connection, known)
        if waits:
            return waits
        self.record("merge:proposed", by, known.id, {"controller": controller_id, "what": merge.kind})
        tables.put_merge(connection, known)
        return known.id

    def merges(self, controllers: Sequence[str] | None) -> list[Merge]:
        """List the proposals that wait for a person."""
        with self._reading() as connection:
            return tables.merges(connection, controllers)

    def settle_merge(
        self, by: str, merge_id: str, controllers: Sequence[str] | None, *, decision: str, reason: str
    ) -> None:
        """Write that a person has dealt with a proposal (`done` or `refused`). Raises NoSuchOrder."""
        with self.engine.begin() as connection:
            merge = tables.merge(connection, merge_id, controllers)
            if merge is None:
                raise NoSuchOrder
            self.close_merge(connection, by, merge, decision=decision, reason=reason)

    def close_merge(self, connection: Connection, by: str, merge: Merge, *, decision: str, reason: str) -> None:
        """End a proposal in a transaction that has begun. Traits that a person believed hold for orders too."""
        told = {"controller": merge.controller_id, "what": decision, "reason": reason}
        self.record("merge:decided", by, merge.id, told)
        tables.decide_merge(connection, merge.id, decision=decision, by=by, now=self.now())
        known = tables.patient(connection, merge.controller_id, merge.survivor)
        if decision == "done" and merge.kind == "contradiction" and known is not None:
            believed = replace(known[1], **{name: text for name, text in merge.facts.items() if text})
            tables.put_patient(connection, known[0], merge.controller_id, believed, self.now())

    # -- inside --

    def _keep(self, connection: Connection, order: Order, before: Step | None, after: Step) -> None:
        """Write a step, and what its watchers are told of it: every change of a workitem comes by here."""
        tables.put_step(connection, order, after)
        telling.step_changed(connection, self.now(), order.controller_id, before, after)

    def _reading(self) -> Connection:
        return self.engine.connect().execution_options(reading=True)

    def _order(self, connection: Connection, order_id: str, controllers: Sequence[str] | None) -> Order:
        order = tables.order(connection, order_id)
        if order is None or (controllers is not None and order.controller_id not in controllers):
            raise NoSuchOrder
        return order

    def _numbered(self, connection: Connection, controller_id: str, facts: OrderFacts) -> OrderFacts:
        """Give every number that was not given."""
        accession = facts.accession or self._accession(connection, controller_id)
        steps = tuple(
            one if one.number else replace(one, number=self._step_number(connection, controller_id))
            for one in facts.steps
        )
        return replace(
            facts,
            accession=accession,
            study_uid=facts.study_uid or f"2.25.{uuid.uuid4().int}",
            procedure_id=facts.procedure_id or accession,
            steps=steps,
        )

    def _accession(self, connection: Connection, controller_id: str) -> str:
        while True:
            number = tables.next_number(connection, controller_id, "accession")
            accession = f"{self._prefix}{self.today():%y}{number:06d}"
            if not tables.taken(connection, "accession", accession, controller_id, ""):
                return accession

    def _step_number(self, connection: Connection, controller_id: str) -> str:
        while True:
            number = f"{tables.next_number(connection, controller_id, 'step'):08d}"
            if not tables.step_taken(connection, number, controller_id, ""):
                return number

    def _refuse_taken(self, connection: Connection, controller_id: str, order_id: str, facts: OrderFacts) -> None:
        if tables.taken(connection, "accession", facts.accession, controller_id, order_id):
            raise NumberTaken(number="accession number")
        if tables.taken(connection, "study_uid", facts.study_uid, controller_id, order_id):
            raise NumberTaken(number="Study Instance UID")
        numbers = [one.number for one in facts.steps]
        if len(set(numbers)) != len(numbers):
            raise BadField(field="step.number")
        if any(tables.step_taken(connection, one, controller_id, order_id) for one in numbers):
            raise NumberTaken(number="scheduled procedure step id")


def contradict(known: PatientFacts, told: PatientFacts) -> bool:
    """Tell whether two descriptions under one number can hardly be of one person: neither name nor birth date agree.

    One of the two may be a correction; both at once is another person, or a number given twice.
    """
    return known.birth_date != told.birth_date and not compatible(parse_name(known.name), parse_name(told.name))


def _step(facts: StepFacts) -> Step:
    return Step(new_id("sps"), f"2.25.{uuid.uuid4().int}", StepState.SCHEDULED, "", facts)


def _paired(kept: Sequence[Step], asked: Sequence[StepFacts]) -> list[Step]:
    """Find for each step that is asked for the one that it changes: of its number, else the next that has none."""
    by_number = {one.facts.number: one for one in kept}
    named = {one.number for one in asked if one.number in by_number}
    free = iter([one for one in kept if one.facts.number not in named])
    steps = []
    for one in asked:
        before = by_number.get(one.number) if one.number else next(free, None)
        if before is None:
            steps.append(_step(one))
        else:
            number = one.number or before.facts.number
            steps.append(replace(before, state=StepState.SCHEDULED, facts=replace(one, number=number)))
    return steps
