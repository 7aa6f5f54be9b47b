"""Commitments as the worker keeps them: built from its rooms, and swept by a job."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from primum.ground.jobs import Job
from primum.imaging.commitments.service import Commitments, Deliver

if TYPE_CHECKING:
    from primum.app.worker import WorkerRooms


def commitments_of(worker: WorkerRooms, catch_up: Callable[[], object]) -> Commitments:
    """Build them. `catch_up` reads every pack up to where its writer stands."""
    rooms = worker.rooms
    return Commitments(worker.records, worker.archive.archive, rooms.vault, rooms.clock, catch_up)


def commitment_jobs(commitments: Commitments, deliver: Deliver) -> list[Job]:
    """List what becomes of requests by itself: what a restart interrupted is checked, what is due is delivered."""

    def sweep(now: datetime) -> int:
        return commitments.check_all() + commitments.deliver_due(now, deliver)

    return [Job("imaging.commitments", timedelta(minutes=1), sweep)]
