"""The web doors' process: pages, viewer and DICOMweb, one origin."""

from __future__ import annotations

import socket
import threading

from primum.app.intake import PairIntake
from primum.app.payload import Payload
from primum.app.space import FreeSpace
from primum.app.web import WebRooms, open_web
from primum.doors.cli.child import Status
from primum.doors.http import told_routes
from primum.doors.http.services import WebServices
from primum.doors.origin import origins_of, serve
from primum.exposure.outside.announced import Announced, notice_server_names
from primum.ground import process
from primum.ground.closed import LOOPBACK, read_closed
from primum.ground.errors import PrimumError
from primum.ground.log import Log
from primum.identity import is_loopback
from primum.identity.tls import web_tls_context
from primum.journal import Fact, Kind

_FLUSH = 1.0
"""Seconds: facts that need not be on disc at once are, within this time."""


def run(payload: Payload, status: Status) -> int:
    """Serve until SIGTERM."""
    opened = open_web(payload)
    rooms = opened.rooms
    (pair,) = payload.intakes
    announced = Announced(rooms.home.folder / "run", rooms.journal, rooms.clock, "web")
    services = WebServices(
        people=opened.people,
        vault=rooms.vault,
        space=FreeSpace(rooms.home.folder / "vault", rooms.settings.low_space_mib),
        intake=PairIntake(socket.socket(fileno=pair), behind=True),
        archive=opened.archive,
        retention=opened.retention,
        journal=rooms.journal,
        clock=rooms.clock,
        settings=rooms.settings,
        demo=rooms.home.demo,
        home_id=rooms.home.id,
        origins=origins_of(rooms.settings),
        orders=opened.orders,
        doses=opened.doses,
        to_read=opened.to_read,
        reports=opened.reports,
        routes_file=rooms.home.folder / "run" / told_routes.FILE,
        announced=announced,
        closed=lambda: read_closed(rooms.home.folder),
    )
    stop = threading.Event()
    keeper = threading.Thread(target=_keep, args=(opened, stop), name="flush", daemon=True)
    keeper.start()
    address, port = _address(opened), rooms.settings.web_port

    def ready() -> None:
        details: dict[str, str | int] = {"door": "web", "address": address, "port": port, "tls": "tls"}
        rooms.journal.record(Fact(Kind.DOOR_OPENED, "system", "", details))
        process.settle()
        status.say("ready")

    tls = web_tls_context(payload.bundle)
    notice_server_names(tls, announced)
    serve(services, tls, address, port, ready)
    stop.set()
    keeper.join()
    rooms.journal.close()
    return 0


def _address(opened: WebRooms) -> str:
    """Say where to listen: on this machine alone while the doors are closed."""
    asked = opened.rooms.settings.web_address
    closed = read_closed(opened.rooms.home.folder) is not None
    return LOOPBACK if closed and not is_loopback(asked) else asked


def _keep(opened: WebRooms, stop: threading.Event) -> None:
    memory = process.GivesBack()
    while not stop.wait(_FLUSH):
        memory.when_due()
        try:
            opened.rooms.journal.flush()
        except PrimumError as error:
            Log("web").warning("journal.unwritable", code=error.code)
