"""Forms with a file in them (RFC 7578), held whole within bounds: for routes that take one, from people who are known.

Who asks is looked at before anything of the body is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import anyio
import anyio.to_thread
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from primum.doors.http.forms import FormTooLarge, FormUnreadable
from primum.doors.http.limits import LIMITS, Limits
from primum.doors.http.part_headers import PartHeaders
from primum.doors.http.visit import Busy, Endpoint, Visit, closed_door, who

_BOUNDARY = 70
"""Characters of a boundary (RFC 2046 5.1.1)."""


class _Fields(dict[str, str]):
    """The fields of a form, and the file that came with them."""

    document: bytes = b""


class UploadEndpoint(Endpoint):
    """An endpoint whose form may hold a file."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whoever is not admitted is answered before their body is read."""
        request = Request(scope, receive)
        visit = await anyio.to_thread.run_sync(who, request, self._services, {})
        if visit.standing not in self.admits:
            response = await anyio.to_thread.run_sync(closed_door, visit)
            await response(scope, receive, send)
            return
        await super().__call__(scope, receive, send)

    async def _form(self, request: Request) -> Mapping[str, str]:
        limits = self._services.limits
        if _PLACES.borrowed >= limits.reports_at_once:
            raise Busy
        with _PLACES, anyio.move_on_after(limits.report_seconds):
            return await read_upload(request, limits)
        raise FormUnreadable

    def _who(self, request: Request, form: Mapping[str, str]) -> Visit:
        visit = who(request, self._services, form)
        return replace(visit, document=form.document) if isinstance(form, _Fields) else visit


@dataclass(slots=True)
class _Places:
    """How many forms are being read: all in one loop, so a number is enough."""

    borrowed: int = 0

    def __enter__(self) -> None:
        self.borrowed += 1

    def __exit__(self, *_raised: object) -> None:
        self.borrowed -= 1


_PLACES = _Places()


async def read_upload(request: Request, limits: Limits = LIMITS) -> Mapping[str, str]:
    """Return the fields of a form; its file is their `document`. Raises FormTooLarge, FormUnreadable."""
    kind, parameters = parse_options_header(request.headers.get("content-type", ""))
    boundary = parameters.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not 1 <= len(boundary) <= _BOUNDARY:
        raise FormUnreadable
    parts = _Parts(boundary, limits)
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received > limits.report_bytes:
            raise FormTooLarge
        parts.feed(chunk)
    return parts.fields()


@dataclass(slots=True)
class _Part:
    name: str = ""
    file: bool = False
    data: bytearray = field(default_factory=bytearray)


class _Parts:
    """Puts the parts of one form together."""

    def __init__(self, boundary: bytes, limits: Limits) -> None:
        self._limits = limits
        self._parts: list[_Part] = []
        self._headers = PartHeaders(limits.part_heading_bytes, FormUnreadable)
        self._ended = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._headers.field,
                "on_header_value": self._headers.said,
                "on_header_end": self._headed,
                "on_part_data": self._data,
                "on_end": self._end,
            },
        )

    def feed(self, chunk: bytes) -> None:
        try:
            self._parser.write(chunk)
        except MultipartParseError:
            raise FormUnreadable from None

    def fields(self) -> _Fields:
        if not self._ended:
            raise FormUnreadable
        found = _Fields()
        for part in self._parts:
            if part.file:
                found.document = bytes(part.data)
            else:
                try:
                    found[part.name] = part.data.decode("utf-8")
                except UnicodeDecodeError:
                    raise FormUnreadable from None
        return found

    def _begin(self) -> None:
        if len(self._parts) >= self._limits.form_fields:
            raise FormUnreadable
        self._parts.append(_Part())
        self._headers.begin()

    def _headed(self) -> None:
        name, value = self._headers.line()
        if name == b"content-disposition":
            _, parameters = parse_options_header(value)
            self._parts[-1].name = parameters.get(b"name", b"").decode("utf-8", "replace")
            self._parts[-1].file = b"filename" in parameters

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._parts[-1].data += data[start:end]

    def _end(self) -> None:
        self._ended = True
