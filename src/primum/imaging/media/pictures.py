"""A frame as a small picture for paper: what is stored in grey or in red, green and blue without compression.

Plain Python: the worker loads no NumPy, and a page has few pixels. What is compressed is another renderer's: `Render`
is what a sheet asks, and whoever opens a sheet hands in what can do more. Windowing is linear (PS3.3 C.11.2.1.2).
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar, Protocol

from primum.ground.errors import PrimumError
from primum.imaging.media.picking import Picked
from primum.imaging.syntaxes import syntax_of

_SAMPLES, _PHOTOMETRIC, _PLANAR, _FRAMES = 0x00280002, 0x00280004, 0x00280006, 0x00280008
_ROWS, _COLUMNS, _ALLOCATED, _STORED, _SIGNED = 0x00280010, 0x00280011, 0x00280100, 0x00280101, 0x00280103
_CENTRE, _WIDTH, _INTERCEPT, _SLOPE = 0x00281050, 0x00281051, 0x00281052, 0x00281053
TAGS = (
    _SAMPLES, _PHOTOMETRIC, _PLANAR, _FRAMES, _ROWS, _COLUMNS, _ALLOCATED, _STORED, _SIGNED, _CENTRE, _WIDTH,
    _INTERCEPT, _SLOPE,
)  # fmt: skip
_BYTE, _WORD, _COLOURS = 8, 16, 3


class NoPicture(PrimumError):
    """The frame cannot be made a picture here: {why}."""

    code: ClassVar[str] = "media.no-picture"
    hint: ClassVar[str] = "look at it in the viewer"


class Framed(Protocol):
    """An instance whose frames can be read."""

    @property
    def transfer_syntax_uid(self) -> str:
        """The transfer syntax in which it is kept."""
        ...

    def frame(self, number: int) -> bytes:
        """Give a frame, counted from 1, little endian."""
        ...

    def chunks(self) -> Iterator[bytes]:
        """Give the data set."""
        ...


@dataclass(frozen=True, slots=True)
class Picture:
    """Bytes of grey, or of red, green and blue; or a baseline JPEG of such."""

    width: int
    height: int
    data: bytes = field(repr=False)
    colour: bool = False
    jpeg: bool = False


Render = Callable[[Framed, Picked, int, int], Picture]
"""Make a picture: of an instance with this header, of this frame (from 1), at most so many pixels a side."""


def render(one: Framed, header: Picked, number: int, most: int) -> Picture:
    """Make a picture of what is stored uncompressed. Raises NoPicture, and what reading a frame raises."""
    rows, columns = header.number(_ROWS) or 0, header.number(_COLUMNS) or 0
    allocated, samples = header.number(_ALLOCATED) or 0, header.number(_SAMPLES) or 1
    photometric = header.raw(_PHOTOMETRIC).decode("ascii", "replace")
    grey = samples == 1 and allocated in {_BYTE, _WORD} and photometric in {"MONOCHROME1", "MONOCHROME2"}
    colour = samples == _COLOURS and allocated == _BYTE and photometric == "RGB"
    if syntax_of(one.transfer_syntax_uid).encapsulated or not (grey or colour) or not rows or not columns:
        raise NoPicture(why="its pixels are compressed, or of a kind for the viewer alone")
    raw = one.frame(number)
    if len(raw) < rows * columns * samples * allocated // 8:
        raise NoPicture(why="it is cut short")
    step = max(1, -(-max(rows, columns) // most))
    if colour:
        return _coloured(raw, rows, columns, step, planes=bool(header.number(_PLANAR)))
    values = array("B" if allocated == _BYTE else "H", raw[: rows * columns * allocated // 8])
    if sys.byteorder == "big":
        values.byteswap()
    kept = [values[row * columns : (row + 1) * columns : step] for row in range(0, rows, step)]
    shades = _shades(header, allocated, photometric, kept)
    return Picture(len(kept[0]), len(kept), b"".join(bytes(map(shades.__getitem__, row)) for row in kept))


def middle_frame(header: Picked) -> int:
    """Tell which frame stands for all of them."""
    text = header.raw(_FRAMES)
    return (int(text) + 1) // 2 if text.isdigit() and 0 < int(text) < 1 << 31 else 1


def _coloured(raw: bytes, rows: int, columns: int, step: int, *, planes: bool) -> Picture:
    out = bytearray()
    width = len(range(0, columns, step))
    for row in range(0, rows, step):
        line = bytearray(3 * width)
        for sample in range(_COLOURS):
            if planes:
                start = sample * rows * columns + row * columns
                line[sample::3] = raw[start : start + columns : step]
            else:
                start = row * columns * 3 + sample
                line[sample::3] = raw[start : (row + 1) * columns * 3 : 3 * step]
        out += line
    return Picture(width, len(range(0, rows, step)), bytes(out), colour=True)


def _shades(header: Picked, allocated: int, photometric: str, kept: list[array[int]]) -> bytes:
    """Give the grey of each value that can be stored."""
    stored = min(header.number(_STORED) or allocated, allocated)
    signed = bool(header.number(_SIGNED))
    slope = header.decimal(_SLOPE)
    scale = (slope or 1.0, header.decimal(_INTERCEPT) or 0.0)
    centre, width = header.decimal(_CENTRE), header.decimal(_WIDTH)
    if centre is None or width is None or width < 1:
        values = [_real(one, stored, signed=signed, scale=scale) for row in kept for one in (min(row), max(row))]
        low, high = min(values), max(values)
        centre, width = (low + high) / 2 + 0.5, max(high - low + 1, 1.0)
    return _table(allocated, stored, signed, scale, (centre, width), photometric == "MONOCHROME1")


def _real(raw: int, stored: int, *, signed: bool, scale: tuple[float, float]) -> float:
    value = raw & (1 << stored) - 1
    if signed and value >> stored - 1:
        value -= 1 << stored
    return value * scale[0] + scale[1]


@lru_cache(maxsize=32)
def _table(  # noqa: PLR0917 (a cache has no keywords)
    allocated: int, stored: int, signed: bool, scale: tuple[float, float], window: tuple[float, float], inverse: bool  # noqa: FBT001
) -> bytes:  # fmt: skip
    centre, width = window
    low, span = centre - 0.5 - (width - 1) / 2, max(width - 1, 1e-9)
    table = bytearray(1 << allocated)
    for raw in range(1 << stored):
        grey = min(255, max(0, round((_real(raw, stored, signed=signed, scale=scale) - low) / span * 255)))
        table[raw] = 255 - grey if inverse else grey
    for raw in range(1 << stored, 1 << allocated):  # overlay bits of old devices above the value
        table[raw] = table[raw & (1 << stored) - 1]
    return bytes(table)
