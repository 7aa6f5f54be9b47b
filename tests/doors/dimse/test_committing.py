"""Storage commitment with a client that we did not write: asked, checked by opening, told on the same association."""

from __future__ import annotations

import queue
import threading
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import AE, evt
from tests.doors.dimse.instances import CT, instance, with_meta
from tests.doors.dimse.running import CONTROLLER, device
from tests.twins.intake import DirectIntake

from primum import imaging
from primum.doors.dimse import Dialler, Limits
from primum.doors.dimse.call_refusals import NothingAccepted
from primum.doors.dimse.reporting import Reporter
from primum.doors.worker import verbs_commitments
from primum.ground.clock import SystemClock
from primum.ground.db import open_database
from primum.ground.outbound import Unreachable
from primum.identity.device_model import Address, Destination, NoSuchDevice, Service
from primum.imaging.commitments.model import GIVEN_UP, NothingReferenced, Reference, next_try
from primum.imaging.commitments.service import Commitments
from primum.imaging.commitments.store import prepare_commitments

PUSH, WELL_KNOWN = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"
EXPLICIT = "1.2.840.10008.1.2.1"
MR = "1.2.840.10008.5.1.4.1.1.4"


class Enrolled:
    """The worker's list of devices, of one."""

    def __init__(self, one):
        self.one = one

    def granted(self, device_id, service):
        if device_id != self.one.id or service not in self.one.may:
            raise NoSuchDevice
        return self.one


@pytest.fixture
def archive(house, tmp_path):
    """A door whose device may store and ask for commitment, with an index and a worker's verbs behind it."""
    modality = device("MODALITY", frozenset({Service.STORE, Service.COMMITMENT}))
    house.enrol(modality, device("SCANNER"))
    records = open_database(tmp_path / "records.db", bytes(32), durability="normal")
    index = imaging.open_index(tmp_path / "index.db", bytes(32))
    imaging.prepare_records(records)
    prepare_commitments(records)
    indexer = imaging.Indexer(index, records, house.vault, house.clock)
    kept = imaging.Archive(index, house.vault)
    house.commitments = Commitments(records, kept, house.vault, SystemClock(), indexer.catch_up)
    desk = SimpleNamespace(commitments=house.commitments, worker=SimpleNamespace(devices=Enrolled(modality)))
    verbs = {
        name: lambda args, data, verb=verb: verb(desk, args, data)
        for name, verb in {
            "commitment.ask": verbs_commitments.ask,
            "commitment.result": verbs_commitments.result,
            "commitment.delivered": verbs_commitments.delivered,
        }.items()
    }
    house.modality, house.index = modality, DirectIntake(indexer, verbs)
    return house


class Modality:
    """A pynetdicom client that stores, asks, and hears what comes of it."""

    def __init__(self, port, answer=0x0000):
        self.told = queue.Queue()
        self.answer = answer
        ae = AE("MODALITY")
        ae.add_requested_context(CT, EXPLICIT)
        ae.add_requested_context(MR, EXPLICIT)
        ae.add_requested_context(PUSH, EXPLICIT)
        self.association = ae.associate(
            "127.0.0.1", port, ae_title="PRIMUM", evt_handlers=[(evt.EVT_N_EVENT_REPORT, self._hear)]
        )
        assert self.association.is_established

    def _hear(self, event):
        self.told.put((event.request.EventTypeID, event.event_information))
        return self.answer, None

    def store(self, *instances):
        for one in instances:
            assert self.association.send_c_store(with_meta(one)).Status == 0

    def ask(self, *references, transaction=None, action=1, sop_instance=WELL_KNOWN):
        asked = Dataset()
        asked.TransactionUID = transaction or generate_uid()
        asked.ReferencedSOPSequence = []
        for sop_class, sop_instance_uid in references:
            item = Dataset()
            item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, sop_instance_uid
            asked.ReferencedSOPSequence.append(item)
        status, _ = self.association.send_n_action(asked, action, PUSH, sop_instance)
        return status.Status, asked.TransactionUID


