"""The receiving processes of the DICOM door: forked by its own process, which binds the listeners and only watches.

Python runs one thread at a time; one process per processor takes in as much as the machine can. They are forked
before anything is opened: same door, same keys, same code, and memory pages that they share (decision 48).
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from primum.doors.cli.watch import STOPPING, Watch
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
    pipe: int
    """Held open by the receiver as long as it lives."""
    started: float


class Receivers:
    """Forks receivers, forks a fallen one anew, ends them all when told to. For a process of one thread."""

    def __init__(self, count: int, body: Body, fallen: Callable[[int], None]) -> None:
        """Run `body` in `count` processes; `fallen` is told the number of one that ended, before it starts again."""
        self._count, self._body, self._fallen = count, body, fallen
        self._running: list[_Receiver] = []
        self._ready: set[int] = set()
        self._watch = Watch(self._start)

    def run(self, ready: Ready) -> None:
        """Return when SIGTERM or SIGINT came; `end` them then. Never returns in a receiver.

        `ready` is called once, when all serve. Raises NotAllStarted.
        """
        self._watch.obey_signals()
        process.settle()  # besides, the collector would write to the pages that are shared
        for one in range(self._count):
            self._start(one)
        while not self._watch.stopping and len(self._ready) < self._count:
            self._turn()
            if self._watch.anybody_down:
                raise NotAllStarted
        ready()
        while not self._watch.stopping:
            self._turn()

    def end(self, no_more: Callable[[], None]) -> None:
        """Tell all to stop, call `no_more` so that nothing new comes in, and wait for them."""
        for one in self._running:
            os.kill(one.pid, signal.SIGTERM)
        no_more()
        for one in self._running:
            os.waitpid(one.pid, 0)

    def _turn(self) -> None:
        for one in self._watch.turn():
            if os.read(one.pipe, 1):
                self._ready.add(one.number)
            else:
                self._fell(one)

    def _fell(self, one: _Receiver) -> None:
        self._running.remove(one)
        self._watch.ignore(one.pipe)
        os.close(one.pipe)
        _, status = os.waitpid(one.pid, 0)
        times = self._watch.fell(one.number, time.monotonic() - one.started)
        _log.warning("receiver.ended", exit_status=os.waitstatus_to_exitcode(status), count=times)
        self._fallen(one.number)

    def _start(self, number: int) -> None:
        reading, writing = os.pipe()
        parent = os.getpid()
        # until it has left the watch, a receiver would take a signal as we do, and stay: it waits for it meanwhile
        held = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
        pid = os.fork()
        if not pid:
            self._become(number, writing, parent)
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
        os.close(writing)
        one = _Receiver(number, pid, reading, time.monotonic())
        self._running.append(one)
        self._watch.hear(reading, one)

    def _become(self, number: int, writing: int, parent: int) -> None:
        """Be a receiver, in the process that was just forked, to its end."""
        # with the parent gone, the next one must find the port free
        process.die_with_parent(signal.SIGKILL)
        if os.getppid() != parent:  # gone before we could ask
            os._exit(1)
        self._watch.leave()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        for one in self._running:
            os.close(one.pipe)
        status = 1
        try:
            status = self._body(number, partial(_say_ready, writing))
        finally:
            os._exit(status)  # the rest of this stack is our parent's


def _say_ready(writing: int) -> None:
    os.write(writing, b"!")
