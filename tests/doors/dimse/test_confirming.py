"""Destinations are asked to answer for what they were sent (PS3.4 annex J, as SCU), by peers that we did not write."""

import queue
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import AE, build_role, evt
from tests.doors.dimse.instances import CT, instance
from tests.doors.dimse.library import EXPLICIT, RECEIVES, Library
from tests.doors.dimse.test_orthanc import held, orthanc
from tests.doors.dimse.test_sendings import Outbox
from tests.programs import wait_until
from tests.twins.intake import DirectIntake

from primum.doors.dimse import Dialler, Limits
from primum.doors.dimse.confirming import Asker
from primum.doors.dimse.shipping import Shipper
from primum.doors.worker import verbs_commitments
from primum.doors.worker.verbs_send import committed
from primum.ground.clock import from_text, to_text
from primum.identity.device_model import NoSuchDevice, Service
from primum.imaging import SendingQueue
from primum.imaging.confirmations.model import Stage
from primum.imaging.confirmations.service import Confirmations
from primum.imaging.confirmations.store import prepare_confirmations
from primum.imaging.sendings.model import State

PUSH, WELL_KNOWN = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"
QUICK = Limits(report_seconds=0.3)


class Practice(Outbox):
    """A queue that asks, and the worker's verb behind the door."""

    def __init__(self, library):
        prepare_confirmations(library.records)
        self.heard = []
        self.limits = Limits()
        super().__init__(library)
        self.desk = SimpleNamespace(worker=SimpleNamespace(devices=self))
        library.index = DirectIntake(
            library.indexer, {"confirmation.report": lambda args, data: verbs_commitments.report(self.desk, args, data)}
        )

    def start(self):
        dialler = Dialler("PRIMUM", b"", "bcp195", self.limits)
        ask = Asker(Dialler("PRIMUM", b"", "bcp195", self.limits))
        self.confirmations = Confirmations(
            self.library.records, self.sendings, self.find, ask, self.clock, self.heard.append
        )
        if hasattr(self, "desk"):
            self.desk.confirmations = self.confirmations
        shipper = Shipper(dialler, self.library.archive, self.library.journal)
        self.queue = SendingQueue(
            self.sendings, self.library.archive, self.find, shipper, self.clock, self.confirmations
        )

    def granted(self, device_id, service):
        found = self.destinations.get(device_id)
        if found is None or service not in found.may:
            raise NoSuchDevice
        return found

    def asked(self, sending):
        return self.confirmations.of_sending(sending.id)

    def stage(self, sending):
        return [one.stage for one in self.asked(sending)]


@pytest.fixture
def practice(tmp_path):
    library = Library(tmp_path)
    library.keep(*(instance(n) for n in range(1, 4)))
    made = Practice(library)
    made.desk.confirmations = made.confirmations
    yield made
    made.queue.stop()
    library.close()


class Peer:
    """An archive of pynetdicom: it stores, and answers for what it holds, here or on an association of its own."""

    def __init__(self, *, offers=True, reports="here", action_status=0x0000, forgets=()):
        self.offers, self.reports, self.action_status = offers, reports, action_status
        self.forgets = set(forgets)
        self.held, self.requests, self.answers = {}, queue.Queue(), queue.Queue()
        self.port, self.home = 0, 0

    def _store(self, event):
        self.held[str(event.request.AffectedSOPInstanceUID)] = str(event.request.AffectedSOPClassUID)
        return 0

    def _action(self, event):
        asked = event.action_information
        self.requests.put(asked)
        if self.action_status == 0 and self.reports == "here":
            threading.Thread(target=self._tell, args=(event.assoc, asked)).start()
        return self.action_status, None

    def result_of(self, asked):
        said, failed, good = Dataset(), [], []
        said.TransactionUID = asked.TransactionUID
        for one in asked.ReferencedSOPSequence:
            item = Dataset()
            item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = (
                one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID,
            )  # fmt: skip
            if one.ReferencedSOPInstanceUID in self.held and one.ReferencedSOPInstanceUID not in self.forgets:
                good.append(item)
            else:
                item.FailureReason = 0x0112
                failed.append(item)
        if good:
            said.ReferencedSOPSequence = good
        if failed:
            said.FailedSOPSequence = failed
        return (2 if failed else 1), said

    def _tell(self, association, asked):
        kind, said = self.result_of(asked)
        status, _ = association.send_n_event_report(said, kind, PUSH, WELL_KNOWN)
        self.answers.put(status.get("Status"))

    def report(self, port, asked, title="SHELF", *, scp=True, kind=None, sop_instance=WELL_KNOWN):
        """Tell it on an association of its own (PS3.7 D.3.3.4); return the status, None where it is not let."""
        found, said = self.result_of(asked)
        ae = AE(title)
        ae.add_requested_context(PUSH, EXPLICIT)
        roles = [build_role(PUSH, scp_role=True)] if scp else []
        association = ae.associate("127.0.0.1", port, ae_title="PRIMUM", ext_neg=roles)
        if not association.is_established:
            return None
        try:
            if not association.accepted_contexts:
                return None
            status, _ = association.send_n_event_report(said, kind or found, PUSH, sop_instance)
            return status.get("Status")
        finally:
            association.release()


