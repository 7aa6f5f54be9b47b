"""Frames to arrays. Runs in a codec process only.

A frame comes out as (rows, columns) or (rows, columns, samples), little endian, in the container of the data set, or
not at all.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from itertools import pairwise
from typing import Final

import numpy as np
from imagecodecs import jpeg2k_decode, jpeg8_decode, packbits_decode
from jpeg_ls import decode_buffer

from primum.imaging.codecs.arrays import Array, container, kept
from primum.imaging.codecs.errors import Undecodable
from primum.imaging.codecs.shape import PixelShape
from primum.imaging.codecs.streams import (
    Stream,
    codestream,
    jpeg_2000_mixes,
    jpeg_2000_stream,
    jpeg_stream,
    without_end,
)
from primum.imaging.codecs.table import Codec

_PROBES = (b"\x55" * 4096 + b"\xff\xd9", b"\xaa" * 4096 + b"\xff\xd9")
"""Two endings that differ in every bit: what is decoded from missing bytes differs with them."""
_LOSSLESS, _JPEG_LS = 0xC3, 0xF7
_RLE_HEAD = struct.Struct("<16I")


def decode(frame: bytes, codec: Codec, shape: PixelShape) -> tuple[Array, str]:
    """Decode one frame; return it with its photometric interpretation. Raises Undecodable."""
    try:
        array, photometric = _DECODERS[codec](frame, shape)
    except Undecodable:
        raise
    except MemoryError:
        raise Undecodable(why="it needs too much memory") from None
    except Exception:  # noqa: BLE001 (each library has its own, and some of them say RuntimeError)
        raise Undecodable(why="a frame is damaged or cut short") from None
    wanted = (shape.rows, shape.columns) + ((shape.samples,) if shape.samples > 1 else ())
    if array.shape != wanted:
        raise Undecodable(why="a frame has another size than the data set says")
    return np.ascontiguousarray(array), photometric


def _native(frame: bytes, shape: PixelShape) -> tuple[Array, str]:
    kind = container(shape)
    if len(frame) < shape.frame_bytes:
        raise Undecodable(why="a frame is cut short")
    if shape.bits_allocated == 1:
        bits = np.unpackbits(np.frombuffer(frame, np.uint8), bitorder="little")
        return _arranged(bits[: shape.pixels * shape.samples], shape), shape.photometric
    flat = np.frombuffer(frame, kind, shape.frame_bytes // kind.itemsize)
    if shape.subsampled:
        return _upsampled(flat, shape), "YBR_FULL"
    return _arranged(flat, shape), shape.photometric


def _arranged(flat: Array, shape: PixelShape) -> Array:
    if shape.samples == 1:
        return flat.reshape(shape.rows, shape.columns)
    if shape.planar:
        return flat.reshape(shape.samples, shape.rows, shape.columns).transpose(1, 2, 0)
    return flat.reshape(shape.rows, shape.columns, shape.samples)


def _upsampled(flat: Array, shape: PixelShape) -> Array:
    """Two pixels share their chrominance: Y1 Y2 Cb Cr (PS3.3 C.7.6.3.1.2)."""
    quads = flat.reshape(shape.rows, shape.columns // 2, 4)
    array = np.empty((shape.rows, shape.columns, 3), flat.dtype)
    array[:, ::2, 0], array[:, 1::2, 0] = quads[..., 0], quads[..., 1]
    array[..., 1:] = np.repeat(quads[..., 2:], 2, axis=1)
    return array


def _rle(frame: bytes, shape: PixelShape) -> tuple[Array, str]:
    """PS3.5 annex G: a plane for each byte of each sample, the most significant first."""
    kind = container(shape)
    width = kind.itemsize
    head = _RLE_HEAD.unpack_from(frame)
    count = head[0]
    if count != width * shape.samples or count > 15 or shape.bits_allocated == 1:  # noqa: PLR2004 (offsets in the head)
        raise Undecodable(why="a frame has not one RLE segment for each byte of a pixel")
    bounds = [*head[1 : count + 1], len(frame)]
    if bounds[0] < _RLE_HEAD.size or any(a > b for a, b in pairwise(bounds)):
        raise Undecodable(why="the RLE segments of a frame overlap")
    planes = np.empty((shape.pixels, shape.samples, width), np.uint8)
    for index in range(count):
        sample, byte = divmod(index, width)
        planes[:, sample, width - 1 - byte] = _segment(frame[bounds[index] : bounds[index + 1]], shape.pixels)
    array = planes.reshape(-1).view(kind)
    size = (shape.rows, shape.columns) + ((shape.samples,) if shape.samples > 1 else ())
    return array.reshape(size), shape.photometric


def _segment(data: bytes, pixels: int) -> Array:
    for tried in (data, data[:-1]):  # a segment is padded to an even length
        try:
            plane = np.frombuffer(packbits_decode(tried), np.uint8)
        except RuntimeError:
            continue
        if len(plane) >= pixels:
            return plane[:pixels]
    raise Undecodable(why="an RLE segment is cut short")


def _jpeg(frame: bytes, shape: PixelShape) -> tuple[Array, str]:
    stream = jpeg_stream(frame)
    _check(stream, shape)
    if stream.kind == _LOSSLESS:
        return _jpeg_lossless(frame, shape)
    photometric = shape.photometric
    spaces: tuple[str | None, str | None] = (None, None)
    if shape.samples == 3:  # noqa: PLR2004 (colour)
        spaces = ("YCBCR" if _is_ybr(stream, shape) else "RGB"), "RGB"
        photometric = "RGB"
    array = _probed(frame, *spaces)
    return kept(array, shape, stream.precision, signed=False), photometric


def _is_ybr(stream: Stream, shape: PixelShape) -> bool:
    """Tell how a lossy JPEG holds its colours: as the data set says, unless the stream itself says otherwise."""
    if stream.adobe is not None:
        return stream.adobe == 1
    if shape.photometric.startswith("YBR"):
        return True
    return stream.jfif or stream.shared


def _jpeg_lossless(frame: bytes, shape: PixelShape) -> tuple[Array, str]:
    stream = jpeg_stream(frame)
    _check(stream, shape)
    space = "RGB" if shape.samples == 3 else None  # noqa: PLR2004 (colour: given as it is, whatever it is)
    return kept(_probed(frame, space, space), shape, stream.precision, signed=False), shape.photometric


def _probed(frame: bytes, space: str | None, wanted: str | None) -> Array:
    """Decode twice with two endings: libjpeg fills what is missing, and does not say so."""
    body = without_end(frame)
    first, second = (jpeg8_decode(body + probe, colorspace=space, outcolorspace=wanted) for probe in _PROBES)
    if not np.array_equal(first, second):
        raise Undecodable(why="a frame is cut short")
    return first


def _jpeg_ls(frame: bytes, shape: PixelShape) -> tuple[Array, str]:
    stream = jpeg_stream(frame)
    _check(stream, shape)
    if stream.kind != _JPEG_LS:
        raise Undecodable(why="a frame is not JPEG-LS")
    frame = frame.rstrip(b"\0")
    if not frame.endswith(b"\xff\xd9"):
        # CharLS would refuse it too, some of them after a quarter of a minute
        raise Undecodable(why="a frame is cut short")
    raw, facts = decode_buffer(frame)
    flat = np.frombuffer(raw, "u1" if stream.precision <= 8 else "<u2")  # noqa: PLR2004 (bits of a byte)
    if flat.size != shape.pixels * shape.samples:
        raise Undecodable(why="a frame has another size than the data set says")
    if shape.samples > 1 and facts["interleave_mode"] == 0:
        array = flat.reshape(shape.samples, shape.rows, shape.columns).transpose(1, 2, 0)
    else:
        array = flat.reshape((shape.rows, shape.columns) + ((shape.samples,) if shape.samples > 1 else ()))
    return kept(array, shape, stream.precision, signed=False), shape.photometric


def _jpeg_2000(frame: bytes, shape: PixelShape) -> tuple[Array, str]:
    data = codestream(frame)
    stream = jpeg_2000_stream(data)
    _check(stream, shape)
    if stream.shared:
        raise Undecodable(why="its samples have several sizes")
    array = jpeg2k_decode(data, numthreads=1)
    mixed = shape.samples == 3 and jpeg_2000_mixes(data)  # noqa: PLR2004 (colour)
    if shape.photometric in {"YBR_RCT", "YBR_ICT"} and not mixed:
        raise Undecodable(why="a stream does not hold its colours as the data set says")
    return kept(array, shape, stream.precision, signed=stream.signed), "RGB" if mixed else shape.photometric


def _check(stream: Stream, shape: PixelShape) -> None:
    """Refuse a stream that would decode to something else than the data set says, before memory is spent on it."""
    if (stream.rows, stream.columns, stream.samples) != (shape.rows, shape.columns, shape.samples):
        raise Undecodable(why="a frame has another size than the data set says")


_DECODERS: Final[dict[Codec, Callable[[bytes, PixelShape], tuple[Array, str]]]] = {
    Codec.NATIVE: _native,
    Codec.RLE: _rle,
    Codec.JPEG: _jpeg,
    Codec.JPEG_LOSSLESS: _jpeg_lossless,
    Codec.JPEG_LS: _jpeg_ls,
    Codec.JPEG_2000: _jpeg_2000,
    Codec.HTJ2K: _jpeg_2000,
}
