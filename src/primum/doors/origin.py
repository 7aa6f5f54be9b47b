"""The one origin: pages, viewer and DICOMweb behind one shell, and the server that carries them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from functools import partial
from typing import ClassVar
from urllib.parse import urlsplit

import anyio
import anyio.to_thread
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketClose

from primum.doors.dicomweb.routes import dicomweb_routes
from primum.doors.http.disclosures import Disclosures
from primum.doors.http.frames import Frames
from primum.doors.http.gate import Gate
from primum.doors.http.headers import strict_transport_fits
from primum.doors.http.nowhere import NotFound
from primum.doors.http.patience import Patient
from primum.doors.http.reading import Reading
from primum.doors.http.services import WebServices
from primum.doors.http.shell import Shell
from primum.doors.http.table import Table
from primum.doors.http.told_routes import tell
from primum.doors.http.visit import who
from primum.doors.web.refused import RefusedPages
from primum.doors.web.routes import WebRoutes
from primum.doors.web.viewer_files import Viewer, find_viewer
from primum.ground.errors import PrimumError
from primum.ground.log import Log
from primum.ground.settings import Settings

_LOG = Log("web")
_SWEEP_SECONDS = 60


def origins_of(settings: Settings) -> frozenset[str]:
    """Return under which addresses a browser may reach us: the configured name, and loopback's own names."""
    port = "" if settings.web_port == 443 else f":{settings.web_port}"  # noqa: PLR2004 (the default of https)
    names = {settings.web_name.lower()}
    if settings.web_address in {"127.0.0.1", "::1", "localhost"}:
        names |= {"localhost", "127.0.0.1", "[::1]"}
    return frozenset(f"https://{name}{port}" for name in names)


def create_app(services: WebServices, viewer: Viewer | None = None) -> Starlette:
    """Build the application. `viewer` is the prepared one by default, and left out where there is none."""
    disclosures = Disclosures(services.journal, services.clock, services.limits)
    reading = Reading(services.archive, services.journal, disclosures)
    pages = WebRoutes(services, reading, disclosures, viewer or find_viewer())
    # DICOMweb first: `/ohif/dicom-web/…` is no file of the viewer
    routes = [*dicomweb_routes(services, reading), *pages.routes()]
    app = Starlette()
    app.router = Table(routes, _Nowhere(services, pages.refused), _lifespan(services, disclosures))
    # instead of Starlette's own layers: the table raises nothing of theirs, and the shell catches all
    app.middleware_stack = Shell(
        app.router,
        origins=services.origins,
        strict_transport=_strict(services),
        limits=services.limits,
        announced=services.announced,
    )
    return app


def serve(services: WebServices, context: ssl.SSLContext, address: str, port: int, ready: Callable[[], None]) -> None:
    """Serve until told to stop (SIGTERM, SIGINT). `ready` is called once connections are accepted.

    Raises AddressTaken.
    """
    with listen_at(address, port) as listener:
        asyncio.run(server(services, context, address, port, ready).serve(sockets=[listener]))


class AddressTaken(PrimumError):
    """The pages cannot listen on {address}, port {port}: {reason}."""

    code: ClassVar[str] = "web.address-taken"
    hint: ClassVar[str] = "stop what listens there, or choose another web_address or web_port in primum.toml"


def listen_at(address: str, port: int) -> socket.socket:
    """Bind and listen. Raises AddressTaken."""
    try:
        listener = socket.create_server((address, port), family=socket.AF_INET6 if ":" in address else socket.AF_INET)
    except OSError as error:
        raise AddressTaken(address=address, port=port, reason=os.strerror(error.errno or 0)) from None
    # connections have it from the listener; asyncio sets it on sockets made for IPPROTO_TCP by name alone. Without it
    # the last pieces of a response wait 40 ms for the acknowledgement of the first
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def server(
    services: WebServices, context: ssl.SSLContext, address: str, port: int, ready: Callable[[], None] = lambda: None
) -> uvicorn.Server:
    """Build the server: HTTP/1.1 (h11, wsproto) over TLS, bounded, without an access log or a name of its own."""
    limits = services.limits
    gate = Gate(limits, services.strangers.count)
    app = create_app(services)
    if services.routes_file is not None:
        tell(app.routes, services.routes_file)
    configuration = uvicorn.Config(
        app,
        host=address,
        port=port,
        http=partial(Patient, gate=gate, limits=limits, announced=services.announced),  # type: ignore[arg-type]  # uvicorn calls it, no more
        ws=Frames,
        ws_max_size=limits.channel_frame_bytes,
        ws_ping_interval=limits.channel_ping_seconds,
        ws_ping_timeout=limits.channel_ping_seconds,
        ws_per_message_deflate=False,
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        ssl_context_factory=lambda _config, _default: context,
        h11_max_incomplete_event_size=limits.head_bytes,
        limit_concurrency=limits.connections + limits.strangers,
        timeout_keep_alive=limits.keep_alive_seconds,
        timeout_graceful_shutdown=limits.stop_seconds,
    )
    return _Server(configuration, gate, ready)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, gate: Gate, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._gate, self._ready = gate, ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        listeners = sockets or [listen_at(self.config.host, self.config.port)]
        await super().startup([self._gate.guard(one) for one in listeners])
        if self.started:
            self._ready()


class _Nowhere:
    """Answers what has no address here, and what has one but not for this method: the same."""

    def __init__(self, services: WebServices, refused: RefusedPages) -> None:
        self._services = services
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
            return
        response = await anyio.to_thread.run_sync(self._answer, Request(scope))
        await response(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        try:
            return self._refused(who(request, self._services, {}), NotFound())
        except PrimumError:
            return Response(status_code=503)


def _strict(services: WebServices) -> bool:
    names = {urlsplit(origin).hostname or "" for origin in services.origins}
    return all(strict_transport_fits(name, demo=services.demo) for name in names)


def _lifespan(
    services: WebServices, disclosures: Disclosures
) -> Callable[[Starlette], contextlib.AbstractAsyncContextManager[None]]:
    idle = timedelta(minutes=services.settings.session_idle_minutes)
    longest = timedelta(hours=services.settings.session_hours)

    @contextlib.asynccontextmanager
    async def life(_app: Starlette) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = services.limits.threads
        sweeping = asyncio.create_task(_sweep(services, disclosures, idle, longest))
        try:
            yield
        finally:
            sweeping.cancel()
            for last in (disclosures.close_all, services.strangers.close):
                with contextlib.suppress(PrimumError):
                    await anyio.to_thread.run_sync(last)

    return life


async def _sweep(services: WebServices, disclosures: Disclosures, idle: timedelta, longest: timedelta) -> None:
    while True:
        await asyncio.sleep(_SWEEP_SECONDS)
        try:
            await anyio.to_thread.run_sync(disclosures.sweep, idle, longest)
            await anyio.to_thread.run_sync(services.strangers.sweep)
        except PrimumError as refusal:
            _LOG.warning("disclosures.unwritten", code=refusal.code)
