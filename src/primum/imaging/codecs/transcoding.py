"""A stored data set in another transfer syntax (docs/design/codecs.md, Transfer syntaxes).

Whatever can be refused is refused before the first byte is given: a refusal in the middle of an answer would be half
a data set.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from primum.imaging.codecs.describing import PHOTOMETRIC, PLANAR, pixel_shape
from primum.imaging.codecs.errors import NotTranscoded, Undecodable
from primum.imaging.codecs.limits import CODEC_LIMITS, CodecLimits
from primum.imaging.codecs.pool import Codecs
from primum.imaging.codecs.rewriting import Replaced, Rewriter, swapped
from primum.imaging.codecs.table import can_serve, relabels
from primum.imaging.errors import DamagedDataSet, FramesUnknown, NoFrame
from primum.imaging.frames import fragments, frame_bits
from primum.imaging.limits import LIMITS, Limits
from primum.imaging.overlays import Overlay
from primum.imaging.pixels import Source
from primum.imaging.rewriting import corrected_chunks, corrected_header
from primum.imaging.syntaxes import EXPLICIT_LE, Syntax, syntax_of
from primum.imaging.walker import UNDEFINED
from primum.vault import Frames, Record

_PIXELS, _OFFSETS, _LENGTHS = 0x7FE00010, 0x7FE00001, 0x7FE00002
_TABLES = frozenset({_OFFSETS, _LENGTHS})
_PADDING, _SIGNATURES = 0xFFFCFFFC, 0xFFFAFFFA
_ITEM, _DELIMITER = 0xE000, 0xE0DD
_PIECE = 1 << 20
_WIDE = 0xFFFFFFFE
"""The longest value that a length of 32 bits can say."""
_COMPRESSED_ICON = b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff"


class Instance:
    """A stored instance, its frames and what they are."""

    def __init__(
        self,
        record: Record,
        codecs: Codecs,
        limits: Limits = LIMITS,
        codec_limits: CodecLimits = CODEC_LIMITS,
        overlay: Overlay | None = None,
    ) -> None:
        """Look at the record's header as it is served, corrected by `overlay`.

        Raises as `read_frame`, and CannotCorrect.
        """
        self.syntax = syntax_of(record.facts.transfer_syntax_uid)
        self.record, self.codecs, self.limits, self.codec_limits = record, codecs, limits, codec_limits
        self.source = Source(record, self.syntax, limits)
        self.inner = syntax_of(EXPLICIT_LE) if self.syntax.deflated else self.syntax
        """How the elements are written once inflated."""
        self.header = self.source.header()
        if overlay is not None:
            self.header = memoryview(corrected_header(self.header, self.syntax.uid, overlay, limits))
        self.has_pixels = self.source.peek.pixels_value_at is not None
        self._table: tuple[bytes, Frames] | None = None

    @property
    def count(self) -> int:
        """Frames, as the data set says. Raises Undecodable when there are not as many."""
        count = self.source.peek.shape.frames
        frames = self.record.frames if self.syntax.little else None
        if self.source.peek.pixels_length is None:
            frames = frames or self._found()[1]
        short = frames is None and frame_bits(self.source.peek.shape) * count > 8 * (
            self.source.peek.pixels_length or 0
        )
        if short or (frames is not None and frames.count != count):
            raise Undecodable(why="it has not as many frames as it says")
        return count

    def frame(self, number: int) -> bytes:
        """Read one frame as it is stored, counted from 1: native in little endian, compressed without item headers.

        Raises NoFrame, FramesUnknown.
        """
        kept = self.record.frames
        if number < 1:
            raise NoFrame
        if kept is not None and self.syntax.little:
            if number > kept.count:
                raise NoFrame
            raw: bytes = self.record.frame(number - 1)
            return fragments(raw) if self.syntax.encapsulated else raw
        if self.source.peek.pixels_length is not None:
            return self.source.frame(number)
        whole, frames = self._found()
        if number > frames.count:
            raise NoFrame
        start, stop = frames.span(number - 1)
        return fragments(whole[start:stop])

    def _found(self) -> tuple[bytes, Frames]:
        if self._table is None:
            self._table = self.source.table()
        return self._table

    def after_pixels(self) -> tuple[memoryview, int]:
        """Return what follows the pixel data, and where it begins in it. Raises NotTranscoded."""
        peek = self.source.peek
        if peek.pixels_length is not None and peek.pixels_value_at is not None:
            return self._rest(peek.pixels_value_at + peek.pixels_length), 0
        frames = self.record.frames or self._found()[1]
        rest = self._rest(frames.end())
        return rest, _past_delimiter(rest)

    def _rest(self, start: int) -> memoryview:
        stop = self.source.length
        if stop - start > self.codec_limits.trailing_bytes:
            raise NotTranscoded(why="too much follows its pixel data")
        return memoryview(self.source.read(start, stop) if start < stop else b"")


def _past_delimiter(rest: memoryview) -> int:
    """Step over what is left of encapsulated pixel data: the sequence delimiter, which some devices forget."""
    if len(rest) < 8:  # noqa: PLR2004 (an item header)
        return len(rest)
    group, number, _ = struct.unpack_from("<HHI", rest)
    if (group, number) != (0xFFFE, _DELIMITER):
        raise DamagedDataSet(what="its pixel data hold something that is not a fragment")
    return 8


def transcoded(
    record: Record,
    target: str,
    codecs: Codecs,
    limits: Limits = LIMITS,
    *,
    codec_limits: CodecLimits = CODEC_LIMITS,
    overlay: Overlay | None = None,
) -> Iterator[bytes]:
    """Give a data set in another transfer syntax, in pieces, corrected by `overlay`.

    Raises NotTranscoded, Undecodable, FramesUnknown, CodecsBusy, DamagedDataSet, DataSetTooLarge, or an illness of the
    vault: from this call, before the first piece, whenever that can be known.
    """
    stored = record.facts.transfer_syntax_uid
    if stored == target:
        return record.chunks() if overlay is None else corrected_chunks(record, overlay, limits)
    if not can_serve(stored, target):
        raise NotTranscoded(why="nothing here leads from what is stored to it")
    instance = Instance(record, codecs, limits, codec_limits, overlay)
    syntax = syntax_of(target)
    if not instance.has_pixels:
        if syntax.encapsulated:
            raise NotTranscoded(why="it has no pixel data")
        pieces = _Writer(instance, syntax).all({}, iter(()))
    elif not syntax.encapsulated and not instance.syntax.encapsulated:
        pieces = _same_pixels(instance, syntax)
    elif syntax.encapsulated:
        pieces = _compressed(instance, syntax)
    else:
        pieces = _decompressed(instance, syntax)
    return _deflated(pieces) if syntax.deflated else pieces


class _Writer:
    """Writes one data set around its pixel data."""

    def __init__(self, instance: Instance, target: Syntax) -> None:
        self.instance, self.target = instance, target
        plain = syntax_of(EXPLICIT_LE) if target.deflated else target
        self.rewriter = Rewriter(instance.inner, plain, instance.limits)
        if not target.encapsulated and _COMPRESSED_ICON in bytes(instance.header):
            raise NotTranscoded(why="it holds compressed pictures inside its attributes")

    def all(self, replaced: Replaced, pixels: Iterator[bytes]) -> Iterator[bytes]:
        """Give the whole; what cannot be written is refused now."""
        instance = self.instance
        head = b"".join(self.rewriter.top(instance.header, 0, len(instance.header), replaced, _TABLES))
        tail = b""
        if instance.has_pixels:
            rest, at = instance.after_pixels()
            tail = b"".join(self.rewriter.top(rest, at, len(rest), {}, frozenset({_PADDING, _SIGNATURES})))
        return _chain(head, pixels, tail)

    def pixel_head(self, tag: int, vr: str, length: int) -> bytes:
        """Give the header of the pixel data element."""
        mark = "<" if self.target.little else ">"
        if not self.target.explicit:
            return struct.pack(mark + "HHI", tag >> 16, tag & 0xFFFF, length)
        return struct.pack(mark + "HH2sHI", tag >> 16, tag & 0xFFFF, vr.encode("ascii"), 0, length)


def _chain(head: bytes, pixels: Iterator[bytes], tail: bytes) -> Iterator[bytes]:
    yield head
    yield from pixels
    if tail:
        yield tail


# native pixels in, native pixels out


def _same_pixels(instance: Instance, target: Syntax) -> Iterator[bytes]:
    peek = instance.source.peek
    tag, length = peek.pixels_tag or _PIXELS, peek.pixels_length or 0
    bits = peek.shape.bits
    vr = {0x7FE00008: "OF", 0x7FE00009: "OD"}.get(tag) or ("OB" if bits <= 8 else "OW")  # noqa: PLR2004 (bits of a byte)
    width = {"OF": 4, "OD": 8, "OB": 1}.get(vr) or max(bits // 8, 2)
    if length % width or width not in {1, 2, 4, 8}:
        raise NotTranscoded(why="its pixel data are not a whole number of pixels")
    writer = _Writer(instance, target)

    def pixels() -> Iterator[bytes]:
        yield writer.pixel_head(tag, vr, length + length % 2)
        for at in range(0, length, _PIECE):
            piece = instance.source.native(at, min(at + _PIECE, length))
            yield piece if target.little or width == 1 else swapped(piece, width)
        if length % 2:
            yield b"\0"

    return writer.all({}, pixels())


# compressed in, native out


def _decompressed(instance: Instance, target: Syntax) -> Iterator[bytes]:
    shape = pixel_shape(instance.header, instance.inner, instance.source.peek.pixels_tag, instance.limits)
    count, message = instance.count, shape.message()

    def decoded(number: int, *, begun: bool = False) -> tuple[str, bytes]:
        job = {"do": "recode", "from": instance.syntax.uid, "to": EXPLICIT_LE, "shape": message}
        said, frame = instance.codecs.run(job, [instance.frame(number)], begun=begun)
        return str(said.get("photometric")), frame

    photometric, first = decoded(1)
    length = len(first) * count
    if length > _WIDE:
        raise NotTranscoded(why="its pixels are more than can be said uncompressed")
    width = shape.bits_allocated // 8
    writer = _Writer(instance, target)

    def pixels() -> Iterator[bytes]:
        yield writer.pixel_head(_PIXELS, "OB" if width <= 1 else "OW", length + length % 2)
        for number in range(1, count + 1):
            again, frame = decoded(number, begun=True) if number > 1 else (photometric, first)
            if again != photometric or len(frame) != len(first):
                raise Undecodable(why="its frames are not alike")
            yield frame if target.little or width <= 1 else swapped(frame, width)
        if length % 2:
            yield b"\0"

    return writer.all(_colours(photometric, shape.samples), pixels())


def _colours(photometric: str, samples: int) -> dict[int, tuple[str, bytes]]:
    text = photometric.encode("ascii")
    replaced = {PHOTOMETRIC: ("CS", text + b" " * (len(text) % 2))}
    if samples > 1:
        replaced[PLANAR] = ("US", b"\0\0")
    return replaced


# compressed out


class _Frames:
    """Frames compressed for a target: each of them twice at most, few of them held."""

    def __init__(self, instance: Instance, target: Syntax) -> None:
        self._instance, self._target = instance, target
        self.relabelled = relabels(instance.syntax.uid, target.uid)
        self.photometric = ""
        self.samples = 1
        self._message: dict[str, object] = {}
        if not self.relabelled:
            shape = pixel_shape(instance.header, instance.inner, instance.source.peek.pixels_tag, instance.limits)
            self._message, self.samples = shape.message(), shape.samples
        self._kept: dict[int, bytes] = {}
        self.lengths = self._measured(instance.codec_limits.kept_bytes)

    def _measured(self, most: int) -> list[int]:
        lengths = []
        for number in range(1, self._instance.count + 1):
            frame = self._made(number, begun=number > 1)
            lengths.append(len(frame))
            if most >= len(frame):
                most -= len(frame)
                self._kept[number] = frame
        return lengths

    def _made(self, number: int, *, begun: bool) -> bytes:
        stored = self._instance.frame(number)
        if self.relabelled:
            return stored + b"\0" * (len(stored) % 2)
        source = self._instance.syntax
        job = {
            "do": "recode",
            "from": source.uid if source.encapsulated else EXPLICIT_LE,
            "to": self._target.uid,
            "shape": self._message,
        }
        said, frame = self._instance.codecs.run(job, [stored], begun=begun)
        photometric = str(said.get("photometric"))
        if self.photometric not in {"", photometric}:
            raise Undecodable(why="its frames are not alike")
        self.photometric = photometric
        return frame + b"\0" * (len(frame) % 2)

    def __iter__(self) -> Iterator[bytes]:
        for number, length in enumerate(self.lengths, 1):
            frame = self._kept.pop(number, b"") or self._made(number, begun=True)
            if len(frame) != length:
                raise Undecodable(why="a frame is not compressed twice alike")
            yield frame


def _compressed(instance: Instance, target: Syntax) -> Iterator[bytes]:
    if instance.source.peek.pixels_tag != _PIXELS:
        raise NotTranscoded(why="float pixels and single bits are not compressed")
    frames = _Frames(instance, target)
    offsets, at = [], 0
    for length in frames.lengths:
        offsets.append(at)
        at += 8 + length
    replaced = {} if frames.relabelled else _colours(frames.photometric, frames.samples)
    extended = at > instance.codec_limits.basic_table_bytes
    count = len(offsets)
    if extended:
        replaced[_OFFSETS] = ("OV", struct.pack(f"<{count}Q", *offsets))
        replaced[_LENGTHS] = ("OV", struct.pack(f"<{count}Q", *frames.lengths))
    table = b"" if extended else struct.pack(f"<{count}I", *offsets)
    writer = _Writer(instance, target)

    def pixels() -> Iterator[bytes]:
        yield writer.pixel_head(_PIXELS, "OB", UNDEFINED) + _item(len(table)) + table
        for frame in frames:
            yield _item(len(frame))
            yield frame
        yield struct.pack("<HHI", 0xFFFE, _DELIMITER, 0)

    return writer.all(replaced, pixels())


def _item(length: int) -> bytes:
    return struct.pack("<HHI", 0xFFFE, _ITEM, length)


def _deflated(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """PS3.5 A.5: the whole data set, without a header of zlib, of even length."""
    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    sent = 0
    for piece in pieces:
        out = engine.compress(piece)
        sent += len(out)
        if out:
            yield out
    out = engine.flush()
    yield out + b"\0" * ((sent + len(out)) % 2)


def frame_in(instance: Instance, number: int, target: str) -> bytes:
    """Give one frame in another transfer syntax; native ones in little endian. Raises as `transcoded`."""
    stored = instance.syntax.uid
    if not can_serve(stored, target):
        raise NotTranscoded(why="nothing here leads from what is stored to it")
    if not instance.has_pixels:
        raise FramesUnknown
    raw = instance.frame(number)
    wanted = syntax_of(target)
    if relabels(stored, target) or not (wanted.encapsulated or instance.syntax.encapsulated):
        return raw
    shape = pixel_shape(instance.header, instance.inner, instance.source.peek.pixels_tag, instance.limits)
    job = {
        "do": "recode",
        "from": stored if instance.syntax.encapsulated else EXPLICIT_LE,
        "to": target if wanted.encapsulated else EXPLICIT_LE,
        "shape": shape.message(),
    }
    return instance.codecs.run(job, [raw])[1]
