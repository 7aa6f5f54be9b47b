"""What a picture of a frame needs: windows, tables and palettes, read in the header (PS3.3 C.11, C.7.9, C.7.6.16).

Reads numbers and tables, and hands them with the frame to a codec process; nothing is drawn here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from primum.imaging.codecs.annotating import annotated
from primum.imaging.codecs.describing import Numbers, pixel_shape
from primum.imaging.codecs.errors import NotAPicture, Undecodable
from primum.imaging.codecs.shape import PixelShape
from primum.imaging.codecs.table import BY_UID
from primum.imaging.codecs.transcoding import Instance
from primum.imaging.errors import DamagedDataSet, NoFrame
from primum.imaging.syntaxes import EXPLICIT_LE
from primum.imaging.walker import Element, Short, elements, items, skim, wanted

_PADDING, _PADDING_END, _PROFILE, _REPRESENTATIVE = 0x00280120, 0x00280121, 0x00282000, 0x00286010
_CENTER, _WIDTH, _FUNCTION, _INTERCEPT, _SLOPE = 0x00281050, 0x00281051, 0x00281056, 0x00281052, 0x00281053
_MODALITY_LUT, _VOI_LUT, _LUT_DESCRIPTOR, _LUT_DATA = 0x00283000, 0x00283010, 0x00283002, 0x00283006
_PALETTES: Final = ((0x00281101, 0x00281201), (0x00281102, 0x00281202), (0x00281103, 0x00281203))
_SEGMENTED: Final = {0x00281201: 0x00281221, 0x00281202: 0x00281222, 0x00281203: 0x00281223}
_SHARED, _PER_FRAME, _FRAME_VOI, _TRANSFORMATION = 0x52009229, 0x52009230, 0x00289132, 0x00289145
_WANTED = wanted(
    *(_PADDING, _PADDING_END, _PROFILE, _REPRESENTATIVE, _CENTER, _WIDTH, _FUNCTION, _INTERCEPT, _SLOPE),
    *(_MODALITY_LUT, _VOI_LUT, _SHARED, _PER_FRAME),
    *(tag for pair in _PALETTES for tag in pair),
    *_SEGMENTED.values(),
)
FUNCTIONS: Final = frozenset({"LINEAR", "LINEAR_EXACT", "SIGMOID"})
_ENTRIES = 65536
_DISCRETE, _LINEAR, _COPY = 0, 1, 2
_MOST_PROFILE = 1 << 20
_MOST_WORDS = 2 * _ENTRIES
"""Words of one table: there are 65536 entries at most, and a segmented one is there to be shorter."""


@dataclass(frozen=True, slots=True)
class PictureWish:
    """How a picture is wanted (PS3.18 8.3.5)."""

    kind: str = "jpeg"
    """`jpeg` or `png`; `gif` for a frame of an animation (`animating`)."""
    window: tuple[float, float, str] | None = None
    """Center, width, function."""
    viewport: tuple[float, float, float, float, float, float] | None = None
    """Width and height of the picture; left, top, width and height of the region: zero for all of it."""
    share: tuple[float, float, float, float] | None = None
    """The region as shares of the whole: left, top, right, bottom (PS3.18 9.4)."""
    quality: int = 90
    annotations: tuple[str, ...] = ()
    """`patient`, `technique`."""
    profile: bool = False
    """Whether the ICC profile goes with it."""


def picture(instance: Instance, number: int, wish: PictureWish, *, begun: bool = False) -> bytes:
    """Make a picture of one frame, counted from 1; 0 stands for the one that represents the instance.

    `begun` where it is not the first of an answer. Raises NotAPicture, NoFrame, Undecodable, CodecsBusy,
    DamagedDataSet, or an illness of the vault.
    """
    shape = shape_of(instance)
    reader = _Reader(instance, shape)
    count = instance.count
    number = number or reader.representative(count)
    if not 1 <= number <= count:
        raise NoFrame
    look, tables = reader.look(number, wish)
    if wish.annotations:
        look["written"], points = annotated(instance, wish.annotations, len(tables))
        tables += points
    return drawn(instance, number, "paint", shape, look, tables, begun=begun)


def shape_of(instance: Instance) -> PixelShape:
    """Describe the frames that pictures are made of. Raises NotAPicture, Undecodable."""
    if not instance.has_pixels:
        raise NotAPicture(why="it has no pixels")
    if instance.syntax.encapsulated and instance.syntax.uid not in BY_UID:
        raise NotAPicture(why="it is a film, or compressed in a way that is not decoded here")
    return pixel_shape(instance.header, instance.inner, instance.source.peek.pixels_tag, instance.limits)


def drawn(  # noqa: PLR0917 (the parts of one job)
    instance: Instance, number: int, do: str, shape: PixelShape, look: dict[str, Any], tables: bytes, *, begun: bool
) -> bytes:
    """Have a frame drawn in a codec process."""
    job = {
        "do": do,
        "from": instance.syntax.uid if instance.syntax.encapsulated else EXPLICIT_LE,
        "shape": shape.message(),
        "look": look,
        "tables": len(tables),
    }
    return instance.codecs.run(job, [tables, instance.frame(number)], begun=begun)[1]


class _Reader:
    """Reads one header."""

    def __init__(self, instance: Instance, shape: PixelShape) -> None:
        self._view, self._syntax, self._limits = instance.header, instance.inner, instance.limits
        self._shape = shape
        self._tables = bytearray()
        self._most_tables = instance.codec_limits.tables_bytes
        self._found = skim(self._view, self._syntax, _WANTED, self._limits).found
        self._top = Numbers(self._view, self._syntax, self._found)

    def representative(self, count: int) -> int:
        """The frame that stands for all: as the data set says, else the one in the middle."""
        said = self._top.short(_REPRESENTATIVE)
        return said if 1 <= said <= count else (count + 1) // 2

    def look(self, number: int, wish: PictureWish) -> tuple[dict[str, Any], bytes]:
        """Say how to draw frame `number`, with the tables that this needs."""
        shape = self._shape
        look: dict[str, Any] = {"format": wish.kind, "quality": wish.quality, "bits_stored": shape.bits_stored}
        if shape.photometric == "PALETTE COLOR":
            look["palette"] = [self._palette(*tags) for tags in _PALETTES]
        elif shape.samples == 1:
            look.update(self._grey(number, wish))
        if wish.viewport or wish.share:
            look["viewport"] = self._viewport(wish)
        profile = self._top.raw(_PROFILE) if wish.profile else b""
        if profile and len(profile) <= _MOST_PROFILE:
            look["profile"] = [self._keep(profile), len(profile)]
        return look, bytes(self._tables)

    def _viewport(self, wish: PictureWish) -> tuple[float, ...]:
        rows, columns = self._shape.rows, self._shape.columns
        viewport = wish.viewport or (float(columns), float(rows), 0.0, 0.0, 0.0, 0.0)
        if wish.share is None:
            return viewport
        left, top, right, bottom = wish.share
        region = (left * columns, top * rows, (right - left) * columns, (bottom - top) * rows)
        size = viewport[:2] if wish.viewport else region[2:]
        return (*size, *region)

    def _grey(self, number: int, wish: PictureWish) -> dict[str, Any]:
        shape = self._shape
        look: dict[str, Any] = {"invert": shape.photometric == "MONOCHROME1"}
        transformed = self._group(number, _TRANSFORMATION) or self._top
        slope, intercept = transformed.decimals(_SLOPE)[:1], transformed.decimals(_INTERCEPT)[:1]
        if slope or intercept:
            look["rescale"] = _finite([*(slope or [1.0]), *(intercept or [0.0])])
        elif lut := self._lut(_MODALITY_LUT, signed=shape.signed):
            look["modality"] = lut
        below = shape.signed or bool(intercept and intercept[0] < 0)
        if wish.window:
            look["window"] = wish.window
        elif window := self._window(self._group(number, _FRAME_VOI)) or self._window(self._top):
            look["window"] = window
        elif lut := self._lut(_VOI_LUT, signed=below):
            look["voi"] = lut
        look["padding"] = self._padding()
        return look

    def _window(self, numbers: Numbers | None) -> list[Any] | None:
        if numbers is None:
            return None
        center, width = numbers.decimals(_CENTER)[:1], numbers.decimals(_WIDTH)[:1]
        function = numbers.text(_FUNCTION) or "LINEAR"
        if not center or not width or width[0] <= 0 or function not in FUNCTIONS:
            return None
        return [*_finite([*center, *width]), function]

    def _padding(self) -> list[int] | None:
        if not self._top.raw(_PADDING):
            return None
        ends = [self._top.short(_PADDING)]
        ends.append(self._top.short(_PADDING_END, ends[0]))
        if self._shape.signed:
            ends = [_signed(one) for one in ends]
        return sorted(ends)

    # functional groups (PS3.3 C.7.6.16)

    def _group(self, number: int, tag: int) -> Numbers | None:
        """Read one functional group of a frame: its own, else the one that all share."""
        try:
            for groups, index in ((_PER_FRAME, number - 1), (_SHARED, 0)):
                span = self._item(self._found.get(groups), index)
                element = self._within(span).get(tag) if span else None
                inner = self._item(element, 0)
                if inner:
                    return Numbers(self._view, self._syntax, self._within(inner))
        except Short:
            raise DamagedDataSet(what="it ends in the middle of an element") from None
        return None

    def _item(self, element: Element | None, index: int) -> tuple[int, int] | None:
        if element is None:
            return None
        for at, span in enumerate(items(self._view, element, self._syntax, self._limits)):
            if at == index:
                return span
        return None

    def _within(self, span: tuple[int, int]) -> dict[int, Element]:
        return {one.tag: one for one in elements(self._view, self._syntax, self._limits, *span)}

    # look-up tables

    def _lut(self, tag: int, *, signed: bool) -> dict[str, Any] | None:
        try:
            span = self._item(self._found.get(tag), 0)
            found = self._within(span) if span else {}
        except Short:
            raise DamagedDataSet(what="it ends in the middle of an element") from None
        numbers = Numbers(self._view, self._syntax, found)
        if not numbers.raw(_LUT_DATA):
            return None
        return self._table(numbers, _LUT_DESCRIPTOR, _LUT_DATA, signed=signed)

    def _palette(self, descriptor: int, data: int) -> dict[str, Any]:
        return self._table(self._top, descriptor, data, signed=False)

    def _table(self, numbers: Numbers, descriptor: int, data: int, *, signed: bool) -> dict[str, Any]:
        """A table of 16-bit entries; its descriptor is: entries, first value mapped, bits of an entry."""
        if max(len(numbers.raw(data)), len(numbers.raw(_SEGMENTED.get(data, 0)))) > 2 * _MOST_WORDS:
            raise NotAPicture(why="its tables are too long")
        described, raw = numbers.shorts(descriptor), numbers.shorts(data)
        if not raw and data in _SEGMENTED:
            raw = _expanded(numbers.shorts(_SEGMENTED[data]))
        if len(described) != 3 or not raw:  # noqa: PLR2004
            raise NotAPicture(why="a table of it cannot be read")
        count, first, bits = described[0] or _ENTRIES, described[1], described[2]
        if len(raw) < count <= 2 * len(raw) and bits <= 8:  # noqa: PLR2004 (two entries in a word)
            raw = [half for word in raw for half in (word & 0xFF, word >> 8)]
        if len(raw) < count or not 1 <= bits <= 16:  # noqa: PLR2004
            raise NotAPicture(why="a table of it is cut short")
        entries = b"".join(one.to_bytes(2, "little") for one in raw[:count])
        return {"first": _signed(first) if signed else first, "count": count, "bits": bits, "at": self._keep(entries)}

    def _keep(self, data: bytes) -> int:
        at = len(self._tables)
        if at + len(data) > self._most_tables:
            raise NotAPicture(why="its tables are too long")
        self._tables += data + b"\0" * (len(data) % 2)
        return at


def _expanded(words: list[int]) -> list[int]:
    """Expand a segmented palette of words (PS3.3 C.7.9.2): runs as they are, lines between values, and copies.

    Raises NotAPicture.
    """
    entries: list[int] = []
    for kind, length, values in _segments(words, 0, len(words), copies=True):
        if kind == _DISCRETE:
            entries += values
        elif not entries:
            raise NotAPicture(why="a table of it cannot be read")
        else:
            start, end = entries[-1], values[0]
            entries += [start + round((end - start) * step / length) for step in range(1, length + 1)]
        if len(entries) > _ENTRIES:
            raise NotAPicture(why="a table of it cannot be read")
    return entries


def _segments(words: list[int], at: int, most: int, *, copies: bool) -> Iterator[tuple[int, int, list[int]]]:
    """Read segments; one that repeats others is followed to them, once (it may not lead to another such)."""
    for _ in range(most):
        if at >= len(words):
            return
        kind, length = (*words[at : at + 2], 0)[:2]
        start, left = at + 2, len(words) - at - 2
        if kind == _DISCRETE and left >= length:
            yield kind, length, words[start : start + length]
            at = start + length
        elif kind == _LINEAR and left >= 1 and length:
            yield kind, length, words[start : start + 1]
            at = start + 1
        elif kind == _COPY and copies and left >= 2:  # noqa: PLR2004 (an offset in bytes, of 32 bits)
            yield from _segments(words, (words[start] | words[start + 1] << 16) // 2, length, copies=False)
            at = start + 2
        else:
            raise NotAPicture(why="a table of it cannot be read")


def _signed(number: int) -> int:
    return number - 0x10000 if number > 0x7FFF else number  # noqa: PLR2004 (two's complement of 16 bits)


def _finite(numbers: list[float]) -> list[float]:
    if not all(math.isfinite(one) for one in numbers):
        raise Undecodable(why="a number of its window is none")
    return numbers


def middle_first(count: int) -> Iterator[int]:
    """Go through indices from the middle outward: which instance is to represent many."""
    middle = count // 2
    yield from sorted(range(count), key=lambda index: abs(index - middle))
