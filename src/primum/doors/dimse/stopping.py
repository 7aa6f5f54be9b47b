"""The order to stop: first no new work, then, when the grace is over, no work at all."""

from __future__ import annotations

import time

from primum.ground.process import Order


class Stop:
    """Asked once, by a signal or by the owner; read by every thread of the door."""

    __slots__ = ("_order", "_over_at")

    def __init__(self) -> None:
        """Run."""
        self._order = Order()
        self._over_at = float("inf")

    def ask(self, grace_seconds: float) -> None:
        """Ask for the end; what runs has `grace_seconds` to finish."""
        self._over_at = time.monotonic() + grace_seconds
        self._order.give()

    def wait(self, timeout_seconds: float) -> bool:
        """Wait for the order; tell whether it came."""
        return self._order.wait(timeout_seconds)

    @property
    def asked(self) -> bool:
        """Tell whether new work must be refused."""
        return self._order.given

    @property
    def over(self) -> bool:
        """Tell whether running work must end."""
        return self._order.given and time.monotonic() >= self._over_at
