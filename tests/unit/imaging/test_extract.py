import struct

import pytest
from hypothesis import given, settings, strategies as st
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from tests.unit.imaging.conftest import data_set, element, slice_of
from tests.unit.imaging.oracle import Sample, samples
from tests.unit.imaging.test_dicomjson import plain

from primum.imaging.attributes import Level
from primum.imaging.extract import OTHER_IDS, Attributes, Identifier, normal_date, normal_time
from primum.imaging.syntaxes import EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE

REFUSED = {"SC_rgb_jpeg.dcm"}


@pytest.mark.filterwarnings("ignore")  # of pydicom, about its own files
@pytest.mark.parametrize("one", samples(), ids=lambda one: one.name)
def test_every_attribute_of_the_index_is_what_pydicom_reads(one: Sample) -> None:
    attributes = Attributes(one.data, one.syntax)
    if one.path.name in REFUSED:
        assert not attributes.readable
        return
    theirs = plain(one.dataset().to_json_dict(bulk_data_threshold=1 << 40, suppress_invalid_tags=True))
    for level in Level:
        ours = plain(attributes.json(level))
        if one.path.name == "badVR.dcm":
            ours.pop("00280008", None)  # "1A": pydicom leaves it out
        assert ours == {key: theirs[key] for key in ours}


def test_other_identifiers_of_a_patient_are_read() -> None:
    """The French national identity (INS) comes this way, beside the local PatientID."""
    item = element(0x00100020, "LO", b"1234") + element(0x00100021, "LO", b"INS") + element(0x00100022, "CS", b"TEXT")
    for length in (len(item), 0xFFFFFFFF):
        end = struct.pack("<HHI", 0xFFFE, 0xE00D, 0) if length == 0xFFFFFFFF else b""
        sequence = struct.pack("<HHI", 0xFFFE, 0xE000, length) + item + end
        data = data_set(slice_of() | {OTHER_IDS: ("SQ", sequence)})
        assert Attributes(data, EXPLICIT_LE).other_identifiers() == [Identifier("INS", "1234", "TEXT")]


@pytest.mark.parametrize(
    ("written", "date"),
    [("20260102", "20260102"), ("2026.01.02", "20260102"), ("2026", ""), ("20260102-", ""), ("", "")],
)
def test_dates_are_written_in_one_way(written: str, date: str) -> None:
    assert normal_date(written) == date


@pytest.mark.parametrize(
    ("written", "time"),
    [("10", "100000.000000"), ("101112.5", "101112.500000"), ("10:11:12", "101112.000000"), ("1", ""), ("x", "")],
)
def test_times_are_written_in_one_way(written: str, time: str) -> None:
    assert normal_time(written) == time


def test_a_number_that_no_database_holds_is_left_out() -> None:
    attributes = Attributes(data_set(slice_of() | {0x00200013: ("IS", b"123456789012345678901")}), EXPLICIT_LE)
    assert attributes.number(0x00200013) is None


def test_a_very_long_value_is_cut() -> None:
    attributes = Attributes(data_set(slice_of(description="x" * 5000)), EXPLICIT_LE)
    assert len(attributes.text(0x00081030)) == 1024


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([EXPLICIT_LE, IMPLICIT_LE, EXPLICIT_BE, "1.2.840.10008.1.2.1.99", "x"]))
def test_nothing_that_a_device_sends_raises(noise: bytes, syntax: str) -> None:
    attributes = Attributes(noise, syntax)
    for level in Level:
        attributes.json(level)
    attributes.other_identifiers()
    attributes.name(0x00100010)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_nor_does_one_wrong_byte(data: st.DataObject) -> None:
    raw = bytearray(data_set(slice_of()))
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    attributes = Attributes(bytes(raw), EXPLICIT_LE)
    for level in Level:
        attributes.json(level)
    attributes.other_identifiers()


def test_an_issuer_is_kept_with_its_qualifiers() -> None:
    """PS3.3 C.7.1.1: Issuer of Patient ID Qualifiers Sequence; an INS comes with the OID of its nature."""
    patient, other, qualifiers = Dataset(), Dataset(), Dataset()
    qualifiers.UniversalEntityID, qualifiers.UniversalEntityIDType = "1.2.250.1.213.1.4.8", "ISO"
    patient.PatientID, patient.IssuerOfPatientID = "P1", "HOSP"
    patient.IssuerOfPatientIDQualifiersSequence = [qualifiers]
    other.PatientID, other.IssuerOfPatientIDQualifiersSequence = "255081416802538", [qualifiers]
    patient.OtherPatientIDsSequence = [other]
    stream = DicomBytesIO()
    stream.is_little_endian, stream.is_implicit_VR = True, False
    write_dataset(stream, patient)
    found = Attributes(stream.getvalue(), EXPLICIT_LE).other_identifiers()
    assert found == [
        Identifier("HOSP&1.2.250.1.213.1.4.8&ISO", "P1", ""),
        Identifier("&1.2.250.1.213.1.4.8&ISO", "255081416802538", ""),
    ]
