"""The worker's clockwork: each job when it is due, one after the other, none able to stop the others."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from primum.ground import process
from primum.ground.clock import Clock
from primum.ground.jobs import Job
from primum.ground.log import Log

_log = Log("jobs")


class Clockwork:
    """Runs jobs from one thread."""

    def __init__(self, jobs: Sequence[Job], clock: Clock) -> None:
        """Run `jobs`, each for the first time one period from now."""
        self._jobs = list(jobs)
        self._clock = clock
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def hurry(self) -> None:
        """Have every job run now, and not when it is due."""
        self._wake.set()

    def stop(self) -> None:
        """Finish the job under way and stop."""
        self._stop.set()
        self._wake.set()
        self._thread.join()

    def let_go(self) -> None:
        """Stop without waiting for the job under way: one that takes minutes, and begins again at the next start."""
        self._stop.set()
        self._wake.set()

    def _run(self) -> None:
        due = {job.name: time.monotonic() + job.every.total_seconds() for job in self._jobs}
        memory = process.GivesBack()
        while True:
            hurried = self._wake.wait(max(0.05, min(due.values()) - time.monotonic()))
            self._wake.clear()
            if self._stop.is_set():
                return
            now = time.monotonic()
            for job in self._jobs:
                if hurried or due[job.name] <= now:
                    due[job.name] = now + job.every.total_seconds()
                    run_job(job, self._clock)
            memory.when_due()


def run_job(job: Job, clock: Clock) -> int:
    """Run one job now; a job that fails is logged, and tried again when it is next due."""
    try:
        count = job.sweep(clock.now())
    except Exception as error:  # noqa: BLE001 (one job must not stop the others)
        _log.failure("job.failed", error, job=job.name, code=getattr(error, "code", ""))
        return 0
    if count:
        _log.info("job.done", job=job.name, count=count)
    return count
