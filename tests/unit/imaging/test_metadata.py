import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.unit.imaging.conftest import House, slice_of
from tests.unit.imaging.oracle import sample

from primum.imaging import EVERYTHING, NotHere, Reach


def metadata(house: House, series: str = "1.2.3.4") -> list[dict[str, Any]]:
    entry = house.archive.locate_study("1.2.3", EVERYTHING)
    found: list[dict[str, Any]] = json.loads(house.archive.series_metadata(entry.ref, series, EVERYTHING))
    return found


def test_metadata_hold_the_whole_header_in_order_of_instances(house: House) -> None:
    house.indexed(slice_of(instance="2", sop="1.2.3.4.1"), slice_of(instance="1", sop="1.2.3.4.2"))
    first, second = metadata(house)
    assert [one["00200013"]["Value"] for one in (first, second)] == [[1], [2]]
    assert first["00100010"]["Value"] == [{"Alphabetic": "DUPONT^JEAN"}]
    assert first["00083002"] == {"vr": "UI", "Value": ["1.2.840.10008.1.2.1"]}
    assert first["7FE00010"]["BulkDataURI"].endswith("/instances/1.2.3.4.2/bulkdata/7FE00010")


def test_a_block_is_kept_and_never_stale(house: House) -> None:
    house.indexed(slice_of())
    assert len(metadata(house)) == 1
    blocks = list(house.folder.glob("vault/*/*/*.block"))
    assert len(blocks) == 1
    before = blocks[0].read_bytes()
    assert len(metadata(house)) == 1
    assert blocks[0].read_bytes() == before
    house.indexed(slice_of(sop="1.2.3.4.6"))
    assert len(metadata(house)) == 2
    assert list(house.folder.glob("vault/*/*/*.block")) == blocks


def test_an_earlier_conflict_version_changes_the_block(house: House) -> None:
    house.indexed(slice_of(name="LATER^X"))
    assert metadata(house)[0]["00100010"]["Value"][0]["Alphabetic"] == "LATER^X"
    early = house.device.store(slice_of(name="EARLIER^X"), at=datetime(2020, 1, 1, tzinfo=UTC), new_pack=True)
    house.indexer.take([early])
    assert metadata(house)[0]["00100010"]["Value"][0]["Alphabetic"] == "EARLIER^X"


def test_a_torn_block_is_made_again(house: House) -> None:
    house.indexed(slice_of())
    expected = metadata(house)
    (block,) = house.folder.glob("vault/*/*/*.block")
    block.write_bytes(block.read_bytes()[:-7])
    assert metadata(house) == expected


def test_blocks_hold_nothing_in_clear(house: House) -> None:
    house.indexed(slice_of(name="CANARY^X"))
    metadata(house)
    for file in house.folder.rglob("*"):
        if file.is_file():
            assert b"CANARY" not in file.read_bytes()


def test_metadata_of_a_study_are_those_of_its_series(house: House) -> None:
    house.indexed(slice_of(), slice_of(series="1.2.3.9", sop="1.2.3.9.1", series_number="1"))
    entry = house.archive.locate_study("1.2.3", EVERYTHING)
    found = json.loads(house.archive.study_metadata(entry.ref, EVERYTHING))
    assert [one["0020000E"]["Value"][0] for one in found] == ["1.2.3.9", "1.2.3.4"]


def test_metadata_out_of_reach_are_not_there(house: House) -> None:
    house.indexed(slice_of())
    ref = house.archive.locate_study("1.2.3", EVERYTHING).ref
    for reach, series in ((Reach(), "1.2.3.4"), (EVERYTHING, "1.2.3.5")):
        with pytest.raises(NotHere):
            house.archive.series_metadata(ref, series, reach)


@pytest.mark.parametrize(
    "name", ["examples_palette.dcm", "image_dfl.dcm", "MR_small_bigendian.dcm", "rtplan.dcm", "JPEG2000.dcm"]
)
def test_metadata_of_every_encoding_say_who_they_are(house: House, name: str) -> None:
    one = sample(name)
    house.indexer.take([house.device.store(one.data, one.syntax)])
    theirs = one.dataset()
    entry = house.archive.locate_study(theirs.StudyInstanceUID, EVERYTHING)
    (found,) = json.loads(house.archive.series_metadata(entry.ref, theirs.SeriesInstanceUID, EVERYTHING))
    assert found["00080018"]["Value"] == [theirs.SOPInstanceUID]
    assert ("7FE00010" in found) is ("PixelData" in theirs)
    if name == "examples_palette.dcm":
        path = found["00281201"].get("BulkDataURI", "").rsplit("/bulkdata/", 1)[-1]
        entry_instance = house.archive.instances_of(entry.ref, EVERYTHING)[0]
        parts = house.archive.bulkdata(
            entry.study_uid, entry_instance.series_uid, entry_instance.sop_uid, path or "00281201", EVERYTHING
        )
        assert b"".join(part.data for part in parts) == theirs.RedPaletteColorLookupTableData


THREAD_IO = Path("/proc/thread-self/io")


@pytest.mark.skipif(not THREAD_IO.exists(), reason="only Linux tells what a thread has read")
def test_metadata_are_made_without_reading_the_pixels(house: House) -> None:
    house.indexed(slice_of(pixels=bytes(512 * 1024)))
    before = THREAD_IO.read_text()
    found = metadata(house)
    read = [int(text.split("rchar:")[1].split()[0]) for text in (before, THREAD_IO.read_text())]
    assert read[1] - read[0] < 256 * 1024
    assert found[0]["7FE00010"]["vr"] == "OW"
