"""Who is asking: nobody, a locked session or a person; and the way from there to an answer.

An `Endpoint` reads the form (async, bounded), then hands the rest to a thread: the core is synchronous.
A handler takes a `Visit` and returns a response; it never sees a caller that it was not made for.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import ClassVar

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from primum.doors.http.aliases import Aliases
from primum.doors.http.forms import read_form
from primum.doors.http.nowhere import NotFound
from primum.doors.http.patience import SEAT
from primum.doors.http.services import WebServices
from primum.doors.http.tokens import (
    COOKIE,
    FORM_FIELD,
    FORM_HEADER,
    bearer_of,
    check_form_token,
    check_origin,
    form_token,
)
from primum.ground.errors import PrimumError
from primum.ground.log import Log
from primum.identity import Session

_LOG = Log("web")


class Standing(Enum):
    """What a caller has shown so far."""

    STRANGER = "stranger"
    LOCKED = "locked"
    PERSON = "person"
    PROGRAM = "program"
    """A program that asks with a token of a person: DICOMweb, and no page."""


ANYONE = frozenset(Standing)
PERSON = frozenset({Standing.PERSON})
ASKING = frozenset({Standing.PERSON, Standing.PROGRAM})
"""Whoever asks in a person's name, by themselves or with a token."""
SIGNED_IN = frozenset({Standing.PERSON, Standing.LOCKED})


class Busy(PrimumError):
    """Too many callers are waiting for this."""

    code: ClassVar[str] = "web.busy"
    hint: ClassVar[str] = "try again in a moment"


@dataclass(frozen=True, eq=False)
class Visit:
    """One request, and who makes it."""

    request: Request
    services: WebServices
    form: Mapping[str, str] = field(default_factory=dict)
    standing: Standing = Standing.STRANGER
    session: Session | None = None
    document: bytes = field(default=b"", repr=False)
    """A file that came with the form, where a route takes one."""

    @property
    def token(self) -> str:
        """The session's token as the cookie has it; empty for who brings none."""
        return self.request.cookies.get(COOKIE, "")

    @property
    def person(self) -> Session:
        """The session of a person; only for handlers that admit nobody else."""
        if self.session is None:
            raise NotFound
        return self.session

    @property
    def form_token(self) -> str:
        """What this session's forms carry."""
        return form_token(self.token)

    @cached_property
    def aliases(self) -> Aliases:
        """The session's names for studies."""
        return Aliases(self.token)

    @property
    def address(self) -> str:
        """The caller's address."""
        return self.request.client.host if self.request.client else ""

    @property
    def partial(self) -> bool:
        """Tell whether only the part of the page that changes is asked for."""
        return self.request.headers.get("hx-request") == "true"


Handler = Callable[[Visit], Response]
Refuse = Callable[[Visit, PrimumError], Response]


class Endpoint:
    """An ASGI application around one handler."""

    def __init__(
        self,
        services: WebServices,
        handler: Handler,
        refuse: Refuse,
        *,
        admits: frozenset[Standing] = PERSON,
        costly: anyio.CapacityLimiter | None = None,
    ) -> None:
        """Answer with `handler` to those it admits; `refuse` words what is refused to them."""
        self._services = services
        self._handler = handler
        self._refuse = refuse
        self.admits = admits
        self._costly = costly

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            form = await self._form(request)
            response = await self._in_thread(request, form)
        except PrimumError as refusal:
            response = await anyio.to_thread.run_sync(self._refused, request, refusal)
        await response(scope, receive, send)

    async def _form(self, request: Request) -> Mapping[str, str]:
        """Read the form of a POST."""
        return await read_form(request) if request.method == "POST" else {}

    def _who(self, request: Request, form: Mapping[str, str]) -> Visit:
        """Find out who asks, with what."""
        return who(request, self._services, form)

    async def _in_thread(self, request: Request, form: Mapping[str, str]) -> Response:
        if self._costly is None:
            return await anyio.to_thread.run_sync(self._answer, request, form)
        if self._costly.statistics().tasks_waiting >= self._services.limits.costly_waiting:
            raise Busy
        return await anyio.to_thread.run_sync(self._answer, request, form, limiter=self._costly)

    def _answer(self, request: Request, form: Mapping[str, str]) -> Response:
        visit = self._who(request, form)
        if visit.standing not in self.admits:
            return closed_door(visit)
        try:
            if request.method == "POST":
                check_forgery(visit)
            return self._handler(visit)
        except PrimumError as refusal:
            return self._refuse(visit, refusal)
        except Exception as error:  # noqa: BLE001 (its class is logged; its message may hold anything)
            _LOG.failure("request.broken", error, route=self._handler.__name__)
            return self._refuse(visit, PrimumError())

    def _refused(self, request: Request, refusal: PrimumError) -> Response:
        visit = who(request, self._services, {})
        return self._refuse(visit, refusal) if visit.standing in self.admits else closed_door(visit)


def who(request: Request, services: WebServices, form: Mapping[str, str]) -> Visit:
    """Find out who asks. The session is looked up anew at every request."""
    bearer = bearer_of(request.headers)
    if bearer:
        return _program(request, services, bearer)
    token = request.cookies.get(COOKIE, "")
    if not token:
        return Visit(request, services, form)
    try:
        session = services.people.session(token)
    except PrimumError as refusal:
        if refusal.code == "identity.session-locked":
            _known(request)
            return Visit(request, services, form, Standing.LOCKED)
        if refusal.code == "identity.no-session":
            return Visit(request, services, form)
        raise
    _known(request)
    return Visit(request, services, form, Standing.PERSON, session)


def _program(request: Request, services: WebServices, bearer: str) -> Visit:
    """Find out whose program asks: a token is not a cookie, no page of others can make a browser send it."""
    address = request.client.host if request.client else ""
    try:
        session = services.people.program(bearer, address)
    except PrimumError as refusal:
        if refusal.code != "identity.no-session":
            raise
        return Visit(request, services)
    _known(request)
    return Visit(request, services, {}, Standing.PROGRAM, session)


def _known(request: Request) -> None:
    """Take the connection out of the strangers': somebody known asks on it."""
    seat = request.scope.get("state", {}).get(SEAT)
    if seat is not None:
        seat.leave()


def closed_door(visit: Visit) -> Response:
    """Answer who is not admitted: by what they accept, never by what they asked for."""
    if visit.standing is Standing.PERSON:
        return RedirectResponse("/", 303)
    if visit.standing is Standing.STRANGER and visit.request.url.path != "/":
        count_stranger(visit, "no-session")
    if "text/html" in visit.request.headers.get("accept", ""):
        return RedirectResponse("/locked" if visit.standing is Standing.LOCKED else "/sign-in", 303)
    return Response(status_code=401)


def count_stranger(visit: Visit, reason: str) -> None:
    """Count a stranger who was refused. A journal that is full does not let them in, and does not make them wait."""
    with contextlib.suppress(PrimumError):
        visit.services.strangers.count(reason, visit.address)


def check_forgery(visit: Visit) -> None:
    """Raise ForeignForm where a browser may have been made to send this. A token is sent by whoever holds it, alone."""
    if visit.standing is Standing.PROGRAM:
        return
    check_origin(visit.request.headers, visit.services.origins)
    if visit.standing is not Standing.STRANGER:
        given = visit.form.get(FORM_FIELD) or visit.request.headers.get(FORM_HEADER, "")
        check_form_token(visit.token, given)
