"""The receiver's end of the pair to the worker: hints out, barriers answered.

Sending never waits for the worker on an instance's way. The messages are those of `primum.imaging.intake`.
"""

from __future__ import annotations

import itertools
import select
import socket
import threading
import time
from typing import Protocol

from primum.ground.log import Log
from primum.imaging import Stored
from primum.imaging.intake import MESSAGE_BYTES, Barrier, IntakeUnreadable, Passed, decode, encode

_log = Log("dimse.intake")


class Intake(Protocol):
    """Where the receiver tells what it stored."""

    def stored(self, hint: Stored) -> None:
        """Say that a record was stored; never waits, may be lost."""
        ...

    def barrier(self, timeout_seconds: float) -> bool:
        """Wait until all that was said before is in the index; False when that took too long."""
        ...


class PairIntake:
    """An intake over a SOCK_SEQPACKET pair. Safe for many threads; one more thread reads the answers."""

    def __init__(self, pair: socket.socket, *, behind: bool = False) -> None:
        """Take over one end of the pair.

        `behind`: an earlier receiver may have ended between an answer and its hint; the first barrier says so.
        """
        pair.setblocking(False)
        self._pair = pair
        self._numbers = itertools.count(time.monotonic_ns())  # never those of an earlier receiver on the same pair
        self._lock = threading.Lock()
        self._waiting: dict[int, threading.Event] = {}
        self._dropped = int(behind)  # hints lost so far
        self._caught_up = 0  # of which the index knows since
        self._closed = threading.Event()
        self._reader = threading.Thread(target=self._read, name="intake", daemon=True)
        self._reader.start()

    def stored(self, hint: Stored) -> None:
        """Send a hint, or count it as dropped when the pair is full."""
        if not self._send(encode(hint)):
            with self._lock:
                self._dropped += 1

    def barrier(self, timeout_seconds: float) -> bool:
        """Send a barrier, and wait for its answer."""
        deadline = time.monotonic() + timeout_seconds
        number, passed = next(self._numbers), threading.Event()
        with self._lock:
            self._waiting[number] = passed
            dropped, behind = self._dropped, self._dropped > self._caught_up
        try:
            sent = self._send_waiting(encode(Barrier(number, behind)), deadline)
            reached = sent and passed.wait(max(0, deadline - time.monotonic())) and not self._closed.is_set()
        finally:
            with self._lock:
                del self._waiting[number]
        if reached:
            with self._lock:
                self._caught_up = max(self._caught_up, dropped)
        return reached

    def close(self) -> None:
        """Stop reading; whoever waits is told that its barrier was not reached."""
        self._closed.set()
        self._reader.join()
        self._release_all()
        self._pair.close()

    def _send(self, packet: bytes) -> bool:
        try:
            self._pair.send(packet)
        except OSError:  # full, too long for the buffer, or nobody at the other end
            return False
        return True

    def _send_waiting(self, packet: bytes, deadline: float) -> bool:
        while not self._send(packet):
            left = deadline - time.monotonic()
            if left <= 0 or self._closed.is_set():
                return False
            select.select([], [self._pair], [], min(left, _LOOK_SECONDS))
        return True

    def _read(self) -> None:
        while not self._closed.is_set():
            readable, _, _ = select.select([self._pair], [], [], _LOOK_SECONDS)
            if readable and not self._take_answer():
                break
        self._closed.set()
        self._release_all()

    def _take_answer(self) -> bool:
        try:
            packet = self._pair.recv(MESSAGE_BYTES)
            message = decode(packet) if packet else None
        except BlockingIOError:
            return True
        except (OSError, IntakeUnreadable) as error:
            _log.failure("intake.unreadable", error)
            return isinstance(error, IntakeUnreadable)
        if isinstance(message, Passed):
            with self._lock:
                waiting = self._waiting.get(message.number)
            if waiting is not None:
                waiting.set()
        return message is not None

    def _release_all(self) -> None:
        with self._lock:
            for waiting in self._waiting.values():
                waiting.set()


_LOOK_SECONDS = 0.5
