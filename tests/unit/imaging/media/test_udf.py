"""Discs of UDF alone: read as others' programs wrote them, refused by name where they are of a later form."""

from __future__ import annotations

import binascii
import io
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from tests.programs import find_program
from tests.unit.imaging.media.test_containers import House, image

from primum.ground.errors import PrimumError
from primum.imaging.media.items import BadContainer
from primum.imaging.media.limits import MediaLimits
from primum.imaging.media.udf import UdfImage, UdfUnknown, is_udf

SECTOR = 2048
ENTRIES = (261, 266)


def alone(file: Path) -> bytearray:
    """Take ISO 9660 off a disc that has both: of the first sectors, UDF's recognition sequence alone is left."""
    data = bytearray(file.read_bytes())
    data[16 * SECTOR : 32 * SECTOR] = bytes(16 * SECTOR)
    for index, mark in enumerate((b"BEA01", b"NSR02", b"TEA01")):
        at = (16 + index) * SECTOR
        data[at : at + 7] = b"\0" + mark + b"\1"
    return data


def opened(data: bytes, **limits: int) -> UdfImage:
    return UdfImage(io.BytesIO(bytes(data)), len(data), PurePosixPath("disc"), MediaLimits(**limits))


def read(data: bytes) -> dict[str, bytes]:
    found = {}
    for one in opened(data).items():
        with one.open() as stream:
            found[str(one.name)] = stream.read()
    return found


def sealed(data: bytearray, at: int) -> None:
    """Make checksum and CRC of a changed descriptor right again."""
    (length,) = struct.unpack_from("<H", data, at + 10)
    struct.pack_into("<H", data, at + 8, binascii.crc_hqx(bytes(data[at + 16 : at + 16 + length]), 0))
    data[at + 4] = (sum(data[at : at + 4]) + sum(data[at + 5 : at + 16])) & 0xFF


def entries(data: bytes, kind: int) -> list[int]:
    """Where the file entries of a kind are (4 a folder, 5 a file)."""
    return [
        at for at in range(257 * SECTOR, len(data) - SECTOR, SECTOR)
        if struct.unpack_from("<H", data, at)[0] in ENTRIES and data[at + 27] == kind
    ]  # fmt: skip


@pytest.fixture
def disc(tmp_path: Path) -> bytearray:
    """A disc of three files in two folders, one of them with a name outside Latin-1 and one empty."""
    top = tmp_path / "disc"
    (top / "DICOM" / "Zürich").mkdir(parents=True)
    (top / "README.TXT").write_bytes(b"read me")
    (top / "DICOM" / "IM1").write_bytes(bytes(range(256)) * 40)
    (top / "DICOM" / "Zürich" / "Łódź.dcm").write_bytes(b"x" * 5000)
    (top / "EMPTY").write_bytes(b"")
    return alone(image(top, tmp_path / "dvd.iso", "-udf", "-input-charset", "utf-8"))


@pytest.mark.programs("genisoimage")
def test_every_file_comes_out_as_it_went_in(disc: bytearray) -> None:
    assert is_udf(bytes(disc[: 40 * SECTOR]))
    assert read(disc) == {
        "disc/README.TXT": b"read me", "disc/DICOM/IM1": bytes(range(256)) * 40,
        "disc/DICOM/Zürich/Łódź.dcm": b"x" * 5000, "disc/EMPTY": b"",
    }  # fmt: skip


@pytest.mark.programs("genisoimage")
def test_a_disc_of_udf_alone_is_imported(house: House, folder: Path, tmp_path: Path, contents: set[bytes]) -> None:
    file = tmp_path / "dvd.iso"
    file.write_bytes(alone(image(folder, tmp_path / "both.iso", "-udf")))
    report = house.take(file)
    assert (report.stored, report.container) == (6, "iso")
    assert house.digests() == contents


@pytest.mark.programs("genisoimage")
def test_content_that_lies_in_its_entry_is_read(disc: bytearray) -> None:
    """As packet-writing programs keep small files (UDF 2.3.6.4: allocation in the ICB)."""
    for at in entries(disc, 5):
        (size,) = struct.unpack_from("<Q", disc, at + 56)
        if size == len(b"read me"):
            begin = at + 176 + struct.unpack_from("<I", disc, at + 168)[0]
            struct.pack_into("<H", disc, at + 34, struct.unpack_from("<H", disc, at + 34)[0] & ~7 | 3)
            struct.pack_into("<I", disc, at + 172, size)
            disc[begin : begin + size] = b"inside!"
            struct.pack_into("<H", disc, at + 10, begin + size - at - 16)
            sealed(disc, at)
    assert read(disc)["disc/README.TXT"] == b"inside!"


