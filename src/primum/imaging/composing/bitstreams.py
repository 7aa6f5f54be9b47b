"""What compressed pixel data say of themselves, and which transfer syntax that makes them (PS3.18 8.7.3.3.2). Pure.

Nothing is decoded here: headers are read, and what the sender's media type or transfer syntax contradicts is refused.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from primum.imaging.codecs.errors import Undecodable
from primum.imaging.codecs.streams import (
    Stream,
    codestream,
    first_scan,
    jpeg_2000_coding,
    jpeg_2000_stream,
    jpeg_stream,
)
from primum.imaging.codecs.table import (
    HTJ2K,
    HTJ2K_LOSSLESS,
    HTJ2K_RPCL,
    JPEG_2000,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_EXTENDED,
    JPEG_LOSSLESS,
    JPEG_LOSSLESS_SV1,
    JPEG_LS,
    JPEG_LS_NEAR,
    RLE,
)
from primum.imaging.composing.errors import BulkContradicts, BulkUnsupported
from primum.imaging.syntaxes import syntax_of

_BASELINE, _EXTENDED, _LOSSLESS, _JPEG_LS = 0xC0, 0xC1, 0xC3, 0xF7
_RPCL: Final = 2
_EIGHT: Final = 8
_COLOUR: Final = 3
_EOC: Final = b"\xff\xd9"
_MPEG_SYNTAXES: Final = {
    "video/mpeg": ("1.2.840.10008.1.2.4.100", "1.2.840.10008.1.2.4.101"),
    "video/mpeg2": ("1.2.840.10008.1.2.4.100", "1.2.840.10008.1.2.4.101"),
}
_MP4_DEFAULT: Final = "1.2.840.10008.1.2.4.102"


@dataclass(frozen=True, slots=True)
class Said:
    """What a bit stream says: its transfer syntax, and what the Image Pixel module has of it; 0 where it does not."""

    syntax: str
    data: bytes = field(repr=False)
    rows: int = 0
    columns: int = 0
    samples: int = 0
    precision: int = 0
    signed: bool = False
    photometric: str = ""


def read_bitstream(media_type: str, syntax: str, data: bytes) -> Said:
    """Read one frame (of video: all of them). `syntax` is what the sender said, empty where nothing.

    Raises BulkUnsupported, BulkContradicts.
    """
    reader = _READERS.get(media_type if media_type != "application/octet-stream" else syntax_of(syntax).media_type)
    if reader is None:
        raise BulkUnsupported
    try:
        return reader(syntax, data)
    except (Undecodable, struct.error, IndexError):
        raise BulkContradicts(what="a bit stream is not what its media type says") from None


def _jpeg(syntax: str, data: bytes) -> Said:
    stream = jpeg_stream(data)
    if stream.kind == _LOSSLESS:
        possible = [JPEG_LOSSLESS_SV1, JPEG_LOSSLESS] if first_scan(data) == 1 else [JPEG_LOSSLESS]
    elif stream.kind == _BASELINE and stream.precision == _EIGHT:
        possible = [JPEG_BASELINE, JPEG_EXTENDED]
    elif stream.kind == _EXTENDED:
        possible = [JPEG_EXTENDED]
    else:
        raise BulkUnsupported
    return _said(_one_of(possible, syntax), data, stream, _jpeg_colours(stream))


def _jpeg_colours(stream: Stream) -> str:
    if stream.samples != _COLOUR:
        return ""
    if stream.kind == _LOSSLESS or stream.adobe == 0:
        return "RGB"
    if stream.adobe is None and stream.ids == b"RGB":
        return "RGB"
    return "YBR_FULL_422" if stream.shared else "YBR_FULL"


def _jpeg_ls(syntax: str, data: bytes) -> Said:
    stream = jpeg_stream(data)
    if stream.kind != _JPEG_LS:
        raise BulkContradicts(what="a bit stream is not what its media type says")
    possible = [JPEG_LS, JPEG_LS_NEAR] if first_scan(data) == 0 else [JPEG_LS_NEAR]
    return _said(_one_of(possible, syntax), data, stream, "RGB" if stream.samples == _COLOUR else "")


def _jpeg_2000(syntax: str, data: bytes) -> Said:
    raw = codestream(data)
    if len(raw) < len(data):
        # out of its boxes: others may follow (PS3.5 A.4.4 wants the code stream alone)
        raw = raw[: raw.rfind(_EOC) + len(_EOC)]
    stream, coding = jpeg_2000_stream(raw), jpeg_2000_coding(raw)
    if coding is None:
        raise BulkContradicts(what="a bit stream is not what its media type says")
    if coding.high_throughput:
        lossless = [HTJ2K_LOSSLESS, *([HTJ2K_RPCL] if coding.progression == _RPCL else [])]
        possible = [*(lossless if coding.reversible else []), HTJ2K]
    else:
        possible = [*([JPEG_2000_LOSSLESS] if coding.reversible else []), JPEG_2000]
    colours = ""
    if stream.samples == _COLOUR:
        colours = "RGB" if not coding.mixes else "YBR_RCT" if coding.reversible else "YBR_ICT"
    return _said(_one_of(possible, syntax), raw, stream, colours)


def _rle(syntax: str, data: bytes) -> Said:
    (count,) = struct.unpack_from("<I", data)
    offsets = struct.unpack_from(f"<{count}I", data, 4) if 0 < count <= 15 else ()  # noqa: PLR2004 (PS3.5 G.5)
    if not offsets or offsets[0] != 64 or any(offset > len(data) for offset in offsets):  # noqa: PLR2004 (the head)
        raise BulkContradicts(what="a bit stream is not what its media type says")
    return Said(_one_of([RLE], syntax), data)


def _mpeg_2(syntax: str, data: bytes) -> Said:
    """The sequence header (ISO 13818-2 6.2.2.1), in the stream or in its packets."""
    at = data.find(b"\x00\x00\x01\xb3", 0, 1 << 20)
    if at < 0:
        raise BulkContradicts(what="a bit stream is not what its media type says")
    size = int.from_bytes(data[at + 4 : at + 7], "big")
    return Said(_one_of(list(_MPEG_SYNTAXES["video/mpeg"]), syntax), data, size & 0xFFF, size >> 12, _COLOUR, _EIGHT)


def _mp4(syntax: str, data: bytes) -> Said:
    chosen = syntax or _MP4_DEFAULT
    if syntax_of(chosen).media_type != "video/mp4":
        raise BulkContradicts(what="the transfer syntax is not one of the media type")
    rows, columns = _visual_entry(data)
    return Said(chosen, data, rows, columns, _COLOUR, _EIGHT)


def _visual_entry(data: bytes) -> tuple[int, int]:
    """Find height and width in the sample description of MP4 (ISO 14496-12 12.1.3); zeros for a bare stream."""
    for kind in (b"avc1", b"avc3", b"hvc1", b"hev1"):
        at = data.find(kind, 0)
        while at >= 0:
            # the entry's size stands before its kind; the sample description two words before
            if data[at - 16 : at - 12] == b"stsd" and at + 32 <= len(data):
                columns, rows = struct.unpack_from(">HH", data, at + 28)
                return rows, columns
            at = data.find(kind, at + 4)
    return 0, 0


def _said(syntax: str, data: bytes, stream: Stream, photometric: str) -> Said:
    return Said(syntax, data, stream.rows, stream.columns, stream.samples, stream.precision, stream.signed, photometric)


def _one_of(possible: list[str], syntax: str) -> str:
    if syntax and syntax not in possible:
        raise BulkContradicts(what="the bit stream is not one of its transfer syntax")
    return syntax or possible[0]


_READERS: Final[dict[str, Callable[[str, bytes], Said]]] = {
    "image/jpeg": _jpeg,
    "image/jls": _jpeg_ls,
    "image/jp2": _jpeg_2000,
    "image/jphc": _jpeg_2000,
    "image/dicom-rle": _rle,
    "video/mpeg": _mpeg_2,
    "video/mpeg2": _mpeg_2,
    "video/mp4": _mp4,
}
COMPRESSED: Final = tuple(sorted(_READERS))
"""Media types of compressed pixel data that are taken."""
