"""Gives a web door a worker that decides: the real verbs on the real rooms of the house under test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from types import SimpleNamespace

from primum.app.reports import told
from primum.doors.worker.desk import Desk
from primum.doors.worker.verbs_patients import decide
from primum.doors.worker.verbs_reports import report
from primum.doors.worker.verbs_sendings import sending
from primum.imaging.corrections import Corrections
from primum.imaging.orders.hl7.reports import ResultKind
from primum.imaging.orders.results import Results
from primum.imaging.patient_view import Patients
from primum.imaging.reports.acts import Acts, Around
from tests.doors.sending_kit import Outbox
from tests.doors.web_kit import Door


class Turns:
    """The indexer's turn, where nobody else wants it."""

    def in_turn(self, step):
        return step()


@contextmanager
def deciding(house: Door) -> Iterator[Outbox]:
    index, records = house.indexer._index, house.indexer._records
    corrections = Corrections(index, records, house.vault, house.clock, house.indexer)
    results = Results(house.services.orders, (ResultKind.ORU,))
    around = Around(corrections, lambda step: step(), results, lambda row: told(house.journal, row))
    acts = Acts(house.services.reports, records, house.clock, around)
    outbox = Outbox(house)
    rooms = SimpleNamespace(
        rooms=SimpleNamespace(journal=house.journal, clock=house.clock, home=SimpleNamespace(demo=True)),
        records=records,
        archive=house.services.archive,
        devices=outbox.devices,
        people=house.people,
        corrections=corrections,
        orders=house.services.orders,
        patients=Patients(index, records),
    )
    at_hand = {"worker": rooms, "intake": Turns(), "reports": acts, **outbox.at_hand()}
    desk = Desk(**{one.name: at_hand.get(one.name) for one in fields(Desk)})
    before = house.services.intake.verbs
    house.services.intake.verbs = {
        **before,
        "decide": lambda args, data: decide(desk, args, data),
        "report": lambda args, data: report(desk, args, data),
        "sending": lambda args, data: sending(desk, args, data),
    }
    yield outbox
    outbox.queue.stop()
    house.services.intake.verbs = before