@contextmanager
def listening(peer, title="SHELF"):
    ae = AE(title)
    ae.add_supported_context(CT, EXPLICIT)
    if peer.offers:
        ae.add_supported_context(PUSH, EXPLICIT)
    handlers = [(evt.EVT_C_STORE, peer._store), (evt.EVT_N_ACTION, peer._action)]
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    peer.port = server.socket.getsockname()[1]
    try:
        yield peer
    finally:
        server.shutdown()


def test_what_was_sent_is_committed_on_the_same_association(practice):
    with listening(Peer()) as peer:
        sending = practice.ask(practice.to(peer.port))
        practice.run()
        asked = peer.requests.get(timeout=5)
        assert peer.answers.get(timeout=5) == 0
    assert {(one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID) for one in asked.ReferencedSOPSequence} == {
        (CT, f"2.25.1000.{n}") for n in (1, 2, 3)
    }
    [one] = practice.asked(sending)
    assert (one.stage, one.instances, one.failed, one.due_at) == (Stage.COMMITTED, 3, 0, None)
    assert asked.TransactionUID == one.transaction_uid
    assert [heard.id for heard in practice.heard] == [one.id]
    assert committed([one], "shelf").startswith("stored and committed by shelf at 20")


def test_the_result_may_come_later_on_an_association_of_the_peers(practice):
    practice.limits = QUICK
    practice.start()
    with listening(Peer(reports="later")) as peer, practice.library.open() as port:
        made = practice.to(peer.port)
        practice.library.enrol(practice.library.reader, made)
        sending = practice.ask(made)
        practice.run()
        assert practice.stage(sending) == [Stage.ASKED]
        assert committed(practice.asked(sending), "shelf") == "asked"
        asked = peer.requests.get(timeout=5)
        practice.start()  # a restart in between
        assert peer.report(port, asked) == 0
        assert practice.stage(sending) == [Stage.COMMITTED]
        assert peer.report(port, asked) == 0  # told twice: the first counts
    assert len(practice.heard) == 1


def test_only_the_device_that_was_asked_reports_and_only_what_it_was_asked(practice):
    practice.limits = QUICK
    practice.start()
    with listening(Peer(reports="later")) as peer, practice.library.open() as port:
        made, other = practice.to(peer.port), practice.to(1, "OTHER")
        asks = practice.library.destination("MODALITY", 1, may=frozenset({Service.COMMITMENT, Service.STORE}))
        practice.library.enrol(made, other, asks)
        sending = practice.ask(made)
        practice.run()
        asked = peer.requests.get(timeout=5)
        assert peer.report(port, asked, "OTHER") == 0x0115
        stranger = replace_transaction(asked)
        assert peer.report(port, stranger) == 0x0115
        assert peer.report(port, asked, scp=False) is None  # without the role it would have to ask, and may not
        assert peer.report(port, asked, "MODALITY") is None  # nothing is ever sent to it
        assert peer.report(port, asked, kind=7) == 0x0113
        assert peer.report(port, asked, sop_instance="1.2.3") == 0x0112
        assert practice.stage(sending) == [Stage.ASKED]
        assert practice.heard == []


def replace_transaction(asked):
    other = Dataset()
    other.update(asked)
    other.TransactionUID = generate_uid()
    return other


