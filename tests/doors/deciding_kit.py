"""Gives a web door a worker that decides: the real verbs on the real rooms of the house under test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from types import SimpleNamespace

from primum.doors.worker.desk import Desk
from primum.doors.worker.verbs_patients import decide
from primum.imaging.corrections import Corrections
from primum.imaging.patient_view import Patients
from tests.doors.web_kit import Door


class Turns:
    """The indexer's turn, where nobody else wants it."""

    def in_turn(self, step):
        return step()


@contextmanager
def deciding(house: Door) -> Iterator[None]:
    index, records = house.indexer._index, house.indexer._records
    rooms = SimpleNamespace(
        rooms=SimpleNamespace(journal=house.journal, home=SimpleNamespace(demo=True)),
        people=house.people,
        corrections=Corrections(index, records, house.vault, house.clock, house.indexer),
        patients=Patients(index, records),
        orders=house.services.orders,
    )
    at_hand = {"worker": rooms, "intake": Turns()}
    desk = Desk(**{one.name: at_hand.get(one.name) for one in fields(Desk)})
    before = house.services.intake.verbs
    house.services.intake.verbs = {**before, "decide": lambda args, data: decide(desk, args, data)}
    yield
    house.services.intake.verbs = before
