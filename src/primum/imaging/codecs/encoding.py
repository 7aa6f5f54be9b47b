"""Arrays to frames, without loss. Runs in a codec process only.

What was encoded is decoded again and compared before it leaves: the same values, or a refusal.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
from imagecodecs import htj2k_encode, jpeg2k_encode, jpeg8_encode, jpegls_encode, packbits_encode
from jpeg_ls import encode_buffer

from primum.imaging.codecs.arrays import Array, own, tight, to_bytes
from primum.imaging.codecs.decoding import decode
from primum.imaging.codecs.errors import NotTranscoded, Undecodable
from primum.imaging.codecs.shape import PixelShape
from primum.imaging.codecs.table import Codec

_COLOURS = 3
_JPEG_2000_BITS = 24
"""OpenJPEG keeps samples in 32 bits and needs some of them for itself."""


def encode(array: Array, codec: Codec, shape: PixelShape, photometric: str) -> tuple[bytes, str]:
    """Encode one frame; return it with its photometric interpretation. Raises NotTranscoded."""
    check_fits(codec, shape)
    if codec is Codec.NATIVE:
        return to_bytes(array, shape), photometric
    if codec is not Codec.RLE:
        array = own(array, shape)
    try:
        frame, written = _ENCODERS[codec](array, shape, photometric)
        again, _ = decode(frame, codec, replace(shape, photometric=written, planar=0))
    except NotTranscoded:
        raise
    except Undecodable:
        raise NotTranscoded(why="what was compressed cannot be read again") from None
    except (RuntimeError, ValueError):
        # CharLS is given twice the pixels' room, which a picture of a few pixels outgrows
        raise NotTranscoded(why="it cannot be compressed so") from None
    if not np.array_equal(again, array):
        raise NotTranscoded(why="it would lose values")
    return frame, written


def check_fits(codec: Codec, shape: PixelShape) -> None:
    """Refuse pixels that a codec cannot hold. Raises NotTranscoded."""
    if codec is Codec.NATIVE:
        return
    if shape.real or shape.bits_allocated == 1:
        raise NotTranscoded(why="float pixels and single bits are not compressed")
    if codec is Codec.RLE:
        return
    if shape.high_bit != shape.bits_stored - 1 or shape.samples not in {1, _COLOURS}:
        raise NotTranscoded(why="its samples lie elsewhere than in the lowest bits")
    most = _JPEG_2000_BITS if codec is Codec.JPEG_2000 else 16
    if not 2 <= shape.bits_stored <= most or (codec is not Codec.JPEG_2000 and shape.bits_allocated > 16):  # noqa: PLR2004
        raise NotTranscoded(why="its samples have too many bits, or too few")


def _rle(array: Array, shape: PixelShape, photometric: str) -> tuple[bytes, str]:
    width = array.dtype.itemsize
    flat = array.reshape(shape.rows, shape.columns, shape.samples).view(np.uint8)
    planes = flat.reshape(shape.rows, shape.columns, shape.samples, width)
    if shape.samples * width > 15:  # noqa: PLR2004 (offsets in the head)
        raise NotTranscoded(why="a pixel has more bytes than RLE has segments")
    segments = []
    for sample in range(shape.samples):
        for byte in reversed(range(width)):
            # rows are packed one by one (PS3.5 G.3.1)
            plane = np.frombuffer(planes[:, :, sample, byte].tobytes(), np.uint8).reshape(shape.rows, shape.columns)
            packed = bytes(packbits_encode(plane, axis=-1))
            segments.append(packed + b"\0" * (len(packed) % 2))
    offsets = [64]
    for segment in segments[:-1]:
        offsets.append(offsets[-1] + len(segment))
    head = struct.pack("<16I", len(segments), *offsets, *([0] * (15 - len(segments))))
    return head + b"".join(segments), photometric


def _jpeg_lossless(array: Array, shape: PixelShape, photometric: str) -> tuple[bytes, str]:
    # colours are written as they are, whatever they are: no stream without loss mixes them
    space = "RGB" if shape.samples == _COLOURS else None
    frame = jpeg8_encode(
        tight(array, shape),
        lossless=True,
        predictor=1,
        bitspersample=shape.bits_stored,
        colorspace=space,
        outcolorspace=space,
    )
    return bytes(frame), photometric


def _jpeg_ls(array: Array, shape: PixelShape, photometric: str) -> tuple[bytes, str]:
    samples = tight(array, shape)
    if shape.bits_stored == 8 * samples.dtype.itemsize:
        return bytes(jpegls_encode(samples)), photometric
    # imagecodecs knows whole bytes alone
    frame = encode_buffer(
        samples.tobytes(),
        rows=shape.rows,
        columns=shape.columns,
        samples_per_pixel=shape.samples,
        bits_stored=shape.bits_stored,
        interleave_mode=2 if shape.samples > 1 else 0,
    )
    return bytes(frame), photometric


def _jpeg_2000(array: Array, shape: PixelShape, photometric: str) -> tuple[bytes, str]:
    mixes = photometric == "RGB"
    frame = jpeg2k_encode(
        array,
        level=0,
        codecformat="J2K",
        reversible=True,
        bitspersample=shape.bits_stored,
        mct=mixes,
        numthreads=1,
    )
    return bytes(frame), "YBR_RCT" if mixes else photometric


def _htj2k(array: Array, shape: PixelShape, photometric: str) -> tuple[bytes, str]:
    bits, mixes = shape.bits_stored, photometric == "RGB"
    narrow = array.astype(f"{array.dtype.kind}{1 if bits <= 8 else 2}")  # noqa: PLR2004 (bits of a byte)
    if bits % 8:
        # the encoder knows whole bytes alone. Without its level shift (ISO 15444-1 G.1) the samples are signed, and the
        # precision can be put right afterwards: more bit planes are announced than are used
        shift = 0 if shape.signed else 1 << bits - 1
        narrow = (narrow.astype(np.int32) - shift).astype(f"i{narrow.dtype.itemsize}")
    if shape.samples > 1 and not mixes:
        narrow = np.ascontiguousarray(narrow.transpose(2, 0, 1))
    colours = shape.samples > 1
    frame = bytearray(
        htj2k_encode(
            narrow,
            reversible=True,
            tlm=True,
            resolutions=_resolutions(shape),
            rgb=mixes if colours else None,
            planar=not mixes if colours else None,
        )
    )
    if bits % 8:
        depth = bits - 1 | (0x80 if shape.signed else 0)
        for component in range(shape.samples):
            frame[42 + 3 * component] = depth  # Ssiz, 38 bytes into the SIZ marker that follows SOC
    return bytes(frame), "YBR_RCT" if mixes else photometric


def _resolutions(shape: PixelShape) -> int:
    """Decompositions until the smallest picture is 64 pixels wide or high at most (PS3.5 8.2.15)."""
    count, side = 1, max(shape.rows, shape.columns)
    while side >> count > 64:  # noqa: PLR2004
        count += 1
    return count


_ENCODERS: Final[dict[Codec, Callable[[Array, PixelShape, str], tuple[bytes, str]]]] = {
    Codec.RLE: _rle,
    Codec.JPEG_LOSSLESS: _jpeg_lossless,
    Codec.JPEG_LS: _jpeg_ls,
    Codec.JPEG_2000: _jpeg_2000,
    Codec.HTJ2K: _htj2k,
}