def test_what_is_not_committed_is_sent_once_more_and_then_shown(practice):
    with listening(Peer(forgets={"2.25.1000.2"})) as peer:
        made = practice.to(peer.port)
        sending = practice.ask(made)
        practice.run()
        practice.run()
    [first] = practice.asked(sending)
    assert (first.stage, first.instances, first.failed) == (Stage.FAILED, 3, 1)
    assert {ref.sop_instance_uid: ref.reason for ref in practice.confirmations.references(first.id)} == {
        "2.25.1000.1": None, "2.25.1000.2": 0x0112, "2.25.1000.3": None,
    }  # fmt: skip
    again = [one for one in practice.sendings.recent() if one.channel == "again"]
    assert [(one.instances, one.state) for one in again] == [(1, State.DONE)]
    assert practice.stage(again[0]) == [Stage.FAILED]
    assert len(practice.sendings.recent()) == 2
    assert committed(practice.asked(again[0]), "shelf") == "1 not committed by shelf"


def test_who_does_not_offer_it_is_asked_once(practice):
    with listening(Peer(offers=False)) as peer:
        sending = practice.ask(practice.to(peer.port))
        practice.run()
    assert practice.sendings.one(sending.id).state is State.DONE
    assert practice.stage(sending) == [Stage.DECLINED]
    assert committed(practice.asked(sending), "shelf") == "not offered"
    assert practice.confirmations.destinations_due(practice.clock.now() + timedelta(days=6)) == []


def test_who_is_not_to_be_asked_is_not(practice):
    with listening(Peer()) as peer:
        made = practice.to(peer.port, ask_commitment=False)
        sending = practice.ask(made)
        practice.run()
        assert peer.requests.empty()
    assert committed(practice.asked(sending), "shelf") == "not asked"


def test_who_cannot_be_asked_now_is_asked_later_over_a_restart(practice):
    with listening(Peer(action_status=0x0213)) as peer:
        made = practice.to(peer.port)
        sending = practice.ask(made)
        practice.run()
        [one] = practice.asked(sending)
        assert (one.stage, one.reason, one.due_at) == (
            Stage.TO_ASK, "status-0213", soon(practice),
        )  # fmt: skip
        peer.action_status = 0
        practice.start()
        practice.run()
        assert practice.stage(sending) == [Stage.TO_ASK]
        practice.clock.advance(timedelta(minutes=1))
        practice.run()
        assert practice.stage(sending) == [Stage.COMMITTED]
        transactions = {peer.requests.get(timeout=5).TransactionUID for _ in range(2)}
    assert transactions == {one.transaction_uid}


def soon(practice):
    """In a minute, as it is kept: to the millisecond."""
    return from_text(to_text(practice.clock.now() + timedelta(minutes=1)))


def test_nobody_is_asked_for_ever(practice):
    practice.limits = QUICK
    practice.start()
    with listening(Peer(reports="never")) as peer:
        sending = practice.ask(practice.to(peer.port))
        practice.run()
        practice.clock.advance(timedelta(days=7))
        practice.run()
    assert practice.stage(sending) == [Stage.GIVEN_UP]
    assert committed(practice.asked(sending), "shelf") == "no answer"


def test_a_destination_that_is_gone_is_not_asked_and_harms_nobody(practice):
    practice.limits = QUICK
    practice.start()
    with listening(Peer(reports="never")) as peer:
        made = practice.to(peer.port)
        sending = practice.ask(made)
        practice.run()
    practice.destinations[made.id] = replace(made, may=RECEIVES)
    del practice.destinations[made.id]
    practice.clock.advance(timedelta(hours=1))
    practice.run()
    [one] = practice.asked(sending)
    assert (one.stage, one.reason) == (Stage.TO_ASK, "device.no-destination")


def test_an_abort_amid_the_question_is_tried_again(practice):
    peer = Peer()
    peer._action = lambda event: event.assoc.abort() or (0, None)
    with listening(peer):
        sending = practice.ask(practice.to(peer.port))
        practice.run()
    [one] = practice.asked(sending)
    assert one.stage is Stage.TO_ASK
    assert one.reason == "dimse.aborted"


@pytest.mark.programs("Orthanc")
def test_orthanc_answers_for_what_it_was_sent(practice, tmp_path):
    """It reports on an association of its own, as SCP, and tells the wrong UID from the right one."""
    with practice.library.open() as port, orthanc(tmp_path, port) as (dicom, client):
        made = practice.to(dicom, "ORTHANC")
        practice.library.enrol(practice.library.reader, made)
        sending = practice.ask(made)
        practice.run()
        assert len(held(client)) == 3
        wait_until(lambda: practice.stage(sending) == [Stage.COMMITTED], seconds=20)
    [one] = practice.heard
    assert (one.instances, one.failed) == (3, 0)
