"""Reading a data set just as far as needed: where its elements are, who it says it is (PS3.5 7).

Pure: takes bytes, returns offsets. Every offset is checked against the buffer before it is used, every loop
is bounded by `Limits`; there is no recursion. What cannot be read is refused, nothing is guessed.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from primum.imaging.errors import BadUid, DamagedDataSet, DataSetTooLarge, NoSopUid, NoStudyUid, OtherInstance
from primum.imaging.limits import LIMITS, Limits
from primum.imaging.syntaxes import Syntax, syntax_of

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


class _Order:
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


_EXPLICIT_LITTLE = _Order(little=True, explicit=True)
_IMPLICIT_LITTLE = _Order(little=True, explicit=False)
_EXPLICIT_BIG = _Order(little=False, explicit=True)


def _order(syntax: Syntax) -> _Order:
    if not syntax.explicit:
        return _IMPLICIT_LITTLE
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
    """A set of tags to look for, ready for both byte orders; made by `wanted`."""

    little: frozenset[int]
    big: frozenset[int]
    last: int


def wanted(*tags: int, pixels: bool = True) -> Wanted:
    """Prepare a set of tags for `skim`; without `pixels`, the walk ends after the highest of them."""
    every = frozenset(tags) | PIXEL_TAGS
    return Wanted(frozenset(map(swap, every)), every, 0xFFFFFFFF if pixels else max(tags))


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
    order = _order(syntax)
    result = Skimmed({}, None, 0, 0)
    try:
        if order.explicit:
            _skim_explicit(view, order, tags, limits, result)
        else:
            _skim_implicit(view, order, tags, limits, result)
    except struct.error:
        # the header of an element lies across the end: 12 bytes are the longest there is
        result.short = len(view) + 12
    except Short as short:
        result.short = short.bytes_needed
    return result


def _skim_explicit(view: memoryview, order: _Order, tags: Wanted, limits: Limits, result: Skimmed) -> None:
    head, u32, short, long = order.fast, order.u32, order.short, order.long
    looked_for = tags.little if order.little else tags.big
    at, stop = 0, len(view)
    for _ in range(limits.elements):
        if at >= stop:
            break
        raw, code, length = head(view, at)
        if code in short:
            value = at + 8
        elif code in long:
            (length,) = u32(view, at + 8)
            value = at + 12
        else:
            raise DamagedDataSet(what="an element has no value representation")
        if raw in looked_for:
            vr = short.get(code) or long[code]
            inner = _IMPLICIT_LITTLE if vr == "UN" else order
            at = _keep(result, order, at, raw, Element(0, vr, value, length, value + length), view, inner, tags, limits)
            if not at:
                return
        elif length == UNDEFINED:
            at = past_sequence(view, value, _IMPLICIT_LITTLE if long[code] == "UN" else order, limits)
        else:
            at = value + length
    else:
        raise DataSetTooLarge(limit=limits.elements, of="elements")
    if at > stop:
        result.short = at


def _skim_implicit(view: memoryview, order: _Order, tags: Wanted, limits: Limits, result: Skimmed) -> None:
    head = order.fast
    looked_for = tags.little
    at, stop = 0, len(view)
    for _ in range(limits.elements):
        if at >= stop:
            break
        raw, length = head(view, at)
        value = at + 8
        if raw in looked_for:
            at = _keep(result, order, at, raw, Element(0, "", value, length, value + length), view, order, tags, limits)
            if not at:
                return
        else:
            at = past_sequence(view, value, order, limits) if length == UNDEFINED else value + length
    else:
        raise DataSetTooLarge(limit=limits.elements, of="elements")
    if at > stop:
        result.short = at


def _keep(
    result: Skimmed,
    order: _Order,
    at: int,
    raw: int,
    element: Element,
    view: memoryview,
    inner: _Order,
    tags: Wanted,
    limits: Limits,
) -> int:
    """Keep one element, if the buffer holds its value; return where the next starts, 0 when the walk is over."""
    tag = swap(raw) if order.little else raw
    if tag in PIXEL_TAGS:
        result.pixels, result.pixels_at = element._replace(tag=tag), at
        return 0
    if tag > tags.last:
        return 0
    end = element.end
    if element.length == UNDEFINED:
        end = past_sequence(view, element.at, inner, limits)
    if end <= len(view):
        result.found[tag] = element._replace(tag=tag, end=end)
    return end


def elements(
    view: memoryview, syntax: Syntax, limits: Limits = LIMITS, start: int = 0, stop: int | None = None
) -> Iterator[Element]:
    """Walk every element of a data set (or of an item of one), up to and including its pixel data.

    The pixel data's value may lie beyond the buffer. Raises Short where the buffer ends too early,
    DamagedDataSet, DataSetTooLarge. `view` holds the inflated data set when the syntax is deflated.
    """
    order = _order(syntax)
    at, stop = start, len(view) if stop is None else stop
    for _ in range(limits.elements):
        if at >= stop:
            return
        element = _element(view, at, order)
        if element.length == UNDEFINED and element.tag not in PIXEL_TAGS:
            inner = _IMPLICIT_LITTLE if element.vr == "UN" else order
            element = element._replace(end=past_sequence(view, element.at, inner, limits))
        if element.end > stop and element.tag not in PIXEL_TAGS:
            raise Short(element.end)
        yield element
        if element.tag in PIXEL_TAGS:
            return
        at = element.end
    raise DataSetTooLarge(limit=limits.elements, of="elements")


def _element(view: memoryview, at: int, order: _Order) -> Element:
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


def past_sequence(view: memoryview, at: int, order: _Order, limits: Limits, *, in_item: bool = False) -> int:
    """Find the end of a sequence of undefined length whose first item would start at `at`.

    With `in_item`, of an item of undefined length whose first element would.
    """
    levels = [order]
    among_items = not in_item
    stop = len(view)
    for _ in range(limits.elements):
        if at + 8 > stop:
            raise Short(at + 8)
        group, number, length = levels[-1].item(view, at)
        tag = group << 16 | number
        if among_items:
            at += 8
            if tag == ITEM:
                among_items = length != UNDEFINED
                at += length if among_items else 0
            elif tag == SEQUENCE_END:
                levels.pop()
                if not levels:
                    return at
                among_items = False
            else:
                raise DamagedDataSet(what="a sequence holds something that is not an item")
        elif tag == ITEM_END:
            at += 8
            if in_item and len(levels) == 1:
                return at
            among_items = True
        else:
            nested, length, at = _nested_head(view, at, levels[-1])
            if length != UNDEFINED:
                at += length
            elif len(levels) >= limits.depth:
                raise DataSetTooLarge(limit=limits.depth, of="sequences inside sequences")
            else:
                levels.append(nested)
                among_items = True
    raise DataSetTooLarge(limit=limits.elements, of="elements")


def items(view: memoryview, element: Element, syntax: Syntax, limits: Limits = LIMITS) -> Iterator[tuple[int, int]]:
    """Give the start and stop of each item of a sequence, delimiters left out. Raises as `elements`."""
    order = _order(syntax)
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


def _nested_head(view: memoryview, at: int, order: _Order) -> tuple[_Order, int, int]:
    if not order.explicit:
        return order, order.head(view, at)[2], at + 8
    _, _, code, length = order.head(view, at)
    if code in order.short:
        return order, length, at + 8
    vr = order.long.get(code)
    if vr is None:
        raise DamagedDataSet(what="an element has no value representation")
    if at + 12 > len(view):
        raise Short(at + 12)
    return _IMPLICIT_LITTLE if vr == "UN" else order, order.u32(view, at + 8)[0], at + 12


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


_SOP_CLASS, _SOP_INSTANCE, _STUDY, _SERIES = 0x00080016, 0x00080018, 0x0020000D, 0x0020000E
_SAMPLES, _PHOTOMETRIC, _FRAMES, _ROWS, _COLUMNS, _BITS = (
    0x00280002, 0x00280004, 0x00280008, 0x00280010, 0x00280011, 0x00280100,
)  # fmt: skip
_OFFSETS, _LENGTHS = 0x7FE00001, 0x7FE00002
WANTED_BY_PEEK = wanted(
    _SOP_CLASS, _SOP_INSTANCE, _STUDY, _SERIES, _SAMPLES, _PHOTOMETRIC, _FRAMES, _ROWS, _COLUMNS, _BITS, _OFFSETS, _LENGTHS
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """What tells frames apart (PS3.3 C.7.6.3). Zero where the data set does not say."""

    rows: int
    columns: int
    samples: int
    bits: int
    frames: int
    subsampled: bool
    offsets: tuple[int, ...] = ()
    """Extended offset table (7FE0,0001), empty when there is none."""


@dataclass(frozen=True, slots=True)
class Peek:
    """Who a data set says it is, and where its pixel data is.

    `pixels_at` is the offset of the pixel data's tag: what lies before is the header. `pixels_value_at` is where its
    value starts and `pixels_length` how long it is, None when undefined (encapsulated). All None without pixel data,
    and always when the data set is deflated.
    """

    study_uid: str
    series_uid: str
    sop_uid: str
    sop_class_uid: str
    shape: Shape
    pixels_at: int | None = None
    pixels_value_at: int | None = None
    pixels_length: int | None = None
    pixels_tag: int | None = None
    pixels_vr: str = ""

    def must_be(self, sop_instance_uid: str) -> None:
        """Refuse with OtherInstance when the command announced another SOP Instance UID."""
        if self.sop_uid != sop_instance_uid.rstrip("\0 "):
            raise OtherInstance


@dataclass(frozen=True, slots=True)
class NeedMore:
    """The buffer ends before the pixel data; with `bytes` in it, the walk gets further.

    `so_far` is what could be said without: present once the UIDs were met. A receiver that does not want to hold
    more in memory may go on with it (no pixel data known).
    """

    bytes: int
    so_far: Peek | None


def peek(data: Buffer, transfer_syntax: str, limits: Limits = LIMITS) -> Peek:
    """Find the UIDs and the pixel data of a whole data set.

    Raises NoSopUid, NoStudyUid, BadUid, DamagedDataSet (truncated data sets included), DataSetTooLarge, UnknownSyntax.
    """
    found = _look(data, transfer_syntax, limits, whole=True)
    if isinstance(found, NeedMore):
        raise DamagedDataSet(what="it ends in the middle of an element")
    return found


def peek_first(data: Buffer, transfer_syntax: str, limits: Limits = LIMITS) -> Peek | NeedMore:
    """Find the same in the first bytes of a data set that is still arriving. Raises as `peek`."""
    return _look(data, transfer_syntax, limits, whole=False)


def _look(data: Buffer, transfer_syntax: str, limits: Limits, *, whole: bool) -> Peek | NeedMore:
    syntax = syntax_of(transfer_syntax)
    view = memoryview(data).cast("B")
    if syntax.deflated:
        return _look_deflated(view, syntax, limits, whole=whole)
    skimmed = skim(view, syntax, WANTED_BY_PEEK, limits)
    if skimmed.pixels is not None:
        if whole and skimmed.pixels.length != UNDEFINED and skimmed.pixels.end > len(view):
            raise DamagedDataSet(what="its pixel data are cut short")
        return _describe(view, skimmed, syntax)
    if skimmed.short or not whole:
        return NeedMore(skimmed.short or len(view) + 1, _partial(view, skimmed, syntax))
    return _describe(view, skimmed, syntax)


def _look_deflated(view: memoryview, syntax: Syntax, limits: Limits, *, whole: bool) -> Peek | NeedMore:
    clear, ended = inflate(view, limits.inflated_header_bytes)
    full = len(clear) >= limits.inflated_header_bytes
    if whole and not ended and not full:
        raise DamagedDataSet(what="the deflated data set is cut short")
    inner = memoryview(clear)
    skimmed = skim(inner, syntax, WANTED_BY_PEEK, limits)
    skimmed.pixels, missing = None, skimmed.pixels is None and bool(skimmed.short)
    if missing and ended:
        raise DamagedDataSet(what="it ends in the middle of an element")
    if missing and not full:
        return NeedMore(len(view) + min(skimmed.short - len(clear), len(view) + 1), _partial(inner, skimmed, syntax))
    return _describe(inner, skimmed, syntax)


def _partial(view: memoryview, skimmed: Skimmed, syntax: Syntax) -> Peek | None:
    if {_SOP_INSTANCE, _STUDY, _SERIES} <= skimmed.found.keys():
        return _describe(view, skimmed, syntax)
    return None


def _describe(view: memoryview, skimmed: Skimmed, syntax: Syntax) -> Peek:
    found = skimmed.found
    sop_uid = _uid(view, found.get(_SOP_INSTANCE), "SOP Instance UID")
    if not sop_uid:
        raise NoSopUid
    study_uid = _uid(view, found.get(_STUDY), "Study Instance UID")
    series_uid = _uid(view, found.get(_SERIES), "Series Instance UID")
    if not (study_uid and series_uid):
        raise NoStudyUid
    sop_class = _uid(view, found.get(_SOP_CLASS), "SOP Class UID")
    shape = _shape(view, found, syntax)
    pixels = skimmed.pixels
    if pixels is None:
        return Peek(study_uid, series_uid, sop_uid, sop_class, shape)
    length = None if pixels.length == UNDEFINED else pixels.length
    return Peek(
        study_uid, series_uid, sop_uid, sop_class, shape, skimmed.pixels_at, pixels.at, length, pixels.tag, pixels.vr
    )


_UID_SHAPE = re.compile(rb"[0-9][0-9.]{0,63}")


def _uid(view: memoryview, element: Element | None, which: str) -> str:
    if element is None:
        return ""
    raw = bytes(view[element.at : element.end]).rstrip(b"\0 ")
    if raw and _UID_SHAPE.fullmatch(raw) is None:
        raise BadUid(which=which)
    return raw.decode("ascii")


def _shape(view: memoryview, found: dict[int, Element], syntax: Syntax) -> Shape:
    def number(tag: int) -> int:
        element = found.get(tag)
        if element is None or element.end - element.at < 2:  # noqa: PLR2004 (a US has two bytes)
            return 0
        value: int = _order(syntax).u16(view, element.at)[0]
        return value

    photometric = found.get(_PHOTOMETRIC)
    return Shape(
        number(_ROWS),
        number(_COLUMNS),
        number(_SAMPLES) or 1,
        number(_BITS),
        _frames(view, found.get(_FRAMES)),
        photometric is not None and bytes(view[photometric.at : photometric.end]).rstrip(b"\0 ") == b"YBR_FULL_422",
        _offsets(view, found.get(_OFFSETS), found.get(_LENGTHS)),
    )


def _frames(view: memoryview, element: Element | None) -> int:
    if element is None:
        return 1
    text = bytes(view[element.at : min(element.end, element.at + 16)]).strip(b"\0 ")
    return int(text) if re.fullmatch(rb"\+?[0-9]{1,9}", text) else 1


def _offsets(view: memoryview, offsets: Element | None, lengths: Element | None) -> tuple[int, ...]:
    if offsets is None or lengths is None or offsets.length == UNDEFINED or offsets.length % 8:
        return ()
    return struct.unpack_from(f"<{offsets.length // 8}Q", view, offsets.at)