def test_what_was_stored_is_committed_on_the_same_association(archive):
    with archive.open() as port:
        client = Modality(port)
        sent = [instance(1), instance(2, MR)]
        client.store(*sent)
        status, transaction = client.ask(*((one.SOPClassUID, one.SOPInstanceUID) for one in sent))
        assert status == 0
        event, said = client.told.get(timeout=20)
        client.association.release()
    assert (event, said.TransactionUID) == (1, transaction)
    assert [one.ReferencedSOPInstanceUID for one in said.ReferencedSOPSequence] == [one.SOPInstanceUID for one in sent]
    assert "FailedSOPSequence" not in said
    (kept, named, failed) = archive.commitments.recent(10)[0]
    assert (named, failed) == (2, 0)
    assert kept.delivered_at is not None
    assert kept.next_try_at is None
    assert archive.commitments.committed([sent[0].SOPInstanceUID, "1.2"]) == {sent[0].SOPInstanceUID}


def test_each_failure_has_its_reason(archive):
    good, harmed = instance(1), instance(3)
    with archive.open() as port:
        client = Modality(port)
        client.store(good, harmed)
        (place,) = [
            at for at in archive.positions() if archive.vault.open(at).facts.sop_instance_uid == harmed.SOPInstanceUID
        ]
        flip(archive, place)
        client.ask((CT, good.SOPInstanceUID), (MR, good.SOPInstanceUID), (CT, "2.25.404"), (CT, harmed.SOPInstanceUID))
        event, said = client.told.get(timeout=20)
        client.association.release()
    assert event == 2
    assert [one.ReferencedSOPInstanceUID for one in said.ReferencedSOPSequence] == [good.SOPInstanceUID]
    assert [one.FailureReason for one in said.FailedSOPSequence] == [0x0119, 0x0112, 0x0110]


def flip(house, place):
    """Flip a bit in the middle of a record's pixels."""
    (file,) = (house.folder / "vault").rglob(f"*{place.pack}*")
    raw = bytearray(file.read_bytes())
    raw[(place.offset + place.end) // 2] ^= 1
    file.write_bytes(raw)


def test_what_no_hint_told_the_index_is_found_in_the_packs(archive, monkeypatch):
    monkeypatch.setattr(DirectIntake, "stored", lambda self, hint: None)
    with archive.open() as port:
        client = Modality(port)
        client.store(instance(5))
        client.ask((CT, instance(5).SOPInstanceUID))
        assert client.told.get(timeout=20)[0] == 1
        client.association.release()


def test_a_result_that_the_device_refuses_is_delivered_later(archive):
    with archive.open() as port:
        client = Modality(port, answer=0x0110)
        client.store(instance(6))
        client.ask((CT, instance(6).SOPInstanceUID))
        client.told.get(timeout=20)
        client.association.release()
    (one, _, _), *_ = archive.commitments.recent(1)
    assert (one.delivered_at, one.tries) == (None, 0)
    called = []
    later = one.next_try_at
    assert archive.commitments.deliver_due(later, lambda due: called.append(due.transaction_uid) or False) == 0
    assert archive.commitments.deliver_due(later, lambda due: True) == 0  # not due before its next hour
    again = archive.commitments.find(one.id).next_try_at
    assert again > later
    assert archive.commitments.deliver_due(again, lambda due: called.append(due.transaction_uid) or True) == 1
    assert called == [one.transaction_uid] * 2
    assert archive.commitments.deliver_due(again + timedelta(days=30), lambda due: True) == 0


def test_a_request_that_a_restart_interrupted_is_checked_after_it(archive):
    archive.commitments.ask(archive.modality.id, CONTROLLER, "1.2.3", [Reference(CT, "2.25.404")])
    assert archive.commitments.check_all() == 1
    assert archive.commitments.check_all() == 0
    assert [one.reason for one in archive.commitments.recent(1) and archive.commitments.find(
        archive.commitments.recent(1)[0][0].id).references] == [0x0112]  # fmt: skip


def test_the_same_transaction_is_the_same_request(archive):
    first = archive.commitments.ask("dev_a", CONTROLLER, "1.2.3", [Reference(CT, "1")])
    assert archive.commitments.ask("dev_a", CONTROLLER, "1.2.3", [Reference(CT, "2")]).id == first.id
    assert archive.commitments.ask("dev_b", CONTROLLER, "1.2.3", [Reference(CT, "2")]).id != first.id
    with pytest.raises(NothingReferenced):
        archive.commitments.ask("dev_a", CONTROLLER, "1.2.4", [])


def test_another_controllers_instance_is_not_committed(archive):
    with archive.open() as port:
        client = Modality(port)
        client.store(instance(7))
        client.association.release()
    one = archive.commitments.ask("dev_a", "ctl_" + "z" * 26, "1.2.9", [Reference(CT, instance(7).SOPInstanceUID)])
    archive.commitments.check_all()
    assert [ref.reason for ref in archive.commitments.find(one.id).references] == [0x0112]


def test_what_is_no_request_gets_its_status(archive):
    with archive.open() as port:
        client = Modality(port)
        assert client.ask()[0] == 0x0115
        assert client.ask((CT, "1.2"), action=2)[0] == 0x0123
        assert client.ask((CT, "1.2"), sop_instance="1.2.3")[0] == 0x0112
        assert client.ask((CT, ""))[0] == 0x0115
        client.association.release()
    assert archive.commitments.recent(1) == []


def test_the_association_goes_on_while_a_check_is_under_way(archive, monkeypatch):
    held, go = threading.Event(), threading.Event()
    check = Commitments.check_all

    def slowly(self):
        held.set()
        go.wait(20)
        return check(self)

    monkeypatch.setattr(Commitments, "check_all", slowly)
    with archive.open() as port:
        client = Modality(port)
        client.store(instance(8))
        client.ask((CT, instance(8).SOPInstanceUID))
        assert held.wait(10)
        client.store(instance(9))
        go.set()
        assert client.told.get(timeout=20)[0] == 1
        client.association.release()


def test_deliveries_are_tried_less_and_less_often_and_then_no_more():
    clock = SystemClock()
    asked = now = clock.now()
    waits, tries = [], 1
    while (due := next_try(asked, now, tries)) is not None:
        waits.append(due - now)
        now, tries = due, tries + 1
    assert waits[:5] == [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 360)]
    assert now - asked <= GIVEN_UP


