"""Keeps a pynetdicom association from taking the answer that its caller waits for.

Its reactor thread looks for messages between two requests. It says that it pauses before it waits, and takes that back
only after it has been let on: a caller that asks at that very moment believes it paused, and the first response goes to
the reactor, which drops it. The gate here closes once the reactor is at it.
"""

from __future__ import annotations

import threading
from typing import Any

from pynetdicom import AE
from pynetdicom.association import Association

SECONDS = 5
"""A reactor that has ended comes to no gate."""


class Gate:
    """Stands for the event at which the reactor waits."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open = True
        self._waiting = False

    def set(self) -> None:
        with self._changed:
            self._open = True
            self._changed.notify_all()

    def clear(self) -> None:
        """Close, and return when the reactor stands before it."""
        with self._changed:
            self._open = False
            self._changed.wait_for(lambda: self._waiting, SECONDS)

    def is_set(self) -> bool:
        return self._open

    def wait(self, timeout: float | None = None) -> bool:
        with self._changed:
            self._waiting = not self._open
            self._changed.notify_all()
            done = self._changed.wait_for(lambda: self._open, timeout)
            self._waiting = False
            return done


_associate = AE.associate


def associate(ae: AE, *given: Any, **named: Any) -> Association:
    """Ask for an association as `AE.associate` does; each of its requests gets all of its answers."""
    association = _associate(ae, *given, **named)
    association._reactor_checkpoint = Gate()  # type: ignore[assignment]
    return association
