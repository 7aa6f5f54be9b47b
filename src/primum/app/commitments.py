"""Commitments as the worker keeps them: built from its rooms, and swept by a job."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from primum.ground.jobs import Job
from primum.imaging.commitments.service import Commitments

if TYPE_CHECKING:
    from primum.app.worker import WorkerRooms


def commitments_of(worker: WorkerRooms, catch_up: Callable[[], object]) -> Commitments:
    """Build them. `catch_up` reads every pack up to where its writer stands."""
    rooms = worker.rooms
    return Commitments(worker.records, worker.archive.archive, rooms.vault, rooms.clock, catch_up)


def commitment_jobs(commitments: Commitments) -> list[Job]:
    """List what becomes of requests by itself: those that a restart interrupted are checked."""
    return [Job("imaging.commitments", timedelta(minutes=1), lambda _: commitments.check_all())]