@contextmanager
def listening(answer=0x0000, *, supports=True):
    """A modality that listens for what came of its requests; it is SCU there, the roles are exchanged."""
    told = queue.Queue()

    def hear(event):
        told.put((event.request.EventTypeID, event.event_information, event.assoc.requestor.ae_title))
        return answer, None

    ae = AE("MODALITY")
    if supports:
        ae.add_supported_context(PUSH, [EXPLICIT], scu_role=False, scp_role=True)
    else:
        ae.add_supported_context("1.2.840.10008.1.1")
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_N_EVENT_REPORT, hear)])
    try:
        yield server.socket.getsockname()[1], told
    finally:
        server.shutdown()


def called(port):
    address = Address("127.0.0.1", port, "", b"", authority=False)
    return Destination("dev_" + "a" * 26, "ct", "MODALITY", frozenset(), CONTROLLER, address, loopback_only=True)


RESULT = {"transaction": "1.2.3", "references": [Reference(CT, "1.5"), Reference(CT, "1.6", 0x0112)]}


@pytest.mark.parametrize(("answer", "taken"), [(0x0000, True), (0x0110, False)])
def test_a_device_that_has_gone_is_called_with_the_result(answer, taken):
    with listening(answer) as (port, told):
        assert Reporter(Dialler("PRIMUM", b"", "bcp195", Limits()))(called(port), RESULT) is taken
        event, said, title = told.get(timeout=10)
    assert (event, said.TransactionUID, title) == (2, "1.2.3", "PRIMUM")
    assert said.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == "1.5"
    assert said.FailedSOPSequence[0].FailureReason == 0x0112


def test_a_device_that_takes_no_reports_or_does_not_listen_is_a_refusal():
    reporter = Reporter(Dialler("PRIMUM", b"", "bcp195", Limits()))
    with listening(supports=False) as (port, _), pytest.raises(NothingAccepted):
        reporter(called(port), RESULT)
    with pytest.raises(Unreachable):
        reporter(called(port), RESULT)
