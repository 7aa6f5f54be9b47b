"""UPS-RS (PS3.18 11): workitems searched, read, created, changed, claimed, completed and subscribed to.

Backed by the same orders as the modality worklist. Listing and subscribing need `order:list`, everything else
`order:write`. Events come by a channel (channels.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final
from urllib.parse import parse_qsl

import anyio.to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from primum.doors.dicomweb.accept import JSON
from primum.doors.dicomweb.bodies import json_answer
from primum.doors.dicomweb.channels import Channels
from primum.doors.dicomweb.names import REAL_ROOT
from primum.doors.dicomweb.problems import problem
from primum.doors.dicomweb.subscriptions import CHANNEL, Subscriptions, controllers_of
from primum.doors.http.disclosures import DOOR
from primum.doors.http.reading import Reading
from primum.doors.http.services import WebServices
from primum.doors.http.visit import ASKING, Visit, check_forgery, closed_door, who
from primum.ground.errors import PrimumError
from primum.ground.log import Log
from primum.identity import Permission
from primum.imaging.errors import BadQuery
from primum.imaging.orders.performers import Performers
from primum.imaging.orders.values import depth
from primum.imaging.orders.workitems import asked
from primum.journal import Fact, Kind

_LOG = Log("web")
_ROOT: Final = REAL_ROOT + "/workitems"
_SUBSCRIBER: Final = "/{workitem}/subscribers/{aetitle}"
BODY_BYTES: Final = 256 * 1024
"""A workitem with its references has some KiB."""
_DEPTH = 24
_MODIFIED: Final = '299 primum "The workitem was taken with modifications."'
_ALREADY: Final = '299 primum "The workitem is already in the requested state."'

Body = Mapping[str, Any]
Deed = Callable[[Visit, Body], Response]


class BodyUnreadable(PrimumError):
    """The body is not a workitem in DICOM JSON, or is too long."""

    code: ClassVar[str] = "web.body-unreadable"
    hint: ClassVar[str] = "send application/dicom+json: one data set, alone or in an array"


class Workitems:
    """What may be asked of them."""

    def __init__(self, services: WebServices, reading: Reading) -> None:
        """Ask `services.orders`; `reading` decides how far somebody sees."""
        self._performers, self._reading = Performers(services.orders), reading

    def search(self, visit: Visit, _body: Body) -> Response:
        """Search (11.9)."""
        controllers = self._controllers(visit, Permission.ORDER_LIST)
        limits = visit.services.limits
        try:
            pairs = parse_qsl(visit.request.url.query, keep_blank_values=True, max_num_fields=limits.search_keys)
        except ValueError:
            raise BadQuery(why="it has too many keys") from None
        found = self._performers.search(controllers, asked(pairs))
        details: dict[str, str | int] = {"session": visit.person.id, "found": len(found), "door": DOOR}
        visit.services.journal.record(Fact(Kind.ORDERS_LISTED, visit.person.person_id, "", details))
        offset = min(_number(dict(pairs), "offset", 0), limits.search_offset)
        most = min(_number(dict(pairs), "limit", limits.search_rows_default), limits.search_rows)
        return json_answer(visit, json.dumps(found[offset : offset + most]).encode(), JSON)

    def retrieve(self, visit: Visit, _body: Body) -> Response:
        """Read one (11.5)."""
        order, found = self._performers.retrieve(self._controllers(visit, Permission.ORDER_LIST), _uid(visit))
        details: dict[str, str | int] = {"session": visit.person.id, "controller": order.controller_id, "door": DOOR}
        visit.services.journal.record(Fact(Kind.ORDER_VIEWED, visit.person.person_id, order.id, details))
        return json_answer(visit, json.dumps([found]).encode(), JSON)

    def create(self, visit: Visit, body: Body) -> Response:
        """Create one (11.4), for the person's own controller; its UID is ours to give."""
        controllers = self._controllers(visit, Permission.ORDER_WRITE)
        own = visit.services.people.person(visit.person.person_id).controller_id
        if controllers is not None and own not in controllers:
            own = controllers[0]
        uid = self._performers.create(visit.person.person_id, own, body)
        return Response(status_code=201, headers={"location": f"{_ROOT}/{uid}", "warning": _MODIFIED})

    def update(self, visit: Visit, body: Body) -> Response:
        """Change one (11.6)."""
        controllers = self._controllers(visit, Permission.ORDER_WRITE)
        whole = self._performers.update(visit.person.person_id, controllers, _uid(visit), body)
        return Response(status_code=200, headers={} if whole else {"warning": _MODIFIED})

    def state(self, visit: Visit, body: Body) -> Response:
        """Claim, complete or cancel one (11.7)."""
        controllers = self._controllers(visit, Permission.ORDER_WRITE)
        done = self._performers.set_state(visit.person.person_id, controllers, _uid(visit), body)
        return Response(status_code=200, headers={} if done else {"warning": _ALREADY})

    def cancel(self, visit: Visit, body: Body) -> Response:
        """Ask for the cancellation of one (11.8): done at once while it waits, passed on while it is performed."""
        controllers = self._controllers(visit, Permission.ORDER_WRITE)
        requester = visit.request.query_params.get("requester", "")
        done = self._performers.cancel(visit.person.person_id, controllers, _uid(visit), requester, body)
        return Response(status_code=202, headers={} if done else {"warning": _ALREADY})

    def _controllers(self, visit: Visit, action: Permission) -> list[str] | None:
        return controllers_of(self._reading, visit, action)


