"""What comes in: archives and disc images, honest and hostile."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import zipfile
from pathlib import Path

import pytest
from tests.unit.imaging.media.conftest import House

from primum.imaging.importing import NoFolder
from primum.imaging.media import ziparchive
from primum.imaging.media.items import PassphraseNeeded
from primum.imaging.media.limits import MediaLimits
from primum.vault.winzip import WrongZipPassphrase


def zipped(folder: Path, to: Path, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(to, "w", compression) as made:
        for file in sorted(folder.rglob("*")):
            made.write(file, file.relative_to(folder))
    return to


def test_a_zip_comes_in_as_its_folder_would(house: House, folder: Path, tmp_path: Path, contents: set[bytes]) -> None:
    (folder / "LISEZMOI.TXT").write_text("bonjour")
    report = house.take(zipped(folder, tmp_path / "x.zip"))
    assert (report.stored, report.kinds, report.container) == (6, {"text": 1}, "zip")
    assert house.digests() == contents


def test_one_file_comes_in_alone(house: House, folder: Path) -> None:
    assert house.take(next(folder.rglob("*.dcm"))).stored == 1


def test_a_zip_in_a_zip_in_a_zip_is_opened_and_no_deeper(
    house: House, folder: Path, tmp_path: Path, contents: set[bytes]
) -> None:
    one = zipped(folder, tmp_path / "0.zip")
    for level in range(1, 4):
        nest = tmp_path / f"nest{level}"
        nest.mkdir()
        shutil.copy(one, nest / "inner.zip")
        one = zipped(nest, tmp_path / f"{level}.zip")
        report = house.take(one)
        if level < 3:
            assert house.digests() == contents
            assert not report.refused
        else:
            assert report.refused == {"import.bomb": 1}


def test_the_second_time_is_quick_whatever_files_are_called(house: House, folder: Path, tmp_path: Path) -> None:
    assert house.take(folder).stored == 6
    before = sum(one.size for study in house.vault.studies() for one in house.vault.packs(study))
    other = tmp_path / "renamed"
    other.mkdir()
    for index, file in enumerate(folder.rglob("*.dcm")):
        shutil.copy(file, other / f"IM{index}")
    report = house.take(zipped(other, tmp_path / "y.zip"))
    assert (report.stored, report.known, report.bytes) == (0, 6, 0)
    after = sum(one.size for study in house.vault.studies() for one in house.vault.packs(study))
    assert after - before < 3 * 8192  # a pack's first blocks at most, no image


def test_an_import_that_was_broken_off_goes_on_where_it_was(house: House, folder: Path, contents: set[bytes]) -> None:
    turns = iter(range(3))

    def no_more() -> None:
        if next(turns, None) is None:
            raise NoFolder

    with pytest.raises(NoFolder):
        house.take(folder, before_each=no_more)
    report = house.take(folder)
    assert (report.known, report.stored) == (3, 3)
    assert house.digests() == contents


def test_other_bytes_under_a_uid_are_kept_beside_and_counted(house: House, folder: Path) -> None:
    house.take(folder)
    file = next(folder.rglob("*.dcm"))
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    report = house.take(folder)
    assert (report.stored, report.conflicts, report.known) == (1, 1, 5)
    assert len(house.digests()) == 7
    assert house.take(folder).known == 6


@pytest.mark.programs("7z")
@pytest.mark.parametrize("cipher", ["ZipCrypto", "AES256", "AES128"])
def test_a_sealed_zip_is_asked_for_its_passphrase(house: House, folder: Path, tmp_path: Path, cipher: str) -> None:
    file = tmp_path / "x.zip"
    command = ["7z", "a", "-tzip", "-pmot de passe", f"-mem={cipher}", str(file), "."]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    with pytest.raises(PassphraseNeeded):
        house.take(file)
    with pytest.raises(WrongZipPassphrase):
        house.take(file, passphrase="autre")
    assert house.take(file, passphrase="mot de passe").stored == 6


def test_what_unpacks_to_far_more_than_it_is_is_refused_unopened(house: House, tmp_path: Path) -> None:
    file = tmp_path / "bomb.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for index in range(8):
            with made.open(f"{index}.dcm", "w", force_zip64=True) as entry:
                for _ in range(40):
                    entry.write(bytes(1 << 20))
    report = house.take(file)
    assert report.refused == {"import.bomb": 1}
    assert [one.refusal.facts for one in house.seen if one.refusal] == [{"what": "too many bytes for its size"}]


def test_a_zip_that_lies_about_what_it_unpacks_to_gives_no_more_than_it_said(
    house: House, folder: Path, tmp_path: Path
) -> None:
    """Its list says 400 bytes for each; what follows is not read."""
    file = zipped(folder, tmp_path / "x.zip")
    data = bytearray(file.read_bytes())
    at = -1
    while (at := data.find(b"PK\x01\x02", at + 1)) >= 0:
        struct.pack_into("<I", data, at + 24, 400)
    file.write_bytes(data)
    report = house.take(file)
    assert report.stored == 0
    assert sum(report.refused.values()) == 6


def test_entries_that_share_their_bytes_are_refused(house: House, tmp_path: Path) -> None:
    file = tmp_path / "x.zip"
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("a", bytes(1000))
        made.infolist().extend([made.infolist()[0]] * 50)
        made.filelist = made.infolist()
        made._didModify = True
    report = house.take(file)
    assert report.refused == {"import.bomb": 1}


def test_a_list_of_entries_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "x.zip"
    with zipfile.ZipFile(file, "w") as made:
        for index in range(100):
            made.writestr(f"{index:0100d}", b"")
    stream = io.BytesIO(file.read_bytes())
    size = file.stat().st_size
    with pytest.raises(ziparchive.Bomb):
        ziparchive.ZipArchive(stream, size, None, ziparchive.Budget(size), "", MediaLimits(listing_bytes=1000))  # type: ignore[arg-type]


@pytest.mark.parametrize("cut", [10, 100, 2000])
def test_a_zip_that_is_cut_short_is_refused(house: House, folder: Path, tmp_path: Path, cut: int) -> None:
    file = zipped(folder, tmp_path / "x.zip")
    file.write_bytes(file.read_bytes()[:-cut])
    assert house.take(file).refused == {"import.bad-container": 1}


def test_an_entry_with_flipped_bytes_is_refused_and_the_others_come_in(
    house: House, folder: Path, tmp_path: Path
) -> None:
    file = zipped(folder, tmp_path / "x.zip")
    data = bytearray(file.read_bytes())
    data[5000:5010] = bytes(10)
    file.write_bytes(data)
    report = house.take(file)
    assert report.stored == 5
    assert report.refused == {"import.unreadable": 1}


# disc images


def image(folder: Path, to: Path, *options: str) -> Path:
    command = ["genisoimage", "-quiet", *options, "-o", str(to), str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    return to


@pytest.mark.programs("genisoimage")
@pytest.mark.parametrize("options", [[], ["-J"], ["-J", "-R"], ["-udf", "-J"]], ids=" ".join)
def test_a_disc_image_comes_in_without_being_mounted(
    house: House, folder: Path, tmp_path: Path, contents: set[bytes], options: list[str]
) -> None:
    report = house.take(image(folder, tmp_path / "cd.iso", *options))
    assert (report.stored, report.container) == (6, "iso")
    assert house.digests() == contents


@pytest.mark.programs("genisoimage")
def test_a_disc_image_in_a_zip_comes_in(house: House, folder: Path, tmp_path: Path, contents: set[bytes]) -> None:
    nest = tmp_path / "nest"
    nest.mkdir()
    image(folder, nest / "cd.iso", "-J")
    assert house.take(zipped(nest, tmp_path / "x.zip")).stored == 6
    assert house.digests() == contents


@pytest.mark.programs("genisoimage")
def test_a_disc_image_that_is_cut_short_gives_what_is_whole(house: House, folder: Path, tmp_path: Path) -> None:
    file = image(folder, tmp_path / "cd.iso", "-J")
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) - len(whole) // 2])
    report = house.take(file)
    assert 0 < report.stored < 6
    assert set(report.refused) == {"import.unreadable"}
    file.write_bytes(whole[: 20 * 2048])
    assert house.take(file).refused == {"import.bad-container": 1}


@pytest.mark.programs("genisoimage")
def test_a_folder_of_a_disc_image_that_leads_to_itself_ends(house: House, folder: Path, tmp_path: Path) -> None:
    file = image(folder, tmp_path / "cd.iso")
    data = bytearray(file.read_bytes())
    (root,) = struct.unpack_from("<I", data, 16 * 2048 + 158)
    inner = data.index(b"DICOM", root * 2048) - 33
    struct.pack_into("<I", data, inner + 2, root)
    file.write_bytes(data)
    assert house.take(file).stored == 0


def test_a_file_that_goes_while_others_are_read_is_told_and_left(house: House, folder: Path) -> None:
    last = max(folder.rglob("*.dcm"))
    report = house.take(folder, before_each=lambda: last.unlink(missing_ok=True))
    assert (report.stored, report.refused) == (5, {"import.unreadable": 1})
