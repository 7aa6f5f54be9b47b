"""What is noted and is no hole: headers that are missing or tell too much. They are codes: a report words them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from primum.exposure.probe.model import Mode
from primum.exposure.probe.web.evidence import is_page

if TYPE_CHECKING:
    from primum.exposure.probe.model import Service
    from primum.exposure.probe.web.http import Answer

_VERSION: Final = re.compile(r"/\d|\d\.\d")

NOTES: Final = {
    "web.administration-seen": "the sign-in page of an administration can be seen",
    "web.cookie-without-httponly": "a cookie can be read by scripts",
    "web.cookie-without-samesite": "a cookie is sent along with requests of other sites",
    "web.cookie-without-secure": "a cookie may travel in clear",
    "web.cors-any": "pages of any other site may read the answers",
    "web.more-than-asked": "a search was answered with far more than the one row asked for",
    "web.no-csp": "no Content-Security-Policy",
    "web.no-hsts": "no Strict-Transport-Security",
    "web.other-name": "the target knows itself under another name than the one it was asked under",
    "web.password-in-clear": "a password is asked for over a connection in clear",
    "web.redirects-elsewhere": "it redirects to another address or port, which was not followed",
    "web.redirects-to-tls": "in clear it redirects to TLS of its own",
    "web.server-version": "the Server field tells a version",
    "web.writes-not-asked": "routes that change something were not asked: the target is not this machine's own",
}
"""Every note of the web, and what it means."""


def add(service: Service, code: str) -> None:
    """Add a note once."""
    if code not in service.notes:
        service.notes.append(code)


def of_answer(service: Service, answer: Answer, mode: Mode, name: str) -> None:
    """Note what the header fields of an answer tell or leave out. `name`: under which it was asked, if any."""
    secure = mode is not Mode.PLAIN
    if answer.value("access-control-allow-origin") == "*":
        add(service, "web.cors-any")
    if is_page(answer) and not answer.value("content-security-policy"):
        add(service, "web.no-csp")
    # browsers heed it for names alone (RFC 6797 8.1.1), and for `localhost` it would break others' work
    if secure and name not in {"", "localhost"} and not answer.value("strict-transport-security"):
        add(service, "web.no-hsts")
    if _VERSION.search(answer.value("server")):
        add(service, "web.server-version")
    for cookie in answer.every("set-cookie"):
        _of_cookie(service, cookie)


def of_sign_in(service: Service, mode: Mode) -> None:
    """Note that a password is asked for in clear."""
    if mode is Mode.PLAIN:
        add(service, "web.password-in-clear")


def _of_cookie(service: Service, cookie: str) -> None:
    attributes = {one.partition("=")[0].strip().lower() for one in cookie.split(";")[1:]}
    for attribute in ("secure", "httponly", "samesite"):
        if attribute not in attributes:
            add(service, f"web.cookie-without-{attribute}")
