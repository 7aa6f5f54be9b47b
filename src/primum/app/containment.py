"""What the house can do at once against a breach (incidents/containment/model.py, `Means`), by the worker's rooms.

Closing the doors is a file in the home (ground/closed.py) and a word to the supervisor, which ends and starts them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from primum.exposure.checks.errors import NotTold
from primum.exposure.checks.gathering.sockets import listening
from primum.ground.clock import from_text, to_text
from primum.ground.closed import Closed, close_doors, read_closed, reopen_doors
from primum.identity import Actor, Devices
from primum.identity.device_model import AlreadyRevoked
from primum.incidents.containment.model import Outcome, Owned
from primum.incidents.containment.service import Containment
from primum.journal import Fact, Kind, Ledger, newest_of

if TYPE_CHECKING:
    from primum.app.rooms import Rooms
    from primum.identity.people import People
    from primum.incidents.evidence.service import Evidence
    from primum.incidents.service import Incidents

PATIENCE: Final = 20.0
"""Seconds in which the doors are seen to close or open: two for those that end, some more for a page that starts."""
_LOOK: Final = 0.2


@dataclass(frozen=True, slots=True)
class MeansOfWorker:
    """The worker's rooms, as far as they stop a breach. `tell`: has the supervisor look at the doors."""

    rooms: Rooms
    devices: Devices
    people: People
    tell: Callable[[], None]
    patience: float = PATIENCE

    def doors_closed(self) -> bool:
        """Tell whether the doors are closed."""
        return read_closed(self.rooms.home.folder) is not None

    def close_doors(self, by: Actor, file_id: str) -> Outcome:
        """Close them, journal it, wait until no other machine can call one."""
        rooms = self.rooms
        if not self.doors_closed():
            close_doors(rooms.disc, rooms.home.folder, Closed(to_text(rooms.clock.now()), by.person_id, file_id))
        self.tell()
        rooms.journal.record(Fact(Kind.DOORS_CLOSED, by.person_id, file_id, {"session": by.session_id}))
        return self._seen(self._nobody_can_call)

    def reopen_doors(self, by: Actor, file_id: str) -> Outcome:
        """Open them; wait until the DICOM door listens. Journaled before."""
        rooms = self.rooms
        rooms.journal.record(Fact(Kind.DOORS_REOPENED, by.person_id, file_id, {"session": by.session_id}))
        reopen_doors(rooms.disc, rooms.home.folder)
        self.tell()
        return self._seen(lambda: any(one.port == rooms.settings.dicom_port for one in listening()))

    def device(self, name: str) -> Owned:
        """Find a device."""
        found = self.devices.find(name)
        return Owned(found.id, found.controller_id)

    def revoke_device(self, by: Actor, device_id: str) -> None:
        """Refuse a device from now on."""
        try:
            self.devices.revoke(by.person_id, device_id)
        except AlreadyRevoked:
            self.devices.publish()  # revoked, and perhaps by somebody who crashed before the door was told

    def person(self, who: str) -> Owned:
        """Find a person."""
        found = self.people.person(who)
        return Owned(found.id, found.controller_id)

    def end_sessions(self, by: Actor, person_id: str) -> int:
        """End sessions, but the one that asks."""
        return self.people.end_sessions(person_id, but=by.session_id)

    def end_tokens(self, by: Actor, person_id: str) -> int:
        """End tokens."""
        return self.people.end_tokens(by, person_id)

    def rotated_at(self) -> datetime | None:
        """Return when the root key was replaced last, as the account has it."""
        told = newest_of(self.rooms.journal.folder, Ledger.ACCOUNT, Kind.ROOT_ROTATED.value.name)
        return from_text(told.at) if told is not None else None

    def _nobody_can_call(self) -> bool:
        settings = self.rooms.settings
        gone = {settings.dicom_port, settings.dicom_plain_port, settings.hl7_port, settings.hl7_plain_port} - {0}
        return not any(one.port in gone or (one.port == settings.web_port and one.beyond()) for one in listening())

    def _seen(self, what: Callable[[], bool]) -> Outcome:
        """Look until it is so, or patience ends; unsure where this system does not tell what listens."""
        until, pause = time.monotonic() + self.patience, threading.Event()
        try:
            while not what():
                if time.monotonic() > until:
                    return Outcome.UNSURE
                pause.wait(_LOOK)
        except NotTold:
            return Outcome.UNSURE
        return Outcome.DONE


def open_containment(files: Incidents, evidence: Evidence, means: MeansOfWorker) -> Containment:
    """Open the room of containment, and settle what a stop left begun."""
    opened = Containment(files, evidence, means)
    opened.settle()
    return opened
