"""What a page begins and does not wait for: freezing evidence, acting against a breach. One at a time, in a thread.

What was done stands in the file, as entries. What is kept here is how far it is, and why the last one was refused: both
are lost with the process, and an act that was interrupted stands in the file as *begun*.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final

from primum.ground.errors import PrimumError
from primum.ground.log import Log
from primum.incidents.model import IncidentRefused

if TYPE_CHECKING:
    from datetime import datetime

    from primum.incidents.evidence.writing import Tell

PATIENCE: Final = 1.0
"""Seconds that a beginning waits: who may not is told at once, and a small home is frozen by then."""
FAULT: Final = "control.fault"
"""The code of what was no refusal: it is in the log."""
_log = Log("incidents")


class WorkUnderWay(IncidentRefused):
    """Evidence is being frozen, or something contained, already."""

    code: ClassVar[str] = "incident.under-way"
    hint: ClassVar[str] = "wait until it is over: the page of the file tells how far it is"


@dataclass(frozen=True, slots=True)
class Work:
    """How far it is. `size`: bytes frozen so far; `part`: the one under way; `refused`: a code, once it is over."""

    file_id: str
    what: str
    begun_at: datetime
    size: int = 0
    part: str = ""
    over: bool = False
    refused: str = ""


class IncidentWork:
    """The one thing under way. Safe to use from several threads."""

    def __init__(self, now: Callable[[], datetime], patience: float = PATIENCE) -> None:
        """Tell the time by `now`."""
        self._now, self._patience = now, patience
        self._turn = threading.Lock()
        self._work: Work | None = None

    def begin(self, file_id: str, what: str, act: Callable[[Tell], object]) -> bool:
        """Begin `act`, which is given what to tell its progress to; True where it is over already.

        Raises WorkUnderWay, and what the act raised where that was within the patience.
        """
        with self._turn:
            if self._work is not None and not self._work.over:
                raise WorkUnderWay
            self._work = Work(file_id, what, self._now())
        done, raised = threading.Event(), _Raised()
        threading.Thread(target=self._run, args=(act, done, raised), name="incident-work", daemon=True).start()
        if not done.wait(self._patience):
            return False
        if raised.error is not None:
            with self._turn:
                self._work = None  # whoever began it is told
            raise raised.error
        return True

    def standing(self, file_id: str) -> Work | None:
        """Say how far it is, where it is of this file; None where nothing was begun, or it went well."""
        with self._turn:
            found = self._work
        return found if found is not None and found.file_id == file_id and (not found.over or found.refused) else None

    def _run(self, act: Callable[[Tell], object], done: threading.Event, raised: _Raised) -> None:
        refused = ""
        try:
            act(self._tell)
        except PrimumError as refusal:
            refused, raised.error = refusal.code, refusal
        except Exception as error:  # noqa: BLE001 (the thread ends here: what went wrong is logged and shown)
            _log.failure("incidents.work-failed", error)
            refused, raised.error = FAULT, error
        with self._turn:
            if self._work is not None:
                self._work = replace(self._work, over=True, refused=refused)
        done.set()

    def _tell(self, size: int, part: str) -> None:
        with self._turn:
            if self._work is not None:
                self._work = replace(self._work, size=size, part=part)


class _Raised:
    """What an act raised."""

    error: Exception | None = None
