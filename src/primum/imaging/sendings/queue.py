"""The queue's clockwork: one thread for each destination that has something due; none waits for another."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from primum.ground.errors import PrimumError
from primum.ground.log import Log
from primum.imaging.errors import NotHere
from primum.imaging.model import EVERYTHING
from primum.imaging.sendings.model import SendingOver, SendReport, Shipment, State, next_try

if TYPE_CHECKING:
    from primum.ground.clock import Clock
    from primum.identity import Destination
    from primum.imaging.archive import Archive
    from primum.imaging.model import InstanceEntry
    from primum.imaging.sendings.model import Confirming, Sending, Ship
    from primum.imaging.sendings.store import Sendings

_log = Log("sendings")
_STRIKE_SECONDS = 1.0
"""What was acknowledged is written down this often: after a power cut a second's instances are sent again."""
KEPT = timedelta(days=30)
"""Sendings that ended are listed for so long."""
STOPPED = "dimse.closing"


class Queue:
    """Sends what is due. Safe for many threads."""

    def __init__(  # noqa: PLR0917 (each is a collaborator)
        self,
        sendings: Sendings,
        archive: Archive,
        find: Callable[[str], Destination],
        ship: Ship,
        clock: Clock,
        confirming: Confirming | None = None,
    ) -> None:
        """`find` gives a destination by its device's id, as it is now; `ship` sends; `confirming` asks afterwards."""
        self._sendings, self._archive, self._find, self._ship, self._clock = sendings, archive, find, ship, clock
        self._confirming = confirming
        self._lock = threading.Lock()
        self._threads: dict[str, threading.Thread] = {}
        self._stopped = False
        self._cancelled: set[str] = set()
        self.sent: dict[str, int] = {}
        """Instances acknowledged so far by each sending that is under way, for whoever watches."""

    def sweep(self, now: datetime) -> int:
        """See to it that everything due is being sent; return how many sendings are due."""
        self._sendings.forget(now - KEPT)
        due = self._sendings.due(now, limit=1000)
        asked = self._confirming.destinations_due(now) if self._confirming is not None else []
        for destination in dict.fromkeys([*(one.destination_id for one in due), *asked]):
            self.wake(destination)
        return len(due)

    def wake(self, destination_id: str) -> None:
        """Have a thread send what is due for this destination, if none does."""
        with self._lock:
            running = self._threads.get(destination_id)
            if self._stopped or (running is not None and running.is_alive()):
                return
            thread = threading.Thread(target=self._run, args=(destination_id,), name="sending", daemon=True)
            self._threads[destination_id] = thread
            thread.start()

    def cancel(self, sending: Sending) -> None:
        """Withdraw one that waits; of one under way nothing more goes after the next instance. Raises SendingOver."""
        self._sendings.cancel(sending.id)
        self._cancelled.add(sending.id)
        if self._confirming is not None:
            self._confirming.ended(sending)

    def hasten(self, sending: Sending) -> None:
        """Try one that waits at once. Raises SendingOver."""
        self._sendings.hasten(sending.id, self._clock.now())
        self.wake(sending.destination_id)

    def stop(self, seconds: float = 10) -> None:
        """Begin nothing more; what is under way has been told to end."""
        with self._lock:
            self._stopped = True
            threads = list(self._threads.values())
        deadline = time.monotonic() + seconds
        for one in threads:
            one.join(max(0, deadline - time.monotonic()))

    def _run(self, destination_id: str) -> None:
        while not self._stopped:
            due = self._sendings.due(self._clock.now(), destination_id, limit=1)
            if not due:
                self._confirm(destination_id)
                with self._lock:
                    # looked at again under the lock: who adds and wakes now finds no thread, and starts one
                    if not self._sendings.due(self._clock.now(), destination_id, limit=1):
                        self._threads.pop(destination_id, None)
                        return
                continue
            self._attempt(due[0])

    def _attempt(self, sending: Sending) -> None:
        """Send once, and write down what became of it."""
        struck: dict[str, str] = {}
        self.sent[sending.id] = 0
        written = time.monotonic()

        def strike(entry: InstanceEntry) -> None:
            nonlocal written
            struck[entry.sop_uid] = entry.sop_class_uid
            self.sent[sending.id] = self.sent.get(sending.id, 0) + 1
            if time.monotonic() - written >= _STRIKE_SECONDS:
                self._strike(sending, struck)
                struck.clear()
                written = time.monotonic()

        try:
            report = self._send(sending, strike)
        except Exception as error:  # noqa: BLE001 (one sending must not stop the others)
            _log.failure("sending.failed", error)
            code = error.code if isinstance(error, PrimumError) else "imaging.refused"
            report = SendReport(0, sending.left, 0, code)
        self._strike(sending, struck)
        self._close(sending, report)

    def _strike(self, sending: Sending, struck: Mapping[str, str]) -> None:
        # first what is to be asked about: after a power cut between the two it is sent again, and asked about once
        if self._confirming is not None and struck:
            self._confirming.sent(sending, struck)
        self._sendings.acknowledged(sending.id, struck)

    def _confirm(self, destination_id: str) -> None:
        if self._confirming is None or self._stopped:
            return
        try:
            self._confirming.ask_due(destination_id)
        except Exception as error:  # noqa: BLE001 (what was sent is sent, whatever becomes of the question)
            _log.failure("confirmation.failed", error)

    def _send(self, sending: Sending, strike: Callable[[InstanceEntry], None]) -> SendReport:
        left = self._sendings.left(sending.id)
        try:
            entries = self._archive.instances_of(sending.study_ref, EVERYTHING)
        except NotHere:  # erased meanwhile: there is nothing left to send
            entries = []
        wanted = [one for one in entries if one.sop_uid in left]
        if not wanted:
            self._sendings.acknowledged(sending.id, left)
            return SendReport(0, 0, 0, "")

        def still() -> Destination:
            if sending.id in self._cancelled:
                raise SendingOver
            return self._find(sending.destination_id)

        return self._ship(Shipment(sending, still(), wanted, still, strike))

    def _close(self, sending: Sending, report: SendReport) -> None:
        now = self._clock.now()
        self.sent.pop(sending.id, None)
        if sending.id in self._cancelled:
            self._cancelled.discard(sending.id)
            if self._confirming is not None:
                self._confirming.ended(sending)  # it may answer for what had gone by then
            return
        if report.reason == STOPPED:
            return  # due as before
        if not self._sendings.left(sending.id):
            self._end(sending, State.DONE, "")
            return
        again = next_try(sending, now)
        if again is None:
            self._end(sending, State.GIVEN_UP, report.reason)
            _log.warning("sending.given-up", code=report.reason)
        else:
            self._sendings.postponed(sending.id, again, report.reason)

    def _end(self, sending: Sending, state: State, reason: str) -> None:
        if self._confirming is not None:
            self._confirming.ended(sending)
        self._sendings.ended(sending.id, state, reason)
