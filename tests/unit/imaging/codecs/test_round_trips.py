"""What is compressed without loss has the same values again; what is cut short is refused, by every codec."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from imagecodecs import htj2k_decode, jpeg8_encode

from primum.imaging.codecs.decoding import decode
from primum.imaging.codecs.encoding import encode
from primum.imaging.codecs.errors import NotTranscoded, Undecodable
from primum.imaging.codecs.shape import PixelShape
from primum.imaging.codecs.streams import codestream, jpeg_2000_stream, jpeg_stream
from primum.imaging.codecs.table import Codec

LOSSLESS = [Codec.NATIVE, Codec.RLE, Codec.JPEG_LOSSLESS, Codec.JPEG_LS, Codec.JPEG_2000, Codec.HTJ2K]
MOST_BITS = {Codec.NATIVE: 32, Codec.RLE: 32, Codec.JPEG_2000: 24}


def shape_of(
    size: tuple[int, int], samples: int = 1, bits: int = 12, *, signed: bool = False, photometric: str = ""
) -> PixelShape:
    allocated = 8 if bits <= 8 else 16 if bits <= 16 else 32
    photometric = photometric or ("RGB" if samples == 3 else "MONOCHROME2")
    return PixelShape(*size, samples, photometric, allocated, bits, bits - 1, signed, 0)


def picture(shape: PixelShape, seed: int = 0) -> np.ndarray:
    least = -(1 << shape.bits_stored - 1) if shape.signed else 0
    size = (shape.rows, shape.columns) + ((shape.samples,) if shape.samples > 1 else ())
    kind = np.dtype(f"<{'i' if shape.signed else 'u'}{shape.bits_allocated // 8}")
    return np.random.default_rng(seed).integers(least, least + (1 << shape.bits_stored), size).astype(kind)


@st.composite
def shapes(draw: st.DrawFn, codec: Codec) -> PixelShape:
    bits = draw(st.integers(2, MOST_BITS.get(codec, 16)))
    # CharLS is given twice the pixels' room, which noise of a few pixels outgrows with its headers
    least = 24 if codec is Codec.JPEG_LS else 2
    size = draw(st.integers(least, 40)), draw(st.integers(least, 40))
    samples, photometric = draw(st.sampled_from([(1, "MONOCHROME2"), (3, "RGB"), (3, "YBR_FULL")]))
    return shape_of(size, samples, bits, signed=draw(st.booleans()), photometric=photometric)


@pytest.mark.parametrize("codec", LOSSLESS)
@given(data=st.data(), seed=st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_compressing_and_decompressing_gives_the_same_values(codec: Codec, data: st.DataObject, seed: int):
    shape = data.draw(shapes(codec))
    array = picture(shape, seed)
    frame, written = encode(array, codec, shape, shape.photometric)
    again, photometric = decode(frame, codec, PixelShape(**{**shape.message(), "photometric": written}))
    assert np.array_equal(again, array)
    assert again.dtype == array.dtype
    assert photometric == shape.photometric


@pytest.mark.parametrize(("bits", "signed"), [(9, False), (12, False), (12, True), (16, False)])
def test_streams_say_bits_stored_as_their_precision(bits: int, signed: bool):  # noqa: FBT001
    shape = shape_of((20, 20), bits=bits, signed=signed)
    made = {codec: encode(picture(shape), codec, shape, "MONOCHROME2")[0] for codec in LOSSLESS[2:]}
    assert jpeg_stream(made[Codec.JPEG_LOSSLESS]).precision == bits
    assert jpeg_stream(made[Codec.JPEG_LS]).precision == bits
    for codec in (Codec.JPEG_2000, Codec.HTJ2K):
        stream = jpeg_2000_stream(codestream(made[codec]))
        assert (stream.precision, stream.signed) == (bits, signed)


@pytest.mark.parametrize("bits", [5, 8, 10, 12, 16])
def test_another_decoder_reads_our_high_throughput_streams(bits: int):
    """OpenJPH, which we do not decode with, reads the precision that was put right and the same values."""
    shape = shape_of((70, 90), bits=bits)
    array = picture(shape)
    assert np.array_equal(htj2k_decode(encode(array, Codec.HTJ2K, shape, "MONOCHROME2")[0]), array)


def test_the_first_high_throughput_resolution_is_small_and_lengths_are_announced():
    """PS3.5 8.2.15, for HTJ2K with RPCL options: 64 pixels at most, progression RPCL, tile-part lengths (TLM)."""
    shape = shape_of((1100, 300), bits=8)
    frame = encode(np.zeros((1100, 300), np.uint8), Codec.HTJ2K, shape, "MONOCHROME2")[0]
    cod = frame.index(b"\xff\x52")
    assert frame[cod + 5] == 2  # RPCL
    assert 1100 >> frame[cod + 9] <= 64
    assert b"\xff\x55" in frame[:200]


def lossy(bits: int, colour: bool) -> tuple[bytes, PixelShape]:  # noqa: FBT001
    shape = shape_of((64, 64), 3 if colour else 1, bits, photometric="YBR_FULL" if colour else "")
    return bytes(jpeg8_encode(picture(shape), level=80, bitspersample=bits)), shape


@pytest.mark.parametrize("cut", [1, 2, 3, 5, 20, 200, 0.5, 0.9])
@pytest.mark.parametrize("ending", [b"", b"\xff\xd9", b"\0\0"])
@pytest.mark.parametrize("codec", [*LOSSLESS, Codec.JPEG])
def test_a_frame_that_is_cut_short_is_refused(codec: Codec, ending: bytes, cut: float):
    """No codec fills in what is missing, whatever stands in its place."""
    if codec is Codec.JPEG:
        frame, shape = lossy(8, colour=False)
    else:
        shape = shape_of((64, 64))
        frame = encode(picture(shape), codec, shape, "MONOCHROME2")[0]
    whole = decode(frame, codec, shape)[0]
    bytes_cut = int(len(frame) * cut) if cut < 1 else int(cut)
    if codec in {Codec.JPEG, Codec.JPEG_LOSSLESS, Codec.JPEG_LS, Codec.JPEG_2000, Codec.HTJ2K}:
        bytes_cut += 2  # the end marker, which may be missing
    if codec is Codec.NATIVE:
        ending = b""
    if codec is Codec.RLE:
        bytes_cut += 1 + len(ending)
    try:
        damaged = decode(frame[:-bytes_cut] + ending, codec, shape)[0]
    except Undecodable:
        return
    # bits that no pixel needs may be missing: padding of the last byte, tails of a coder
    assert cut <= 3
    assert np.array_equal(damaged, whole)


@pytest.mark.parametrize("fill", [b"\xff", b"\xff" * 3])
@pytest.mark.parametrize("codec", [Codec.JPEG_LOSSLESS, Codec.JPEG])
def test_fill_bytes_before_the_end_marker_are_no_damage(codec: Codec, fill: bytes):
    """ISO 10918-1 B.1.1.2: any number of them may precede a marker, and half of DCMTK's lossless frames have one."""
    frame, shape = lossy(8, colour=False)
    if codec is Codec.JPEG_LOSSLESS:
        shape = shape_of((64, 64))
        frame = encode(picture(shape), codec, shape, "MONOCHROME2")[0].rstrip(b"\0")
    whole, body = decode(frame, codec, shape)[0], frame.removesuffix(b"\xff\xd9")
    assert body != frame
    for ending in (fill + b"\xff\xd9", fill + b"\xff\xd9\0", fill):
        assert np.array_equal(decode(body + ending, codec, shape)[0], whole)


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("bits", [8, 12])
def test_a_lossy_frame_without_its_end_marker_is_whole(bits: int, colour: bool):  # noqa: FBT001
    frame, shape = lossy(bits, colour)
    assert np.array_equal(decode(frame, Codec.JPEG, shape)[0], decode(frame[:-2], Codec.JPEG, shape)[0])


