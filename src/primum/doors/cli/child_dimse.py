"""The DICOM door's process: binds the listeners and watches over the processes that receive."""

from __future__ import annotations

import socket
from dataclasses import dataclass, replace

from primum.app.dimse import open_dimse
from primum.app.intake import PairIntake
from primum.app.payload import Payload
from primum.app.space import FreeSpace
from primum.doors.cli.child import Status, guarded
from primum.doors.cli.receivers import NotAllStarted, Ready, Receivers
from primum.doors.dimse import Dialler, DimseServices, Limits, Listener, SharedTally, listen, run as serve
from primum.exposure.outside.announced import Announced, notice_server_names
from primum.ground.home import find_home
from primum.ground.settings import read_settings
from primum.identity.tls import caller_chain, door_tls_context, handshake_refusal
from primum.journal import Fact, Journal, Kind, Refusals


def run(payload: Payload, status: Status) -> int:
    """Serve until SIGTERM."""
    settings = read_settings(find_home(payload.home).folder / "primum.toml")
    limits, tally = Limits(), SharedTally(len(payload.intakes))
    listeners = listen(settings.dicom_address, settings.dicom_port, settings.dicom_plain_port, limits)
    door = _Door(payload, listeners, tally, limits)
    told: list[str] = []

    def receive(number: int, ready: Ready) -> int:
        return guarded("dimse", status, lambda: door.receive(number, ready, announce=not (told or number)))

    def ready() -> None:
        told.append("ready")
        status.say("ready")

    receivers = Receivers(len(payload.intakes), receive, fallen=tally.clear)
    try:
        receivers.run(ready)
    except NotAllStarted:
        return 1
    finally:
        receivers.end(door.shut)
    return 0


@dataclass(frozen=True, slots=True)
class _Door:
    """What the receivers have in common."""

    payload: Payload
    listeners: list[Listener]
    tally: SharedTally
    limits: Limits

    def shut(self) -> None:
        """Take no more connections."""
        for one in self.listeners:
            one.shut()

    def receive(self, number: int, ready: Ready, *, announce: bool) -> int:
        """Be the receiver of this number, until SIGTERM; the first one to start tells the journal what is open."""
        opened = open_dimse(replace(self.payload, child=process_name(number)))
        rooms, settings = opened.rooms, opened.rooms.settings
        announced = Announced(rooms.home.folder / "run", rooms.journal, rooms.clock, "dicom")
        tls = door_tls_context(self.payload.bundle, settings.dicom_tls_profile)
        notice_server_names(tls, announced)
        services = DimseServices(
            vault=rooms.vault,
            devices=opened.directory,
            destinations=opened.directory,
            dialler=Dialler(
                settings.dicom_aet, caller_chain(self.payload.bundle), settings.dicom_tls_profile, self.limits
            ),
            journal=rooms.journal,
            refusals=Refusals(rooms.journal),
            intake=PairIntake(socket.socket(fileno=self.payload.intakes[number]), behind=True),
            space=FreeSpace(rooms.home.folder / "vault", settings.low_space_mib),
            clock=rooms.clock,
            tls=tls,
            noticed=announced.version_name,
            aet=settings.dicom_aet,
            archive=opened.archive,
            handshake_refusal=handshake_refusal,
            limits=self.limits,
            tally=self.tally.page(number),
        )
        if announce:
            self._announce(rooms.journal)
        serve(services, self.listeners, ready)
        rooms.journal.close()
        return 0

    def _announce(self, journal: Journal) -> None:
        for one in self.listeners:
            address, port = one.address
            tls = "tls" if one.secured else "plain"
            details: dict[str, str | int] = {"door": "dicom", "address": address, "port": port, "tls": tls}
            journal.record(Fact(Kind.DOOR_OPENED, "system", "", details))


def process_name(number: int) -> str:
    """Name a receiver in the journal, whose process names are letters: dimse, dimseb and so on."""
    return "dimse" + chr(ord("a") + number) * (number > 0)
