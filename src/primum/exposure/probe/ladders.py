"""Services are looked at side by side: so many together, so many on one address, none longer than the run.

Threads are daemons: one that does not come back is left behind, and its service is told as not determined.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from primum.exposure.probe.limits import Limits
from primum.exposure.probe.model import Family, Identity, Mode, Outcome, Rung, Service, Step

Keep = Callable[[Service], None]
"""How who looks at a service hands over what it knows so far."""
Look = Callable[[str, int, Keep], Service]

_TICK: Final = 0.2


@dataclass(slots=True)
class Ladders:
    """Ports that wait, are looked at, and were. `look` never takes longer than the run, or is left behind."""

    limits: Limits
    look: Look
    deadline: float
    _waiting: list[tuple[str, int]] = field(default_factory=list)
    _under_way: dict[tuple[str, int], Service | None] = field(default_factory=dict)
    _on: Counter[str] = field(default_factory=Counter)
    _told: dict[tuple[str, int], Service] = field(default_factory=dict)
    _more_come: bool = True
    _threads: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def add(self, address: str, port: int) -> None:
        """Look at an open port when there is room."""
        with self._changed:
            self._waiting.append((address, port))
            if self._threads < self.limits.ladders_at_once:
                self._threads += 1
                threading.Thread(target=self._work, name="ladder", daemon=True).start()
            self._changed.notify()

    def count(self) -> tuple[int, int]:
        """Return how many are told, of how many."""
        with self._changed:
            return len(self._told), len(self._told) + len(self._under_way) + len(self._waiting)

    def finish(self, progress: Callable[[int, int], None]) -> list[Service]:
        """Wait for all that were added, and a little beyond the deadline; return them by address and port."""
        ends = self.deadline + self.limits.grace_seconds
        with self._changed:
            self._more_come = False
            self._changed.notify_all()
            while (self._waiting or self._under_way) and time.monotonic() < ends:
                self._changed.wait(min(_TICK, max(0.0, ends - time.monotonic())))
                progress(len(self._told), len(self._told) + len(self._under_way) + len(self._waiting))
            left = [(key, service, "hung") for key, service in self._under_way.items()]
            left += [(key, None, "budget") for key in self._waiting]
            self._waiting.clear()
            told = dict(self._told)
        for (address, port), service, code in left:
            told[address, port] = undetermined(service or Service(address, port, Family.UNKNOWN), code)
        return [told[key] for key in sorted(told)]

    def _work(self) -> None:
        while (key := self._next()) is not None:
            address, port = key
            try:
                service = self.look(address, port, lambda one, key=key: self._keep(key, one))  # type: ignore[misc]
            except Exception:  # noqa: BLE001 (one service never ends the run)
                service = undetermined(self._under_way.get(key) or Service(address, port, Family.UNKNOWN), "fault")
            with self._changed:
                self._under_way.pop(key, None)
                self._on[address] -= 1
                self._told[key] = service
                self._changed.notify_all()

    def _keep(self, key: tuple[str, int], service: Service) -> None:
        with self._changed:
            if key in self._under_way:
                self._under_way[key] = service

    def _next(self) -> tuple[str, int] | None:
        with self._changed:
            while self._waiting or self._more_come:
                for place, (address, port) in enumerate(self._waiting):
                    if self._on[address] < self.limits.to_one_address:
                        del self._waiting[place]
                        self._on[address] += 1
                        self._under_way[address, port] = None
                        return address, port
                self._changed.wait(_TICK)
            return None


def undetermined(service: Service, code: str) -> Service:
    """Return a copy of what is known of a service, with a step that says why it is not all."""
    step = Step(Mode.PLAIN, Identity.NOBODY, Rung.CONNECT, Outcome.UNDETERMINED, code)
    return replace(
        service,
        steps=[*service.steps, step],
        readable=list(service.readable),
        notes=list(service.notes),
        tls=dict(service.tls),
    )
