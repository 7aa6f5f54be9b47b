"""Opening records ahead of what is being sent: a window of bytes, never a study and never an instance.

One thread opens, one sends; decryption and the socket both let other threads run.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

Opener = Callable[[], Iterable[bytes]]
"""Gives the pieces of one instance."""


@dataclass(slots=True)
class _End:
    """One instance has no more pieces; `error`: because they could not be opened."""

    error: BaseException | None = None


class Ahead:
    """The pieces of several instances, in order. One thread reads; use as a context manager."""

    def __init__(self, openers: Sequence[Opener], window_bytes: int) -> None:
        """Open in this order, holding at most `window_bytes` (or one piece) that nobody has taken."""
        self._openers = openers
        self._window = window_bytes
        self._changed = threading.Condition()
        self._ready: deque[bytes | _End] = deque()
        self._held = 0
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="ahead", daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, whatever was not taken."""
        with self._changed:
            self._stopped = True
            self._ready.clear()
            self._changed.notify_all()
        self._thread.join()

    def next(self) -> Iterator[bytes]:
        """Give the pieces of the next instance; what is not taken of them must be `skip`ped.

        Raises what its opener raised.
        """
        while True:
            one = self._take()
            if isinstance(one, _End):
                if one.error is not None:
                    raise one.error
                return
            yield one

    def skip(self) -> None:
        """Pass over what is left of an instance."""
        while not isinstance(self._take(), _End):
            pass

    def _take(self) -> bytes | _End:
        with self._changed:
            while not self._ready:
                self._changed.wait()
            one = self._ready.popleft()
            if not isinstance(one, _End):
                self._held -= len(one)
            self._changed.notify_all()
            return one

    def _put(self, one: bytes | _End) -> bool:
        size = 0 if isinstance(one, _End) else len(one)
        with self._changed:
            while self._held and self._held + size > self._window and not self._stopped:
                self._changed.wait()
            if self._stopped:
                return False
            self._ready.append(one)
            self._held += size
            self._changed.notify_all()
            return True

    def _run(self) -> None:
        for opener in self._openers:
            end = _End()
            try:
                for piece in opener():
                    if not self._put(piece):
                        return
            except Exception as error:  # noqa: BLE001 (it is raised where the instance is taken)
                end = _End(error)
            if not self._put(end):
                return
