"""What the HL7 door's process is made of: the list of devices and a pen. No vault, no database, no key to either."""

from __future__ import annotations

from dataclasses import dataclass

from primum.app.joints import box
from primum.app.payload import Payload
from primum.ground.clock import Clock, SystemClock
from primum.ground.disc import RealDisc
from primum.ground.home import find_home
from primum.ground.settings import Settings, read_settings
from primum.identity.snapshot import DeviceDirectory
from primum.journal import Journal
from primum.vault import Label

PEN = "mllp"
"""This process in the journal, whose process names are letters."""


@dataclass(frozen=True, slots=True)
class Hl7Rooms:
    """What there is for it."""

    settings: Settings
    clock: Clock
    journal: Journal
    directory: DeviceDirectory


def open_hl7(payload: Payload) -> Hl7Rooms:
    """Open it for the process that was given `payload`."""
    home, clock = find_home(payload.home), SystemClock()
    journal = Journal(home.folder / "journal", PEN, clock, RealDisc(), home.id)
    directory = DeviceDirectory(home.folder / "run" / "devices", box(payload.keys[Label.DEVICES]), clock)
    return Hl7Rooms(read_settings(home.folder / "primum.toml"), clock, journal, directory)
