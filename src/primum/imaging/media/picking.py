"""A few elements of a header as they are, written again in explicit little endian: what a directory repeats.

Texts are the same bytes in every transfer syntax; the numbers inside a code sequence do not occur. Pure.
"""

from __future__ import annotations

import struct

from primum.imaging.charsets import charset_of
from primum.imaging.dictionary import vr_of
from primum.imaging.errors import DamagedDataSet
from primum.imaging.limits import LIMITS, Limits
from primum.imaging.syntaxes import Syntax, syntax_of
from primum.imaging.walker import LONG_VRS, UNDEFINED, Element, Short, elements, inflate, items, skim, wanted

CHARSET = 0x00080005
ROWS = 0x00280010
_LONG = frozenset(LONG_VRS)
_DEEPEST = 4
"""Sequences inside a code sequence: its equivalent codes."""
_TEXTS = frozenset(
    {"AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT"}
)


class Picked:
    """The elements of one header that were asked for, and of what is inside them only texts."""

    def __init__(self, header: bytes, transfer_syntax: str, tags: tuple[int, ...], limits: Limits = LIMITS) -> None:
        """Look through `header`: a data set, or its beginning. Raises an ImagingRefusal."""
        self._syntax: Syntax = syntax_of(transfer_syntax)
        self._limits = limits
        view = memoryview(header)
        if self._syntax.deflated:
            view = memoryview(inflate(view, limits.inflated_header_bytes)[0])
        self._view = view
        self._found = skim(view, self._syntax, wanted(CHARSET, ROWS, *tags), limits).found

    def has(self, tag: int) -> bool:
        """Tell whether the element is there."""
        return tag in self._found

    def raw(self, tag: int) -> bytes:
        """Give the value without padding; empty when there is none."""
        found = self._found.get(tag)
        return bytes(self._view[found.at : found.end]).strip(b"\0 ") if found is not None else b""

    def text(self, tag: int) -> str:
        """Give the value as text, in the data set's character set."""
        return charset_of(self.raw(CHARSET)).decode(self.raw(tag))[0]

    def sequence(self, tag: int) -> bytes | None:
        """Give a sequence of texts as the value of an element in explicit little endian; None where there is none."""
        found = self._found.get(tag)
        if found is None:
            return None
        try:
            return self._items(found, 0)
        except (Short, struct.error):
            raise DamagedDataSet(what="a sequence is cut short") from None

    def _items(self, sequence: Element, depth: int) -> bytes:
        written = []
        for start, stop in items(self._view, sequence, self._syntax, self._limits):
            inner = [self._written(one, depth) for one in elements(self._view, self._syntax, self._limits, start, stop)]
            written.append(item(b"".join(inner)))
        return b"".join(written)

    def _written(self, one: Element, depth: int) -> bytes:
        vr = one.vr or vr_of(one.tag)
        if vr == "SQ" and depth < _DEEPEST:
            return element(one.tag, "SQ", self._items(one, depth + 1))
        if vr not in _TEXTS or one.length == UNDEFINED:
            return b""
        return element(one.tag, vr, bytes(self._view[one.at : one.end]))


def element(tag: int, vr: str, value: bytes) -> bytes:
    """Write an element in explicit little endian, padded to an even length (PS3.5 7.1.2)."""
    if len(value) % 2:
        value += b"\0" if vr in {"UI", "OB", "UN"} else b" "
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode("ascii"))
    if vr in _LONG:
        return head + struct.pack("<HI", 0, len(value)) + value
    return head + struct.pack("<H", len(value)) + value


def item(content: bytes) -> bytes:
    """Write an item of a sequence."""
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(content)) + content
