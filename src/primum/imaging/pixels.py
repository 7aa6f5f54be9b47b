"""Frames and bulk data of a stored record as the web wants them: little endian, without item headers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from primum.imaging.dicomjson import resolve, to_little
from primum.imaging.errors import DamagedDataSet, DataSetTooLarge, FramesUnknown, NoFrame, NotHere
from primum.imaging.frames import fragments, frame_bits, frames_of
from primum.imaging.limits import LIMITS, Limits
from primum.imaging.peeking import NeedMore, Peek, peek, peek_first
from primum.imaging.syntaxes import EXPLICIT_LE, OCTETS, Syntax, syntax_of
from primum.imaging.walker import PIXEL_TAGS, UNDEFINED, Element, Short, elements, inflate, items
from primum.vault import Frames, Record

_TAG = re.compile(r"[0-9A-Fa-f]{8}")
_NUMBER = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes to serve, with what they are."""

    data: bytes = field(repr=False)
    media_type: str
    transfer_syntax: str


def served_syntax(stored: str) -> str:
    """Tell the transfer syntax in which pixel data are served: native ones in explicit little endian."""
    return stored if syntax_of(stored).encapsulated else EXPLICIT_LE


def read_frame(record: Record, number: int, limits: Limits = LIMITS) -> Part:
    """Read one frame, counted from 1. Raises NoFrame, FramesUnknown, DamagedDataSet, or an illness of the vault."""
    syntax = syntax_of(record.facts.transfer_syntax_uid)
    if number < 1:
        raise NoFrame
    served = served_syntax(syntax.uid)
    count = record.frame_count
    if count is not None and syntax.little:
        if number > count:
            raise NoFrame
        raw = record.frame(number - 1)
        wrapped = syntax.encapsulated and record.has_frame_table
        return Part(fragments(raw) if wrapped else raw, syntax.media_type, served)
    return Part(Source(record, syntax, limits).frame(number), syntax.media_type, served)


class Source:
    """A data set and its pixel data.

    The slow way to frames, for what has no frame table: deflated, big endian, one bit a pixel, streamed past a long
    header.
    """

    def __init__(self, record: Record, syntax: Syntax, limits: Limits) -> None:
        self._syntax, self._limits = syntax, limits
        self._record: Record | None = record
        self._whole = b""
        if record.pixels_at is None:
            self._whole = _whole(record, syntax, limits)
            self._record = None
        self.peek = self._look(record)

    def _look(self, record: Record) -> Peek:
        if record.pixels_at is None:
            return peek(self._whole, EXPLICIT_LE if self._syntax.deflated else self._syntax.uid, self._limits)
        # 12 bytes are the head of the pixel data element
        found = peek_first(record.read(0, min(record.pixels_at + 12, record.length)), self._syntax.uid, self._limits)
        if isinstance(found, NeedMore):
            raise FramesUnknown
        return found

    @property
    def length(self) -> int:
        """Bytes of the data set, inflated."""
        return self._record.length if self._record is not None else len(self._whole)

    def header(self) -> memoryview:
        """Return the data set up to its pixel data (all of it when there is none). Raises DataSetTooLarge."""
        end = self.length if self.peek.pixels_at is None else self.peek.pixels_at
        if end > self._limits.header_bytes:
            raise DataSetTooLarge(limit=self._limits.header_bytes, of="bytes of header")
        return memoryview(self.read(0, end))

    def read(self, start: int, stop: int) -> bytes:
        """Return bytes of the data set, inflated."""
        return self._record.read(start, stop) if self._record is not None else self._whole[start:stop]

    def frame(self, number: int) -> bytes:
        """Return one frame, counted from 1. Raises NoFrame, FramesUnknown."""
        if self.peek.pixels_value_at is None:
            raise NoFrame
        if self.peek.pixels_length is None:
            return self._encapsulated(number)
        bits = frame_bits(self.peek.shape)
        if not bits:
            raise FramesUnknown
        start, stop = (number - 1) * bits, number * bits
        if number > self.peek.shape.frames or stop > self.peek.pixels_length * 8:
            raise NoFrame
        # whole 64-bit words, so that swapping them is right wherever the frame begins
        low, high = start // 64 * 8, min(-(-stop // 64) * 8, self.peek.pixels_length)
        raw = self.native(low, high)
        return _bits(raw, start - low * 8, bits)

    def native(self, low: int, high: int) -> bytes:
        """Return bytes of native pixel data, in little endian."""
        first = self.peek.pixels_value_at or 0
        vr = self.peek.pixels_vr or "OW"
        if vr == "OW" and self.peek.shape.bits > 16:  # noqa: PLR2004 (words of a wider pixel are swapped as pixels)
            vr = {32: "OL", 64: "OV"}.get(self.peek.shape.bits, "OW")
        return to_little(self.read(first + low, first + high), vr, self._syntax)

    def _encapsulated(self, number: int) -> bytes:
        whole, found = self.table()
        if number > found.count:
            raise NoFrame
        start, stop = found.span(number - 1)
        return fragments(whole[start:stop])

    def table(self) -> tuple[bytes, Frames]:
        """Return the whole data set and where its frames are. Raises FramesUnknown."""
        whole = self._whole or (self._record.data_set() if self._record is not None else b"")
        found: Frames | None = frames_of(self.peek, whole, self._syntax.uid, self._limits)
        if found is None:
            raise FramesUnknown
        return whole, found


