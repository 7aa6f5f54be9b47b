import struct

import pytest
from hypothesis import given, settings, strategies as st
from pydicom.encaps import encapsulate, encapsulate_extended, generate_frames
from tests.unit.imaging.conftest import data_set, element, slice_of
from tests.unit.imaging.oracle import Sample, samples

from primum.imaging.errors import DamagedDataSet, DataSetTooLarge, ImagingRefusal
from primum.imaging.frames import FrameBuilder, fragments, frames_of
from primum.imaging.limits import Limits
from primum.imaging.peeking import Peek, peek, peek_first
from primum.imaging.syntaxes import EXPLICIT_LE, syntax_of
from primum.vault import Frames

JPEG, RLE, MPEG = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.102"


def with_frames(count: int, pixels: bytes, tables: bytes = b"") -> bytes:
    """A data set with encapsulated pixel data."""
    values = slice_of() | {0x00280008: ("IS", str(count).encode())}
    del values[0x7FE00010]
    return data_set(values) + tables + struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF) + pixels


def pieces(data: bytes, frames: Frames | None) -> list[bytes]:
    assert frames is not None
    return [fragments(data[slice(*frames.span(index))]) for index in range(frames.count)]


@pytest.mark.filterwarnings("ignore")  # of pydicom, about its own files
@pytest.mark.parametrize("one", samples(), ids=lambda one: one.name)
def test_frames_are_where_pydicom_finds_them(one: Sample) -> None:
    try:
        found = peek(one.data, one.syntax)
    except ImagingRefusal:
        return
    theirs = one.dataset()
    frames = frames_of(found, one.data, one.syntax)
    if found.pixels_at is None or "PixelData" not in theirs:
        assert frames is None or found.pixels_tag != 0x7FE00010
        return
    count = found.shape.frames
    if syntax_of(one.syntax).encapsulated:
        assert pieces(one.data, frames) == list(generate_frames(theirs.PixelData, number_of_frames=count))
    elif frames is not None:
        raw = theirs.get_item("PixelData").value
        assert b"".join(one.data[slice(*frames.span(n))] for n in range(frames.count)) == raw[: frames.size * count]
    else:
        assert found.shape.rows * found.shape.columns * found.shape.bits % 8


FRAMES = st.lists(
    st.binary(min_size=8, max_size=40).map(lambda one: one + b"\0" * (len(one) % 2)), min_size=1, max_size=6
)


@settings(max_examples=80, deadline=None)
@given(FRAMES, st.booleans(), st.integers(1, 3))
def test_frames_are_told_apart_by_the_basic_offset_table(frames: list[bytes], basic: bool, per_frame: int) -> None:  # noqa: FBT001
    data = with_frames(len(frames), encapsulate(frames, fragments_per_frame=per_frame, has_bot=basic))
    found = frames_of(peek(data, RLE), data, RLE)
    if basic or per_frame == 1 or found is not None:
        assert b"".join(pieces(data, found)).replace(b"\0", b"") == b"".join(frames).replace(b"\0", b"")
    if basic:
        assert found is not None
        assert found.count == len(frames)


@settings(max_examples=40, deadline=None)
@given(FRAMES)
def test_frames_are_told_apart_by_the_extended_offset_table(frames: list[bytes]) -> None:
    pixels, offsets, lengths = encapsulate_extended(frames)
    tables = element(0x7FE00001, "OV", offsets) + element(0x7FE00002, "OV", lengths)
    data = with_frames(len(frames), pixels, tables)
    assert pieces(data, frames_of(peek(data, RLE), data, RLE)) == frames


def item(content: bytes) -> bytes:
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(content)) + content


END = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


def test_the_marker_eoi_tells_frames_of_several_fragments_apart() -> None:
    parts = [b"\xff\xd8ab", b"cd\xff\xd9", b"\xff\xd8ef\xff\xd9\0\0", b"\xff\xd8gh", b"ij", b"kl\xff\xd9"]
    data = with_frames(3, item(b"") + b"".join(map(item, parts)) + END)
    joined = [parts[0] + parts[1], parts[2], b"".join(parts[3:])]
    assert pieces(data, frames_of(peek(data, JPEG), data, JPEG)) == joined
    assert frames_of(peek(data, RLE), data, RLE) is None


def test_one_frame_of_many_fragments_is_one_frame_and_so_is_a_film() -> None:
    data = with_frames(1, item(b"") + item(b"abcd") + item(b"efgh") + END)
    assert pieces(data, frames_of(peek(data, JPEG), data, JPEG)) == [b"abcdefgh"]
    film = with_frames(90, item(b"") + item(b"abcd") + item(b"efgh") + END)
    assert pieces(film, frames_of(peek(film, MPEG), film, MPEG)) == [b"abcdefgh"]


def test_a_table_that_points_elsewhere_is_not_believed() -> None:
    wrong = struct.pack("<2I", 0, 6)
    data = with_frames(2, item(wrong) + item(b"abcd") + item(b"efgh") + item(b"ijkl") + END)
    assert frames_of(peek(data, RLE), data, RLE) is None


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_data_set_that_streams_by_has_the_same_frames(data: st.DataObject) -> None:
    frames = data.draw(FRAMES)
    whole = with_frames(len(frames), encapsulate(frames, fragments_per_frame=2, has_bot=data.draw(st.booleans())))
    found = peek(whole, JPEG)
    head = peek_first(whole[: (found.pixels_at or 0) + 12], JPEG)
    assert isinstance(head, Peek)
    builder = FrameBuilder(head, JPEG)
    at = 0
    while at < len(whole):
        size = data.draw(st.integers(1, 50))
        builder.feed(whole[at : at + size])
        at += size
    assert builder.finish() == frames_of(found, whole, JPEG)


def test_a_fragment_cut_short_is_refused() -> None:
    data = with_frames(1, item(b"") + item(b"abcd"))
    assert frames_of(peek(data, JPEG), data, JPEG) is not None  # the end of the sequence may be missing
    for cut in (1, 5, 9):
        with pytest.raises(DamagedDataSet):
            frames_of(peek(data[:-cut], JPEG), data[:-cut], JPEG)


def test_something_else_among_the_fragments_is_refused() -> None:
    data = with_frames(1, item(b"") + element(0x00080060, "CS", b"CT") + END)
    with pytest.raises(DamagedDataSet):
        frames_of(peek(data, JPEG), data, JPEG)


def test_more_fragments_than_the_limit_are_refused() -> None:
    data = with_frames(9, item(b"") + item(b"ab") * 9 + END)
    with pytest.raises(DataSetTooLarge):
        frames_of(peek(data, JPEG), data, JPEG, Limits(fragments=8))


def test_fewer_bytes_than_promised_are_the_frames_that_are_there() -> None:
    values = slice_of(pixels=bytes(20)) | {0x00280008: ("IS", b"9")}
    data = data_set(values)
    frames = frames_of(peek(data, EXPLICIT_LE), data, EXPLICIT_LE)
    assert frames is not None
    assert (frames.count, frames.size) == (2, 8)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=80))
def test_noise_in_pixel_data_is_refused_or_frames_within_it(noise: bytes) -> None:
    data = with_frames(2, noise)
    try:
        frames = frames_of(peek(data, JPEG), data, JPEG)
    except ImagingRefusal:
        return
    assert frames is None or frames.end() <= len(data)