class DeedEndpoint:
    """An ASGI application around one deed, whose body is DICOM JSON."""

    admits = ASKING

    def __init__(self, services: WebServices, deed: Deed) -> None:
        """Answer with `deed`."""
        self._services, self._deed = services, deed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        body = bytearray()
        try:
            async for piece in request.stream():
                body += piece
                if len(body) > BODY_BYTES:
                    break
        except ClientDisconnect:
            return
        response = await anyio.to_thread.run_sync(self._answer, request, bytes(body))
        await response(scope, receive, send)

    def _answer(self, request: Request, body: bytes) -> Response:
        visit = who(request, self._services, {})
        if visit.standing not in self.admits:
            return closed_door(visit)
        try:
            if request.method != "GET":
                check_forgery(visit)
            return self._deed(visit, _read(request, body))
        except PrimumError as refusal:
            return problem(visit, refusal)
        except Exception as error:  # noqa: BLE001 (its class is logged; its message may hold anything)
            _LOG.failure("request.broken", error, route=self._deed.__name__)
            return problem(visit, PrimumError())


def _read(request: Request, body: bytes) -> Body:
    """Read the data set of a request; empty where there is no body. Raises BodyUnreadable."""
    if request.method == "GET" or not body:
        return {}
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if len(body) > BODY_BYTES or media_type not in {JSON, "application/json"}:
        raise BodyUnreadable
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        raise BodyUnreadable from None
    if isinstance(given, list) and len(given) == 1:
        (given,) = given
    if not isinstance(given, dict) or not depth(given, _DEPTH):
        raise BodyUnreadable
    return given


def _uid(visit: Visit) -> str:
    return str(visit.request.path_params["workitem"])


def _number(given: Mapping[str, str], name: str, otherwise: int) -> int:
    value = given.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 9 else otherwise  # noqa: PLR2004 (rows)


def workitem_routes(services: WebServices, reading: Reading) -> list[BaseRoute]:
    """List them."""
    items, subscriptions = Workitems(services, reading), Subscriptions(services, reading)
    deeds: list[tuple[str, str, Deed]] = [
        ("GET", "", items.search),
        ("POST", "", items.create),
        ("GET", "/{workitem}", items.retrieve),
        ("POST", "/{workitem}", items.update),
        ("PUT", "/{workitem}/state", items.state),
        ("POST", "/{workitem}/cancelrequest", items.cancel),
        ("POST", _SUBSCRIBER, subscriptions.subscribe),
        ("DELETE", _SUBSCRIBER, subscriptions.unsubscribe),
        ("POST", _SUBSCRIBER + "/suspend", subscriptions.suspend),
    ]
    routes = [Route(_ROOT + path, DeedEndpoint(services, deed), methods=[method]) for method, path, deed in deeds]
    return [*routes, WebSocketRoute(CHANNEL, Channels(services, reading))]
