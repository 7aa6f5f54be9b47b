"""The worker's ends of the pairs from the doors: hints become index rows in batches, barriers are answered.

One thread reads the pairs, one for each receiving process, so that none fills while a batch is committed: a hint that
is lost costs a reading of the pack. Another one is the only writer of the index. It gathers for a moment, so that a
busy hour costs one transaction for many instances; a barrier ends the gathering at once. A hint that was lost is made
good from the packs: at the next hint of the same pack, at a barrier that says so, and by a sweep. Questions are put
together here and answered elsewhere (questions.py), by threads of their own.
"""

from __future__ import annotations

import queue
import select
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import TypeVar

from primum.ground.errors import PrimumError
from primum.ground.log import Log
from primum.imaging import Indexer, Stored
from primum.imaging.intake import MESSAGE_BYTES, Barrier, IntakeUnreadable, Passed, Piece, Pieces, decode, encode

GATHER = 0.08
"""Seconds that the oldest hint of a batch waits for others, a commit before it included: visible within 200 ms, and
few transactions at full load."""
BATCH = 256
"""Hints in one transaction at most."""
WAITING = 4096
"""Messages read and not yet indexed: some 25 MB of headers. Beyond, the pair fills and hints are dropped."""
SWEPT = 64
"""Studies that a sweep looks at in one turn: some 25 ms, during which hints wait."""
STEADY = 8
"""Turns one after the other that brought nothing but short hints: somebody is sending a study."""
DOZE = 0.01
"""Seconds that the reading thread then leaves the pairs alone: to be woken for each hint takes the processor from the
sender, the receiver and the thread that writes the index. Whoever waits for a barrier waits so much longer, once."""
SHORT_BYTES = 8 * 1024
"""Hints of which a pair's buffer holds what comes meanwhile (208 KiB on Linux: some twenty, the kernel's share
counted)."""
LOOK = 0.5
"""Seconds between two looks at whether to stop."""

_log = Log("intake")
_Message = tuple[float, socket.socket, Stored | Barrier]
"""When it was read, from which pair, and what it says."""
_Result = TypeVar("_Result")
Hear = Callable[[socket.socket, int, bytes], None]
"""Who answers a question: at which pair, of which number."""


def _nobody(_pair: socket.socket, _number: int, _question: bytes) -> None:
    """Leave a question unanswered."""


class IntakeLoop:
    """Reads the pairs until told to stop."""

    def __init__(
        self,
        pairs: Iterable[socket.socket],
        indexer: Indexer,
        studies: Callable[[], Iterable[str]],
        hear: Hear = _nobody,
        *,
        now: Callable[[], float] = time.monotonic,
        doze: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take over our ends of the pairs. `studies` lists all that the vault holds; `hear` takes questions."""
        self._now, self._doze = now, doze
        self._studies = studies
        self.hear = hear
        self._pieces: dict[socket.socket, Pieces] = {}
        self._pairs = list(pairs)
        self._indexer = indexer
        self._stop = threading.Event()
        self._turn = threading.Lock()
        self._waiting: queue.Queue[_Message] = queue.Queue(WAITING)
        self._urgent = threading.Event()
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

    def in_turn(self, step: Callable[[], _Result]) -> _Result:
        """Do what writes the index besides, while nothing else does."""
        with self._turn:
            return step()

    def alone(self, step: Callable[[Indexer], object]) -> None:
        """Let somebody use the indexer between two batches (an erasure)."""
        with self._turn:
            step(self._indexer)

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
        hints, asked = self._gather()
        if hints:
            with self._turn:
                self._indexer.take(hints)
        if any(barrier.behind for _, barrier in asked):
            self._catch_up()
        for pair, barrier in asked:
            _answer(pair, barrier)

    def _gather(self) -> tuple[list[Stored], list[tuple[socket.socket, Barrier]]]:
        hints: list[Stored] = []
        asked: list[tuple[socket.socket, Barrier]] = []
        for _, pair, told in self._gathered():
            if isinstance(told, Stored):
                hints.append(told)
            else:
                asked.append((pair, told))
        return hints, asked

    def _gathered(self) -> Iterator[_Message]:
        """Wait for a message, then for others; once a barrier waits, take only what is there already.

        What came while the batch before was committed has waited already: that counts.
        """
        try:
            oldest = self._waiting.get(timeout=LOOK)
        except queue.Empty:
            return
        yield oldest
        left = oldest[0] + GATHER - self._now()
        if left > 0 and self._waiting.qsize() < BATCH:
            self._urgent.wait(left)
        self._urgent.clear()
        for _ in range(BATCH - 1):
            try:
                yield self._waiting.get_nowait()
            except queue.Empty:
                return
        self._urgent.set()  # there may be a barrier among those that are left

    def _read(self) -> None:
        steady = 0
        while not self._stop.is_set():
            steady = self._listen(steady)

    def _listen(self, steady: int) -> int:
        """Take what has come; return how many times in a row it was short hints and nothing else."""
        ready = select.select(self._pairs, [], [], LOOK)[0]
        short = [self._drain(pair) for pair in ready]
        if not ready or not all(short):
            return 0
        if steady >= STEADY:
            self._doze(DOZE)
        return steady + 1

    def _drain(self, pair: socket.socket) -> bool:
        """Take a while what one receiver says: the others' pairs must not fill meanwhile.

        Return whether it was short hints and nothing else.
        """
        short = True
        for _ in range(BATCH):
            try:
                packet = pair.recv(MESSAGE_BYTES, socket.MSG_DONTWAIT)
                told = decode(packet)
            except BlockingIOError:
                return short
            except (IntakeUnreadable, OSError) as error:
                _log.failure("intake.unreadable", error)
                return False
            short = short and isinstance(told, Stored) and len(packet) <= SHORT_BYTES
            if isinstance(told, Piece):
                self._hear_piece(pair, told)
            elif not isinstance(told, Passed):
                self._put((self._now(), pair, told))
        return False

    def _hear_piece(self, pair: socket.socket, piece: Piece) -> None:
        try:
            whole = self._pieces.setdefault(pair, Pieces()).add(piece)
        except IntakeUnreadable as error:
            _log.failure("intake.unreadable", error)
            return
        if whole is not None:
            self.hear(pair, piece.number, whole)

    def _put(self, message: _Message) -> None:
        while not self._stop.is_set():
            try:
                self._waiting.put(message, timeout=LOOK)
            except queue.Full:
                continue
            if isinstance(message[2], Barrier) or self._waiting.qsize() >= BATCH:
                self._urgent.set()
            return


def _answer(pair: socket.socket, barrier: Barrier) -> None:
    try:
        pair.send(encode(Passed(barrier.number)), socket.MSG_DONTWAIT)
    except OSError as error:  # nobody reads: whoever asked has given up or gone
        _log.failure("intake.answer", error)