@pytest.mark.parametrize("codec", [*LOSSLESS[1:], Codec.JPEG])
@given(junk=st.binary(max_size=300), at=st.integers(0, 3000))
@settings(max_examples=40, deadline=None)
def test_junk_is_decoded_to_the_right_size_or_refused(codec: Codec, junk: bytes, at: int):
    shape = shape_of((40, 40), bits=8)
    array = picture(shape)
    frame = (
        bytes(jpeg8_encode(array, level=90)) if codec is Codec.JPEG else encode(array, codec, shape, "MONOCHROME2")[0]
    )
    spoilt = frame[:at] + junk + frame[at + len(junk) :]
    try:
        again, _ = decode(spoilt, codec, shape)
    except Undecodable:
        return
    assert (again.shape, again.dtype) == (array.shape, array.dtype)


@pytest.mark.parametrize("codec", LOSSLESS[1:])
def test_a_stream_of_another_size_is_refused_before_it_is_decoded(codec: Codec):
    shape, other = shape_of((40, 30)), shape_of((30, 41))
    frame = encode(picture(shape), codec, shape, "MONOCHROME2")[0]
    with pytest.raises(Undecodable):
        decode(frame, codec, other)


@pytest.mark.parametrize("codec", LOSSLESS[2:])
def test_bits_outside_of_bits_stored_are_not_dropped_silently(codec: Codec):
    shape = shape_of((20, 20))
    array = picture(shape)
    array[3, 3] |= 0x8000
    with pytest.raises(NotTranscoded):
        encode(array, codec, shape, "MONOCHROME2")


