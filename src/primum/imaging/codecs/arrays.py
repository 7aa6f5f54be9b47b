"""Samples in containers: what Bits Allocated, Bits Stored and Pixel Representation mean for an array (PS3.5 8.1.1)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from primum.imaging.codecs.errors import NotTranscoded, Undecodable
from primum.imaging.codecs.shape import PixelShape

Array = NDArray[Any]


def container(shape: PixelShape) -> np.dtype[Any]:
    """Return the type of a sample as it is kept. Raises Undecodable."""
    if shape.real:
        return np.dtype({"f": "<f4", "d": "<f8"}[shape.real])
    if shape.bits_allocated not in {1, 8, 16, 32}:
        raise Undecodable(why="its samples have an unusual width")
    return np.dtype(f"<{'i' if shape.signed else 'u'}{max(1, shape.bits_allocated // 8)}")


def kept(array: Array, shape: PixelShape, precision: int, *, signed: bool) -> Array:
    """Put decoded samples of `precision` bits into their container, with the data set's sign. Raises Undecodable."""
    if precision > shape.bits_allocated:
        raise Undecodable(why="a stream has more bits than the data set allocates")
    kind = container(shape)
    if shape.signed == signed:
        return array.astype(kind, copy=False)
    wide = array.astype(np.int64) & ((1 << precision) - 1)
    if shape.signed:
        wide -= (wide >> precision - 1) << precision
    return wide.astype(kind)


def values(array: Array, shape: PixelShape) -> Array:
    """Give the values that samples stand for: Bits Stored bits below High Bit, with their sign; others say nothing.

    Some devices leave the bits above a negative value at zero.
    """
    above = shape.bits_allocated - shape.high_bit - 1
    unused = shape.bits_allocated - shape.bits_stored
    if array.dtype.kind == "f" or shape.bits_allocated == 1 or not 0 <= above <= unused or not unused:
        return array
    unsigned = np.ascontiguousarray(array).view(f"<u{array.dtype.itemsize}")
    result: Array = (unsigned << above).view(array.dtype) >> unused
    return result


def own(array: Array, shape: PixelShape) -> Array:
    """Give the values of samples whose other bits are unused: zero, or the sign. Raises NotTranscoded."""
    found = values(array, shape)
    if array.dtype.kind == "i":
        mask = found.dtype.type((1 << shape.bits_stored) - 1 if shape.bits_stored < shape.bits_allocated else -1)
        right = (array == found) | (array == (found & mask))
    else:
        right = array == found
    if not right.all():
        raise NotTranscoded(why="its samples use bits outside of those it says are stored")
    return found


def tight(array: Array, shape: PixelShape) -> Array:
    """Give values as unsigned numbers of Bits Stored bits, for streams that know no sign."""
    narrow = np.dtype("u1") if shape.bits_stored <= 8 else np.dtype("<u2")  # noqa: PLR2004 (bits of a byte)
    kind = np.dtype(f"<u{array.dtype.itemsize}")
    unsigned = np.ascontiguousarray(array).view(kind) & kind.type((1 << shape.bits_stored) - 1)
    return np.ascontiguousarray(unsigned.astype(narrow, copy=False))


def to_bytes(array: Array, shape: PixelShape) -> bytes:
    """Give a frame as native bytes: little endian, colour by pixel."""
    if shape.bits_allocated == 1:
        return np.packbits(array.reshape(-1), bitorder="little").tobytes()
    return array.tobytes()
