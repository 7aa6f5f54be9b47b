"""A data set's elements in another encoding (PS3.5 7, A): byte order, explicit or implicit value representations.

Pure. Values do not change; what a data set does not say (implicit VR) is looked up in PS3.6.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator, Mapping
from typing import Final

from primum.imaging.codecs.errors import NotTranscoded
from primum.imaging.dicomjson import PIXEL_REPRESENTATION, resolve
from primum.imaging.errors import DamagedDataSet, DataSetTooLarge
from primum.imaging.limits import LIMITS, Limits
from primum.imaging.syntaxes import Syntax
from primum.imaging.walker import (
    LONG_VRS,
    PIXEL_TAGS,
    SHORT_VRS,
    UNDEFINED,
    Element,
    Short,
    elements,
    items,
)

Replaced = Mapping[int, tuple[str, bytes]]
"""Elements of the top level with their new value (little endian), to be written whether they were there or not."""

_WIDTHS: Final = {
    "AT": 2, "US": 2, "SS": 2, "OW": 2, "UL": 4, "SL": 4, "FL": 4, "OF": 4, "OL": 4,
    "FD": 8, "OD": 8, "SV": 8, "UV": 8, "OV": 8,
}  # fmt: skip
_CODES: Final = {2: "H", 4: "I", 8: "Q"}
_ITEM, _ITEM_END, _SEQUENCE_END = (0xFFFE, 0xE000), (0xFFFE, 0xE00D), (0xFFFE, 0xE0DD)
_LONG: Final = frozenset(LONG_VRS)
_KNOWN: Final = _LONG | frozenset(SHORT_VRS)
_PADDED_WITH_NUL: Final = frozenset({"UI", "OB", "UN", *_WIDTHS})


class Rewriter:
    """Writes the elements of one data set in another encoding.

    Raises DamagedDataSet, DataSetTooLarge, NotTranscoded.
    """

    def __init__(self, source: Syntax, target: Syntax, limits: Limits = LIMITS) -> None:
        """From one encoding to another; whether they are compressed does not matter here."""
        self._source, self._target, self._limits = source, target, limits
        self._same = (source.explicit, source.little) == (target.explicit, target.little)
        self._mark = "<" if target.little else ">"

    def top(
        self, view: memoryview, start: int, stop: int, replaced: Replaced, dropped: frozenset[int] = frozenset()
    ) -> Iterator[bytes]:
        """Write the top level from `start` to `stop`, pixel data left out."""
        new = dict(replaced)
        signed = False
        try:
            for element in elements(view, self._source, self._limits, start, stop):
                if element.tag in PIXEL_TAGS:
                    break
                for tag in sorted(tag for tag in new if tag < element.tag):
                    yield self.element(tag, *new.pop(tag))
                if element.tag == PIXEL_REPRESENTATION:
                    signed = any(view[element.at : element.end])
                if element.tag in new:
                    yield self.element(element.tag, *new.pop(element.tag))
                elif element.tag & 0xFFFF and element.tag not in dropped:
                    yield self._again(view, element, self._source, signed=signed, depth=0)
        except Short:
            raise DamagedDataSet(what="it ends in the middle of an element") from None
        for tag in sorted(new):
            yield self.element(tag, *new[tag])

    def element(self, tag: int, vr: str, value: bytes) -> bytes:
        """Write one element whose value is in little endian."""
        if not self._target.little:
            value = _swapped(value, vr)
        return self._head(tag, vr, len(value) + len(value) % 2) + value + _pad(vr, value)

    def _again(self, view: memoryview, element: Element, syntax: Syntax, *, signed: bool, depth: int) -> bytes:
        if self._same and syntax == self._source:
            return bytes(view[self._begin(element, syntax) : element.end])
        if depth > self._limits.depth:
            raise DataSetTooLarge(limit=self._limits.depth, of="sequences inside sequences")
        vr, inner = resolve(element, syntax, signed=signed)
        if vr == "SQ":
            return self._sequence(view, element, inner, signed=signed, depth=depth)
        if element.length == UNDEFINED:
            raise NotTranscoded(why="it holds compressed pictures inside its attributes")
        value = bytes(view[element.at : element.end])
        if inner.little != self._target.little and vr != "UN":
            value = _swapped(value, vr)
        return self._head(element.tag, vr, len(value) + len(value) % 2) + value + _pad(vr, value)

    def _sequence(self, view: memoryview, element: Element, syntax: Syntax, *, signed: bool, depth: int) -> bytes:
        parts = [self._head(element.tag, "SQ", UNDEFINED)]
        for span in items(view, element, syntax, self._limits):
            parts.append(self._mark_of(_ITEM, UNDEFINED))
            parts += self._item(view, span, syntax, signed=signed, depth=depth + 1)
            parts.append(self._mark_of(_ITEM_END, 0))
        parts.append(self._mark_of(_SEQUENCE_END, 0))
        return b"".join(parts)

    def _item(
        self, view: memoryview, span: tuple[int, int], syntax: Syntax, *, signed: bool, depth: int
    ) -> Iterator[bytes]:
        at, stop = span
        while at < stop:  # the walker ends at pixel data, and an icon has some
            for element in elements(view, syntax, self._limits, at, stop):
                at = element.end
                if element.length == UNDEFINED and element.tag in PIXEL_TAGS:
                    raise NotTranscoded(why="it holds compressed pictures inside its attributes")
                if at > stop:
                    raise Short(at)
                if element.tag == PIXEL_REPRESENTATION:
                    signed = any(view[element.at : element.end])
                if element.tag & 0xFFFF:
                    yield self._again(view, element, syntax, signed=signed, depth=depth)

    @staticmethod
    def _begin(element: Element, syntax: Syntax) -> int:
        return element.at - (12 if syntax.explicit and element.vr in _LONG else 8)

    def _mark_of(self, tag: tuple[int, int], length: int) -> bytes:
        return struct.pack(self._mark + "HHI", *tag, length)

    def _head(self, tag: int, vr: str, length: int) -> bytes:
        group, number = tag >> 16, tag & 0xFFFF
        if not self._target.explicit:
            return struct.pack(self._mark + "HHI", group, number, length)
        if vr not in _KNOWN or (vr not in _LONG and length > 0xFFFF):  # noqa: PLR2004 (PS3.5 6.2.2 note 5)
            vr = "UN"
        if vr in _LONG:
            return struct.pack(self._mark + "HH2sHI", group, number, vr.encode("ascii"), 0, length)
        return struct.pack(self._mark + "HH2sH", group, number, vr.encode("ascii"), length)


def _pad(vr: str, value: bytes) -> bytes:
    if not len(value) % 2:
        return b""
    return b"\0" if vr in _PADDED_WITH_NUL else b" "


def _swapped(value: bytes, vr: str) -> bytes:
    width = _WIDTHS.get(vr, 1)
    return value if width == 1 or len(value) % width else swapped(value, width)


def swapped(value: bytes, width: int) -> bytes:
    """Exchange the bytes of each number of `width` bytes."""
    numbers = array(_CODES[width], value)
    numbers.byteswap()
    return numbers.tobytes()
