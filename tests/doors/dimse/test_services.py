"""What a service is given: its request whole, a way to answer bit by bit, and the caller's change of mind."""

import threading

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE
from tests.doors.dimse.running import device

from primum.doors.dimse import registry
from primum.doors.dimse.refusals import IdentifierTooLong
from primum.doors.dimse.statuses import Answer, Status
from primum.identity.device_model import Service

FIND = "1.2.840.10008.5.1.4.1.2.2.1"
EXPLICIT = "1.2.840.10008.1.2.1"


class Counting:
    """Answers `matches` pending responses, each the identifier itself, until it is cancelled."""

    def __init__(self, matches):
        self.grants = {FIND: "find"}
        self.matches = matches
        self.first_sent = threading.Event()
        self.told = []

    def perform(self, exchange):
        asked = exchange.identifier()
        self.told.append(len(asked))
        for _ in range(self.matches):
            if exchange.cancelled():
                return Answer(Status.CANCEL)
            exchange.permit()
            exchange.respond(Status.PENDING, asked)
            self.first_sent.set()
        return Answer(Status.SUCCESS)


@pytest.fixture
def offer(monkeypatch):
    def offered(service):
        monkeypatch.setattr(registry, "GRANTS", dict(service.grants))
        monkeypatch.setattr(registry, "BY_SYNTAX", dict.fromkeys(service.grants, service))
        return service

    return offered


def associate(port, title="FINDER"):
    ae = AE(title)
    ae.add_requested_context(FIND, EXPLICIT)
    association = ae.associate("127.0.0.1", port, ae_title="PRIMUM")
    assert association.is_established
    return association


def identifier(name="DUPONT", **more):
    asked = Dataset()
    asked.QueryRetrieveLevel, asked.PatientName = "STUDY", name
    for keyword, value in more.items():
        setattr(asked, keyword, value)
    return asked


@pytest.fixture
def finder(house):
    house.enrol(device("FINDER", frozenset({Service.FIND})), device("SCANNER"))
    return house


def test_pending_responses_carry_data_sets_and_the_last_one_ends(finder, offer):
    offer(Counting(3))
    with finder.open() as port:
        association = associate(port)
        found = list(association.send_c_find(identifier(), FIND))
        association.release()
    assert [status.Status for status, _ in found] == [0xFF00] * 3 + [0x0000]
    assert [str(data.PatientName) for _, data in found[:3]] == ["DUPONT"] * 3


def test_a_cancel_in_the_middle_is_heard(finder, offer):
    offer(Counting(10**9))
    with finder.open() as port:
        association = associate(port)
        found = association.send_c_find(identifier(), FIND, msg_id=7)
        assert next(found)[0].Status == 0xFF00
        association.send_c_cancel(7, query_model=FIND)
        assert list(found)[-1][0].Status == 0xFE00
        association.release()


def test_a_device_without_the_grant_is_refused_the_context(finder, offer):
    offer(Counting(1))
    with finder.open() as port:
        ae = AE("SCANNER")
        ae.add_requested_context(FIND, EXPLICIT)
        association = ae.associate("127.0.0.1", port, ae_title="PRIMUM")
        assert [one.result for one in association.rejected_contexts] == [1]
        association.abort()


def test_a_revoked_device_is_stopped_amid_its_answers(finder, offer):
    service = offer(Counting(10**9))
    with finder.open() as port:
        association = associate(port)
        found = association.send_c_find(identifier(), FIND)
        assert next(found)[0].Status == 0xFF00
        finder.enrol(device("SCANNER"))
        last = list(found)[-1][0]
        assert "Status" not in last or last.Status == 0x0124  # answered, or cut before it was read
    assert service.first_sent.is_set()


def test_a_request_that_is_too_long_is_read_to_its_end_and_the_association_goes_on(finder, offer):
    service = offer(Counting(1))
    with finder.open() as port:
        association = associate(port)
        long = list(association.send_c_find(identifier(EncapsulatedDocument=bytes(5 << 20)), FIND))
        assert long[-1][0].Status == 0xA700
        assert long[-1][0].ErrorComment == IdentifierTooLong.code
        assert [one.Status for one, _ in association.send_c_find(identifier(), FIND)] == [0xFF00, 0x0000]
        association.release()
    assert len(service.told) == 1


def test_a_fault_in_a_service_is_an_answer(finder, offer):
    class Broken(Counting):
        def perform(self, exchange):
            raise ValueError("Dupont")

    offer(Broken(0))
    with finder.open() as port:
        association = associate(port)
        (only,) = association.send_c_find(identifier(), FIND)
        assert (only[0].Status, only[0].ErrorComment) == (0x0110, "dimse.processing-failure")
        association.release()


def test_an_abort_amid_the_answers_ends_them(finder, offer):
    service = offer(Counting(10**9))
    with finder.open() as port:
        association = associate(port)
        found = association.send_c_find(identifier(), FIND)
        next(found)
        association.abort()
    assert service.first_sent.is_set()
    assert finder.reasons("device:association:closed") == ["aborted"]
