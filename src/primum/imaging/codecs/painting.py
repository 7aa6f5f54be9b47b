"""From stored values to a picture (PS3.3 C.11.1, C.11.2, C.7.6.3.1.2, C.7.9). Runs in a codec process only.

`look` says what to do, in numbers that `rendering` read in the data set; tables (LUTs, palettes, a profile) come as
bytes, and `look` says where each begins.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
from imagecodecs import gif_encode, jpeg8_encode, png_encode

from primum.imaging.codecs.arrays import Array
from primum.imaging.codecs.colours import LEVELS
from primum.imaging.codecs.drawing import LETTERS_HIGH, write
from primum.imaging.codecs.errors import NotAPicture

_WHITE = 255
_BYTE = 8
_JPEG_PIECE = 65519
"""Bytes of a profile in one APP2 segment (ICC.1 B.4)."""


def paint(array: Array, photometric: str, look: dict[str, Any], tables: bytes) -> bytes:
    """Make a picture of a frame. Raises NotAPicture."""
    if photometric == "PALETTE COLOR":
        picture = _palette(array, look, tables)
    elif array.ndim == 3:  # noqa: PLR2004 (colour)
        picture = _colour(array, photometric, look)
    elif photometric.startswith("MONOCHROME"):
        picture = grey(array, look, tables)
    else:
        raise NotAPicture(why="its photometric interpretation is not known")
    picture = np.ascontiguousarray(_through(picture, look.get("viewport")))
    for one in look.get("written", ()):
        _annotate(picture, one, tables)
    profile = tables[look["profile"][0] : sum(look["profile"])] if look.get("profile") else b""
    return encoded(picture, look, profile)


def encoded(picture: Array, look: dict[str, Any], profile: bytes) -> bytes:
    """Write a picture of bytes in the format that is wanted."""
    if look["format"] == "gif":
        return _gif_frame(picture)
    if look["format"] == "png":
        return _png_profile(bytes(png_encode(picture, level=1)), profile)
    return _jpeg_profile(bytes(jpeg8_encode(picture, level=look.get("quality", 90))), profile)


# grey


def grey(array: Array, look: dict[str, Any], tables: bytes) -> Array:
    """Give the shades of a frame, as bytes."""
    if array.dtype.kind == "f" or array.dtype.itemsize > 2:  # noqa: PLR2004 (a table of all values would be too long)
        return _shades(array, array, look, tables)
    kind = np.dtype(f"<u{array.dtype.itemsize}")
    every = np.arange(1 << 8 * array.dtype.itemsize, dtype=np.uint32).astype(kind).view(array.dtype)
    shades: Array = _shades(every, array, look, tables)[array.view(kind)]
    return shades


def _shades(values: Array, frame: Array, look: dict[str, Any], tables: bytes) -> Array:
    real = _modality(values, look, tables)
    if look.get("window"):
        shades = _windowed(real, *look["window"])
    elif look.get("whole"):
        shades = _stretched(real, _possible(look, tables))
    elif look.get("voi"):
        entries = _lut(look["voi"], tables)
        shades = entries[_index(real, look["voi"], len(entries))] / ((1 << look["voi"]["bits"]) - 1)
    else:
        shades = _stretched(real, _modality(_seen(frame, look), look, tables))
    if look.get("presentation"):
        entries = _lut(look["presentation"], tables)
        most = (1 << look["presentation"]["bits"]) - 1
        shades = entries[np.rint(shades * (len(entries) - 1)).astype(np.int64)] / most
    if look.get("invert"):
        shades = 1 - shades
    result: Array = np.rint(shades * _WHITE).astype(np.uint8)
    return result


def _possible(look: dict[str, Any], tables: bytes) -> Array:
    """The least and greatest value that there could be after the modality LUT."""
    if look.get("modality"):
        return np.array([0, (1 << look["modality"]["bits"]) - 1])
    return _modality(np.array(look["whole"]), look, tables)


def _seen(frame: Array, look: dict[str, Any]) -> Array:
    """The values that count for least and greatest: without padding, without what is not a number."""
    flat = frame.reshape(-1)
    if look.get("padding"):
        first, last = look["padding"]
        flat = flat[(flat < first) | (flat > last)]
    if frame.dtype.kind == "f":
        flat = flat[np.isfinite(flat)]
    if not flat.size:
        return np.zeros(1, frame.dtype)
    # a table may be of any shape: its ends are not those of the values
    return np.unique(flat) if look.get("modality") else np.array([flat.min(), flat.max()])


def _modality(values: Array, look: dict[str, Any], tables: bytes) -> Array:
    if look.get("modality"):
        entries = _lut(look["modality"], tables)
        return entries[_index(values, look["modality"], len(entries))].astype(np.float64)
    slope, intercept = look.get("rescale", (1.0, 0.0))
    result: Array = np.nan_to_num(values.astype(np.float64) * slope + intercept)
    return result


def _stretched(real: Array, ends: Array) -> Array:
    low, high = float(ends.min()), float(ends.max())
    if high <= low:
        return np.where(real < low, 0.0, 1.0) if high else np.zeros(real.shape)
    result: Array = np.clip((real - low) / (high - low), 0, 1)
    return result


def _windowed(real: Array, center: float, width: float, function: str) -> Array:
    """PS3.3 C.11.2.1.2 and C.11.2.1.3."""
    if function == "SIGMOID":
        with np.errstate(over="ignore"):
            curve: Array = 1 / (1 + np.exp(-4 * (real - center) / width))
        return curve
    exact = function == "LINEAR_EXACT"
    middle, extent = (center, width) if exact else (center - 0.5, width - 1)
    if extent <= 0:
        return np.where(real <= middle, 0.0, 1.0)
    line: Array = np.clip((real - middle) / extent + 0.5, 0, 1)
    return line


def _lut(described: dict[str, Any], tables: bytes) -> Array:
    at, count = described["at"], described["count"]
    return np.frombuffer(tables, "<u2", count, at)


def _index(values: Array, described: dict[str, Any], count: int) -> Array:
    wide: Array = np.clip(np.rint(values).astype(np.int64) - described["first"], 0, count - 1)
    return wide


# colour


def _palette(array: Array, look: dict[str, Any], tables: bytes) -> Array:
    if not look.get("palette"):
        raise NotAPicture(why="its palette cannot be read")
    planes = []
    for described in look["palette"]:
        entries = _lut(described, tables)
        shift = max(described["bits"] - _BYTE, 0)
        planes.append((entries >> shift).astype(np.uint8)[_index(array, described, len(entries))])
    return np.stack(planes, axis=-1)


def _colour(array: Array, photometric: str, look: dict[str, Any]) -> Array:
    bits = look.get("bits_stored", _BYTE)
    if bits > _BYTE:
        array = array >> (bits - _BYTE)
    if photometric in {"YBR_FULL", "YBR_FULL_422"}:
        return _rgb(array)
    if photometric != "RGB":
        raise NotAPicture(why="its photometric interpretation is not known")
    return np.clip(array, 0, _WHITE).astype(np.uint8)


def _rgb(array: Array) -> Array:
    """PS3.3 C.7.6.3.1.2: YBR_FULL."""
    y, cb, cr = (array[..., index].astype(np.float32) for index in range(3))
    cb, cr = cb - 128, cr - 128
    planes = np.stack([y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb], axis=-1)
    result: Array = np.clip(np.rint(planes), 0, _WHITE).astype(np.uint8)
    return result


# viewport


def _through(picture: Array, viewport: list[float] | None) -> Array:
    """Cut a region out and fit it into a size, its proportions kept (PS3.18 8.3.5.1.3)."""
    if not viewport:
        return picture
    width, height, x, y, w, h = viewport
    rows, columns = picture.shape[:2]
    w, h = w or columns - x, h or rows - y
    left, right = sorted((round(x), round(x + w)))
    top, bottom = sorted((round(y), round(y + h)))
    part = picture[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    if not part.size:
        raise NotAPicture(why="the region asked for is not in it")
    part = part[:: -1 if h < 0 else 1, :: -1 if w < 0 else 1]
    scale = min(width / part.shape[1], height / part.shape[0])
    size = max(1, round(part.shape[0] * scale)), max(1, round(part.shape[1] * scale))
    return np.rint(resized(resized(part, size[0], 0), size[1], 1)).astype(np.uint8)


def resized(picture: Array, size: int, axis: int) -> Array:
    """Bring a picture to a size along one axis."""
    count = picture.shape[axis]
    if size == count:
        return picture
    shape = [1] * picture.ndim
    shape[axis] = size
    if size > count:  # between neighbours
        place = np.clip((np.arange(size) + 0.5) * count / size - 0.5, 0, count - 1)
        below = place.astype(np.intp)
        above = np.minimum(below + 1, count - 1)
        share = (place - below).reshape(shape)
        between: Array = np.take(picture, below, axis) * (1 - share) + np.take(picture, above, axis) * share
        return between
    # the mean of what each new pixel covers
    start = [(0, 0)] * picture.ndim
    start[axis] = (1, 0)
    sums = np.pad(np.cumsum(picture, axis, dtype=np.float64), start)
    edges = np.linspace(0, count, size + 1)
    below = np.minimum(edges.astype(np.intp), count - 1)
    shape[axis] = size + 1
    share = (edges - below).reshape(shape)
    at = np.take(sums, below, axis) * (1 - share) + np.take(sums, below + 1, axis) * share
    result: Array = np.diff(at, axis=axis) * (size / count)
    return result


# annotations


def _annotate(picture: Array, one: dict[str, Any], tables: bytes) -> None:
    """Write a text into the left corner above or below. Raises NotAPicture where it has no room."""
    rows, columns = picture.shape[:2]
    width, height = one["size"]
    scale = max(1.0, min(rows, columns) / LETTERS_HIGH)
    if width + 4 > columns or 2 * height + 4 > rows:
        raise NotAPicture(why="it is too small for what is to stand on it")
    scale = min(scale, (columns - 4) / max(width, 1), (rows - 4) / 2 / height)
    points = np.frombuffer(tables, "<f8", 2 * one["count"], one["at"]).reshape(one["count"], 2)
    top = rows - height * scale - 2 if one["below"] else 2
    write(picture, points * scale + np.array([2, top]), _WHITE, scale)


# a frame of an animation (`animating`)

_PATTERN = (np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) + 0.5) / 16
_GIF_HEAD = 6 + 7 + 3 * 256


def _gif_frame(picture: Array) -> bytes:
    """Give whether it is in colour (a byte), and the image of a GIF, its table of colours left out."""
    coloured = picture.ndim == 3  # noqa: PLR2004
    whole = bytes(gif_encode(_indexed(picture) if coloured else picture))
    start = whole.index(b",", _GIF_HEAD)  # behind the header and its table; blocks of control may stand before
    return bytes((coloured,)) + whole[start:-1]


def _indexed(picture: Array) -> Array:
    rows, columns = picture.shape[:2]
    pattern = np.tile(_PATTERN, (-(-rows // 4), -(-columns // 4)))[:rows, :columns]
    index = np.zeros((rows, columns), np.int64)
    for plane, most in enumerate(LEVELS):
        level = np.floor(picture[..., plane].astype(np.float64) * (most - 1) / _WHITE + pattern)
        index = index * most + np.clip(level, 0, most - 1).astype(np.int64)
    result: Array = index.astype(np.uint8)
    return result


# colour profiles


def _png_profile(png: bytes, profile: bytes) -> bytes:
    """Put an ICC profile after the header (PNG 11.3.2.3)."""
    if not profile:
        return png
    chunk = b"iCCP" + b"ICC profile\0\0" + zlib.compress(profile)
    return png[:33] + struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + png[33:]


def _jpeg_profile(jpeg: bytes, profile: bytes) -> bytes:
    """Put an ICC profile after the first marker (ICC.1 B.4)."""
    pieces = [profile[at : at + _JPEG_PIECE] for at in range(0, len(profile), _JPEG_PIECE)]
    if len(pieces) > _WHITE:
        raise NotAPicture(why="its colour profile is too long")
    segments = [
        b"\xff\xe2" + struct.pack(">H", len(piece) + 16) + b"ICC_PROFILE\0" + bytes((index, len(pieces))) + piece
        for index, piece in enumerate(pieces, 1)
    ]
    end = 2 if jpeg[2:4] != b"\xff\xe0" else 4 + struct.unpack_from(">H", jpeg, 4)[0]
    return jpeg[:end] + b"".join(segments) + jpeg[end:]
