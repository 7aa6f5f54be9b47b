"""What the DICOM door's process is made of."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from primum.app.joints import box
from primum.app.payload import Payload
from primum.app.rooms import Rooms, open_rooms
from primum.identity.snapshot import DeviceDirectory
from primum.vault import Label

if TYPE_CHECKING:
    from primum.imaging import Archive


@dataclass(frozen=True, slots=True)
class DimseRooms:
    """The rooms, the list of enrolled devices, and the way to the index; no key to records.db."""

    rooms: Rooms
    directory: DeviceDirectory
    archive: Callable[[], Archive]
    """Opens the index for reading, once, when it is first asked for."""


def open_dimse(payload: Payload) -> DimseRooms:
    """Open what the DICOM door needs."""
    rooms = open_rooms(payload)
    snapshot = rooms.home.folder / "run" / "devices"
    directory = DeviceDirectory(snapshot, box(payload.keys[Label.DEVICES]), rooms.clock)
    return DimseRooms(rooms, directory, _archive_opener(rooms, payload.keys[Label.INDEX]))


def _archive_opener(rooms: Rooms, key: bytes) -> Callable[[], Archive]:
    lock = threading.Lock()
    opened: list[Archive] = []

    def archive() -> Archive:
        with lock:
            if not opened:
                # a scanner that only stores never makes a receiver load the database layer
                from primum.app.databases import open_index  # noqa: PLC0415
                from primum.imaging import Archive as Opened  # noqa: PLC0415

                opened.append(Opened(open_index(rooms.home, key, read_only=True), rooms.vault))
            return opened[0]

    return archive