def _bits(raw: bytes, start: int, count: int) -> bytes:
    """Cut `count` bits out, the first pixel in the lowest bit (PS3.5 8.1.1)."""
    if start % 8 == 0 and count % 8 == 0:
        return raw[start // 8 : (start + count) // 8]
    number = int.from_bytes(raw, "little") >> start & (1 << count) - 1
    return number.to_bytes(-(-count // 8), "little")


def _whole(record: Record, syntax: Syntax, limits: Limits) -> bytes:
    if record.length > limits.inflated_bytes:
        raise DataSetTooLarge(limit=limits.inflated_bytes, of="bytes to be held at once")
    whole: bytes = record.data_set()
    if not syntax.deflated:
        return whole
    clear, ended = inflate(whole, limits.inflated_bytes)
    if not ended:
        raise DataSetTooLarge(limit=limits.inflated_bytes, of="inflated bytes")
    return clear


def read_header(record: Record, limits: Limits = LIMITS) -> memoryview:
    """Read the data set up to its pixel data, inflated when it was deflated. Raises DataSetTooLarge."""
    syntax = syntax_of(record.facts.transfer_syntax_uid)
    if record.pixels_at is not None and record.pixels_at > limits.header_bytes:
        raise DataSetTooLarge(limit=limits.header_bytes, of="bytes of header")
    return memoryview(_whole(record, syntax, limits) if record.pixels_at is None else record.header())


def read_bulk(record: Record, path: str, limits: Limits = LIMITS, header: memoryview | None = None) -> Iterator[Part]:
    """Read the value that a BulkDataURI stands for: `TAG`, or `TAG/n/TAG` inside sequences.

    Pixel data come as one part when native, a part per frame when encapsulated. `header` is the one that is served,
    where that is not the stored one. Raises NotHere and as `read_frame`.
    """
    steps = path.split("/")
    tags = [_tag(step) for step in steps[::2]]
    if len(tags) == 1 and tags[0] in PIXEL_TAGS:
        source = Source(record, syntax_of(record.facts.transfer_syntax_uid), limits)
        if source.peek.pixels_value_at is None:
            raise NotHere(what="bulk data")
        return _all_pixels(record, source, limits)
    view = read_header(record, limits) if header is None else header
    return iter([_read_value(record, view, tags, steps[1::2], limits)])


def _read_value(record: Record, view: memoryview, tags: list[int], numbers: list[str], limits: Limits) -> Part:
    syntax = syntax_of(record.facts.transfer_syntax_uid)
    span = 0, len(view)
    if len(numbers) != len(tags) - 1:
        raise NotHere(what="bulk data")
    for tag, number in zip(tags[:-1], numbers, strict=True):
        element = _find(view, syntax, span, tag, limits)
        vr, syntax = resolve(element, syntax, signed=False)
        if vr != "SQ":
            raise NotHere(what="bulk data")
        span = _item(view, element, syntax, number, limits)
    element = _find(view, syntax, span, tags[-1], limits)
    vr, syntax = resolve(element, syntax, signed=False)
    if element.length == UNDEFINED or vr == "SQ":
        raise NotHere(what="bulk data")
    return Part(to_little_any(bytes(view[element.at : element.end]), vr, syntax), OCTETS, EXPLICIT_LE)


def to_little_any(raw: bytes, vr: str, syntax: Syntax) -> bytes:
    """Swap a binary value when it is one; texts stay."""
    return to_little(raw, vr, syntax) if vr in {"OB", "OD", "OF", "OL", "OV", "OW", "UN"} else raw


def _tag(step: str) -> int:
    if _TAG.fullmatch(step) is None:
        raise NotHere(what="bulk data")
    return int(step, 16)


def _find(view: memoryview, syntax: Syntax, span: tuple[int, int], tag: int, limits: Limits) -> Element:
    try:
        for element in elements(view, syntax, limits, *span):
            if element.tag == tag:
                return element
    except Short:
        raise DamagedDataSet(what="it ends in the middle of an element") from None
    raise NotHere(what="bulk data")


def _item(view: memoryview, element: Element, syntax: Syntax, number: str, limits: Limits) -> tuple[int, int]:
    if _NUMBER.fullmatch(number) is None:
        raise NotHere(what="bulk data")
    for index, span in enumerate(items(view, element, syntax, limits)):
        if index == int(number):
            return span
    raise NotHere(what="bulk data")


def _all_pixels(record: Record, source: Source, limits: Limits) -> Iterator[Part]:
    syntax = syntax_of(record.facts.transfer_syntax_uid)
    if source.peek.pixels_length is not None:
        yield Part(source.native(0, source.peek.pixels_length), syntax.media_type, served_syntax(syntax.uid))
        return
    number = 1
    while True:
        try:
            yield read_frame(record, number, limits)
        except NoFrame:
            return
        number += 1
