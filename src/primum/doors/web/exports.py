"""A study taken out by a browser: asked for, sealed, its passphrase shown once, fetched once (docs/design/media.md).

What leaves through a browser is always sealed. Asking makes a ticket of this session, good for one fetch within five
minutes; that this leaves is in the ledger before the first byte of it is.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from starlette.responses import Response, StreamingResponse

from primum.app.shelf import StudyInReach
from primum.doors.http.disclosures import DOOR
from primum.doors.http.nowhere import NotFound
from primum.doors.http.reading import Reading
from primum.doors.http.services import Kept
from primum.doors.http.visit import Busy, Visit
from primum.doors.web.render import Pages, language_of
from primum.doors.web.rows import row
from primum.doors.web.step_up import step_up_address
from primum.ground.ids import new_id
from primum.identity.pack import make_passphrase
from primum.imaging.media.exporting import Seal, Sealing, Write, export_studies
from primum.imaging.media.pulling import pulled
from primum.journal import Fact, Kind

LASTS: Final = timedelta(minutes=5)
MOST_TICKETS: Final = 256
"""Tickets at once, of everybody: beyond, the oldest goes."""
AT_ONCE: Final = 4
"""Exports under way at once: each deflates and seals on a processor of its own."""
WAYS: Final = {"aes-zip": Sealing.AES_ZIP, "age": Sealing.AGE}
REASONS: Final = ("care", "patient", "colleague", "emergency", "justice", "other")
_NAMES: Final = {Sealing.AES_ZIP: "export.zip", Sealing.AGE: "export.age"}


@dataclass(frozen=True, slots=True)
class _Ticket:
    session_id: str
    study: StudyInReach
    seal: Seal = field(repr=False)
    reason: str
    until: datetime


class Exports:
    """The page, its form, and the file."""

    def __init__(self, pages: Pages, reading: Reading) -> None:
        """Read through `reading`, which decides."""
        self._pages, self._reading = pages, reading
        self._tickets: dict[str, _Ticket] = {}
        self._lock = threading.Lock()
        self._under_way = 0

    def page(self, visit: Visit) -> Response:
        """Ask how and why."""
        return self._page(visit, self._reading.find(visit, self._ref(visit)))

    def prepare(self, visit: Visit) -> Response:
        """Decide, make the passphrase and the ticket, and show both. Raises NotPermitted, StepUpNeeded."""
        study = self._reading.leaving(visit, self._ref(visit))
        how, reason = WAYS.get(visit.form.get("seal", "")), visit.form.get("reason", "")
        if how is None or reason not in REASONS:
            return self._page(visit, study, status=400)
        passphrase, name = make_passphrase(), secrets.token_urlsafe(24)
        until = visit.services.clock.now() + LASTS
        ticket = _Ticket(visit.person.id, study, Seal(how, passphrase), reason, until)
        with self._lock:
            while len(self._tickets) >= MOST_TICKETS:
                del self._tickets[next(iter(self._tickets))]
            self._tickets[name] = ticket
        return self._page(
            visit, study, passphrase=passphrase, fetch=f"{visit.request.url.path}/{name}", sealed=str(how)
        )

    def fetch(self, visit: Visit) -> Response:
        """Give the file, once. Raises NotFound, NotPermitted."""
        ticket = self._taken(visit)
        study = self._reading.leaving(visit, self._ref(visit), fresh=False)
        if study.study_ref != ticket.study.study_ref:
            raise NotFound
        if self._under_way >= AT_ONCE:
            raise Busy
        kept = list(visit.services.archive.instances(study))
        details: dict[str, str | int] = {
            "session": visit.person.id, "controller": study.controller_id, "instances": len(kept),
            "what": str(ticket.seal.how), "reason": ticket.reason, "door": DOOR,
        }  # fmt: skip
        visit.services.journal.record(Fact(Kind.STUDY_EXPORTED, visit.person.person_id, study.study_ref, details))
        name = _NAMES[ticket.seal.how]
        headers = {"content-disposition": f'attachment; filename="{name}"', "x-accel-buffering": "no"}
        return StreamingResponse(
            self._pieces(visit, ticket, kept), media_type="application/octet-stream", headers=headers
        )

    def _pieces(self, visit: Visit, ticket: _Ticket, kept: list[Kept]) -> Iterator[bytes]:
        sent, done = 0, "interrupted"
        services = visit.services

        def run(write: Write) -> None:
            export_studies([kept], write, ticket.seal, at=services.clock.now())

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
                "studies": 1, "instances": len(kept), "bytes": sent, "what": str(ticket.seal.how), "reason": done,
            }  # fmt: skip
            services.journal.record(Fact(Kind.EXPORT_FINISHED, visit.person.person_id, new_id("exp"), told))

    def _taken(self, visit: Visit) -> _Ticket:
        """Take the ticket: it is good for its session, once, while it lasts."""
        name = visit.request.path_params["ticket"]
        with self._lock:
            ticket = self._tickets.get(name)
            if ticket is None or ticket.session_id != visit.person.id:
                raise NotFound
            del self._tickets[name]
        if visit.services.clock.now() >= ticket.until:
            raise NotFound
        return ticket

    def _ref(self, visit: Visit) -> str:
        return visit.aliases.uncover(visit.request.path_params["study"])

    def _page(
        self, visit: Visit, study: StudyInReach, *, status: int = 200, passphrase: str = "", fetch: str = "",
        sealed: str = "",
    ) -> Response:  # fmt: skip
        found = self._reading.search(visit, [("StudyInstanceUID", study.study_uid)], limit=8, offset=0)
        shown = next((one for one in found if one.study.study_ref == study.study_ref), None)
        if shown is None:
            raise NotFound
        language = language_of(visit)
        return self._pages.page(
            visit,
            "export.html",
            status=status,
            here="studies",
            study=row(shown.attributes, language, address="", controller="", flags=()),
            address=f"/export/{visit.aliases.cover(study.study_ref)}",
            step_up="" if visit.person.fresh else step_up_address(visit),
            ways=list(WAYS),
            reasons=REASONS,
            passphrase=passphrase,
            fetch=fetch,
            sealed=sealed,
        )
