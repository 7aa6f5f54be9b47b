"""multipart/related bodies as they arrive (RFC 2387, PS3.18 8.6.1.2): one part after another, nothing held whole.

What is stored comes as files, or as metadata followed by the bulk data that they point at (PS3.18 10.5.2).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from primum.doors.http.limits import Limits
from primum.doors.http.part_headers import PartHeaders
from primum.ground.errors import PrimumError


class NotMultipart(PrimumError):
    """The body is not multipart/related of DICOM files, nor of metadata and bulk data."""

    code: ClassVar[str] = "web.not-multipart"
    hint: ClassVar[str] = 'send Content-Type: multipart/related; type="application/dicom"; boundary=…'


class BadMultipart(PrimumError):
    """The parts of the body cannot be told apart, or are more than are taken at once."""

    code: ClassVar[str] = "web.bad-multipart"
    hint: ClassVar[str] = "see RFC 2046 for how parts are written; send fewer in one request"


DICOM: Final = "application/dicom"
METADATA: Final = frozenset({"application/dicom+json", "application/dicom+xml"})
_BEGIN, _DATA, _END = 0, 1, 2


@dataclass(slots=True)
class Incoming:
    """One part: what its headers say, and its bytes, which must be read before the next part is asked for."""

    media_type: str
    pieces: Iterator[bytes]
    transfer_syntax: str = ""
    location: str = ""


@dataclass(frozen=True, slots=True)
class _Head:
    media_type: str = ""
    transfer_syntax: str = ""
    location: str = ""


def boundary_of(content_type: str) -> tuple[str, bytes]:
    """Return what a body begins with, DICOM files or metadata, and its boundary. Raises NotMultipart."""
    media_type, parameters = parse_options_header(content_type)
    kind = parameters.get(b"type", DICOM.encode()).decode("ascii", "replace").lower()
    boundary = parameters.get(b"boundary", b"")
    if media_type != b"multipart/related" or kind not in {DICOM, *METADATA} or not 1 <= len(boundary) <= _BOUNDARY:
        raise NotMultipart
    return kind, boundary


_BOUNDARY = 70
"""Characters of a boundary (RFC 2046 5.1.1)."""


class Parts:
    """Reads parts out of a body."""

    def __init__(self, body: Iterator[bytes], boundary: bytes, limits: Limits) -> None:
        """Read `body`, whose pieces come as the network brings them."""
        self._body, self._limits = body, limits
        self._events: deque[tuple[int, bytes | _Head]] = deque()
        self._head = _Head()
        self._headers = PartHeaders(limits.part_heading_bytes, BadMultipart)
        self._ended = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._headers.field,
                "on_header_value": self._headers.said,
                "on_header_end": self._header,
                "on_headers_finished": lambda: self._events.append((_BEGIN, self._head)),
                "on_part_data": lambda data, start, end: self._events.append((_DATA, data[start:end])),
                "on_part_end": lambda: self._events.append((_END, b"")),
                "on_end": self._end,
            },
        )

    def __iter__(self) -> Iterator[Incoming]:
        """Give the parts, in order. Raises BadMultipart."""
        count = 0
        while (event := self._next()) is not None:
            kind, value = event
            if kind != _BEGIN or not isinstance(value, _Head):
                continue  # what is left of a part that nobody read to its end
            count += 1
            if count > self._limits.parts_at_once:
                raise BadMultipart
            yield Incoming(value.media_type, self._pieces(), value.transfer_syntax, value.location)
        if not self._ended:
            raise BadMultipart  # cut short: what had come is stored, and the sender hears of it

    def _pieces(self) -> Iterator[bytes]:
        while True:
            event = self._next()
            if event is None:
                raise BadMultipart
            kind, value = event
            if kind == _END or isinstance(value, _Head):
                return
            yield value

    def _next(self) -> tuple[int, bytes | _Head] | None:
        while not self._events:
            piece = next(self._body, None)
            if piece is None:
                return None
            try:
                self._parser.write(piece)
            except MultipartParseError:
                raise BadMultipart from None
        return self._events.popleft()

    def _begin(self) -> None:
        self._head = _Head()
        self._headers.begin()

    def _header(self) -> None:
        name, value = self._headers.line()
        if name == b"content-type":
            media_type, parameters = parse_options_header(value)
            syntax = parameters.get(b"transfer-syntax", b"").decode("ascii", "replace")
            said = media_type.decode("ascii", "replace").lower()
            self._head = replace(self._head, media_type=said, transfer_syntax=syntax)
        elif name == b"content-location":
            self._head = replace(self._head, location=value.decode("ascii", "replace").strip())

    def _end(self) -> None:
        self._ended = True
