"""A canary of a probe, joined: noted by exposure, taken in and erased by imaging as any study is, journaled."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar, Final

from primum.app.worker import WorkerRooms
from primum.exposure.canaries import store
from primum.exposure.canaries.store import Canary
from primum.ground.errors import PrimumError
from primum.ground.jobs import Job
from primum.imaging.canary import canary_file, canary_uid
from primum.imaging.errors import NotHere
from primum.journal import Fact, Kind

LEFT: Final = timedelta(minutes=30)
"""A canary is removed by the run that planted it; one that is older was left by a run that was ended."""

TakeIn = Callable[[Path, str], None]
"""Take in a file for a controller, as an import does; it is in the index afterwards."""


class NoSuchCanary(PrimumError):
    """No probe planted this study, or it is gone."""

    code: ClassVar[str] = "probe.no-such-canary"


def plant(worker: WorkerRooms, person_id: str, controller_id: str, take_in: TakeIn) -> str:
    """Plant one; return its StudyInstanceUID. Raises what taking in raises."""
    now, uid = worker.rooms.clock.now(), canary_uid()
    canary = Canary(uid, worker.rooms.vault.study_ref(controller_id, uid), person_id)
    with worker.records.begin() as tx:
        store.plant(tx, canary, now)
    with tempfile.TemporaryDirectory(prefix="primum-canary-") as folder:
        file = Path(folder) / "canary.dcm"
        file.write_bytes(canary_file(uid, now))
        take_in(file, controller_id)
    _record(worker, Kind.PROBE_CANARY_PLANTED, person_id, canary, {"controller": controller_id})
    return uid


def remove(worker: WorkerRooms, study_uid: str) -> None:
    """Have one erased within seconds, by destroying its key. Raises NoSuchCanary."""
    with worker.records.begin() as tx:
        canary = store.find(tx, study_uid)
    if canary is None:
        raise NoSuchCanary
    _remove(worker, canary)


def _remove(worker: WorkerRooms, canary: Canary) -> None:
    details: dict[str, str | int] = {}
    try:
        details = {"erasure": worker.retention.erase_planted(canary.study_ref, canary.study_uid).id}
    except NotHere:
        details = {"reason": "never-taken-in"}
    with worker.records.begin() as tx:
        store.removed(tx, canary.study_uid, worker.rooms.clock.now())
    _record(worker, Kind.PROBE_CANARY_REMOVED, canary.person_id, canary, details)


def remove_left(worker: WorkerRooms, now: datetime) -> int:
    """Remove what runs that were ended left behind (a job)."""
    with worker.records.begin() as tx:
        found = store.left(tx, now - LEFT)
    for one in found:
        _remove(worker, one)
    return len(found)


def canary_jobs(worker: WorkerRooms) -> list[Job]:
    """List what becomes of canaries by itself."""
    return [Job("probe.canaries", timedelta(minutes=10), lambda now: remove_left(worker, now))]


def _record(worker: WorkerRooms, kind: Kind, person_id: str, canary: Canary, details: dict[str, str | int]) -> None:
    worker.rooms.journal.record(Fact(kind, person_id, canary.study_ref, details))
