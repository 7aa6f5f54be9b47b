"""What the web doors' process is made of."""

from __future__ import annotations

from dataclasses import dataclass

from primum.app.databases import open_index, open_records
from primum.app.joints import Recorder, box
from primum.app.orders import open_orders
from primum.app.payload import Payload
from primum.app.rooms import Rooms, open_rooms
from primum.app.shelf import Shelf
from primum.identity.people import People
from primum.imaging import Archive
from primum.imaging.orders import Orders
from primum.imaging.reports.service import Reports
from primum.imaging.retention.service import Retention
from primum.vault import Label


@dataclass(frozen=True, slots=True)
class WebRooms:
    """The rooms, the people, and the archive as one may read it (index.db is opened for reading alone)."""

    rooms: Rooms
    people: People
    archive: Shelf
    retention: Retention
    orders: Orders
    reports: Reports


def open_web(payload: Payload) -> WebRooms:
    """Open what the web doors need."""
    rooms = open_rooms(payload)
    records = open_records(rooms.home, payload.keys[Label.RECORDS])
    index = open_index(rooms.home, payload.keys[Label.INDEX], read_only=True)
    record = Recorder(rooms.journal)
    people = People(
        engine=records,
        clock=rooms.clock,
        record=record,
        box=box(payload.keys[Label.SECRETS]),
        settings=rooms.settings,
        demo=rooms.home.demo,
    )
    retention = Retention(records, index, rooms.clock, record, people.enrolled)
    orders = open_orders(rooms, records, index)
    reports = Reports(index, records, rooms.vault)
    return WebRooms(rooms, people, Shelf(Archive(index, rooms.vault)), retention, orders, reports)
