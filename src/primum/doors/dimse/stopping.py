"""The order to stop: first no new work, then, when the grace is over, no work at all."""

from __future__ import annotations

import threading
import time


class Stop:
    """Asked once, by a signal or by the owner; read by every thread of the door."""

    __slots__ = ("_event", "_over_at")

    def __init__(self) -> None:
        """Run."""
        self._event = threading.Event()
        self._over_at = float("inf")

    def ask(self, grace_seconds: float) -> None:
        """Ask for the end; what runs has `grace_seconds` to finish."""
        self._over_at = time.monotonic() + grace_seconds
        self._event.set()

    def wait(self, timeout_seconds: float) -> bool:
        """Wait for the order; tell whether it came."""
        return self._event.wait(timeout_seconds)

    @property
    def asked(self) -> bool:
        """Tell whether new work must be refused."""
        return self._event.is_set()

    @property
    def over(self) -> bool:
        """Tell whether running work must end."""
        return self._event.is_set() and time.monotonic() >= self._over_at
