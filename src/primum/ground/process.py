"""What every process of ours does to itself before it touches a key or a patient's byte."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import math
import os
import queue
import signal
import sys
import time
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4


def harden() -> None:
    """No core dump, no peeking by another process of the same user, no file readable by others.

    Where the platform has no such call, the step is left out: it is an improvement, not a promise.
    """
    os.umask(0o077)
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 (not on Windows)

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


class Order:
    """An order to stop, which a signal handler may give while the thread that it interrupts waits for it.

    `threading.Event` may not be set there: the interrupted wait can hold the lock that setting takes.
    """

    def __init__(self) -> None:
        """Nothing is ordered yet."""
        self._queue: queue.SimpleQueue[None] = queue.SimpleQueue()  # its put is reentrant
        self.given = False

    def give(self) -> None:
        """Give the order, once or more often."""
        self.given = True
        self._queue.put(None)

    def wait(self, timeout_seconds: float = math.inf) -> bool:
        """Wait for the order; tell whether it was given."""
        until = time.monotonic() + timeout_seconds
        while not self.given and (left := until - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                # in slices: a signal that comes just before a wait begins is heard when that wait ends
                self._queue.get(timeout=min(left, _SLICE))
                self._queue.put(None)  # for whoever else waits
        return self.given


_SLICE = 0.25


def settle() -> None:
    """Call when everything is loaded: the garbage collector need not look at any of it again.

    A first full collection would come amid the first studies, and take 30 ms.
    """
    gc.freeze()


def keep_memory() -> None:
    """Keep up to 16 MiB of freed memory for the next slices, in each of two arenas (glibc).

    Without it each segment of half a MiB is a mapping of its own, whose pages the kernel has to clear each time: a
    third of what reading and sending a slice costs. glibc gives threads eight arenas for each processor, and each
    keeps what was freed in it: where every association has a thread, memory would grow for hours until all of them
    have seen a large study. Python runs one thread at a time; two are enough for those that encrypt meanwhile.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            libc = ctypes.CDLL(None)
            libc.mallopt(_M_MMAP_THRESHOLD, 4 << 20)
            libc.mallopt(_M_TRIM_THRESHOLD, 16 << 20)
            libc.mallopt(_M_ARENA_MAX, 2)


_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # malloc.h


def die_with_parent(number: int = signal.SIGTERM) -> None:
    """Ask the kernel to send this process a signal when its parent dies (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)


def give_back() -> None:
    """Give freed memory back to the system, from the middle of the heap too (glibc).

    A job that reads a whole journal, or all packs, frees what it held between things that stay: glibc alone gives back
    only what lies at the end of its heap, so that a process that runs such jobs grows with the largest of them.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another libc has no such call
            ctypes.CDLL(None).malloc_trim(0)


GIVE_BACK_SECONDS = 60.0
"""Between two times that freed memory is given back: a few milliseconds each."""


class GivesBack:
    """Gives freed memory back every minute, for a thread that comes by more often. Used by one thread."""

    def __init__(self, now: Callable[[], float] = time.monotonic, give: Callable[[], None] = give_back) -> None:
        """Begin to count."""
        self._now, self._give = now, give
        self._due = now() + GIVE_BACK_SECONDS

    def when_due(self) -> None:
        """Give back, if it is a minute since the last time."""
        if self._now() >= self._due:
            self._give()
            self._due = self._now() + GIVE_BACK_SECONDS
