"""Whatever bytes come for a PDU, a message or a data set: they are read within their bounds, or NotDicom."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from hypothesis import given, settings, strategies as st
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from pynetdicom.pdu import A_ABORT_RQ, A_ASSOCIATE_AC, A_ASSOCIATE_RJ, A_ASSOCIATE_RQ, P_DATA_TF

from primum.exposure.probe.dicom import messages
from primum.exposure.probe.dicom.classes import ALL, EXPLICIT, IMPLICIT
from primum.exposure.probe.dicom.messages import IDENTIFYING, identifier, read_command, request
from primum.exposure.probe.dicom.pdu import (
    ABORTING,
    HEADER,
    NotDicom,
    Proposal,
    associate_request,
    data_pdus,
    read_abort,
    read_accept,
    read_reject,
)
from primum.exposure.probe.dicom.sets import having_a_value, uid_in

STUDY = (0x0020, 0x000D)
CT_STORAGE = "1.2.840.10008.5.1.4.1.1.2.1"


def test_an_association_request_is_read_by_another_as_it_was_meant():
    proposals = [*ALL, Proposal(CT_STORAGE, (EXPLICIT, IMPLICIT), scp=True)]
    whole = associate_request(
        "PRIMUM-PROBE", "NO-SUCH-TITLE", proposals, version_name="PRIMUM_PROBE", max_length=131072
    )
    read = A_ASSOCIATE_RQ()
    read.decode(whole)
    assert (read.calling_ae_title, read.called_ae_title) == ("PRIMUM-PROBE", "NO-SUCH-TITLE")
    found = [(one.abstract_syntax, tuple(map(str, one.transfer_syntax))) for one in read.presentation_context]
    assert found == [one[:2] for one in proposals]
    assert [one.presentation_context_id for one in read.presentation_context] == list(range(1, 2 * len(proposals), 2))
    assert read.user_information.maximum_length == 131072
    roles = read.user_information.role_selection
    assert {uid: (role.scu_role, role.scp_role) for uid, role in roles.items()} == {CT_STORAGE: (False, True)}
    assert read.user_information.implementation_version_name == "PRIMUM_PROBE"


def test_the_last_words_are_read_by_another():
    read = A_ABORT_RQ()
    read.decode(ABORTING)
    assert (read.source, read.reason_diagnostic) == (0, 0)


@given(size=st.integers(0, 40_000), most=st.integers(0, 40_000))
@settings(max_examples=30)
def test_fragments_are_whole_and_no_longer_than_the_other_side_takes(size, most):
    message = bytes(index % 251 for index in range(size)) or b"\0\0"
    got = b""
    for pdu in data_pdus(3, message, command=True, max_length=most):
        read = P_DATA_TF()
        read.decode(pdu)
        (value,) = read.presentation_data_value_items
        assert value.presentation_context_id == 3
        assert not most or len(pdu) - HEADER.size <= max(most, 70)
        got += value.presentation_data_value[1:]
    assert got == message


def test_a_request_is_read_by_another_as_it_was_meant():
    whole = request(messages.C_MOVE_RQ, "1.2.840.10008.5.1.4.1.2.2.2", destination="PRIMUM-PROBE")
    read = read_dataset(DicomBytesIO(whole), is_implicit_VR=True, is_little_endian=True)
    assert (read.AffectedSOPClassUID, read.CommandField, read.MessageID) == ("1.2.840.10008.5.1.4.1.2.2.2", 0x0021, 1)
    assert (read.MoveDestination, read.CommandDataSetType) == ("PRIMUM-PROBE", 1)
    assert read.CommandGroupLength == len(whole) - 12
    ours = read_command(memoryview(whole))
    assert ours[messages.FIELD] == messages.C_MOVE_RQ


def encoded(data: Dataset) -> memoryview:
    file = DicomBytesIO()
    file.is_little_endian, file.is_implicit_VR = True, True
    write_dataset(file, data)
    return memoryview(bytearray(file.getvalue()))


def test_only_whether_there_is_a_value_is_told_and_padding_is_none():
    data = Dataset()
    data.PatientName, data.PatientBirthDate, data.StudyDescription, data.InstitutionName = "A^B", "", "  ", "CLINIC"
    data.OtherPatientIDsSequence = [Dataset()]
    data.OtherPatientIDsSequence[0].PatientID = "INSIDE"
    data.StudyInstanceUID = "2.25.17"
    data["OtherPatientIDsSequence"].is_undefined_length = True
    data.OtherPatientIDsSequence[0].is_undefined_length_sequence_item = True
    view = encoded(data)
    assert having_a_value(view, IDENTIFYING) == {"PatientName", "InstitutionName"}
    assert uid_in(view, STUDY) == "2.25.17"


def test_what_is_no_uid_is_not_taken_for_one():
    data = Dataset()
    data.add_new(STUDY, "LO", "MARGUERITE")
    assert uid_in(encoded(data), STUDY) == ""


def test_sequences_within_sequences_are_followed_so_deep_and_no_deeper():
    item = struct.pack("<HHL", 0x0040, 0x0100, 0xFFFFFFFF) + struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF)
    with pytest.raises(NotDicom):
        having_a_value(memoryview(item * 10_000), IDENTIFYING)


def test_an_identifier_is_read_by_another_as_it_was_meant():
    keys = {messages.LEVEL: "STUDY", STUDY: "2.25.1", **dict.fromkeys(IDENTIFYING, "")}
    read = read_dataset(DicomBytesIO(identifier(keys)), is_implicit_VR=True, is_little_endian=True)
    assert {one.keyword for one in read} == {"QueryRetrieveLevel", "StudyInstanceUID", *IDENTIFYING.values()}
    assert read.StudyInstanceUID == "2.25.1"
    worklist = read_dataset(
        DicomBytesIO(identifier({messages.STEP_SEQUENCE: ""})), is_implicit_VR=True, is_little_endian=True
    )
    assert [one.keyword for one in worklist.ScheduledProcedureStepSequence[0]] == ["ScheduledProcedureStepID"]


READERS = (
    read_accept,
    read_reject,
    read_abort,
    read_command,
    lambda view: having_a_value(view, IDENTIFYING),
    lambda view: uid_in(view, STUDY),
)


@given(st.binary(max_size=600), st.sampled_from(READERS))
def test_no_bytes_make_a_reader_do_but_read_or_refuse(data, read):
    with suppress(NotDicom):
        read(memoryview(data))


GOOD = b"\0\1" + bytes(66) + b"\x10\0\0\x151.2.840.10008.3.1.1.1" + b"\x21\0\0\x19\1\0\0\0\x40\0\0\x111.2.840.10008.1.2"


@given(st.data())
def test_no_change_of_good_bytes_does_either(data):
    command = request(messages.C_FIND_RQ, CT_STORAGE)
    name = identifier({(0x0010, 0x0010): "A^B", STUDY: "2.25.1"})
    read, whole = data.draw(
        st.sampled_from([(read_accept, GOOD), (read_command, command), (READERS[4], name), (READERS[5], name)])
    )
    changed = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    with suppress(NotDicom):
        read(memoryview(changed[: data.draw(st.integers(0, len(changed)))]))


def test_what_others_answer_is_read_as_they_mean_it():
    reject = A_ASSOCIATE_RJ()
    reject.result, reject.source, reject.reason_diagnostic = 1, 1, 7
    assert read_reject(memoryview(reject.encode()[6:])).code == "rj-1-1-7"
    abort = A_ABORT_RQ()
    abort.source, abort.reason_diagnostic = 2, 6
    assert read_abort(memoryview(abort.encode()[6:])).code == "abort-2-6"
    accept = A_ASSOCIATE_AC()
    accept.decode(b"\x02\0" + struct.pack(">L", len(GOOD)) + GOOD)
    assert read_accept(memoryview(GOOD)).results == {1: (0, IMPLICIT)}
    assert accept.presentation_context[0].presentation_context_id == 1
