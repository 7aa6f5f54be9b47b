"""One process's way into one ledger: numbering, chaining, and one sync for all who wait.

A durable fact waits until the bytes up to its own are on disc. The first thread that needs a sync leads:
it writes and syncs what is queued, lock released, while others queue behind it; then it wakes them, and
one of those who are not served leads the next. What a failed attempt left is written anew from the same
offset: after a failed sync the page cache may say that all is well when it is not.
"""

from __future__ import annotations

import threading
from datetime import datetime

from primum.ground.clock import to_text
from primum.journal import chain, opening
from primum.journal.chain import Head
from primum.journal.errors import JournalClosed, JournalUnwritable
from primum.journal.names import segment_of
from primum.journal.opening import Open, Place


class LedgerWriter:
    """The end of one ledger that this process writes."""

    def __init__(self, place: Place) -> None:
        """Write at `place`; the chain is taken at the first fact."""
        self._place = place
        self._turn = threading.Condition(threading.Lock())
        self._open: Open | None = None
        self._segment = ""
        self._last = chain.EMPTY
        """The head once all that is queued is on disc."""
        self._queue = bytearray()
        """Bytes that follow `_open.head`: not yet surely on disc."""
        self._handed = 0
        """How many bytes of the queue the system has already been handed."""
        self._leading = False
        self._closed = False

    def add(self, rest: str, *, durable: bool) -> None:
        """Append a fact; on disc at return when `durable`. Raises JournalUnwritable, JournalClosed."""
        with self._turn:
            if self._closed:
                raise JournalClosed(process=self._place.process)
            self._make_room(durable=durable)
            self._in_segment()
            data, self._last = chain.line(self._last, to_text(self._place.clock.now()), rest)
            self._queue += data
            if durable:
                self._wait_for(self._held(), self._last.lines)
            elif not self._leading:
                self._hand_over()

    def flush(self) -> None:
        """Return when every fact so far is on disc. Raises JournalUnwritable."""
        with self._turn:
            self._settle()
            self._let_go_if_over()

    def close(self) -> None:
        """Flush, and give the chain back. Raises JournalUnwritable, closed all the same."""
        with self._turn:
            try:
                self._settle()
            finally:
                self._closed = True
                if self._open is not None:
                    self._place.disc.close(self._open.handle)
                    self._open = None

    def _settle(self) -> None:
        if self._open is not None:
            self._wait_for(self._open, self._last.lines)

    def _let_go_if_over(self) -> None:
        """End a chain whose segment is over, so that nobody has to wait for our next fact to prune it."""
        held = self._open
        if held is None or self._queue or not self._is_over(self._place.clock.now()):
            return
        self._open = None
        try:
            opening.end(self._place, held, "segment")
        except OSError as error:
            raise self._unwritable(error) from None
        finally:
            self._place.disc.close(held.handle)

    def _held(self) -> Open:
        if self._open is None:
            raise JournalClosed(process=self._place.process)
        return self._open

    def _make_room(self, *, durable: bool) -> None:
        """Refuse when too much is queued already: the disc has been refusing for a while."""
        if len(self._queue) < self._place.limits.reserve:
            return
        if durable:
            self._settle()
            return
        raise JournalUnwritable(ledger=self._place.ledger, reason="the reserve is full")

    def _in_segment(self) -> None:
        """See to it that the chain in hand is one of the present segment, and not full."""
        now = self._place.clock.now()
        while self._open is None or self._is_over(now):
            if self._queue:
                self._settle()  # the lock is released meanwhile: another thread may have moved on
            else:
                self._move_on(now)

    def _is_over(self, now: datetime) -> bool:
        later = segment_of(self._place.ledger, now) > self._segment
        return later or self._last.size >= self._place.limits.chain

    def _move_on(self, now: datetime) -> None:
        segment = max(self._segment, segment_of(self._place.ledger, now))
        held, self._open = self._open, None
        try:
            taken = opening.take(self._place, segment) if held is None else opening.succeed(self._place, held, segment)
        except OSError as error:
            raise self._unwritable(error) from None
        self._open, self._segment, self._last = taken, segment, taken.head

    def _hand_over(self) -> None:
        """Give what is queued to the system; a sync only when a whole write has gathered."""
        held = self._held()
        try:
            if len(self._queue) >= self._place.limits.write:
                self._lead(held)
            else:
                self._write(held, len(self._queue))
        except (OSError, JournalUnwritable):
            return  # it waits in the reserve; the next durable fact or flush says what is wrong

    def _wait_for(self, held: Open, lines: int) -> None:
        while held is self._open and held.head.lines < lines:
            if self._leading:
                self._turn.wait()  # should the leader fail, each one tries for itself and learns why
            else:
                self._lead(held)

    def _lead(self, held: Open) -> None:
        """Write and sync the first of what is queued; the lock is released meanwhile."""
        self._leading = True
        until = self._one_write()
        self._turn.release()
        try:
            self._write(held, until)
            self._place.disc.sync(held.handle)
        except OSError as error:
            self._handed = 0
            raise self._unwritable(error) from None
        finally:
            self._turn.acquire()
            self._leading = False
            self._turn.notify_all()
        held.head = _after(held.head, bytes(self._queue[:until]))
        del self._queue[:until]
        self._handed = max(0, self._handed - until)

    def _one_write(self) -> int:
        """How many bytes of the queue go in one write: whole lines, so that a crash leaves little."""
        most = self._place.limits.write
        return len(self._queue) if len(self._queue) <= most else self._queue.rfind(b"\n", 0, most) + 1

    def _write(self, held: Open, until: int) -> None:
        """Hand the queue's bytes up to `until` to the system, those that it does not have yet."""
        if until > self._handed:
            data = bytes(self._queue[self._handed : until])
            self._place.disc.write_at(held.handle, data, held.head.size + self._handed)
            self._handed = until

    def _unwritable(self, error: OSError) -> JournalUnwritable:
        return JournalUnwritable(ledger=self._place.ledger, reason=(error.strerror or type(error).__name__).lower())


def _after(head: Head, lines: bytes) -> Head:
    last = lines.rfind(b"\n", 0, len(lines) - 1) + 1
    return Head(head.lines + lines.count(b"\n"), head.size + len(lines), lines[last : last + 64].decode("ascii"))
