"""The receiving processes of the DICOM door: forked by its own process, which binds the listeners and only watches.

Python runs one thread at a time; one process per processor takes in as much as the machine can. They are forked
before anything is opened: same door, same keys, same code, and memory pages that they share (decision 48).
"""

from __future__ import annotations

import os
import selectors
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from primum.doors.cli.backoff import Backoff
from primum.ground import process
from primum.ground.log import Log

_log = Log("receivers")
Ready = Callable[[], None]
Body = Callable[[int, Ready], int]
"""What a receiver does, by its number and what it calls once it serves; returns its exit status, raises nothing."""


class NotAllStarted(Exception):
    """A receiver ended before all were ready; why, it has told itself."""


@dataclass(slots=True)
class _Receiver:
    number: int
    pid: int
    started: float


class Receivers:
    """Forks receivers, forks a fallen one anew, ends them all when told to. For a process of one thread."""

    def __init__(self, count: int, body: Body, fallen: Callable[[int], None]) -> None:
        """Run `body` in `count` processes; `fallen` is told the number of one that ended, before it starts again."""
        self._count, self._body, self._fallen = count, body, fallen
        self._running: dict[int, _Receiver] = {}  # by the pipe that each holds open
        self._backoff = Backoff()
        self._due: dict[int, float] = {}
        self._ready: set[int] = set()
        self._stopping = False
        self._told, self._wake = os.pipe()
        self._selector = selectors.DefaultSelector()

    def run(self, ready: Ready) -> None:
        """Return when SIGTERM or SIGINT came; `end` them then. Never returns in a receiver.

        `ready` is called once, when all serve. Raises NotAllStarted.
        """
        os.set_blocking(self._wake, False)
        self._selector.register(self._told, selectors.EVENT_READ)
        # written by the kernel's side of a signal: one that comes just before the wait would not be heard in it
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._told_to_stop)
        process.settle()  # besides, the collector would write to the pages that are shared
        for one in range(self._count):
            self._start(one)
        while not self._stopping and len(self._ready) < self._count:
            self._turn()
            if self._due:
                raise NotAllStarted
        ready()
        while not self._stopping:
            self._turn()

    def end(self, no_more: Callable[[], None]) -> None:
        """Tell all to stop, call `no_more` so that nothing new comes in, and wait for them."""
        for one in self._running.values():
            os.kill(one.pid, signal.SIGTERM)
        no_more()
        for one in self._running.values():
            os.waitpid(one.pid, 0)

    def _told_to_stop(self, _number: int, _frame: object) -> None:
        self._stopping = True

    def _turn(self) -> None:
        now = time.monotonic()
        for number in [number for number, due in self._due.items() if due <= now]:
            del self._due[number]
            self._start(number)
        pause = min((due - now for due in self._due.values()), default=None)
        for key, _ in self._selector.select(pause):
            if key.fd != self._told:
                self._hear(key.fd)

    def _hear(self, pipe: int) -> None:
        if os.read(pipe, 1):
            self._ready.add(self._running[pipe].number)
            return
        self._selector.unregister(pipe)
        os.close(pipe)
        self._fell(self._running.pop(pipe))

    def _fell(self, one: _Receiver) -> None:
        _, status = os.waitpid(one.pid, 0)
        now = time.monotonic()
        fall = self._backoff.fell(one.number, now - one.started)
        self._due[one.number] = now + fall.pause
        _log.warning("receiver.ended", exit_status=os.waitstatus_to_exitcode(status), count=fall.times)
        self._fallen(one.number)

    def _start(self, number: int) -> None:
        reading, writing = os.pipe()
        parent = os.getpid()
        pid = os.fork()
        if not pid:
            self._become(number, writing, parent)
        os.close(writing)
        self._running[reading] = _Receiver(number, pid, time.monotonic())
        self._selector.register(reading, selectors.EVENT_READ)

    def _become(self, number: int, writing: int, parent: int) -> None:
        """Be a receiver, in the process that was just forked, to its end."""
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, signal.SIG_DFL)
        # with the parent gone, the next one must find the port free
        process.die_with_parent(signal.SIGKILL)
        if os.getppid() != parent:  # gone before we could ask
            os._exit(1)
        signal.set_wakeup_fd(-1)
        self._selector.close()
        for descriptor in (self._told, self._wake, *self._running):
            os.close(descriptor)
        status = 1
        try:
            status = self._body(number, partial(_say_ready, writing))
        finally:
            os._exit(status)  # the rest of this stack is our parent's


def _say_ready(writing: int) -> None:
    os.write(writing, b"!")
