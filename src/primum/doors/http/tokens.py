"""What proves that a form came from one of our own pages, and the one cookie."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection
from typing import ClassVar, Final

from starlette.datastructures import Headers

from primum.ground.errors import PrimumError

COOKIE: Final = "__Host-primum"
"""For the prefix, browsers want it Secure, for this host alone and for the path `/` (RFC 6265bis 4.1.3.2)."""
COOKIE_ATTRIBUTES: Final = "Path=/; Secure; HttpOnly; SameSite=Strict"
FORM_FIELD: Final = "form_token"
FORM_HEADER: Final = "x-form-token"


class ForeignForm(PrimumError):
    """The request did not come from a page of this session."""

    code: ClassVar[str] = "web.foreign-form"
    hint: ClassVar[str] = "open the page again and repeat what you did"


def bearer_of(headers: Headers) -> str:
    """Return a program's token (RFC 6750 2.1); empty where there is none."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def set_cookie(token: str) -> str:
    """Return the `Set-Cookie` value that starts a session. It lasts as long as the browser."""
    return f"{COOKIE}={token}; {COOKIE_ATTRIBUTES}"


def forget_cookie() -> str:
    """Return the `Set-Cookie` value that ends one."""
    return f"{COOKIE}=; Max-Age=0; {COOKIE_ATTRIBUTES}"


def form_token(session_token: str) -> str:
    """Return what each form of a session carries; nobody without the session's token can make it."""
    return hmac.new(session_token.encode(), b"primum form", hashlib.sha256).hexdigest()


def check_origin(headers: Headers, origins: Collection[str]) -> None:
    """Raise ForeignForm unless the browser says that the request comes from one of `origins`.

    Under `Referrer-Policy: no-referrer` a form's `Origin` is `null` (Fetch 3.2): then `Sec-Fetch-Site` tells.
    """
    origin, site = headers.get("origin", "null"), headers.get("sec-fetch-site")
    if origin in origins and site in {None, "same-origin"}:
        return
    if origin != "null" or site != "same-origin":
        raise ForeignForm


def check_form_token(session_token: str, given: str) -> None:
    """Raise ForeignForm unless `given` is this session's form token."""
    if not hmac.compare_digest(form_token(session_token).encode(), given.encode()):
        raise ForeignForm
