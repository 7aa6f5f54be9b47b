"""Where the frames of a data set are (PS3.5 8 and A.4; PS3.3 C.7.6.3).

Native pixel data: frames of one size, one after another. Encapsulated: a range per frame that starts at
the *item tag* of its first fragment and ends with its last fragment; `fragments` takes the headers out.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING

from primum.imaging.errors import DamagedDataSet, DataSetTooLarge
from primum.imaging.limits import LIMITS, Limits
from primum.imaging.peeking import Peek, Shape
from primum.imaging.syntaxes import Syntax, syntax_of
from primum.imaging.walker import ITEM, SEQUENCE_END, UNDEFINED
from primum.vault import Frames

if TYPE_CHECKING:
    from typing_extensions import Buffer

_ITEM = struct.Struct("<HHI")
_TAIL = 16
"""Bytes kept of a fragment's end: EOI is two, padding to an even length adds some."""


def frames_of(peek: Peek, data: Buffer, transfer_syntax: str, limits: Limits = LIMITS) -> Frames | None:
    """Describe the frames of a whole data set; None when it has none or they cannot be told apart.

    Raises DamagedDataSet when a fragment is cut short.
    """
    builder = FrameBuilder(peek, transfer_syntax, limits)
    builder.feed(data)
    return builder.finish()


class FrameBuilder:
    """The same, for a data set that streams by: feed it all bytes from the first on, in order."""

    def __init__(self, peek: Peek, transfer_syntax: str, limits: Limits = LIMITS) -> None:
        """Begin with what the walker found in the first bytes."""
        self._peek = peek
        self._syntax = syntax_of(transfer_syntax)
        self._limits = limits
        self._encapsulated = peek.pixels_value_at is not None and peek.pixels_length is None
        self._offset = 0
        self._head = bytearray()
        self._left = 0
        self._tail = b""
        self._table: bytearray | None = None
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._marked: list[bool] = []
        self._done = False

    def feed(self, data: Buffer) -> None:
        """Take the next bytes of the data set. Raises DamagedDataSet, DataSetTooLarge."""
        if not self._encapsulated or self._done:
            return
        view = memoryview(data).cast("B")
        at = min(max((self._peek.pixels_value_at or 0) - self._offset, 0), len(view))
        while at < len(view) and not self._done:
            at = self._in_fragment(view, at) if self._left else self._in_head(view, at)
        self._offset += len(view)

    def finish(self) -> Frames | None:
        """Describe the frames once everything was fed."""
        if self._peek.pixels_value_at is None:
            return None
        if not self._encapsulated:
            return native_frames(self._peek)
        if self._left or self._head:
            raise DamagedDataSet(what="its pixel data are cut short")
        firsts = self._firsts()
        if not firsts:
            return None
        lasts = [*(first - 1 for first in firsts[1:]), len(self._starts) - 1]
        return Frames.table(
            (self._starts[first], self._ends[last] - self._starts[first])
            for first, last in zip(firsts, lasts, strict=True)
        )

    def _in_head(self, view: memoryview, at: int) -> int:
        take = min(8 - len(self._head), len(view) - at)
        self._head += view[at : at + take]
        at += take
        if len(self._head) < 8:  # noqa: PLR2004 (an item header)
            return at
        group, number, length = _ITEM.unpack(self._head)
        self._head.clear()
        tag = group << 16 | number
        if tag == SEQUENCE_END:
            self._done = True
        elif tag != ITEM or length == UNDEFINED:
            raise DamagedDataSet(what="its pixel data hold something that is not a fragment")
        else:
            self._begin(self._offset + at - 8, length)
        return at

    def _begin(self, start: int, length: int) -> None:
        if self._table is None:
            if length > 4 * self._limits.fragments:
                raise DataSetTooLarge(limit=self._limits.fragments, of="frames in its offset table")
            self._table = bytearray()
        else:
            if len(self._starts) >= self._limits.fragments:
                raise DataSetTooLarge(limit=self._limits.fragments, of="fragments of pixel data")
            self._starts.append(start)
            self._ends.append(start + 8 + length)
            self._tail = b""
            if not length:
                self._marked.append(False)
        self._left = length

    def _in_fragment(self, view: memoryview, at: int) -> int:
        end = min(at + self._left, len(view))
        self._left -= end - at
        if not self._starts and self._table is not None:
            self._table += view[at:end]
            return end
        self._tail = (self._tail + bytes(view[max(at, end - _TAIL) : end]))[-_TAIL:]
        if not self._left:
            self._marked.append(self._tail.rstrip(b"\0").endswith(b"\xff\xd9"))
        return end

    def _firsts(self) -> list[int]:
        """Index of the first fragment of each frame; empty when that cannot be told."""
        count = 1 if self._syntax.video else self._peek.shape.frames
        if not self._starts:
            return []
        if count == 1:
            return [0]
        if len(self._starts) == count:
            return list(range(count))
        table = bytes(self._table or b"")
        basic = struct.unpack(f"<{len(table) // 4}I", table[: len(table) // 4 * 4])
        return (
            self._by_offsets(self._peek.shape.offsets, count)
            or self._by_offsets(basic, count)
            or self._by_marks(count, self._syntax)
        )

    def _by_offsets(self, offsets: Sequence[int], count: int) -> list[int]:
        if len(offsets) != count or offsets[0] != 0:
            return []
        places = {start - self._starts[0]: index for index, start in enumerate(self._starts)}
        found = [places.get(offset, -1) for offset in offsets]
        return found if all(a < b for a, b in zip([-1, *found], found, strict=False)) else []

    def _by_marks(self, count: int, syntax: Syntax) -> list[int]:
        if not syntax.marked_ends or sum(self._marked) != count or not self._marked[-1]:
            return []
        return [0, *(index + 1 for index, marked in enumerate(self._marked[:-1]) if marked)]


def frame_bits(shape: Shape) -> int:
    """Bits of one native frame. YBR_FULL_422 has two samples per pixel (PS3.3 C.7.6.3.1.2)."""
    samples = 2 if shape.subsampled and shape.samples == 3 else shape.samples  # noqa: PLR2004
    return shape.rows * shape.columns * samples * shape.bits


def native_frames(peek: Peek) -> Frames | None:
    """Describe native frames; None when they do not begin on bytes, or are of no size.

    Fewer bytes than NumberOfFrames promises: only the frames that are wholly there.
    """
    bits = frame_bits(peek.shape)
    if not bits or bits % 8 or peek.pixels_value_at is None or peek.pixels_length is None:
        return None
    count = min(peek.shape.frames, peek.pixels_length * 8 // bits)
    return Frames.uniform(peek.pixels_value_at, bits // 8, count) if count else None


def fragments(span: bytes) -> bytes:
    """Take the item headers out of a frame's range and join its fragments. Raises DamagedDataSet."""
    at, parts = 0, []
    while at < len(span):
        if at + 8 > len(span):
            raise DamagedDataSet(what="a frame ends in the middle of a fragment")
        group, number, length = _ITEM.unpack_from(span, at)
        at += 8 + length
        if group << 16 | number != ITEM or at > len(span):
            raise DamagedDataSet(what="a frame ends in the middle of a fragment")
        parts.append(span[at - length : at])
    return parts[0] if len(parts) == 1 else b"".join(parts)
