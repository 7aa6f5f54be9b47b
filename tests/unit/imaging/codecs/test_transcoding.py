"""Whole data sets in another transfer syntax: tables of offsets, memory, lies, and what surrounds the pixels."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from tests.unit.imaging.codecs.files import files
from tests.unit.imaging.codecs.kept import KeptRecord, dataset_of, record_of
from tests.unit.imaging.conftest import data_set, element, slice_of

from primum.ground.errors import PrimumError
from primum.imaging.codecs.errors import NotTranscoded, Undecodable
from primum.imaging.codecs.limits import CODEC_LIMITS
from primum.imaging.codecs.pool import Codecs
from primum.imaging.codecs.table import (
    BY_UID,
    HTJ2K_LOSSLESS,
    JPEG_2000,
    JPEG_2000_LOSSLESS,
    JPEG_LS,
    RLE,
    TARGETS,
    can_serve,
    targets_from,
)
from primum.imaging.codecs.transcoding import Instance, frame_in, transcoded
from primum.imaging.errors import NoFrame
from primum.imaging.overlays import Overlay
from primum.imaging.syntaxes import DEFLATED, EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE, syntax_of

FRAMES, ROWS, COLUMNS = 5, 12, 16
PIXELS = np.random.default_rng(5).integers(0, 4096, (FRAMES, ROWS, COLUMNS)).astype("<u2")


def us(number: int) -> bytes:
    return struct.pack("<H", number)


def clip(**changes: bytes) -> dict[int, tuple[str, bytes]]:
    """An image of several frames."""
    values = slice_of(pixels=PIXELS.tobytes()) | {
        0x00280004: ("CS", b"MONOCHROME2 "), 0x00280008: ("IS", b"5 "), 0x00280010: ("US", us(ROWS)),
        0x00280011: ("US", us(COLUMNS)), 0x00280100: ("US", us(16)), 0x00280101: ("US", us(12)),
        0x00280102: ("US", us(11)), 0x00280103: ("US", us(0)),
    }  # fmt: skip
    for name, value in changes.items():
        tag = int(name.removeprefix("x"), 16)
        values[tag] = (values[tag][0], value)
    return dict(sorted(values.items()))


def given_in(record: object, target: str, codecs: Codecs, **more: object) -> bytes:
    return b"".join(transcoded(record, target, codecs, **more))  # type: ignore[arg-type]


def fragments_of(data: bytes) -> Iterator[bytes]:
    at = data.index(b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff") + 12
    while data[at : at + 4] == b"\xfe\xff\x00\xe0":
        (length,) = struct.unpack_from("<I", data, at + 4)
        yield data[at + 8 : at + 8 + length]
        at += 8 + length
    assert data[at : at + 8] == b"\xfe\xff\xdd\xe0\0\0\0\0"


@pytest.mark.parametrize("kept_bytes", [CODEC_LIMITS.kept_bytes, 600, 0])
def test_the_basic_offset_table_leads_to_every_frame(codecs: Codecs, kept_bytes: int):
    """Whether frames were kept after measuring, or compressed a second time."""
    limits = replace(CODEC_LIMITS, kept_bytes=kept_bytes)
    data = given_in(KeptRecord(data_set(clip()), EXPLICIT_LE), JPEG_LS, codecs, codec_limits=limits)
    table, *frames = fragments_of(data)
    offsets, at = struct.unpack(f"<{FRAMES}I", table), 0
    for offset, frame in zip(offsets, frames, strict=True):
        assert offset == at
        assert len(frame) % 2 == 0
        at += 8 + len(frame)
    assert np.array_equal(dataset_of(data, JPEG_LS).pixel_array, PIXELS)


def test_what_is_too_long_for_a_basic_table_gets_an_extended_one(codecs: Codecs):
    limits = replace(CODEC_LIMITS, basic_table_bytes=100)
    data = given_in(KeptRecord(data_set(clip()), EXPLICIT_LE), JPEG_2000_LOSSLESS, codecs, codec_limits=limits)
    table, *frames = fragments_of(data)
    assert table == b""
    read = dataset_of(data, JPEG_2000_LOSSLESS)
    assert list(struct.unpack(f"<{FRAMES}Q", read.ExtendedOffsetTableLengths)) == [len(one) for one in frames]
    again = KeptRecord(data, JPEG_2000_LOSSLESS)
    assert Instance(again, codecs).source.peek.shape.offsets == struct.unpack(f"<{FRAMES}Q", read.ExtendedOffsetTable)  # type: ignore[arg-type]
    native = given_in(again, EXPLICIT_LE, codecs)
    assert b"\xe0\x7f\x01\x00" not in native
    assert np.array_equal(dataset_of(native, EXPLICIT_LE).pixel_array, PIXELS)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("source", [EXPLICIT_BE, DEFLATED, IMPLICIT_LE, RLE, HTJ2K_LOSSLESS])
def test_every_way_between_transfer_syntaxes_keeps_every_pixel(source: str, target: str, codecs: Codecs):
    stored = given_in(KeptRecord(data_set(clip()), EXPLICIT_LE), source, codecs)
    there = given_in(KeptRecord(stored, source), target, codecs)
    back = given_in(KeptRecord(there, target), EXPLICIT_LE, codecs)
    assert np.array_equal(dataset_of(back, EXPLICIT_LE).pixel_array, PIXELS)


def test_streams_that_are_valid_under_another_name_are_handed_on(codecs: Codecs):
    stored = given_in(KeptRecord(data_set(clip()), EXPLICIT_LE), JPEG_2000_LOSSLESS, codecs)
    assert (
        list(fragments_of(given_in(KeptRecord(stored, JPEG_2000_LOSSLESS), JPEG_2000, codecs)))[1:]
        == list(fragments_of(stored))[1:]
    )


@pytest.mark.parametrize("count", [b"6 ", b"4 ", b"99999 "])
@pytest.mark.parametrize("source", [EXPLICIT_LE, DEFLATED, JPEG_LS])
def test_a_number_of_frames_that_lies_is_refused_before_the_first_byte(codecs: Codecs, source: str, count: bytes):
    if source == JPEG_LS:
        honest = given_in(KeptRecord(data_set(clip()), EXPLICIT_LE), JPEG_LS, codecs)
        data = honest.replace(element(0x00280008, "IS", b"5 "), element(0x00280008, "IS", count))
    else:
        native = data_set(clip(x00280008=count))
        data = native if source == EXPLICIT_LE else given_in(KeptRecord(native, EXPLICIT_LE), DEFLATED, codecs)
    fewer_is_no_lie = count == b"4 " and source != JPEG_LS
    if fewer_is_no_lie:
        given_in(KeptRecord(data, source), RLE, codecs)
        return
    with pytest.raises(PrimumError):
        transcoded(KeptRecord(data, source), RLE if source != JPEG_LS else EXPLICIT_LE, codecs)  # type: ignore[arg-type]


@pytest.mark.parametrize("number", [0, -1, FRAMES + 1, 10**9])
@pytest.mark.parametrize("target", [EXPLICIT_LE, RLE, JPEG_2000])
def test_a_frame_that_is_not_there_is_no_frame(codecs: Codecs, target: str, number: int):
    for source in (EXPLICIT_LE, EXPLICIT_BE, RLE):
        stored = given_in(KeptRecord(data_set(clip()), EXPLICIT_LE), source, codecs)
        instance = Instance(KeptRecord(stored, source), codecs)  # type: ignore[arg-type]
        assert frame_in(instance, FRAMES, target)
        with pytest.raises(NoFrame):
            frame_in(instance, number, target)


def test_what_follows_the_pixels_stays_but_padding_and_signatures(codecs: Codecs):
    after = element(0x7FE10010, "LO", b"OURS") + element(0xFFFCFFFC, "OB", b"\0\0")
    stored = data_set(clip()) + after
    for target in (RLE, IMPLICIT_LE, EXPLICIT_BE):
        given = given_in(KeptRecord(stored, EXPLICIT_LE), target, codecs)
        back = dataset_of(given_in(KeptRecord(given, target), EXPLICIT_LE, codecs), EXPLICIT_LE)
        assert back[0x7FE10010].value == "OURS"
        assert 0xFFFCFFFC not in back


def test_group_lengths_are_dropped(codecs: Codecs):
    stored = element(0x00080000, "UL", b"\x10\0\0\0") + data_set(clip())
    for target in (IMPLICIT_LE, RLE):
        assert 0x00080000 not in dataset_of(given_in(KeptRecord(stored, EXPLICIT_LE), target, codecs), target)


def test_compressed_icons_stay_where_they_can_be_understood(codecs: Codecs):
    """An icon in JPEG inside an instance that is given uncompressed would be read as bare pixels."""
    icon = element(0x00280010, "US", us(1)) + b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\0\0\0\0"
    icon += b"\xfe\xff\x00\xe0\2\0\0\0ab" + b"\xfe\xff\xdd\xe0\0\0\0\0"
    sequence = struct.pack("<HH2sHI", 0x0088, 0x0200, b"SQ", 0, 8 + len(icon)) + b"\xfe\xff\x00\xe0"
    sequence += struct.pack("<I", len(icon)) + icon
    native = data_set(clip())
    stored = given_in(KeptRecord(native, EXPLICIT_LE), JPEG_LS, codecs)
    at = stored.index(b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff")
    stored = stored[:at] + sequence + stored[at:]
    with pytest.raises(NotTranscoded):
        transcoded(KeptRecord(stored, JPEG_LS), EXPLICIT_LE, codecs)  # type: ignore[arg-type]
    assert sequence in given_in(KeptRecord(stored, JPEG_LS), RLE, codecs)


@pytest.mark.parametrize(("tag", "vr", "kind"), [(0x7FE00008, "OF", "<f4"), (0x7FE00009, "OD", "<f8")])
@pytest.mark.parametrize("target", [IMPLICIT_LE, EXPLICIT_BE, DEFLATED])
def test_float_and_double_pixels_are_given_in_every_native_syntax(
    codecs: Codecs, tag: int, vr: str, kind: str, target: str
):
    pixels = np.linspace(-1, 1, FRAMES * ROWS * COLUMNS).astype(kind)
    values = clip(x00280100=us(8 * pixels.itemsize))
    del values[0x7FE00010], values[0x00280101], values[0x00280102], values[0x00280103]
    stored = data_set(values | {tag: (vr, pixels.tobytes())})
    there = given_in(KeptRecord(stored, EXPLICIT_LE), target, codecs)
    assert given_in(KeptRecord(there, target), EXPLICIT_LE, codecs) == stored
    with pytest.raises(NotTranscoded):
        transcoded(KeptRecord(stored, EXPLICIT_LE), RLE, codecs)  # type: ignore[arg-type]


def test_corrections_are_in_whatever_is_given(codecs: Codecs):
    """A study that was another person's is never given with that person's name, in any transfer syntax."""
    overlay = Overlay("2026-01-02T10:00:00Z", {"00100010": "AUTRE^Nom"}, (), ("00100010",))
    for target in (EXPLICIT_LE, IMPLICIT_LE, EXPLICIT_BE, DEFLATED, RLE):
        record = KeptRecord(data_set(clip()), EXPLICIT_LE)
        name = dataset_of(data_set(clip()), EXPLICIT_LE).PatientName
        read = dataset_of(given_in(record, target, codecs, overlay=overlay), target)
        assert read.PatientName == "AUTRE^Nom" != name
        assert str(name) not in str(read)


def test_memory_is_bounded_by_frames_and_not_by_the_instance(codecs: Codecs):
    """Pieces come as frames are asked for: the second frame is read after the first left."""
    record = KeptRecord(given_in(KeptRecord(data_set(clip()), EXPLICIT_LE), RLE, codecs), RLE)
    read: list[int] = []
    frame = record.frame
    record.frame = lambda index: (read.append(index), frame(index))[1]  # type: ignore[method-assign,func-returns-value]
    pieces = transcoded(record, EXPLICIT_LE, codecs)  # type: ignore[arg-type]
    assert read == [0]
    next(pieces), next(pieces), next(pieces)
    assert read == [0]
    next(pieces)
    assert read == [0, 1]


@given(
    at=st.integers(0, 900), junk=st.binary(min_size=1, max_size=30), target=st.sampled_from([EXPLICIT_LE, EXPLICIT_BE])
)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_spoilt_data_set_is_transcoded_or_refused_and_nothing_else(codecs: Codecs, at: int, junk: bytes, target: str):
    spoilt = SPOILT[:at] + junk + SPOILT[at + len(junk) :]
    try:
        record = KeptRecord(spoilt, RLE)
        given_in(record, target, codecs)
    except PrimumError:
        pass


SPOILT = record_of(files()["SC_rgb_rle.dcm"]).data_set()


def test_the_table_of_transfer_syntaxes_is_consistent():
    """The conformance statement is made from it."""
    assert len(BY_UID) == 16
    for uid, one in BY_UID.items():
        assert pydicom.uid.UID(uid).is_transfer_syntax
        assert pydicom.uid.UID(uid).is_encapsulated == (one.codec != "native")
        assert syntax_of(uid).encapsulated == (one.codec != "native")
        assert targets_from(uid)[0] == uid
        assert can_serve(uid, EXPLICIT_LE)
        assert all(can_serve(uid, target) for target in TARGETS)
        assert set(one.relabels) <= BY_UID.keys()
    assert not can_serve("1.2.840.10008.1.2.4.102", EXPLICIT_LE)
    assert can_serve("1.2.840.10008.1.2.4.102", "1.2.840.10008.1.2.4.102")
    assert not can_serve(EXPLICIT_LE, "1.2.840.10008.1.2.4.50")


def test_nonsense_in_the_pixel_description_is_undecodable(codecs: Codecs):
    for change in (
        {"x00280010": us(0)}, {"x00280101": us(17)}, {"x00280101": us(0)}, {"x00280004": b"HSV "},
        {"x00280010": us(65535), "x00280011": us(65535)},
    ):  # fmt: skip
        with pytest.raises(PrimumError):
            transcoded(KeptRecord(data_set(clip(**change)), EXPLICIT_LE, table=False), JPEG_LS, codecs)  # type: ignore[arg-type]
    assert Undecodable.code == "imaging.undecodable"
