"""The outermost layer: what holds for every request and every answer, whatever lies behind."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from primum.doors.http.headers import ALWAYS, NO_STORE, SILENT_POLICY, STRICT_TRANSPORT
from primum.doors.http.limits import LIMITS, Limits
from primum.doors.http.upgrades import deny
from primum.exposure.outside.announced import Announced
from primum.ground.log import Log

_LOG = Log("web")
_STARTS = frozenset({"http.response.start", "websocket.http.response.start", "websocket.accept", "websocket.close"})
"""The messages after which nothing else can be answered."""
_Raw = list[tuple[bytes, bytes]]


def _raw(headers: Iterable[tuple[str, str]]) -> _Raw:
    """Write headers as they are sent."""
    return [(name.encode("ascii"), value.encode("ascii")) for name, value in headers]


_UNLESS_SAID = _raw([("cache-control", NO_STORE), ("content-security-policy", SILENT_POLICY)])


@dataclass(slots=True)
class _Answer:
    """How far the answer to one request has gone."""

    started: bool = False


class Shell:
    """Refuse what is not for us, put the headers on what leaves, and let no exception out with its message."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        origins: Collection[str],
        strict_transport: bool,
        limits: Limits = LIMITS,
        announced: Announced | None = None,
    ) -> None:
        """Serve `app` under `origins` (`https://name:port`, the port left out where it is 443)."""
        self._announced = announced
        self._app = app
        # the name is what counts against rebinding; dicomweb-client leaves the port out of its Host
        parts = [urlsplit(origin) for origin in origins]
        self._hosts = frozenset(one.netloc for one in parts) | frozenset(one.hostname or "" for one in parts) - {""}
        always = [*ALWAYS, ("strict-transport-security", STRICT_TRANSPORT)] if strict_transport else ALWAYS
        self._always = _raw(always)
        self._ours = frozenset(name for name, _ in self._always)
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection's request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if self._announced is not None:
            _notice(self._announced, scope)
        answer = _Answer()

        async def send_sealed(message: Message) -> None:
            if message["type"] in _STARTS:
                answer.started = True
            if message["type"].endswith("http.response.start"):
                self._seal(message)
            await send(message)

        status = self._refusal(scope)
        bare = deny if scope["type"] == "websocket" else _bare
        if status:
            await bare(send_sealed, status)
            return
        try:
            await self._app(scope, receive, send_sealed)
        except Exception as error:  # noqa: BLE001 (the last stop: its class is logged, its message never is)
            _LOG.failure("request.broken", error)
            if not answer.started:
                await bare(send_sealed, 500)

    def _refusal(self, scope: Scope) -> int:
        if Headers(scope=scope).get("host", "").lower() not in self._hosts:
            return 421
        if len(scope["query_string"]) > self._limits.query_bytes:
            return 414
        return 0

    def _seal(self, message: Message) -> None:
        """Put our headers in place of whatever the answer says under their names, and what it leaves out."""
        headers = [one for one in message.get("headers", ()) if one[0] not in self._ours]
        said = {name for name, _ in headers}
        headers += [one for one in _UNLESS_SAID if one[0] not in said]
        message["headers"] = headers + self._always


def _notice(announced: Announced, scope: Scope) -> None:
    """Look whether a probe that was announced is asking: before anything is refused, since it asks under any name."""
    (address, _), (_, port) = scope.get("client") or ("unknown", 0), scope.get("server") or ("", 0)
    announced.user_agent(Headers(scope=scope).get("user-agent", ""), address, port or 0)


async def _bare(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})
