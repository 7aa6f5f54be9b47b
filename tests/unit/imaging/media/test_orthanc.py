"""Another archive's storage: a real Orthanc makes it, plain and packed; then it is stopped and read."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import struct
import subprocess
import urllib.request
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.programs import accepts, find_program, free_port, stop, wait_until
from tests.unit.imaging.media.conftest import ORIGIN, House

from primum.imaging.demo.folder import wrapped
from primum.imaging.demo.generate import DemoInstance
from primum.imaging.importing import ImportLimits, ImportReport, import_items
from primum.imaging.media.comparing import Comparison
from primum.imaging.media.orthanc import NoOrthanc, OrthancFolder, OrthancRuns
from primum.imaging.media.pacing import Pace


@contextlib.contextmanager
def orthanc(storage: Path, *, packed: bool) -> Iterator[str]:
    """Run Debian's Orthanc on a storage folder; give its address."""
    http, dicom = free_port(), free_port()
    place = storage.parent
    settings = {
        "StorageDirectory": str(storage), "IndexDirectory": str(storage), "StorageCompression": packed,
        "HttpPort": http, "DicomPort": dicom, "RemoteAccessAllowed": False, "AuthenticationEnabled": False,
        "TemporaryDirectory": str(place),
    }  # fmt: skip
    (place / "orthanc.json").write_text(json.dumps(settings))
    program = find_program("Orthanc")
    with (place / "log").open("ab") as log:
        running = subprocess.Popen([str(program), str(place / "orthanc.json")], cwd=place, stdout=log, stderr=log)
    try:
        wait_until(lambda: accepts(http), seconds=30, running=running)
        yield f"http://127.0.0.1:{http}"
    finally:
        stop(running, 20)


