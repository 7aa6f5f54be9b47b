"""The HL7 door's process."""

from __future__ import annotations

import signal
import socket

from primum.app.hl7 import open_hl7
from primum.app.intake import PairIntake
from primum.app.payload import Payload
from primum.doors.cli.child import Status
from primum.doors.hl7 import Door, Hl7Services, listen
from primum.exposure.outside.announced import Announced, notice_server_names
from primum.ground import process
from primum.identity.tls import door_tls_context, handshake_refusal
from primum.journal import Fact, Kind, Refusals


def run(payload: Payload, status: Status) -> int:
    """Serve until SIGTERM."""
    opened = open_hl7(payload)
    settings, journal = opened.settings, opened.journal
    (pair,) = payload.intakes
    refusals = Refusals(journal)
    context = door_tls_context(payload.bundle, settings.dicom_tls_profile)
    notice_server_names(context, Announced(payload.home / "run", journal, opened.clock, "hl7"))
    services = Hl7Services(
        devices=opened.directory,
        journal=journal,
        refusals=refusals,
        worker=PairIntake(socket.socket(fileno=pair)),
        clock=opened.clock,
        tls=context,
        handshake_refusal=handshake_refusal,
    )
    listeners = listen(settings.dicom_address, settings.hl7_port, settings.hl7_plain_port, services.limits)
    door = Door(services, listeners)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: door.stop())
    for one in listeners:
        address, port = one.address
        tls = "tls" if one.secured else "plain"
        details: dict[str, str | int] = {"door": "hl7", "address": address, "port": port, "tls": tls}
        journal.record(Fact(Kind.DOOR_OPENED, "system", "", details))
    process.settle()
    status.say("ready")
    door.serve()
    refusals.close()
    journal.close()
    return 0
