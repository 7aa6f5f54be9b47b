import contextlib
import struct
import zlib

import pytest
from hypothesis import given, settings, strategies as st
from pydicom import Dataset
from tests.unit.imaging.conftest import data_set, slice_of
from tests.unit.imaging.oracle import Sample, samples

from primum.imaging.errors import (
    BadUid,
    DamagedDataSet,
    ImagingRefusal,
    NoSopUid,
    NoStudyUid,
    OtherInstance,
    UnknownSyntax,
)
from primum.imaging.peeking import NeedMore, Peek, peek, peek_first
from primum.imaging.syntaxes import DEFLATED, EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE

REFUSED = {
    "SC_rgb_jpeg.dcm": DamagedDataSet,
    "rtplan_truncated.dcm": DamagedDataSet,
    "MR_truncated.dcm": DamagedDataSet,
}


@pytest.mark.filterwarnings("ignore")  # of pydicom, about its own files
@pytest.mark.parametrize("one", samples(), ids=lambda one: one.name)
def test_the_same_uids_and_pixel_data_as_pydicom_or_a_refusal(one: Sample) -> None:
    theirs = one.dataset()
    why = _why(one, theirs)
    if why is not None:
        with pytest.raises(why):
            peek(one.data, one.syntax)
        return
    found = peek(one.data, one.syntax)
    uids = (theirs.StudyInstanceUID, theirs.SeriesInstanceUID, theirs.SOPInstanceUID)
    assert (found.study_uid, found.series_uid, found.sop_uid) == uids
    assert found.sop_class_uid == theirs.get("SOPClassUID", "")
    assert found.shape.rows == (theirs.get("Rows") or 0)
    if one.path.name != "badVR.dcm":  # its NumberOfFrames is "1A"
        assert found.shape.frames == int(theirs.get("NumberOfFrames") or 1)
    if one.syntax == DEFLATED:
        assert found.pixels_at is None
    elif "PixelData" in theirs:
        assert found.pixels_value_at is not None
        assert one.data[found.pixels_value_at :].startswith(theirs.get_item("PixelData").value[:64])
        assert peek(one.data[: found.pixels_at], one.syntax).pixels_at is None


def _why(one: Sample, theirs: Dataset) -> type[ImagingRefusal] | None:
    if one.path.name in REFUSED:
        return REFUSED[one.path.name]
    if not theirs.get("SOPInstanceUID"):
        return NoSopUid
    return None if theirs.get("StudyInstanceUID") and theirs.get("SeriesInstanceUID") else NoStudyUid


@pytest.mark.parametrize("uid", [b"../../etc/passwd", b"1.2/3", b"1.2.3" * 20, b"abc", b"1.2 .3", b"..", b"\xff"])
@pytest.mark.parametrize("tag", [0x0020000D, 0x0020000E, 0x00080018])
def test_a_uid_that_is_a_path_is_refused_and_not_repeated(uid: bytes, tag: int) -> None:
    with pytest.raises(BadUid) as refused:
        peek(data_set(slice_of() | {tag: ("UI", uid)}), EXPLICIT_LE)
    assert uid.decode("latin-1") not in f"{refused.value} {refused.value.way_out()} {refused.value.facts}"


def test_padding_after_a_uid_is_no_part_of_it() -> None:
    found = peek(data_set(slice_of() | {0x0020000D: ("UI", b"1.2.3 \0\0 ")}), EXPLICIT_LE)
    assert found.study_uid == "1.2.3"


@pytest.mark.parametrize(
    ("tag", "refusal"), [(0x00080018, NoSopUid), (0x0020000D, NoStudyUid), (0x0020000E, NoStudyUid)]
)
def test_a_data_set_without_its_uids_is_refused(tag: int, refusal: type[ImagingRefusal]) -> None:
    values = slice_of()
    for changed in ({key: value for key, value in values.items() if key != tag}, values | {tag: ("UI", b"")}):
        with pytest.raises(refusal):
            peek(data_set(changed), EXPLICIT_LE)


def test_another_instance_than_announced_is_refused() -> None:
    found = peek(data_set(slice_of(sop="1.2.9")), EXPLICIT_LE)
    found.must_be("1.2.9\0")
    with pytest.raises(OtherInstance):
        found.must_be("1.2.8")


def test_pixel_data_cut_short_are_refused() -> None:
    with pytest.raises(DamagedDataSet):
        peek(data_set(slice_of())[:-1], EXPLICIT_LE)


def test_a_transfer_syntax_that_is_no_uid_is_refused() -> None:
    with pytest.raises(UnknownSyntax):
        peek(data_set(slice_of()), "JPEG")


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_the_first_bytes_say_the_same_as_the_whole_or_ask_for_more(data: st.DataObject) -> None:
    whole = data_set(slice_of(pixels=bytes(600)))
    expected = peek(whole, EXPLICIT_LE)
    assert expected.pixels_at is not None
    cut = data.draw(st.integers(0, len(whole)))
    found = peek_first(whole[:cut], EXPLICIT_LE)
    if cut >= expected.pixels_at + 12:
        assert found == expected
    else:
        assert isinstance(found, NeedMore)
        assert found.bytes > cut
        assert found.so_far is None or found.so_far.sop_uid == expected.sop_uid


def test_asking_for_more_comes_to_an_end() -> None:
    whole = data_set(slice_of())
    size, turns = 1, 0
    while isinstance(found := peek_first(whole[:size], EXPLICIT_LE), NeedMore):
        size, turns = found.bytes, turns + 1
        assert turns < 100
    assert found == peek(whole, EXPLICIT_LE)


def test_big_endian_is_read_alike() -> None:
    little = slice_of()
    big = b""
    for tag in sorted(little):
        vr, value = little[tag]
        value += b"\0" * (len(value) % 2)
        head = struct.pack(">HH2s", tag >> 16, tag & 0xFFFF, vr.encode())
        value = value[::-1] if vr == "US" else value
        big += head + (struct.pack(">HI", 0, len(value)) if vr == "OW" else struct.pack(">H", len(value))) + value
    assert peek(big, EXPLICIT_BE).shape == peek(data_set(little), EXPLICIT_LE).shape


def test_a_deflated_data_set_is_read_and_a_bomb_is_not_inflated() -> None:
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    raw = data_set(slice_of(pixels=bytes(64 << 20)))
    packed = engine.compress(raw) + engine.flush()
    found = peek(packed, DEFLATED)
    assert isinstance(found, Peek)
    assert (found.sop_uid, found.pixels_at) == ("1.2.3.4.5", None)
    with pytest.raises(DamagedDataSet):
        peek(b"\xff" * 100, DEFLATED)
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    small = engine.compress(data_set(slice_of())) + engine.flush()
    with pytest.raises(DamagedDataSet):
        peek(small[:-20], DEFLATED)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([EXPLICIT_LE, IMPLICIT_LE, EXPLICIT_BE, DEFLATED]))
def test_noise_is_refused(noise: bytes, syntax: str) -> None:
    with pytest.raises(ImagingRefusal):
        peek(noise, syntax)
    with contextlib.suppress(ImagingRefusal):
        peek_first(noise, syntax)
