"""Completions as the worker has them: what performed steps say, and where rules send what is complete."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from primum.ground.jobs import Job
from primum.imaging.completion.model import Completion, ForwardRule, Performed
from primum.imaging.completion.service import Completions, Followers
from primum.imaging.orders.performed import PerformedState
from primum.imaging.orders.performing import Performing
from primum.journal import Fact, Kind

if TYPE_CHECKING:
    from primum.app.worker import WorkerRooms
    from primum.imaging import SendingQueue, StudyEntry

CHANNEL = "forward"


def completions_of(worker: WorkerRooms, queue: SendingQueue) -> Completions:
    """Build them. What a rule forwards goes into `queue`."""
    rooms = worker.rooms
    joined = _Joined(worker, queue)
    return Completions(
        worker.index,
        worker.records,
        worker.archive.archive,
        rooms.clock,
        timedelta(minutes=rooms.settings.study_quiet_minutes),
        Followers(joined.performed, joined.forward, joined.tell, joined.wait),
    )


def completion_jobs(completions: Completions) -> list[Job]:
    """List what finds studies complete by itself."""
    return [Job("imaging.complete-studies", timedelta(minutes=1), completions.sweep)]


def reading_jobs(worker: WorkerRooms) -> list[Job]:
    """List what reads dose reports, and takes off the list what has a validated report."""
    return [
        Job("imaging.read-doses", timedelta(minutes=1), worker.doses.sweep),
        Job("imaging.settle-to-read", timedelta(minutes=1), worker.to_read.settle),
    ]


class _Joined:
    """What joins completion to orders, sendings and the journal, which do not know it."""

    def __init__(self, worker: WorkerRooms, queue: SendingQueue) -> None:
        self._worker, self._queue = worker, queue
        self._performing = Performing(worker.orders)

    def performed(self, controller_id: str, study_uid: str) -> Performed:
        """Ask the performed steps of a study (PS3.4 F.7)."""
        steps = self._performing.of_study(controller_id, study_uid)
        named = {sop for one in steps for series in one.series for _, sop in series.instances}
        return Performed(
            in_progress=any(one.state is PerformedState.IN_PROGRESS for one in steps),
            completed=any(one.complete_list for one in steps),
            missing=len(named - self._kept(controller_id, named)),
        )

    def _kept(self, controller_id: str, sop_uids: set[str]) -> set[str]:
        return self._worker.archive.archive.kept(controller_id, sop_uids)

    def forward(self, rule: ForwardRule, entry: StudyEntry, sop_uids: Sequence[str]) -> None:
        """Put a study on its way; a destination that is gone is said when it is tried."""
        from primum.imaging import Sendings  # noqa: PLC0415

        now = self._worker.rooms.clock.now()
        Sendings(self._worker.records).add(
            entry.ref, entry.controller_id, rule.destination_id, rule.made_by, CHANNEL, sop_uids, now
        )
        self._queue.wake(rule.destination_id)

    def wait(self, entry: StudyEntry, fresh: Sequence[str]) -> None:
        """Put a study on the list of what is to be read."""
        from primum.app.toread import facts_of  # noqa: PLC0415

        worker = self._worker
        worker.to_read.completed(entry.ref, facts_of(worker.archive.archive, worker.orders, entry, fresh))

    def tell(self, one: Completion) -> None:
        """Write down that a study is complete."""
        details: dict[str, str | int] = {
            "controller": one.controller_id, "instances": one.instances, "reason": one.how.value, "count": one.times,
        }  # fmt: skip
        self._worker.rooms.journal.record(Fact(Kind.STUDY_COMPLETED, "system", one.study_ref, details))
