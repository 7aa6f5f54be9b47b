"""The channel on which a subscriber is sent events (PS3.18 8.10.4, 8.10.5): a WebSocket that only we speak on.

The one address of this origin that takes an upgrade (docs/decisions/0094). Who may open it is who may subscribe; that
is asked again before anything is sent, and every half minute besides.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar, TypeVarTuple

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from primum.doors.dicomweb.subscriptions import controllers_of
from primum.doors.http.reading import Reading
from primum.doors.http.services import WebServices
from primum.doors.http.statuses import status_of
from primum.doors.http.tokens import bearer_of, check_origin
from primum.doors.http.upgrades import deny
from primum.doors.http.visit import ASKING, Busy, Standing, Visit, count_stranger, who
from primum.ground.errors import PrimumError
from primum.ground.log import Log
from primum.identity import NoSession, Permission
from primum.imaging.orders.subscribers import Subscribers
from primum.imaging.orders.watching.messages import Event, dropped

_LOG = Log("web")
_Given = TypeVarTuple("_Given")
_Found = TypeVar("_Found")
_Ending = Sequence[asyncio.Future[object]]
_UNSUPPORTED: Final = 1003
_POLICY: Final = 1008
_ERROR: Final = 1011
"""Why a channel is closed (RFC 6455 7.4.1): the client spoke; it may not listen any more; something broke."""


@dataclass(eq=False)
class _Channel:
    """One open channel."""

    title: str
    person_id: str
    replaced: asyncio.Event = field(default_factory=asyncio.Event)


class Channels:
    """The ASGI application behind the address, and every channel of this process."""

    admits = ASKING

    def __init__(self, services: WebServices, reading: Reading) -> None:
        """Send what waits in `services.orders`; `reading` decides how far somebody sees."""
        self._services, self._reading = services, reading
        self._subscribers = Subscribers(services.orders)
        self._open: list[_Channel] = []
        # threads of their own: however many channels there are, requests find a thread
        self._threads = anyio.CapacityLimiter(services.limits.channel_threads)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one channel until it ends."""
        await receive()  # the handshake
        request = Request({**scope, "type": "http", "method": "GET"})
        title = str(scope["path_params"]["aetitle"])
        try:
            visit = await self._in_thread(self._visit, request)
            channel = self._admit(title, visit.person.person_id)
        except PrimumError as refusal:
            await deny(send, status_of(refusal))
            return
        try:
            lost = await self._in_thread(self._begin, visit, title)
            await send({"type": "websocket.accept"})
            if lost:
                await send({"type": "websocket.send", "text": dropped()})
            await self._serve(channel, visit, receive, send)
        except PrimumError as refusal:
            await deny(send, status_of(refusal))
        except OSError:
            return  # the client went
        finally:
            self._open.remove(channel)

    # -- who --

    def _visit(self, request: Request) -> Visit:
        """Find out who opens it; a browser has to come from a page of ours. Raises NoSession, ForeignForm."""
        visit = who(request, self._services, {})
        if visit.standing not in self.admits:
            count_stranger(visit, "no-session")
            raise NoSession
        if visit.standing is Standing.PERSON:
            check_origin(request.headers, self._services.origins)
        return visit

    def _begin(self, visit: Visit, title: str) -> int:
        controllers = controllers_of(self._reading, visit, Permission.ORDER_LIST)
        return self._subscribers.open(visit.person.person_id, controllers, title)

    def _still(self, visit: Visit) -> list[str] | None:
        """Ask again who this is, without counting it as use of a browser's session. Raises NoSession, NotPermitted."""
        people, bearer = self._services.people, bearer_of(visit.request.headers)
        session = people.program(bearer, visit.address) if bearer else people.glance(visit.token)
        now = Visit(visit.request, self._services, {}, visit.standing, session)
        return controllers_of(self._reading, now, Permission.ORDER_LIST)

    def _admit(self, title: str, person_id: str) -> _Channel:
        """Make room; whoever opens their channel anew has lost the one before. Raises Busy."""
        limits = self._services.limits
        mine = [one for one in self._open if one.person_id == person_id]
        before = [one for one in mine if one.title == title]
        if len(self._open) >= limits.channels or len(mine) - len(before) >= limits.channels_of_one:
            raise Busy
        for one in before:
            one.replaced.set()
        channel = _Channel(title, person_id)
        self._open.append(channel)
        return channel

    # -- sending --

    async def _serve(self, channel: _Channel, visit: Visit, receive: Receive, send: Send) -> None:
        ending = [asyncio.ensure_future(receive()), asyncio.ensure_future(channel.replaced.wait())]
        try:
            code = await self._send_all(channel, visit, ending, send)
        except PrimumError:
            code = _POLICY
        except OSError:
            return  # the client went
        except Exception as error:  # noqa: BLE001 (its class is logged; its message may hold anything)
            _LOG.failure("channel.broken", error)
            code = _ERROR
        finally:
            for one in ending:
                one.cancel()
        if code:
            await send({"type": "websocket.close", "code": code})

    async def _send_all(self, channel: _Channel, visit: Visit, ending: _Ending, send: Send) -> int:
        """Send what waits, and what comes; return why it ended, 0 where the client went."""
        limits, loop = self._services.limits, asyncio.get_running_loop()
        checked = loop.time()
        while not any(one.done() for one in ending):
            due = loop.time() - checked >= limits.channel_check_seconds
            events, told = await self._in_thread(self._next, channel, visit, due)
            if due:
                checked = loop.time()
            for one in told:
                await send({"type": "websocket.send", "text": one})
            if events:
                await self._in_thread(self._subscribers.fetched, channel.title, events[-1].number)
            else:
                await asyncio.wait(ending, timeout=limits.channel_poll_seconds, return_when=asyncio.FIRST_COMPLETED)
        received = ending[0].result() if ending[0].done() else {}
        if isinstance(received, dict) and received.get("type") == "websocket.receive":
            return _UNSUPPORTED
        return 0 if ending[0].done() else _POLICY

    def _next(self, channel: _Channel, visit: Visit, due: bool) -> tuple[list[Event], list[str]]:  # noqa: FBT001 (run in a thread)
        """Find what waits, and the messages of what may be told. Raises as `_still`."""
        events = self._subscribers.waiting(channel.person_id, channel.title)
        if not events and not due:
            return [], []
        controllers = self._still(visit)
        lost = self._subscribers.seen(channel.person_id, controllers, channel.title) if due else 0
        within = [one for one in events if controllers is None or one.workitem.controller_id in controllers]
        return events, [*([dropped()] if lost else []), *(one.message() for one in within)]

    async def _in_thread(self, call: Callable[[*_Given], _Found], *given: *_Given) -> _Found:
        return await anyio.to_thread.run_sync(call, *given, limiter=self._threads)
