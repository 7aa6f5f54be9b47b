"""What the DICOM door's process is made of."""

from __future__ import annotations

from dataclasses import dataclass

from primum.app.joints import box
from primum.app.payload import Payload
from primum.app.rooms import Rooms, open_rooms
from primum.identity.snapshot import DeviceDirectory
from primum.vault import Label


@dataclass(frozen=True, slots=True)
class DimseRooms:
    """The rooms, and the list of enrolled devices: no database, and no key to one."""

    rooms: Rooms
    directory: DeviceDirectory


def open_dimse(payload: Payload) -> DimseRooms:
    """Open what the DICOM door needs."""
    rooms = open_rooms(payload)
    snapshot = rooms.home.folder / "run" / "devices"
    return DimseRooms(rooms, DeviceDirectory(snapshot, box(payload.keys[Label.DEVICES]), rooms.clock))