@pytest.mark.parametrize("codec", LOSSLESS[1:])
def test_single_bits_and_float_pixels_are_not_compressed(codec: Codec):
    bit = PixelShape(8, 8, 1, "MONOCHROME2", 1, 1, 0, signed=False, planar=0)
    real = PixelShape(8, 8, 1, "MONOCHROME2", 32, 32, 31, signed=False, planar=0, real="f")
    for shape in (bit, real):
        with pytest.raises(NotTranscoded):
            encode(np.zeros((8, 8)), codec, shape, "MONOCHROME2")


@pytest.mark.parametrize("codec", LOSSLESS[2:])
def test_negative_values_whose_upper_bits_are_zero_keep_their_value(codec: Codec):
    """Some devices write -1 of 12 bits as 0FFF."""
    shape = shape_of((20, 20), signed=True)
    array = picture(shape)
    frame, _ = encode(array & 0x0FFF, codec, shape, "MONOCHROME2")
    assert np.array_equal(decode(frame, codec, shape)[0], array)


@pytest.mark.parametrize("codec", [Codec.JPEG_2000, Codec.HTJ2K])
def test_colours_that_a_stream_does_not_mix_as_the_data_set_says_are_refused(codec: Codec):
    """YBR_RCT over a stream without the transform is either RGB or not: nobody can tell."""
    shape = shape_of((20, 20), 3, 8, photometric="YBR_FULL")
    frame, _ = encode(picture(shape), codec, shape, "YBR_FULL")
    with pytest.raises(Undecodable):
        decode(frame, codec, shape_of((20, 20), 3, 8, photometric="YBR_RCT"))


def test_subsampled_native_pixels_get_each_their_chrominance():
    shape = PixelShape(1, 4, 3, "YBR_FULL_422", 8, 8, 7, signed=False, planar=0)
    array, photometric = decode(bytes([1, 2, 30, 40, 5, 6, 70, 80]), Codec.NATIVE, shape)
    assert photometric == "YBR_FULL"
    assert array.tolist() == [[[1, 30, 40], [2, 30, 40], [5, 70, 80], [6, 70, 80]]]


def test_colour_by_plane_becomes_colour_by_pixel():
    shape = PixelShape(1, 2, 3, "RGB", 8, 8, 7, signed=False, planar=1)
    assert decode(bytes([1, 2, 3, 4, 5, 6]), Codec.NATIVE, shape)[0].tolist() == [[[1, 3, 5], [2, 4, 6]]]
