"""The worker's end of the pair from the DICOM door: hints become index rows in batches, barriers are answered.

One thread reads the pair, so that it never fills while a batch is committed: a hint that is lost costs a reading
of the pack. Another one is the only writer of the index. It gathers for a moment, so that a busy hour costs one
transaction for many instances; a barrier ends the gathering at once. A hint that was lost is made good from the packs:
at the next hint of the same pack, at a barrier that says so, and by a sweep.
"""

from __future__ import annotations

import queue
import select
import socket
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import islice

from primum.ground.errors import PrimumError
from primum.ground.log import Log
from primum.imaging import Indexer, Stored
from primum.imaging.intake import MESSAGE_BYTES, Barrier, IntakeUnreadable, Passed, decode, encode

GATHER = 0.08
"""Seconds from the first hint of a batch to its commit: visible within 200 ms, and few transactions at full load."""
BATCH = 256
"""Hints in one transaction at most."""
WAITING = 4096
"""Messages read and not yet indexed: some 25 MB of headers. Beyond, the pair fills and hints are dropped."""
SWEPT = 64
"""Studies that a sweep looks at in one turn: some 25 ms, during which hints wait."""
LOOK = 0.5
"""Seconds between two looks at whether to stop."""

_log = Log("intake")


class IntakeLoop:
    """Reads the pair until told to stop."""

    def __init__(self, pair: socket.socket, indexer: Indexer, studies: Callable[[], Iterable[str]]) -> None:
        """Take over our end of the pair. `studies` lists all that the vault holds."""
        self._studies = studies
        self._pair = pair
        self._indexer = indexer
        self._stop = threading.Event()
        self._turn = threading.Lock()
        self._waiting: queue.Queue[Stored | Barrier] = queue.Queue(WAITING)
        self._threads = [
            threading.Thread(target=self._read, name="intake-reader", daemon=True),
            threading.Thread(target=self._run, name="intake", daemon=True),
        ]

    def start(self) -> None:
        """Begin by catching up from the packs, then listen."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish the batch under way and stop."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def sweep(self, _now: datetime) -> int:
        """Read what the hints did not bring (a job); a few studies at a time, so that no barrier waits for all."""
        found, studies = 0, iter(self._studies())
        while some := list(islice(studies, SWEPT)):
            with self._turn:
                found += self._indexer.catch_up(some).records
        return found

    def take(self, batch: list[Stored]) -> int:
        """Index what another writer of this process stored (an import)."""
        with self._turn:
            return self._indexer.take(batch)

    def _run(self) -> None:
        self._guarded(self._catch_up)
        while not self._stop.is_set():
            self._guarded(self._batch)

    def _guarded(self, step: Callable[[], None]) -> None:
        try:
            step()
        except (PrimumError, OSError, ValueError) as error:
            # nothing is lost: the positions did not move, and the next sweep reads the packs
            _log.failure("intake.batch", error, code=getattr(error, "code", ""))
            self._stop.wait(LOOK)

    def _catch_up(self) -> None:
        with self._turn:
            self._indexer.catch_up()

    def _batch(self) -> None:
        hints, barriers = self._gather()
        if hints:
            with self._turn:
                self._indexer.take(hints)
        if any(barrier.behind for barrier in barriers):
            self._catch_up()
        for barrier in barriers:
            self._answer(barrier)

    def _gather(self) -> tuple[list[Stored], list[Barrier]]:
        hints: list[Stored] = []
        barriers: list[Barrier] = []
        message = self._receive(LOOK)
        until = time.monotonic() + GATHER
        while message is not None:
            if isinstance(message, Stored):
                hints.append(message)
            elif isinstance(message, Barrier):
                barriers.append(message)
            # once a barrier waits, only what is there already is taken along
            left = 0.0 if barriers else until - time.monotonic()
            if len(hints) >= BATCH or left < 0:
                break
            message = self._receive(left)
        return hints, barriers

    def _receive(self, seconds: float) -> Stored | Barrier | None:
        try:
            return self._waiting.get(timeout=max(seconds, 1e-4))
        except queue.Empty:
            return None

    def _read(self) -> None:
        while not self._stop.is_set():
            readable, _, _ = select.select([self._pair], [], [], LOOK)
            while readable and not self._stop.is_set():
                try:
                    message = decode(self._pair.recv(MESSAGE_BYTES, socket.MSG_DONTWAIT))
                except BlockingIOError:
                    break
                except (IntakeUnreadable, OSError) as error:
                    _log.failure("intake.unreadable", error)
                    break
                if not isinstance(message, Passed):
                    self._put(message)

    def _put(self, message: Stored | Barrier) -> None:
        while not self._stop.is_set():
            try:
                self._waiting.put(message, timeout=LOOK)
            except queue.Full:
                continue
            return

    def _answer(self, barrier: Barrier) -> None:
        try:
            self._pair.send(encode(Passed(barrier.number)), socket.MSG_DONTWAIT)
        except OSError as error:  # nobody reads: whoever asked has given up or gone
            _log.failure("intake.answer", error)