def send(address: str, images: list[DemoInstance]) -> None:
    for one in images:
        request = urllib.request.Request(f"{address}/instances", wrapped(one), {"Content-Type": "application/dicom"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert json.load(answer)["Status"] == "Success"


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "packed"])
def storage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an Orthanc leaves when it is stopped."""
    folder = tmp_path_factory.mktemp("orthanc") / "storage"
    with orthanc(folder, packed=request.param) as address:
        send(address, request.getfixturevalue("images"))
    return folder


def migrate(house: House, folder: Path, comparison: Comparison | None = None, **more: object) -> ImportReport:
    source = OrthancFolder(folder)
    return import_items(
        house.vault, source, ORIGIN, clock=house.clock, intake=house.indexer.take, progress=house.seen.append,
        known=house.holding.versions, seen=comparison.seen if comparison else None,
        leave_headers=source.attached is None, **more,  # type: ignore[arg-type]
    )  # fmt: skip


pytestmark = pytest.mark.programs("Orthanc")


def test_all_of_it_comes_in_and_is_compared(house: House, storage: Path, contents: set[bytes]) -> None:
    comparison = Comparison()
    report = migrate(house, storage, comparison)
    assert (report.stored, report.refused, report.kinds) == (6, {}, {})
    (line,) = comparison.lines(house.holding.study)
    assert (line.theirs, line.ours, line.missing, line.well) == (6, 6, 0, True)
    assert house.digests() == contents  # Orthanc keeps data sets as they were sent
    again = Comparison()
    report = migrate(house, storage, again)
    assert (report.stored, report.known) == (0, 6)
    assert [one.checksum for one in again.lines(house.holding.study)] == [line.checksum]


def test_large_images_come_in_in_pieces(house: House, storage: Path, contents: set[bytes]) -> None:
    assert migrate(house, storage, limits=ImportLimits(at_once=1000, piece=5000)).stored == 6
    assert house.digests() == contents


def test_without_its_index_files_are_taken_for_what_they_are(
    house: House, storage: Path, tmp_path: Path, contents: set[bytes]
) -> None:
    without = tmp_path / "without"
    without.mkdir()
    for fan in storage.iterdir():
        if fan.is_dir():
            (without / fan.name).symlink_to(fan)
    report = migrate(house, without)
    assert report.stored == 6
    assert house.digests() == contents
    # the rest is what Orthanc keeps besides: headers until the pixel data, summaries in JSON
    assert set(report.kinds) <= {"header", "text", "other"}
    assert not report.refused


def test_an_orthanc_that_runs_is_refused(tmp_path: Path, images: list[DemoInstance]) -> None:
    folder = tmp_path / "storage"
    with orthanc(folder, packed=False) as address:
        send(address, images[:1])
        with pytest.raises(OrthancRuns):
            OrthancFolder(folder)


def made(folder: Path, content: bytes, *, packed: bool, size: int | None = None, md5: str = "") -> Path:
    """Write a storage of one instance as an Orthanc would, with what the test wants wrong."""
    uuid = "0a1b2c3d-0000-0000-0000-000000000000"
    file = folder / "0a" / "1b" / uuid
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    with contextlib.closing(sqlite3.connect(folder / "index")) as index, index:
        index.execute(
            "CREATE TABLE AttachedFiles(id INTEGER, fileType INTEGER, uuid TEXT, compressedSize INTEGER,"
            " uncompressedSize INTEGER, compressionType INTEGER, uncompressedMD5 TEXT, compressedMD5 TEXT)"
        )
        row = (1, 1, uuid, len(content), len(content) if size is None else size, 1 + packed, md5, "")
        index.execute("INSERT INTO AttachedFiles VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    return file


def test_a_file_with_other_bytes_than_the_index_says_is_refused(
    house: House, tmp_path: Path, images: list[DemoInstance]
) -> None:
    content = wrapped(images[0])
    made(tmp_path / "x", content, packed=False, md5=hashlib.md5(content).hexdigest())
    assert migrate(house, tmp_path / "x").stored == 1
    made(tmp_path / "y", content[:-1] + b"!", packed=False, md5=hashlib.md5(content).hexdigest())
    for limits in (ImportLimits(), ImportLimits(at_once=1000, piece=5000)):
        report = migrate(house, tmp_path / "y", limits=limits)
        assert (report.refused, report.stored) == ({"import.unreadable": 1}, 0)


def test_a_packed_file_that_lies_about_its_length_is_refused(
    house: House, tmp_path: Path, images: list[DemoInstance]
) -> None:
    content = wrapped(images[0])
    packed = struct.pack("<Q", len(content)) + zlib.compress(content)
    made(tmp_path / "bomb", packed, packed=True, size=1 << 50)
    assert migrate(house, tmp_path / "bomb").refused == {"import.bomb": 1}
    made(tmp_path / "short", packed[:-2000], packed=True, size=len(content))
    assert migrate(house, tmp_path / "short").refused == {"import.unreadable": 1}


def test_a_folder_that_is_none_of_orthancs_is_refused(tmp_path: Path, folder: Path) -> None:
    for place in (folder, tmp_path / "nothing"):
        with pytest.raises(NoOrthanc):
            OrthancFolder(place)
    (tmp_path / "z").mkdir()
    (tmp_path / "z" / "index").write_bytes(b"no database" * 100)
    with pytest.raises(NoOrthanc):
        OrthancFolder(tmp_path / "z")


def test_what_is_missing_or_other_is_told_study_by_study(house: House, folder: Path, contents: set[bytes]) -> None:
    house.take(folder)
    (study,) = list(house.vault.studies())
    held = list(house.holding.study(study))
    comparison = Comparison()
    for sop_uid, digest in held:
        comparison.seen(study, sop_uid, digest)
    comparison.seen(study, held[0][0], bytes(32))
    (line,) = comparison.lines(house.holding.study)
    assert (line.theirs, line.ours, line.missing, line.well) == (7, 6, 1, False)


def test_turns_pass_at_the_pace_and_a_pause_brings_no_burst() -> None:
    now, slept = [0.0], []

    def sleep(seconds: float) -> None:
        slept.append(round(seconds, 3))
        now[0] += seconds

    pace = Pace(10, lambda: now[0], sleep)
    for _ in range(3):
        pace.turn()
    now[0] += 60
    for _ in range(3):
        pace.turn()
    assert slept == [0.1, 0.1, 0.1, 0.1]
