"""What goes out: opened by programs that are not ours, judged by them, and taken in again."""

from __future__ import annotations

import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pydicom
import pyrage
import pytest
from pydicom.dataset import Dataset
from pydicom.fileset import FileSet
from tests.programs import find_program
from tests.unit.imaging.media.conftest import House

from primum.imaging.demo.generate import DemoInstance
from primum.imaging.demo.headers import encoded
from primum.imaging.media.exporting import (
    NothingToExport,
    Seal,
    Sealing,
    TooMuchToExport,
    export_studies,
    profile_of,
)
from primum.imaging.media.limits import MediaLimits

AT = datetime(2026, 1, 5, 10, 30, tzinfo=UTC)


@dataclass
class Piece:
    """An instance as it is served, in small pieces."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    data: bytes

    @property
    def length(self) -> int:
        return len(self.data)

    def chunks(self) -> Iterator[bytes]:
        for at in range(0, len(self.data), 10_000):
            yield self.data[at : at + 10_000]


def served(images: list[DemoInstance]) -> list[Piece]:
    return [Piece(one.sop_class_uid, one.sop_instance_uid, one.transfer_syntax_uid, one.data_set) for one in images]


def exported(studies: list[list[Piece]], seal: Seal, to: Path) -> Path:
    with to.open("wb") as file:
        export_studies(studies, file.write, seal, at=AT)
    return to


@pytest.fixture
def medium(images: list[DemoInstance], tmp_path: Path) -> Path:
    """The images on a medium in clear, unpacked."""
    file = exported([served(images)], Seal(Sealing.CLEAR), tmp_path / "clear.zip")
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "medium")
    return tmp_path / "medium"


def judged(program: str, *arguments: str) -> str:
    done = subprocess.run([str(find_program(program)), *arguments], capture_output=True, check=False)
    return (done.stdout + b"\n" + done.stderr).decode("utf-8", "replace")


def test_what_is_exported_comes_in_again_byte_for_byte(house: House, medium: Path, contents: set[bytes]) -> None:
    report = house.take(medium)
    assert (report.stored, report.listed, report.missing, report.outside) == (6, 6, 0, 0)
    assert house.digests() == contents
    assert house.take(medium / "DICOMDIR").known == 6


@pytest.mark.parametrize("how", [Sealing.AGE, Sealing.AES_ZIP])
def test_a_sealed_medium_holds_the_same(
    house: House, images: list[DemoInstance], tmp_path: Path, contents: set[bytes], how: Sealing
) -> None:
    file = exported([served(images)], Seal(how, "abcde-fghij"), tmp_path / "sealed")
    if how is Sealing.AGE:
        file.write_bytes(pyrage.passphrase.decrypt(file.read_bytes(), "abcde-fghij"))
    assert house.take(file, passphrase="abcde-fghij").stored == 6
    assert house.digests() == contents


@pytest.mark.programs("7z")
def test_seven_zip_opens_it_with_the_passphrase_alone(images: list[DemoInstance], tmp_path: Path) -> None:
    file = exported([served(images)], Seal(Sealing.AES_ZIP, "abcde-fghij"), tmp_path / "x.zip")
    listed = judged("7z", "l", "-slt", "-pabcde-fghij", str(file))
    assert listed.count("Method = AES-256 Deflate") == 9
    assert "Everything is Ok" in judged("7z", "t", "-pabcde-fghij", str(file))
    assert "Wrong password" in judged("7z", "t", "-pother", str(file))


def test_no_name_of_an_entry_tells_anything_of_a_patient(images: list[DemoInstance], tmp_path: Path) -> None:
    file = exported([served(images)], Seal(Sealing.AES_ZIP, "x"), tmp_path / "x.zip")
    found = pydicom.dcmread(BytesIO(images[0].data_set), force=True)
    raw = file.read_bytes()
    for told in (found.PatientName.family_name, found.PatientID, found.StudyInstanceUID, found.AccessionNumber):
        assert str(told).encode() not in raw
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        assert {one.date_time for one in archive.infolist()} == {(2026, 1, 5, 10, 30, 0)}
    assert names[0] == "DICOM/ST000000/SE000000/IM000000"
    assert set(names[-3:]) == {"LISEZMOI.TXT", "README.TXT", "DICOMDIR"}
    parts = [part for name in names if name.startswith("DICOM/") for part in name.split("/")]
    assert all(len(part) <= 8 and part.isascii() and part.isupper() for part in parts)


def test_pydicom_reads_the_directory_as_a_file_set(medium: Path, images: list[DemoInstance]) -> None:
    found = FileSet(medium / "DICOMDIR")
    assert [one.SOPInstanceUID for one in found] == [one.sop_instance_uid for one in images]
    assert [one.load().PatientName for one in found] == [one.PatientName for one in found]
    assert found.ID == "PRIMUM"
    found._stage["t"].cleanup()


@pytest.mark.programs("dcmftest", "dciodvfy", "dcdirdmp", "dcmdump")
def test_dcmtk_and_dicom3tools_find_nothing_wrong(medium: Path) -> None:
    files = sorted(map(str, (medium / "DICOM").rglob("IM*")))
    assert judged("dcmftest", str(medium / "DICOMDIR"), *files).count("yes:") == 7
    for file in (str(medium / "DICOMDIR"), *files):
        said = judged("dciodvfy", file)
        assert [line for line in said.splitlines() if line.startswith("Error")] == []
        assert judged("dcmdump", "-q", file).count("E: ") == 0
    assert judged("dcdirdmp", str(medium / "DICOMDIR")).count("IMAGE") == 6


@pytest.mark.programs("dcmmkdir", "dcmdump")
def test_dcmtk_would_write_the_same_records(medium: Path, tmp_path: Path) -> None:
    """Kinds, order and keys; DCMTK's own additions (a lower-case charset of the file set) left out."""
    files = [str(one.relative_to(medium)) for one in sorted((medium / "DICOM").rglob("IM*"))]
    command = [str(find_program("dcmmkdir")), "+D", str(tmp_path / "OTHER"), "+id", str(medium), *files]
    subprocess.run(command, check=True, capture_output=True)

    def records(file: Path) -> list[tuple[str, object]]:
        keys = ("PatientName", "PatientID", "StudyInstanceUID", "StudyDate", "StudyID", "SeriesInstanceUID",
                "SeriesNumber", "Modality", "InstanceNumber", "ReferencedFileID", "ReferencedSOPInstanceUIDInFile",
                "ReferencedTransferSyntaxUIDInFile", "SpecificCharacterSet")  # fmt: skip
        listed = pydicom.dcmread(file).DirectoryRecordSequence
        return [(one.DirectoryRecordType, [str(one.get(key, "")) for key in keys[:-1]]) for one in listed]

    assert records(medium / "DICOMDIR") == records(tmp_path / "OTHER")


