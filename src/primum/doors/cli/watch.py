"""Waiting for several processes at once: for what they say, for a signal to stop, for the time to start one again."""

from __future__ import annotations

import os
import selectors
import signal
import time
from collections.abc import Callable
from typing import Any

from primum.doors.cli.backoff import Backoff

STOPPING = (signal.SIGTERM, signal.SIGINT)


class Watch:
    """The waiting of a process that only watches over others. Used by its main thread."""

    def __init__(self, start: Callable[[Any], None]) -> None:
        """`start` is called with the name that a fallen process was given, when its time has come."""
        self._start = start
        self._selector = selectors.DefaultSelector()
        self._backoff = Backoff()
        self._due: dict[Any, float] = {}
        self._signals: tuple[int, int] | None = None
        self.stopping = False

    @property
    def anybody_down(self) -> bool:
        """Tell whether a process that fell has not been started again yet."""
        return bool(self._due)

    def obey_signals(self) -> None:
        """Stop at SIGTERM and SIGINT."""
        self._signals = told, wake = os.pipe()
        os.set_blocking(wake, False)
        self._selector.register(told, selectors.EVENT_READ)
        # written by the kernel's side of a signal: one that comes just before the wait would not be heard in it
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        for number in STOPPING:
            signal.signal(number, self._told_to_stop)

    def leave(self) -> None:
        """Be watched over instead, in a process that was just forked."""
        for number in STOPPING:
            signal.signal(number, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        self._selector.close()
        for descriptor in self._signals or ():
            os.close(descriptor)

    def hear(self, pipe: Any, speaker: object) -> None:  # noqa: ANN401 (a descriptor, or a file that has one)
        """Listen to a pipe from now on; `turn` names its `speaker`."""
        self._selector.register(pipe, selectors.EVENT_READ, speaker)

    def ignore(self, pipe: Any) -> None:  # noqa: ANN401
        """Listen to a pipe no longer."""
        self._selector.unregister(pipe)

    def fell(self, name: Any, ran_seconds: float) -> int:  # noqa: ANN401
        """Have a process started again after a while; return how many falls in a row it makes."""
        fall = self._backoff.fell(name, ran_seconds)
        self._due[name] = time.monotonic() + fall.pause
        return fall.times

    def turn(self) -> list[Any]:
        """Start who is due, then wait until there is something to do; return the speakers that have spoken."""
        now = time.monotonic()
        for name in [name for name, due in self._due.items() if due <= now]:
            del self._due[name]
            self._start(name)
        pause = min((due - now for due in self._due.values()), default=None)
        return [key.data for key, _ in self._selector.select(pause) if key.data is not None]

    def _told_to_stop(self, _number: int, _frame: object) -> None:
        self.stopping = True