@pytest.mark.programs("genisoimage")
def test_a_folder_that_leads_to_itself_ends(disc: bytearray) -> None:
    """Every folder's content becomes the root's: nothing is entered twice."""
    root, *others = entries(disc, 4)
    for at in others:
        begin, target = (one + 176 + struct.unpack_from("<I", disc, one + 168)[0] for one in (at, root))
        disc[begin : begin + 8] = disc[target : target + 8]
        disc[at + 56 : at + 64] = disc[root + 56 : root + 64]
        sealed(disc, at)
    assert 0 < opened(disc).count() < 20


@pytest.mark.programs("genisoimage")
def test_more_than_the_bounds_allow_is_refused(disc: bytearray) -> None:
    for limits in ({"entries": 2}, {"folders_deep": 1}, {"folder_bytes": 60}):
        with pytest.raises(BadContainer):
            opened(disc, **limits)


@pytest.mark.programs("genisoimage")
def test_a_disc_that_is_cut_short_gives_what_is_whole(disc: bytearray) -> None:
    last = max(struct.unpack_from("<Q", disc, at + 56)[0] for at in entries(disc, 5))
    assert last > 0
    with pytest.raises(BadContainer):
        opened(disc[: 257 * SECTOR])
    with pytest.raises(BadContainer):
        opened(disc[: 100 * SECTOR])


@pytest.mark.programs("genisoimage")
def test_whatever_is_changed_it_ends_with_files_or_a_refusal(disc: bytearray) -> None:
    """No byte of the descriptors, with its checksum made right, leads outside the image or on for ever."""
    places = [256 * SECTOR, *range(32 * SECTOR, 48 * SECTOR, SECTOR), *entries(disc, 4), *entries(disc, 5)]
    places += [at for at in range(257 * SECTOR, min(len(disc), 300 * SECTOR), SECTOR) if disc[at : at + 2] == b"\0\1"]

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(places), st.integers(16, 500), st.binary(min_size=1, max_size=8))
    def change(at: int, where: int, what: bytes) -> None:
        data = bytearray(disc)
        data[at + where : at + where + len(what)] = what
        if struct.unpack_from("<H", data, at + 10)[0] + 16 <= SECTOR:
            sealed(data, at)
        try:
            found = read(data)
        except PrimumError:
            return
        assert sum(map(len, found.values())) <= 50 * len(data)

    change()


@pytest.mark.programs("mkudffs")
@pytest.mark.parametrize("options", [
    ["-b", "2048", "-r", "1.02", "--ad=short"], ["-b", "2048", "-r", "1.50", "--ad=long"], ["-b", "2048", "-r", "2.01"],
    ["-b", "512", "-r", "2.01"],
], ids=" ".join)  # fmt: skip
def test_what_another_program_formats_is_read(made: Callable[..., bytes], options: list[str]) -> None:
    assert read(made("-m", "hd", *options)) == {}


@pytest.mark.programs("mkudffs")
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-m", "cdr", "-r", "1.50", "--vat"], "a virtual partition"),
        (["-m", "cdrw", "-r", "1.50"], "a sparable partition"),
    ],
    ids=["virtual", "sparable"],
)
def test_what_is_not_known_is_refused_by_its_name(made: Callable[..., bytes], options: list[str], said: str) -> None:
    with pytest.raises(UdfUnknown) as refusal:
        opened(made("-b", "2048", *options))
    assert refusal.value.facts["what"] == said
    assert "mount the image" in refusal.value.way_out()


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., bytes]:
    def make(*options: str) -> bytes:
        file = tmp_path / "formatted.img"
        with file.open("wb") as stream:
            stream.truncate(24 << 20)
        subprocess.run([str(find_program("mkudffs")), *options, str(file)], check=True, capture_output=True)
        return file.read_bytes()

    return make


@pytest.mark.programs("genisoimage")
def test_a_metadata_partition_is_refused_by_its_name(disc: bytearray) -> None:
    """UDF 2.50 and later, as drives write to Blu-ray: two maps, the second a metadata partition."""
    for at in range(32 * SECTOR, 64 * SECTOR, SECTOR):
        if struct.unpack_from("<H", disc, at)[0] == 6:
            struct.pack_into("<II", disc, at + 264, 70, 2)
            disc[at + 446 : at + 510] = b"\2\x40\0\0\0*UDF Metadata Partition".ljust(64, b"\0")
            struct.pack_into("<H", disc, at + 10, 510 - 16)
            sealed(disc, at)
    with pytest.raises(UdfUnknown) as refusal:
        opened(disc)
    assert refusal.value.facts["what"] == "a metadata partition"
