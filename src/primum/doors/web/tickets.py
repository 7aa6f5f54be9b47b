"""What leaves through a browser: a ticket of its session, fetched once, in both ledgers (docs/design/media.md).

That it leaves is on disc before the first byte of it goes; how far it came is there after the last.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from starlette.responses import Response, StreamingResponse

from primum.app.shelf import StudyInReach
from primum.doors.http.disclosures import DOOR
from primum.doors.http.nowhere import NotFound
from primum.doors.http.services import Kept
from primum.doors.http.visit import Busy, Visit
from primum.ground.ids import new_id
from primum.imaging.media.exporting import Seal, Write
from primum.imaging.media.pulling import pulled
from primum.journal import Fact, Kind

LASTS: Final = timedelta(minutes=5)
MOST_TICKETS: Final = 256
"""Tickets at once, of everybody: beyond, the oldest goes."""
AT_ONCE: Final = 4
"""Files under way at once: each is drawn or deflated, and sealed, on a processor of its own."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What somebody may fetch, once. `wish` says what of the study, to whoever made it."""

    session_id: str
    study: StudyInReach
    seal: Seal = field(repr=False)
    reason: str
    until: datetime
    wish: object = field(default=None, repr=False)


class Tickets:
    """The tickets of one sort of file."""

    def __init__(self) -> None:
        """Begin with none."""
        self._tickets: dict[str, Ticket] = {}
        self._lock = threading.Lock()
        self._under_way = 0

    def offer(self, visit: Visit, study: StudyInReach, seal: Seal, reason: str, wish: object = None) -> str:
        """Make a ticket; return the address at which it is fetched."""
        name = secrets.token_urlsafe(24)
        ticket = Ticket(visit.person.id, study, seal, reason, visit.services.clock.now() + LASTS, wish)
        with self._lock:
            while len(self._tickets) >= MOST_TICKETS:
                del self._tickets[next(iter(self._tickets))]
            self._tickets[name] = ticket
        return f"{visit.request.url.path}/{name}"

    def taken(self, visit: Visit) -> Ticket:
        """Take the ticket: it is good for its session, once, while it lasts. Raises NotFound, Busy."""
        name = visit.request.path_params["ticket"]
        with self._lock:
            ticket = self._tickets.get(name)
            if ticket is None or ticket.session_id != visit.person.id:
                raise NotFound
            del self._tickets[name]
        if visit.services.clock.now() >= ticket.until:
            raise NotFound
        if self._under_way >= AT_ONCE:
            raise Busy
        return ticket

    def stream(
        self,
        visit: Visit,
        ticket: Ticket,
        kept: Sequence[Kept],
        run: Callable[[Write], object],
        headers: dict[str, str],
    ) -> Response:
        """Write down that it leaves, and give what `run` writes as it goes."""
        study = ticket.study
        details: dict[str, str | int] = {
            "session": visit.person.id, "controller": study.controller_id, "instances": len(kept),
            "what": str(ticket.seal.how), "reason": ticket.reason, "door": DOOR,
        }  # fmt: skip
        visit.services.journal.record(Fact(Kind.STUDY_EXPORTED, visit.person.person_id, study.study_ref, details))
        return StreamingResponse(
            self._pieces(visit, ticket, len(kept), run), headers=headers | {"x-accel-buffering": "no"}
        )

    def _pieces(self, visit: Visit, ticket: Ticket, instances: int, run: Callable[[Write], object]) -> Iterator[bytes]:
        sent, done = 0, "interrupted"
        with self._lock:
            self._under_way += 1
        try:
            for piece in pulled(run):
                sent += len(piece)
                yield piece
            done = "done"
        finally:
            with self._lock:
                self._under_way -= 1
            told: dict[str, str | int] = {
                "studies": 1, "instances": instances, "bytes": sent, "what": str(ticket.seal.how), "reason": done,
            }  # fmt: skip
            visit.services.journal.record(Fact(Kind.EXPORT_FINISHED, visit.person.person_id, new_id("exp"), told))