def report_instance(**more: object) -> Piece:
    one = Dataset()
    one.SpecificCharacterSet = "ISO_IR 192"
    one.SOPClassUID, one.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.88.11", "2.25.77"
    one.StudyInstanceUID, one.SeriesInstanceUID = "2.25.78", "2.25.79"
    one.PatientName, one.PatientID = "LEFÈVRE^ZOÉ", ""
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "11528-7", "LN", "Compte rendu à lire"
    one.ConceptNameCodeSequence = [code]
    for name, value in more.items():
        setattr(one, name, value)
    return Piece(one.SOPClassUID, one.SOPInstanceUID, "1.2.840.10008.1.2.1", encoded(one))


def test_keys_that_must_have_a_value_and_have_none_are_invented_in_the_directory_alone(tmp_path: Path) -> None:
    piece = report_instance()
    file = exported([[piece]], Seal(Sealing.CLEAR), tmp_path / "x.zip")
    with zipfile.ZipFile(file) as archive:
        archive.extractall(tmp_path / "m")
    patient, study, series, document = pydicom.dcmread(tmp_path / "m" / "DICOMDIR").DirectoryRecordSequence
    assert (patient.PatientID, patient.PatientName) == ("UNKNOWN", "LEFÈVRE^ZOÉ")
    assert (study.StudyDate, study.StudyTime, study.StudyID) == ("19000101", "000000", "0")
    assert (series.Modality, series.SeriesNumber) == ("OT", 0)
    assert (document.DirectoryRecordType, document.VerificationFlag) == ("SR DOCUMENT", "UNVERIFIED")
    assert document.ConceptNameCodeSequence[0].CodeMeaning == "Compte rendu à lire"
    assert (tmp_path / "m/DICOM/ST000000/SE000000/IM000000").read_bytes().endswith(piece.data)


def test_what_no_record_exists_for_is_there_and_counted(tmp_path: Path) -> None:
    odd = report_instance(SOPClassUID="1.2.3.4")
    written: list[bytes] = []
    report = export_studies([[odd, report_instance()]], written.append, Seal(Sealing.CLEAR), at=AT)
    assert (report.instances, report.unlisted, report.profile) == (2, 1, "")
    assert report.bytes == sum(map(len, written))


def test_a_directory_is_claimed_to_keep_a_profile_only_when_it_does() -> None:
    explicit, jpeg, j2k = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.90"
    assert "STD-GEN-CD" in profile_of({explicit})
    assert profile_of({explicit, jpeg}) == "STD-GEN-DVD-JPEG, STD-GEN-USB-JPEG"
    assert profile_of({explicit, j2k}) == "STD-GEN-DVD-J2K, STD-GEN-USB-J2K"
    assert profile_of({"1.2.840.10008.1.2"}) == profile_of({jpeg, j2k}) == ""


def test_nothing_and_too_much_are_refused_before_the_first_byte(images: list[DemoInstance]) -> None:
    written: list[bytes] = []
    with pytest.raises(NothingToExport):
        export_studies([[]], written.append, Seal(Sealing.CLEAR), at=AT)
    with pytest.raises(TooMuchToExport):
        export_studies([served(images)], written.append, Seal(Sealing.CLEAR), at=AT, limits=MediaLimits(exported=5))
    assert written == []


def test_memory_is_bounded_by_pieces_and_not_by_the_image() -> None:
    """200 MB go through; what is held at a time is a piece, and the beginning of one image."""
    import tracemalloc

    head = report_instance().data

    class Long(Piece):
        @property
        def length(self) -> int:
            return 200 << 20

        def chunks(self) -> Iterator[bytes]:
            yield head + b"\xe0\x7f\x10\x00OW\0\0" + (200 << 20).to_bytes(4, "little")
            block = bytes(1 << 20)
            for _ in range(200):
                yield block

    one = Long("1.2.840.10008.5.1.4.1.1.2", "2.25.77", "1.2.840.10008.1.2.1", b"")
    tracemalloc.start()
    export_studies([[one]], lambda _: None, Seal(Sealing.AGE, "x"), at=AT)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40 << 20
