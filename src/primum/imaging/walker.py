"""Walking over the elements of a data set (PS3.5 7): where they are, not what they mean.

Pure: takes bytes, returns offsets. Every offset is checked against the buffer before it is used, every loop
is bounded by `Limits`; there is no recursion. What cannot be read is refused, nothing is guessed.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from primum.imaging.errors import DamagedDataSet, DataSetTooLarge
from primum.imaging.limits import LIMITS, Limits
from primum.imaging.syntaxes import Syntax

if TYPE_CHECKING:
    from typing_extensions import Buffer

UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
PIXEL_TAGS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})

LONG_VRS = ("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV")
SHORT_VRS = (
    "AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT", "PN", "SH", "SL", "SS", "ST", "TM", "UI",
    "UL", "US",
)  # fmt: skip


class Element(NamedTuple):
    """One element of the top level: its value is `view[at:at + length]`, or undefined; the next starts at `end`."""

    tag: int
    vr: str
    at: int
    length: int
    end: int


class Order:
    """The struct formats and value representations of one byte order and one kind of header."""

    def __init__(self, *, little: bool, explicit: bool) -> None:
        mark = "<" if little else ">"
        self.explicit = explicit
        # the tag in one number: in little endian its two halves come out exchanged, see `swap`
        self.fast = struct.Struct(mark + ("IHH" if explicit else "II")).unpack_from
        self.little = little
        self.head = struct.Struct(mark + ("HHHH" if explicit else "HHI")).unpack_from
        self.item = struct.Struct(mark + "HHI").unpack_from
        self.u32 = struct.Struct(mark + "I").unpack_from
        self.u16 = struct.Struct(mark + "H").unpack_from
        code = struct.Struct(mark + "H").unpack
        self.long: dict[int, str] = {code(vr.encode())[0]: vr for vr in LONG_VRS}
        self.short: dict[int, str] = {code(vr.encode())[0]: vr for vr in SHORT_VRS}


_EXPLICIT_LITTLE = Order(little=True, explicit=True)
IMPLICIT_LITTLE = Order(little=True, explicit=False)
_EXPLICIT_BIG = Order(little=False, explicit=True)


def order_of(syntax: Syntax) -> Order:
    """Tell how the elements of a data set are written."""
    if not syntax.explicit:
        return IMPLICIT_LITTLE
    return _EXPLICIT_LITTLE if syntax.little else _EXPLICIT_BIG


class Short(Exception):
    """The buffer ends before what is being read; it would have to hold `bytes_needed`."""

    def __init__(self, bytes_needed: int) -> None:
        """Keep how much would be needed."""
        super().__init__()
        self.bytes_needed = bytes_needed


def swap(tag: int) -> int:
    """Exchange the halves of a tag."""
    return (tag & 0xFFFF) << 16 | tag >> 16


class Wanted(NamedTuple):
    """Tags to look for, by the number that each byte order reads; made by `wanted`."""

    little: dict[int, int]
    big: dict[int, int]


def wanted(*tags: int) -> Wanted:
    """Prepare a set of tags for `skim`."""
    every = PIXEL_TAGS.union(tags)
    return Wanted({swap(tag): tag for tag in every}, {tag: tag for tag in every})


@dataclass(slots=True)
class Skimmed:
    """What `skim` found. `short` is 0, or the bytes that the buffer would need to hold for the walk to go on."""

    found: dict[int, Element]
    pixels: Element | None
    pixels_at: int
    short: int


def skim(view: memoryview, syntax: Syntax, tags: Wanted, limits: Limits = LIMITS) -> Skimmed:
    """Find a few elements of the top level, fast, up to the pixel data (whose value may lie beyond the buffer).

    Raises DamagedDataSet, DataSetTooLarge. `view` holds the inflated data set when the syntax is deflated.
    """
    skimmer = _Skimmer(view, order_of(syntax), tags, limits)
    try:
        if skimmer.order.explicit:
            skimmer.explicit()
        else:
            skimmer.implicit()
    except struct.error:
        # the header of an element lies across the end: 12 bytes are the longest there is
        skimmer.result.short = len(view) + 12
    except Short as short:
        skimmer.result.short = short.bytes_needed
    return skimmer.result


class _Skimmer:
    """The two loops that every data set passes through: nothing in them that could be outside."""

    def __init__(self, view: memoryview, order: Order, tags: Wanted, limits: Limits) -> None:
        self.view, self.order, self.tags, self.limits = view, order, tags, limits
        self.result = Skimmed({}, None, 0, 0)

    def explicit(self) -> None:
        view, order, limits = self.view, self.order, self.limits
        head, u32, short, long = order.fast, order.u32, order.short, order.long
        looked_for = self.tags.little if order.little else self.tags.big
        at, stop = 0, len(view)
        for _ in range(limits.elements):
            if at >= stop:
                break
            raw, code, length = head(view, at)
            if code in short:
                if raw not in looked_for:  # by far the most
                    at += 8 + length
                    continue
                value, vr = at + 8, short[code]
            elif code in long:
                (length,) = u32(view, at + 8)
                value, vr = at + 12, long[code]
            else:
                raise DamagedDataSet(what="an element has no value representation")
            if raw in looked_for:
                at = self._keep(at, Element(looked_for[raw], vr, value, length, value + length))
                if not at:
                    return
            elif length == UNDEFINED:
                at = past_sequence(view, value, IMPLICIT_LITTLE if vr == "UN" else order, limits)
            else:
                at = value + length
        else:
            raise DataSetTooLarge(limit=limits.elements, of="elements")
        self.result.short = at if at > stop else 0

    def implicit(self) -> None:
        view, order, limits = self.view, self.order, self.limits
        head, looked_for = order.fast, self.tags.little
        at, stop = 0, len(view)
        for _ in range(limits.elements):
            if at >= stop:
                break
            raw, length = head(view, at)
            value = at + 8
            if raw in looked_for:
                at = self._keep(at, Element(looked_for[raw], "", value, length, value + length))
                if not at:
                    return
            else:
                at = past_sequence(view, value, order, limits) if length == UNDEFINED else value + length
        else:
            raise DataSetTooLarge(limit=limits.elements, of="elements")
        self.result.short = at if at > stop else 0

    def _keep(self, at: int, element: Element) -> int:
        """Keep one element, if the buffer holds its value; return where the next starts, 0 when the walk is over."""
        if element.tag in PIXEL_TAGS:
            self.result.pixels, self.result.pixels_at = element, at
            return 0
        if element.length == UNDEFINED:
            inner = IMPLICIT_LITTLE if element.vr == "UN" else self.order
            element = element._replace(end=past_sequence(self.view, element.at, inner, self.limits))
        if element.end <= len(self.view):
            self.result.found[element.tag] = element
        return element.end


def elements(
    view: memoryview, syntax: Syntax, limits: Limits = LIMITS, start: int = 0, stop: int | None = None
) -> Iterator[Element]:
    """Walk every element of a data set (or of an item of one), up to and including its pixel data.

    The pixel data's value may lie beyond the buffer. Raises Short where the buffer ends too early,
    DamagedDataSet, DataSetTooLarge. `view` holds the inflated data set when the syntax is deflated.
    """
    order = order_of(syntax)
    at, stop = start, len(view) if stop is None else stop
    for _ in range(limits.elements):
        if at >= stop:
            return
        element = _element(view, at, order)
        if element.length == UNDEFINED and element.tag not in PIXEL_TAGS:
            inner = IMPLICIT_LITTLE if element.vr == "UN" else order
            element = element._replace(end=past_sequence(view, element.at, inner, limits))
        if element.end > stop and element.tag not in PIXEL_TAGS:
            raise Short(element.end)
        yield element
        if element.tag in PIXEL_TAGS:
            return
        at = element.end
    raise DataSetTooLarge(limit=limits.elements, of="elements")


def _element(view: memoryview, at: int, order: Order) -> Element:
    try:
        if not order.explicit:
            group, number, length = order.head(view, at)
            return Element(group << 16 | number, "", at + 8, length, at + 8 + length)
        group, number, code, length = order.head(view, at)
        tag = group << 16 | number
        vr = order.short.get(code)
        if vr is not None:
            return Element(tag, vr, at + 8, length, at + 8 + length)
        vr = order.long.get(code)
        if vr is None:
            raise DamagedDataSet(what="an element has no value representation")
        (length,) = order.u32(view, at + 8)
        return Element(tag, vr, at + 12, length, at + 12 + length)
    except struct.error:
        raise Short(len(view) + 12) from None


def past_sequence(view: memoryview, at: int, order: Order, limits: Limits, *, in_item: bool = False) -> int:
    """Find the end of a sequence of undefined length whose first item would start at `at`.

    With `in_item`, of an item of undefined length whose first element would.
    """
    levels = [order]
    among_items = not in_item
    stop = len(view)
    for _ in range(limits.elements):
        if at + 8 > stop:
            raise Short(at + 8)
        group, number, length = order.item(view, at)
        tag = group << 16 | number
        if among_items:
            among_items, at = _past_item_head(tag, length, at + 8, levels)
            if not levels:
                return at
        elif tag != ITEM_END:
            among_items, at = _past_element(view, at, levels, limits)
        else:
            at += 8
            if in_item and len(levels) == 1:
                return at
            among_items = True
    raise DataSetTooLarge(limit=limits.elements, of="elements")


def _past_item_head(tag: int, length: int, at: int, levels: list[Order]) -> tuple[bool, int]:
    """Step over the head of an item (and over the item, when its length is defined) or the end of a sequence."""
    if tag == SEQUENCE_END:
        levels.pop()
        return False, at
    if tag != ITEM:
        raise DamagedDataSet(what="a sequence holds something that is not an item")
    return (False, at) if length == UNDEFINED else (True, at + length)


def _past_element(view: memoryview, at: int, levels: list[Order], limits: Limits) -> tuple[bool, int]:
    """Step over an element of an item, or into it when it is a sequence of undefined length."""
    element = _element(view, at, levels[-1])
    if element.length != UNDEFINED:
        return False, element.end
    if len(levels) >= limits.depth:
        raise DataSetTooLarge(limit=limits.depth, of="sequences inside sequences")
    levels.append(IMPLICIT_LITTLE if element.vr == "UN" else levels[-1])
    return True, element.at


def items(view: memoryview, element: Element, syntax: Syntax, limits: Limits = LIMITS) -> Iterator[tuple[int, int]]:
    """Give the start and stop of each item of a sequence, delimiters left out. Raises as `elements`."""
    order = order_of(syntax)
    at, stop = element.at, element.end
    for _ in range(limits.elements):
        if at >= stop:
            return
        if at + 8 > stop:
            raise DamagedDataSet(what="a sequence ends in the middle of an item")
        group, number, length = order.item(view, at)
        tag = group << 16 | number
        if tag == SEQUENCE_END:
            return
        if tag != ITEM:
            raise DamagedDataSet(what="a sequence holds something that is not an item")
        at += 8
        end = past_sequence(view, at, order, limits, in_item=True) if length == UNDEFINED else at + length
        if end > stop:
            raise DamagedDataSet(what="an item is longer than its sequence")
        yield at, end - (8 if length == UNDEFINED else 0)
        at = end
    raise DataSetTooLarge(limit=limits.elements, of="elements")


def inflate(data: Buffer, limit: int) -> tuple[bytes, bool]:
    """Inflate at most `limit` bytes of a deflated data set (PS3.5 A.5); tell whether that is all of it.

    Raises DamagedDataSet.
    """
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        clear = engine.decompress(data, limit)
    except zlib.error:
        raise DamagedDataSet(what="the deflated data set cannot be inflated") from None
    return clear, engine.eof
