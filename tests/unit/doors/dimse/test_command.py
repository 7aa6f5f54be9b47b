import contextlib
from io import BytesIO

import pytest
from hypothesis import given, strategies as st
from pydicom.dataset import Dataset
from pynetdicom.dsutils import decode as pynetdicom_decode, encode as pynetdicom_encode
from tests.doors.dimse.instances import CT, element, store_command

from primum.doors.dimse.command import Command, Counts, decode_command, encode_response
from primum.doors.dimse.refusals import InvalidCommand


def test_a_command_set_of_another_implementation_is_read():
    theirs = Dataset()
    theirs.AffectedSOPClassUID, theirs.AffectedSOPInstanceUID = CT, "1.2.3"
    theirs.CommandField, theirs.MessageID, theirs.Priority, theirs.CommandDataSetType = 1, 77, 2, 1
    theirs.MoveOriginatorApplicationEntityTitle, theirs.MoveOriginatorMessageID = "MOVER", 5
    raw = pynetdicom_encode(theirs, is_implicit_vr=True, is_little_endian=True)
    read = decode_command(raw)
    assert read[:-1] == Command(1, 77, CT, "1.2.3", has_data_set=True, elements={})[:-1]
    assert (read.text(0x1030), read.short(0x1031), read.short(0x0700)) == ("MOVER", 5, 2)
    assert (read.text(0x0600), read.short(0x0600)) == ("", None)


def test_a_response_is_read_by_another_implementation():
    raw = encode_response(decode_command(store_command()), 0xA900, "imaging.other-instance", (0x00080018, 0x00080016))
    theirs = pynetdicom_decode(BytesIO(raw), is_implicit_vr=True, is_little_endian=True)
    assert theirs.CommandGroupLength == len(raw) - 12
    assert (theirs.CommandField, theirs.MessageIDBeingRespondedTo, theirs.Status) == (0x8001, 1, 0xA900)
    assert theirs.ErrorComment == "imaging.other-instance"
    assert theirs.OffendingElement == [0x00080018, 0x00080016]
    assert (theirs.AffectedSOPClassUID, theirs.AffectedSOPInstanceUID) == (CT, "2.25.1000.1")


def test_a_response_with_sub_operations_and_a_data_set_is_read_by_another_implementation():
    raw = encode_response(
        decode_command(store_command()), 0xFF00, counts=Counts(70_000, 3, 2, 1), has_data_set=True, instance_uid="1.9",
        others={0x1002: 7},
    )  # fmt: skip
    theirs = pynetdicom_decode(BytesIO(raw), is_implicit_vr=True, is_little_endian=True)
    assert theirs.CommandGroupLength == len(raw) - 12
    assert theirs.CommandDataSetType != 0x0101
    assert (theirs.NumberOfRemainingSuboperations, theirs.NumberOfCompletedSuboperations) == (0xFFFF, 3)
    assert (theirs.NumberOfFailedSuboperations, theirs.NumberOfWarningSuboperations) == (2, 1)
    assert (theirs.AffectedSOPInstanceUID, theirs.EventTypeID) == ("1.9", 7)
    last = encode_response(decode_command(store_command()), 0, counts=Counts(None, 1, 0, 0))
    assert "NumberOfRemainingSuboperations" not in pynetdicom_decode(
        BytesIO(last), is_implicit_vr=True, is_little_endian=True
    )


@pytest.mark.parametrize(
    "bad",
    [
        b"\0",
        store_command()[:-1],
        b"\x08\0" + store_command()[2:],
        element(0x0100, b"\1\0"),
        element(0x0100, b"\1\0\0\0"),
        b"",
    ],
    ids=["a byte", "cut", "not group 0", "no message id", "field of four bytes", "nothing"],
)  # fmt: skip
def test_what_is_not_a_command_set_is_refused(bad):
    with pytest.raises(InvalidCommand):
        decode_command(bad)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_command_set_or_refused(body):
    with contextlib.suppress(InvalidCommand):
        command = decode_command(body)
        encode_response(command, 0)
