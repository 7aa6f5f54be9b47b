import pydicom.uid
import pytest
from pydicom._uid_dict import UID_dictionary
from pynetdicom import sop_class
from tests.doors.dimse.instances import CT, associate, item

from primum.doors.dimse.contexts import VERIFICATION, Result, negotiate
from primum.doors.dimse.limits import Limits
from primum.doors.dimse.pdu import Role, decode_associate_request
from primum.imaging.storage import TRANSFER_SYNTAXES_REFUSED, is_storable, is_storage

IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
FIND = "1.2.840.10008.5.1.4.1.2.2.1"
PRINT = "1.2.840.10008.5.1.1.9"


OFFERED = {FIND: "find", "1.2.840.10008.1.20.1": "commitment"}
REPORTED = {"1.2.840.10008.1.20.1": "receive"}


def answered(*contexts, may=("store",), more=b""):
    return negotiate(decode_associate_request(associate(*contexts, more=more)[6:], Limits()), may, OFFERED, REPORTED)


def role(sop_class, scu, scp):
    return item(0x54, len(sop_class).to_bytes(2, "big") + sop_class.encode() + bytes((scu, scp)))


@pytest.mark.parametrize("uid", sorted(sop_class._STORAGE_CLASSES.values()))
def test_each_storage_class_that_another_implementation_knows_is_stored(uid):
    assert is_storage(uid)


@pytest.mark.parametrize("uid", sorted(sop_class._NON_PATIENT_OBJECT_CLASSES.values()))
def test_objects_without_a_patient_are_not(uid):
    assert not is_storage(uid)


@pytest.mark.parametrize(
    "group", ["_QR_CLASSES", "_VERIFICATION_CLASSES", "_PRINT_MANAGEMENT_CLASSES", "_UNIFIED_PROCEDURE_STEP_CLASSES"]
)
def test_other_services_are_not_storage(group):
    assert [uid for uid in getattr(sop_class, group).values() if is_storage(uid)] == []


def test_every_registered_class_named_storage_is_decided():
    registered = {
        uid
        for uid, what in UID_dictionary.items()
        if what[1] == "SOP Class" and what[0].partition(" -")[0].endswith(("Storage", "Storage SOP Class"))
    }
    no_patient = set(sop_class._NON_PATIENT_OBJECT_CLASSES.values()) | {"1.2.840.10008.1.3.10"}
    assert {uid for uid in registered if not is_storage(uid)} == no_patient & registered


def test_classes_to_come_and_private_ones_are_stored():
    assert is_storage("1.2.840.10008.5.1.4.1.1.9999")
    assert is_storage("1.3.12.2.1107.5.9.1")


def test_every_registered_transfer_syntax_is_accepted_or_refused_by_name():
    registered = {uid for uid, what in UID_dictionary.items() if what[1] == "Transfer Syntax"}
    papyrus = {"1.2.840.10008.1.20"}
    assert {uid for uid in registered if not is_storable(uid)} == TRANSFER_SYNTAXES_REFUSED | papyrus
    assert not is_storable("1.2.840.113619.5.2")


def test_the_first_acceptable_transfer_syntax_wins():
    negotiated = answered((1, CT, ("1.2.840.113619.5.2", pydicom.uid.JPEG2000Lossless, EXPLICIT)))
    assert negotiated.accepted[1].transfer_syntax == pydicom.uid.JPEG2000Lossless


def test_each_refusal_has_its_result():
    negotiated = answered((1, CT, ("1.2.840.10008.1.2.4.94",)), (3, PRINT, (IMPLICIT,)), (5, VERIFICATION, (IMPLICIT,)))
    assert [one.result for one in negotiated.answers] == [
        Result.TRANSFER_SYNTAXES_NOT_SUPPORTED, Result.ABSTRACT_SYNTAX_NOT_SUPPORTED, Result.ACCEPTANCE,
    ]  # fmt: skip
    assert set(negotiated.accepted) == {5}


def test_without_the_grant_storage_is_rejected_by_the_user_and_verification_is_not():
    negotiated = answered((1, CT, (EXPLICIT,)), (3, VERIFICATION, (IMPLICIT,)), may=())
    assert [one.result for one in negotiated.answers] == [Result.USER_REJECTION, Result.ACCEPTANCE]
    assert negotiated.denied


def test_a_service_needs_its_grant_and_a_transfer_syntax_that_we_write():
    granted = answered((1, FIND, ("1.2.840.10008.1.2.1.99", EXPLICIT)), may=("find",))
    assert granted.accepted[1][1:] == (FIND, EXPLICIT, False, False, False, b"")
    assert not granted.denied
    denied = answered((1, FIND, (EXPLICIT,)))
    assert (denied.answers[0].result, denied.denied) == (Result.USER_REJECTION, True)
    unreadable = answered((1, FIND, ("1.2.840.10008.1.2.1.99",)), may=("find",))
    assert unreadable.answers[0].result == Result.TRANSFER_SYNTAXES_NOT_SUPPORTED


@pytest.mark.parametrize(
    ("proposed", "may", "expected"),
    [
        ((0, 1), ("get",), (False, True)),
        ((1, 1), ("get",), (False, True)),
        ((1, 1), ("get", "store"), (True, True)),
        ((1, 1), ("store",), (True, False)),
        ((0, 1), ("store",), None),
        ((1, 0), ("get",), None),
    ],
)
def test_a_device_that_may_get_is_scp_of_storage_and_one_that_may_store_is_scu(proposed, may, expected):
    negotiated = answered((1, CT, (EXPLICIT,)), may=may, more=role(CT, *proposed))
    if expected is None:
        assert (negotiated.answers[0].result, negotiated.roles) == (Result.USER_REJECTION, [])
        return
    storage, retrieval = expected
    assert negotiated.accepted[1][3:5] == (storage, retrieval)
    assert negotiated.roles == [Role(CT, scu=storage, scp=retrieval)]


def test_a_requestor_may_be_scu_and_not_scp():
    both = answered((1, CT, (EXPLICIT,)), more=role(CT, 1, 1))
    assert both.roles == [Role(CT, scu=True, scp=False)]
    scp_only = answered((1, CT, (EXPLICIT,)), more=role(CT, 0, 1))
    assert (scp_only.answers[0].result, scp_only.roles) == (Result.USER_REJECTION, [])


PUSH = "1.2.840.10008.1.20.1"


@pytest.mark.parametrize(
    ("proposed", "may", "expected"),
    [
        ((0, 1), ("receive",), (False, True)),
        ((1, 1), ("receive",), (False, True)),
        ((1, 1), ("receive", "commitment"), (True, True)),
        ((1, 1), ("commitment",), (True, False)),
        ((1, 0), ("receive", "commitment"), (True, False)),
        ((0, 1), ("commitment",), None),
        ((0, 1), ("store",), None),
        ((1, 0), ("receive",), None),
    ],
)
def test_who_may_be_sent_studies_reports_as_scp_what_it_committed(proposed, may, expected):
    """PS3.7 D.3.3.4, PS3.4 J.3.3: the SCP of storage commitment proposes its role; ours to ask is the other grant."""
    negotiated = answered((1, PUSH, (EXPLICIT,)), may=may, more=role(PUSH, *proposed))
    if expected is None:
        assert (negotiated.answers[0].result, negotiated.roles) == (Result.USER_REJECTION, [])
        return
    asks, reports = expected
    assert negotiated.accepted[1].reports == reports
    assert negotiated.roles == [Role(PUSH, scu=asks, scp=reports)]
