"""Rejection notes: read from whoever sends one, written so that others can (IHE IOCM, PS3.3 A.35.4)."""

from __future__ import annotations

import subprocess
import zlib
from datetime import UTC, datetime
from io import BytesIO

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from tests.unit.imaging.conftest import EXPLICIT, data_set, slice_of

from primum.imaging import rejection_notes
from primum.imaging.amendments import RejectionCode
from primum.imaging.errors import DamagedDataSet, DataSetTooLarge
from primum.imaging.part10 import write_meta
from primum.imaging.rejection_notes import KEY_OBJECTS, MEANINGS, Reference, read_note, write_note

AT = datetime(2026, 1, 2, 10, 0, tzinfo=UTC)
SAID = {0x00100010: "ÉLUARD^PAUL", 0x00100020: "P1", 0x00100030: "19700102", 0x00100040: "M", 0x00080020: "20260102"}
CT, SR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.88.11"
REFERENCES = [
    Reference("1.2.3.4", CT, "1.2.3.4.5", image=True),
    Reference("1.2.3.4", CT, "1.2.3.4.6", image=True),
    Reference("1.2.3.9", SR, "1.2.3.9.1", image=False),
]


def note(code=RejectionCode.QUALITY):
    return write_note("1.2.3", SAID, REFERENCES, code, AT)


@pytest.mark.parametrize("code", list(RejectionCode))
def test_what_we_write_we_read(code):
    found = read_note(note(code).data, EXPLICIT)
    assert found.code == code
    assert found.studies == {"1.2.3": ("1.2.3.4.5", "1.2.3.4.6", "1.2.3.9.1")}


def test_pydicom_reads_what_we_write():
    found = pydicom.dcmread(BytesIO(note().data), force=True)
    assert str(found.PatientName) == "ÉLUARD^PAUL"
    assert found.ConceptNameCodeSequence[0].CodeMeaning == MEANINGS[RejectionCode.QUALITY]
    assert [one.ValueType for one in found.ContentSequence] == ["IMAGE", "IMAGE", "COMPOSITE"]


@pytest.mark.programs("dciodvfy")
def test_dciodvfy_finds_no_error_in_what_we_write(tmp_path):
    made = note()
    meta = write_meta(
        transfer_syntax_uid=EXPLICIT, sop_class_uid=KEY_OBJECTS, sop_instance_uid=made.sop_uid,
    )  # fmt: skip
    (tmp_path / "note.dcm").write_bytes(meta + made.data)
    command = ["dciodvfy", "-new", str(tmp_path / "note.dcm")]
    told = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False).stderr
    assert "KeyObjectSelectionDocument" in told
    assert [line for line in told.splitlines() if line.startswith("Error")] == []


def sent_by_pydicom(code="113001", scheme="DCM", *, undefined=True, big=False, implicit=False):
    """A note as another system would write it, with sequences of undefined length."""
    title, sop, series, study, note = Dataset(), Dataset(), Dataset(), Dataset(), Dataset()
    title.CodeValue, title.CodingSchemeDesignator, title.CodeMeaning = code, scheme, "x"
    sop.ReferencedSOPClassUID, sop.ReferencedSOPInstanceUID = CT, "1.2.3.4.5"
    series.ReferencedSOPSequence, series.SeriesInstanceUID = Sequence([sop]), "1.2.3.4"
    study.ReferencedSeriesSequence, study.StudyInstanceUID = Sequence([series]), "1.2.3"
    note.ConceptNameCodeSequence = Sequence([title])
    note.CurrentRequestedProcedureEvidenceSequence = Sequence([study])
    for one in note.iterall():
        if one.VR == "SQ":
            one.is_undefined_length = undefined
    stream = pydicom.filebase.DicomBytesIO()
    stream.is_little_endian, stream.is_implicit_VR = not big, implicit
    pydicom.filewriter.write_dataset(stream, note)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("syntax", "kind"),
    [
        ("1.2.840.10008.1.2", {"implicit": True}),
        (EXPLICIT, {}),
        ("1.2.840.10008.1.2.2", {"big": True}),
        (EXPLICIT, {"undefined": False}),
    ],
)
def test_notes_of_others_in_every_encoding(syntax, kind):
    assert read_note(sent_by_pydicom(**kind), syntax).studies == {"1.2.3": ("1.2.3.4.5",)}


def test_a_deflated_note():
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    raw = packer.compress(sent_by_pydicom()) + packer.flush()
    assert read_note(raw, "1.2.840.10008.1.2.1.99").code == "113001"


@pytest.mark.parametrize("title", [("113000", "DCM"), ("113001", "99X")])
def test_a_key_object_of_another_title_rejects_nothing(title):
    assert read_note(sent_by_pydicom(*title), EXPLICIT) is None
    assert read_note(data_set(slice_of()), EXPLICIT) is None


def test_a_note_cut_short_is_refused_and_one_without_end_too(monkeypatch):
    raw = note().data
    with pytest.raises(DamagedDataSet):
        read_note(raw[: raw.index(b"1.2.3.9.1")], EXPLICIT)
    monkeypatch.setattr(rejection_notes, "MOST_REFERENCES", 2)
    with pytest.raises(DataSetTooLarge):
        read_note(raw, EXPLICIT)
