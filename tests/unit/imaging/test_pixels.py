import struct
import zlib

import pytest
from tests.unit.imaging.conftest import House, data_set, element, slice_of
from tests.unit.imaging.oracle import sample

from primum.imaging import EVERYTHING
from primum.imaging.errors import FramesUnknown, NoFrame, NotHere
from primum.imaging.peeking import peek
from primum.imaging.syntaxes import DEFLATED, EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE


def frame(house: House, data: bytes, syntax: str, number: int = 1) -> bytes:
    house.indexer.take([house.device.store(data, syntax)])
    found = peek(data, syntax)
    part = house.archive.frame(found.study_uid, found.series_uid, found.sop_uid, number, EVERYTHING)
    assert part.transfer_syntax == (EXPLICIT_LE if syntax in {EXPLICIT_BE, DEFLATED, IMPLICIT_LE} else syntax)
    return part.data


@pytest.mark.parametrize(
    ("little", "big"),
    [
        ("rtdose_1frame.dcm", "rtdose_expb_1frame.dcm"),
        ("rtdose.dcm", "rtdose_expb.dcm"),
        ("SC_rgb_small_odd.dcm", "SC_rgb_small_odd_big_endian.dcm"),
        ("MR_small.dcm", "MR_small_expb.dcm"),
    ],
)
def test_big_endian_frames_are_served_as_their_little_endian_twins(house: House, little: str, big: str) -> None:
    one, other = sample(little), sample(big)
    count = peek(other.data, other.syntax).shape.frames
    for number in range(1, count + 1):
        assert frame(house, other.data, other.syntax, number) == frame(house, one.data, one.syntax, number)


def test_frames_of_a_deflated_data_set_are_inflated(house: House) -> None:
    one = sample("image_dfl.dcm")
    assert frame(house, one.data, DEFLATED) == one.dataset().PixelData


def test_a_compressed_frame_is_served_without_item_headers(house: House) -> None:
    one = sample("JPEG2000.dcm")
    data = frame(house, one.data, one.syntax)
    assert data.startswith(b"\xff\x4f\xff\x51")


@pytest.mark.parametrize("rows", [3, 8])
def test_one_bit_frames_begin_at_their_first_pixel(house: House, rows: int) -> None:
    bits = rows * 3
    frames = [0b101_011_111_001_110_010_100_001 & (1 << bits) - 1, 0b110_000_001_111_111_000_010_010 & (1 << bits) - 1]
    pixels = (frames[0] | frames[1] << bits).to_bytes(-(-bits * 2 // 8), "little")
    values = slice_of(pixels=pixels) | {
        0x00280008: ("IS", b"2"), 0x00280010: ("US", struct.pack("<H", rows)),
        0x00280011: ("US", b"\3\0"), 0x00280100: ("US", b"\1\0"),
    }  # fmt: skip
    for number in (1, 2):
        assert int.from_bytes(frame(house, data_set(values), EXPLICIT_LE, number), "little") == frames[number - 1]


def test_a_frame_that_is_not_there_is_refused(house: House) -> None:
    house.indexed(slice_of())
    for number in (0, -1, 2, 10**9):
        with pytest.raises(NoFrame):
            house.archive.frame("1.2.3", "1.2.3.4", "1.2.3.4.5", number, EVERYTHING)
    with pytest.raises(NotHere):
        house.archive.frame("1.2.3", "1.2.3.4", "1.2.3.4.6", 1, EVERYTHING)


def test_an_object_without_pixels_has_no_frame(house: House) -> None:
    values = slice_of()
    del values[0x7FE00010]
    house.indexed(values)
    with pytest.raises(NoFrame):
        house.archive.frame("1.2.3", "1.2.3.4", "1.2.3.4.5", 1, EVERYTHING)


def test_frames_that_cannot_be_told_apart_are_refused(house: House) -> None:
    head = {key: value for key, value in slice_of().items() if key != 0x7FE00010} | {0x00280008: ("IS", b"2")}
    items = b"".join(struct.pack("<HHI", 0xFFFE, 0xE000, len(one)) + one for one in (b"", b"ab", b"cd", b"ef"))
    data = data_set(head) + struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF) + items
    with pytest.raises(FramesUnknown):
        frame(house, data + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0), "1.2.840.10008.1.2.5")


def bulk(house: House, path: str) -> bytes:
    return b"".join(part.data for part in house.archive.bulkdata("1.2.3", "1.2.3.4", "1.2.3.4.5", path, EVERYTHING))


def test_bulk_data_are_read_by_the_path_that_metadata_give(house: House) -> None:
    lut = bytes(range(256)) * 8
    inner = element(0x00281201, "OW", lut[::-1])
    sequence = struct.pack("<HHI", 0xFFFE, 0xE000, 0) + struct.pack("<HHI", 0xFFFE, 0xE000, len(inner)) + inner
    house.indexed(slice_of() | {0x00281201: ("OW", lut), 0x00400275: ("SQ", sequence)})
    assert bulk(house, "00281201") == lut
    assert bulk(house, "00400275/1/00281201") == lut[::-1]
    assert bulk(house, "7FE00010") == b"\1\2\3\4\5\6\7\0"


@pytest.mark.parametrize(
    "path", ["", "00281202", "0028120", "../00281201", "00400275/0/00281201", "00400275/9/00281201",
             "00400275/x/00281201", "00400275", "00281201/0/00281201", "0028120G", "٠٠٢٨١٢٠١"]
)  # fmt: skip
def test_a_path_to_nothing_is_refused(house: House, path: str) -> None:
    sequence = struct.pack("<HHI", 0xFFFE, 0xE000, 0)
    house.indexed(slice_of() | {0x00281201: ("OW", bytes(10)), 0x00400275: ("SQ", sequence)})
    with pytest.raises(NotHere):
        bulk(house, path)


def test_bulk_data_of_a_deflated_data_set_are_inflated(house: House) -> None:
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = engine.compress(data_set(slice_of() | {0x00281201: ("OW", bytes(2000))})) + engine.flush()
    house.indexer.take([house.device.store(packed, DEFLATED)])
    assert bulk(house, "00281201") == bytes(2000)
    assert bulk(house, "7FE00010") == b"\1\2\3\4\5\6\7\0"
