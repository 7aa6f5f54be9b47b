"""The directory of a disc, as it is read."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.unit.imaging.media.conftest import House

from primum.imaging.media.dicomdir import NotListed, read_directory, record_kind
from primum.imaging.media.picking import element, item
from primum.imaging.part10 import EXPLICIT_LITTLE, write_meta


def directory(*file_ids: str) -> bytes:
    meta = write_meta(
        transfer_syntax_uid=EXPLICIT_LITTLE, sop_class_uid="1.2.840.10008.1.3.10", sop_instance_uid="2.25.1",
    )  # fmt: skip
    records = [item(element(0x00041500, "CS", one.encode("latin-1"))) for one in file_ids]
    return meta + element(0x00041220, "SQ", b"".join(records))


OUTSIDE = ("..\\SECRET", "DICOM\\..\\..\\X", "\\ETC\\PASSWD", "/etc/passwd", "C:\\X", "DICOM\\A/B", ".", "A\\\\B")


@pytest.mark.parametrize("file_id", OUTSIDE)
def test_a_file_id_that_leads_out_is_told_and_not_followed(house: House, folder: Path, file_id: str) -> None:
    (folder.parent / "SECRET").write_bytes(next(folder.rglob("*.dcm")).read_bytes())
    (folder / "DICOMDIR").write_bytes(directory("DICOM\\0001\\00001.DCM", file_id))
    report = house.take(folder)
    assert (report.listed, report.missing, report.outside) == (2, 0, 1)
    assert report.stored == 6


def test_a_link_is_no_file_of_the_disc(house: House, folder: Path) -> None:
    (folder / "LINK").symlink_to(next(folder.rglob("*.dcm")))
    (folder / "WAY").symlink_to(folder / "DICOM")
    (folder / "DICOMDIR").write_bytes(directory("LINK", "WAY\\0001\\00001.DCM"))
    assert house.take(folder).missing == 2


def test_what_is_listed_and_missing_is_counted(house: House, folder: Path, tmp_path: Path) -> None:
    (folder / "DICOMDIR").write_bytes(directory("DICOM\\0001\\00001.DCM", "DICOM\\0001\\00009.DCM"))
    for place in (folder, folder / "DICOMDIR", Path(shutil.make_archive(str(tmp_path / "x"), "zip", folder))):
        report = house.take(place)
        assert (report.listed, report.missing, report.kinds) == (2, 1, {"directory": 1})
        assert report.stored + report.known == 6


@pytest.mark.programs("genisoimage")
def test_the_directory_of_a_disc_image_is_compared_with_the_image(house: House, folder: Path, tmp_path: Path) -> None:
    (folder / "DICOMDIR").write_bytes(directory("DICOM\\0001\\00001.DCM", "DICOM\\0001\\00009.DCM"))
    for options in ([], ["-J"]):
        file = tmp_path / "cd.iso"
        subprocess.run(["genisoimage", "-quiet", *options, "-o", str(file), str(folder)], check=True)
        report = house.take(file)
        assert (report.listed, report.missing) == (2, 1)


def test_a_directory_that_is_cut_short_is_refused_and_the_files_come_in(house: House, folder: Path) -> None:
    (folder / "DICOMDIR").write_bytes(directory("DICOM\\0001\\00001.DCM")[:-5])
    report = house.take(folder)
    assert report.refused == {"imaging.damaged-data-set": 1}
    assert report.stored == 6


def test_nothing_of_a_file_id_is_in_what_a_listing_shows() -> None:
    assert "DUPONT" not in repr(read_directory(directory("DUPONT")))


def test_each_kind_of_instance_is_listed_as_the_standard_says() -> None:
    storage = "1.2.840.10008.5.1.4.1.1."
    kinds = {"2": "IMAGE", "88.67": "SR DOCUMENT", "88.59": "KEY OBJECT DOC", "104.1": "ENCAP DOC",
             "11.1": "PRESENTATION", "9.1.1": "WAVEFORM", "66": "RAW DATA", "481.3": "RT STRUCTURE SET"}  # fmt: skip
    assert {rest: record_kind(storage + rest, image=rest == "2") for rest in kinds} == kinds
    with pytest.raises(NotListed):
        record_kind("1.2.3", image=False)
