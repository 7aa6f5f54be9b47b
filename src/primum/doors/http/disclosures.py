"""No disclosure without its trace: which session has been shown which study, and how much of it.

The first answer from inside a study waits until the journal says that it is shown; every further one only
counts. The counts go to the journal when the viewing ends: at lock, sign-out, after a while without a
request, or when the process stops.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from primum.doors.http.limits import LIMITS, Limits
from primum.doors.http.services import Recorder
from primum.ground.clock import Clock
from primum.journal import Fact, Kind

DOOR = "web"


@dataclass(slots=True)
class Viewing:
    """One session and one study. Counts are of what was handed to the connection."""

    session_id: str
    person_id: str
    study_ref: str
    controller_id: str
    seen_at: datetime
    lock: threading.Lock = field(default_factory=threading.Lock)
    recorded: bool = False
    instances: int = 0
    frames: int = 0
    sent_bytes: int = 0

    def count(self, *, instances: int = 0, frames: int = 0, sent_bytes: int = 0) -> None:
        """Add to what this session has been sent of this study."""
        with self.lock:
            self.instances += instances
            self.frames += frames
            self.sent_bytes += sent_bytes

    def opening(self) -> Fact:
        """The fact that comes before the first byte."""
        details: dict[str, str | int] = {"session": self.session_id, "controller": self.controller_id, "door": DOOR}
        return Fact(Kind.STUDY_VIEWED, self.person_id, self.study_ref, details)

    def closing(self) -> Fact | None:
        """The fact with the counts so far, which start again from zero; None where nothing was sent."""
        with self.lock:
            if not (self.instances or self.frames or self.sent_bytes):
                return None
            details: dict[str, str | int] = {
                "session": self.session_id,
                "instances": self.instances,
                "frames": self.frames,
                "bytes": self.sent_bytes,
                "door": DOOR,
            }
            self.instances = self.frames = self.sent_bytes = 0
        return Fact(Kind.STUDY_CLOSED, self.person_id, self.study_ref, details)


class Disclosures:
    """What every session of this process has been shown."""

    def __init__(self, journal: Recorder, clock: Clock, limits: Limits = LIMITS) -> None:
        """Record into `journal`."""
        self._journal = journal
        self._clock = clock
        self._limits = limits
        self._lock = threading.Lock()
        self._viewings: OrderedDict[tuple[str, str], Viewing] = OrderedDict()

    def open(self, *, session_id: str, person_id: str, study_ref: str, controller_id: str) -> Viewing:
        """Return the viewing of this study in this session; at return its opening is on disc.

        Raises what the journal raises when it cannot be written: then nothing may be shown.
        """
        viewing, oldest = self._find(session_id, person_id, study_ref, controller_id)
        if oldest:
            self._close([oldest])
        with viewing.lock:
            if not viewing.recorded:
                self._journal.record(viewing.opening())
                viewing.recorded = True
        return viewing

    def close_session(self, session_id: str) -> None:
        """Write the counts of a session that locks or ends."""
        with self._lock:
            mine = [one for one in self._viewings.values() if one.session_id == session_id]
        self._close(mine)

    def sweep(self, idle: timedelta, forget: timedelta) -> None:
        """Write the counts of what nobody has looked at for `idle`, and forget what is older than `forget`."""
        now = self._clock.now()
        with self._lock:
            quiet = [one for one in self._viewings.values() if now - one.seen_at >= idle]
            for one in quiet:
                if now - one.seen_at >= forget:
                    del self._viewings[one.session_id, one.study_ref]
        self._close(quiet)

    def close_all(self) -> None:
        """Write all counts: the process stops."""
        with self._lock:
            every = list(self._viewings.values())
        self._close(every)

    def _find(
        self, session_id: str, person_id: str, study_ref: str, controller_id: str
    ) -> tuple[Viewing, Viewing | None]:
        key = (session_id, study_ref)
        now = self._clock.now()
        with self._lock:
            viewing = self._viewings.get(key)
            if viewing is None:
                viewing = self._viewings[key] = Viewing(session_id, person_id, study_ref, controller_id, now)
            viewing.seen_at = now
            self._viewings.move_to_end(key)
            over = len(self._viewings) > self._limits.open_views
            return viewing, self._viewings.popitem(last=False)[1] if over else None

    def _close(self, viewings: list[Viewing]) -> None:
        for viewing in viewings:
            fact = viewing.closing()
            if fact:
                self._journal.record(fact)
