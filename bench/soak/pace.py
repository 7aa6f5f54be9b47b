"""Clients that act at a fixed pace, and what each action took.

The pace is fixed so that the hour is the same from its first minute to its last: whatever changes is then the
server's, or the machine's. An action that is late is not made up for; the next one waits for its own time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Action:
    """One thing done: when it began (seconds since the start), which kind, how long for one of its units."""

    at: float
    kind: str
    seconds: float


@dataclass
class Diary:
    """What all clients did. Safe for many threads."""

    clock: Clock = time.monotonic
    actions: list[Action] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    skipped: int = 0

    def __post_init__(self) -> None:
        """Begin now."""
        self.begun = self.clock()
        self._lock = threading.Lock()

    def now(self) -> float:
        """Return the seconds since the start."""
        return self.clock() - self.begun

    def note(self, kind: str, began: float, units: int = 1) -> None:
        """Write down an action that ends now; its time is shared among its units (instances, frames)."""
        took = self.now() - began
        with self._lock:
            self.actions.append(Action(began, kind, took / max(units, 1)))

    def complain(self, words: str) -> None:
        """Write down what was wrong."""
        with self._lock:
            self.wrong.append(f"{self.now():.0f} s: {words}")

    def skip(self, turns: int) -> None:
        """Count turns whose time had passed before the one before them ended."""
        with self._lock:
            self.skipped += turns


class Client(threading.Thread):
    """One client: `act` is called every `period` seconds until `stop`; what it raises is written down."""

    def __init__(self, name: str, period: float, act: Callable[[], None], diary: Diary, stop: threading.Event) -> None:
        """Nothing runs before `start`."""
        super().__init__(name=name, daemon=True)
        self._period, self._act, self._diary, self._ended = period, act, diary, stop

    def run(self) -> None:
        """Act until the end."""
        # clients that begin together would stay together
        turn = sum(self.name.encode()) % 10 / 10
        while not self._ended.wait(max(0.0, turn * self._period - self._diary.now())):
            try:
                self._act()
            except Exception as error:  # noqa: BLE001 (every one of them ends in the verdict)
                self._diary.complain(f"{self.name}: {type(error).__name__}: {str(error)[:300]}")
            behind = int(max(0.0, self._diary.now() - (turn + 1) * self._period) / self._period)
            self._diary.skip(behind)
            turn += 1 + behind
