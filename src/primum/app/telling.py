"""Telling people of a breach, as the worker has it: by the settings' submission server, and from no demo."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from primum.app.mail import mail_way

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from primum.app.worker import WorkerRooms
    from primum.ground.jobs import Job
    from primum.imaging.retention.leaving import Leaving
    from primum.incidents.telling.service import Telling


def open_telling(worker: WorkerRooms) -> Telling:
    """Open the room of letters to people."""
    from primum.incidents.telling.service import Telling  # noqa: PLC0415 (a start does not need it)

    rooms = worker.rooms
    way = mail_way(rooms.home, rooms.settings, worker.secrets)
    return Telling(worker.incidents.files, worker.records, rooms.clock, way)


def telling_jobs_of(worker: WorkerRooms) -> list[Job]:
    """List what it does by itself; it is opened when a job first runs."""
    from primum.incidents.telling.jobs import telling_jobs  # noqa: PLC0415

    return telling_jobs(cache(lambda: open_telling(worker)))


def forget_leaving(tx: Connection, one: Leaving, now: datetime) -> None:
    """Take whoever leaves the archive out of the lists of people to be told (imaging.retention.leaving.OnLeaving)."""
    from primum.incidents.telling.store import wipe_references  # noqa: PLC0415

    wipe_references(tx, (*one.patients, *one.numbers), now, one.controller_id)
