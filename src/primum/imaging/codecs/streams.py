"""What a compressed stream says of itself, read before any library is let near it.

JPEG and JPEG-LS: ISO 10918-1 B.2.2, ISO 14495-1 C.2.2; JPEG 2000: ISO 15444-1 A.5.1. Pure.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from primum.imaging.codecs.errors import Undecodable

_SOS = 0xDA
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_FRAMES = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}
_MOST = 4096
"""Segments before the frame header: profiles and comments come in a few dozen."""
_ADOBE = struct.Struct(">5sHHHB")
_SIZ = struct.Struct(">HHIIIIIIIIH")


@dataclass(frozen=True, slots=True)
class Stream:
    """Size, precision and sign of a stream, and what it says of its colours."""

    rows: int
    columns: int
    samples: int
    precision: int
    signed: bool = False
    kind: int = 0
    """The frame marker of JPEG: C0 baseline, C1 extended, C3 lossless, F7 JPEG-LS."""
    jfif: bool = False
    adobe: int | None = None
    """The colour transform of an Adobe marker."""
    shared: bool = False
    """Chrominance is subsampled."""
    ids: bytes = b""
    """Identifiers of the components."""


def jpeg_stream(data: bytes) -> Stream:
    """Read the headers of JPEG or JPEG-LS up to the frame header. Raises Undecodable."""
    try:
        return _jpeg(data)
    except (struct.error, IndexError):
        raise Undecodable(why="a stream ends in its headers") from None


def _jpeg(data: bytes) -> Stream:
    jfif, adobe = False, None
    for marker, at, length in _segments(data):
        if marker == 0xE0 and data[at + 2 : at + 6] == b"JFIF":  # noqa: PLR2004 (APP0)
            jfif = True
        elif marker == 0xEE and length >= 14 and data[at + 2 : at + 7] == b"Adobe":  # noqa: PLR2004 (APP14)
            adobe = _ADOBE.unpack_from(data, at + 2)[4]
        elif marker in _FRAMES:
            return _frame_header(data, at, marker, jfif=jfif, adobe=adobe)
    raise Undecodable(why="a stream has no frame header")


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Give the marker of each segment, where its length stands, and that length: up to the first scan."""
    if data[:2] != b"\xff\xd8":
        raise Undecodable(why="a frame does not begin as JPEG does")
    at = 2
    for _ in range(_MOST):
        while data[at] == 0xFF and data[at + 1] == 0xFF:  # noqa: PLR2004 (fill bytes)
            at += 1
        if data[at] != 0xFF:  # noqa: PLR2004 (every marker begins so)
            break
        marker = data[at + 1]
        at += 2
        if marker in _ALONE:
            continue
        (length,) = struct.unpack_from(">H", data, at)
        yield marker, at, length
        if marker == _SOS:
            return
        at += length


def first_scan(data: bytes) -> int:
    """Return what the first scan says first: the predictor of lossless JPEG, NEAR of JPEG-LS. Raises Undecodable."""
    try:
        for marker, at, _ in _segments(data):
            if marker == _SOS:
                return data[at + 3 + 2 * data[at + 2]]
    except (struct.error, IndexError):
        pass
    raise Undecodable(why="a stream ends in its headers")


def _frame_header(data: bytes, at: int, marker: int, *, jfif: bool, adobe: int | None) -> Stream:
    _, precision, rows, columns, samples = struct.unpack_from(">HBHHB", data, at)
    components = data[at + 8 : at + 8 + 3 * samples]
    shared = any(one != 0x11 for one in components[1::3]) and samples > 1  # noqa: PLR2004 (one by one)
    return Stream(
        rows, columns, samples, precision, kind=marker, jfif=jfif, adobe=adobe, shared=shared, ids=components[::3]
    )


def codestream(data: bytes) -> bytes:
    """Take a JPEG 2000 code stream out of the boxes that some devices wrap it in. Raises Undecodable."""
    at = data.find(b"\xff\x4f\xff\x51")
    if at < 0 or at > _MOST:
        raise Undecodable(why="a frame does not begin as JPEG 2000 does")
    return data[at:]


def jpeg_2000_stream(data: bytes) -> Stream:
    """Read the SIZ marker of a code stream. Raises Undecodable."""
    try:
        _, _, x, y, x0, y0, _, _, _, _, samples = _SIZ.unpack_from(data, 4)
        depths = data[4 + _SIZ.size : 4 + _SIZ.size + 3 * samples]
        if samples == 0 or len(depths) != 3 * samples or x < x0 or y < y0:
            raise Undecodable(why="a stream ends in its headers")
    except struct.error:
        raise Undecodable(why="a stream ends in its headers") from None
    depth = depths[0]
    if any(one != depth for one in depths[::3]):
        raise Undecodable(why="its samples have several precisions")
    shared = any(one != 1 for one in depths[1::3]) or any(one != 1 for one in depths[2::3])
    return Stream(y - y0, x - x0, samples, (depth & 0x7F) + 1, signed=bool(depth & 0x80), shared=shared)


@dataclass(frozen=True, slots=True)
class Coding:
    """How a JPEG 2000 code stream is coded (ISO 15444-1 A.6.1, 15444-15 A.2)."""

    mixes: bool = False
    """Its colours are held mixed (the multiple component transform)."""
    reversible: bool = False
    progression: int = 0
    high_throughput: bool = False


def jpeg_2000_coding(data: bytes) -> Coding | None:
    """Read the COD marker of a code stream; None where it has none before its first tile."""
    at = 2
    for _ in range(_MOST):
        if at + 14 > len(data) or data[at : at + 2] == b"\xff\x90":  # the first tile-part: the header is over
            return None
        if data[at : at + 2] == b"\xff\x52":
            capable = int.from_bytes(data[6:8], "big")
            return Coding(data[at + 8] == 1, data[at + 13] == 1, data[at + 5], bool(capable & 0x4000))
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def jpeg_2000_mixes(data: bytes) -> bool:
    """Tell whether a code stream holds its colours mixed."""
    coding = jpeg_2000_coding(data)
    return coding is not None and coding.mixes


def without_end(data: bytes) -> bytes:
    """Take padding, EOI and the fill bytes before it (ISO 10918-1 B.1.1.2) off the end of a JPEG stream."""
    end = data.rfind(b"\xff\xd9")
    ended = end > 0 and not data[end + 2 :].strip(b"\0")
    return (data[:end] if ended else data.rstrip(b"\0")).rstrip(b"\xff")
