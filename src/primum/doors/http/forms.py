"""Reading a form, within bounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import parse_qsl

from starlette.requests import Request

from primum.doors.http.limits import LIMITS, Limits
from primum.ground.errors import PrimumError

_TYPE = "application/x-www-form-urlencoded"


class FormTooLarge(PrimumError):
    """The form is larger than any of ours."""

    code: ClassVar[str] = "web.form-too-large"


class FormUnreadable(PrimumError):
    """The form cannot be read."""

    code: ClassVar[str] = "web.form-unreadable"
    hint: ClassVar[str] = "open the page again and repeat what you did"


async def read_form(request: Request, limits: Limits = LIMITS) -> Mapping[str, str]:
    """Return the fields of a POST; the last one wins where a name comes twice, and an empty body is an empty form.

    Raises FormTooLarge or FormUnreadable; nothing beyond the bound is ever held.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limits.form_bytes:
            raise FormTooLarge
    if not body:
        return {}
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _TYPE:
        raise FormUnreadable
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=limits.form_fields, errors="strict"
        )
    except ValueError:
        raise FormUnreadable from None
    return dict(pairs)


def field(form: Mapping[str, str], name: str, most: int) -> str:
    """Return one field without surrounding spaces, empty where there is none. Raises FormUnreadable when too long."""
    value = form.get(name, "")
    if len(value) > most or "\0" in value:
        raise FormUnreadable
    return value.strip()
