"""What is shown without being drawn: films and documents, as they are kept (PS3.18 table 8.7.4-1)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from primum.imaging.codecs.errors import NotAPicture
from primum.imaging.codecs.transcoding import Instance
from primum.imaging.errors import FramesUnknown
from primum.imaging.syntaxes import syntax_of
from primum.imaging.walker import ITEM, skim, wanted

_DOCUMENT, _LENGTH = 0x00420011, 0x00420015
_WANTED = wanted(_DOCUMENT, _LENGTH)
_PIECE: Final = 1 << 20
_MP4: Final = "video/mp4"
PDF: Final = "application/pdf"
ENCAPSULATED_PDF: Final = "1.2.840.10008.5.1.4.1.1.104.1"
_PDF_HEAD: Final = 1024
"""Where readers look for the mark of a PDF (ISO 32000-1 annex H, note 13)."""


def film_type(transfer_syntax: str) -> str:
    """Return the media type of a film in this transfer syntax; empty where it is none."""
    syntax = syntax_of(transfer_syntax)
    return syntax.media_type if syntax.video else ""


def film(instance: Instance) -> Iterator[bytes]:
    """Give the stream of a film as it is kept, in pieces. Raises NotAPicture, FramesUnknown.

    H.264 and H.265 are a film for others only inside MP4: a transport stream would bear a name that is not its own.
    """
    frames = instance.record.frames
    if not instance.syntax.video or frames is None or not frames.count:
        raise FramesUnknown
    start, stop = frames.span(0)
    if film_type(instance.syntax.uid) == _MP4 and instance.source.read(start + 12, start + 16) != b"ftyp":
        raise NotAPicture(why="it is a film outside of MP4")
    return _stream(instance, start, stop)


def _stream(instance: Instance, at: int, stop: int) -> Iterator[bytes]:
    read = instance.source.read
    while at + 8 <= stop:
        group, number, length = struct.unpack("<HHI", read(at, at + 8))
        at, end = at + 8, at + 8 + length
        if group << 16 | number != ITEM or end > stop:
            return
        for piece in range(at, end, _PIECE):
            yield read(piece, min(piece + _PIECE, end))
        at = end


def document(instance: Instance) -> bytes:
    """Return the encapsulated PDF of an instance. Raises NotAPicture."""
    found = skim(instance.header, instance.inner, _WANTED, instance.limits).found
    element, said = found.get(_DOCUMENT), found.get(_LENGTH)
    value = bytes(instance.header[element.at : element.end]) if element is not None else b""
    if said is not None and said.length == 4:  # noqa: PLR2004 (a UL)
        length = int.from_bytes(instance.header[said.at : said.end], "little" if instance.inner.little else "big")
        value = value[:length] if length == len(value) - 1 else value
    if b"%PDF-" not in value[:_PDF_HEAD]:
        raise NotAPicture(why="its document is no PDF")
    return value
