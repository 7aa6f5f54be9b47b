"""The DICOM door's process."""

from __future__ import annotations

import socket

from primum.app.dimse import open_dimse
from primum.app.payload import Payload
from primum.doors.cli.child import Status
from primum.doors.dimse import DimseServices, FreeSpace, PairIntake, run as serve
from primum.identity.tls import door_tls_context, handshake_refusal
from primum.journal import Fact, Kind, Refusals


def run(payload: Payload, status: Status) -> int:
    """Serve until SIGTERM."""
    opened = open_dimse(payload)
    rooms, settings = opened.rooms, opened.rooms.settings
    services = DimseServices(
        vault=rooms.vault,
        devices=opened.directory,
        journal=rooms.journal,
        refusals=Refusals(rooms.journal),
        intake=PairIntake(socket.socket(fileno=payload.intake), behind=True),
        space=FreeSpace(rooms.home.folder / "vault", settings.low_space_mib),
        clock=rooms.clock,
        tls=door_tls_context(payload.bundle, settings.dicom_tls_profile),
        address=settings.dicom_address,
        port=settings.dicom_port,
        plain_port=settings.dicom_plain_port,
        aet=settings.dicom_aet,
        handshake_refusal=handshake_refusal,
    )

    def ready(addresses: list[tuple[str, int]]) -> None:
        for (address, port), tls in zip(addresses, ("tls", "plain"), strict=False):
            details: dict[str, str | int] = {"door": "dicom", "address": address, "port": port, "tls": tls}
            rooms.journal.record(Fact(Kind.DOOR_OPENED, "system", "", details))
        status.say("ready")

    serve(services, ready)
    rooms.journal.close()
    return 0
