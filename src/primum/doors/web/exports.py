"""A study taken out by a browser: asked for, sealed, its passphrase shown once, fetched once (docs/design/media.md).

What leaves through a browser is always sealed. Asking makes a ticket of this session, good for one fetch within five
minutes; that this leaves is in the ledger before the first byte of it is.
"""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from primum.app.shelf import StudyInReach
from primum.doors.http.nowhere import NotFound
from primum.doors.http.reading import Reading
from primum.doors.http.visit import Visit
from primum.doors.web.render import Pages, language_of
from primum.doors.web.rows import row
from primum.doors.web.step_up import step_up_address
from primum.doors.web.tickets import Tickets
from primum.identity.pack import make_passphrase
from primum.imaging.media.exporting import Seal, Sealing, Write, export_studies

WAYS: Final = {"aes-zip": Sealing.AES_ZIP, "age": Sealing.AGE}
REASONS: Final = ("care", "patient", "colleague", "emergency", "justice", "other")
_NAMES: Final = {Sealing.AES_ZIP: "export.zip", Sealing.AGE: "export.age"}


class Exports:
    """The page, its form, and the file."""

    def __init__(self, pages: Pages, reading: Reading) -> None:
        """Read through `reading`, which decides."""
        self._pages, self._reading, self._tickets = pages, reading, Tickets()

    def page(self, visit: Visit) -> Response:
        """Ask how and why."""
        return self._page(visit, self._reading.find(visit, self._ref(visit)))

    def prepare(self, visit: Visit) -> Response:
        """Decide, make the passphrase and the ticket, and show both. Raises NotPermitted, StepUpNeeded."""
        study = self._reading.leaving(visit, self._ref(visit))
        how, reason = WAYS.get(visit.form.get("seal", "")), visit.form.get("reason", "")
        if how is None or reason not in REASONS:
            return self._page(visit, study, status=400)
        passphrase = make_passphrase()
        fetch = self._tickets.offer(visit, study, Seal(how, passphrase), reason)
        return self._page(visit, study, passphrase=passphrase, fetch=fetch, sealed=str(how))

    def fetch(self, visit: Visit) -> Response:
        """Give the file, once. Raises NotFound, NotPermitted."""
        ticket = self._tickets.taken(visit)
        study = self._reading.leaving(visit, self._ref(visit), fresh=False)
        if study.study_ref != ticket.study.study_ref:
            raise NotFound
        kept, clock = list(visit.services.archive.instances(study)), visit.services.clock

        def run(write: Write) -> None:
            export_studies([kept], write, ticket.seal, at=clock.now())

        headers = {
            "content-type": "application/octet-stream",
            "content-disposition": f'attachment; filename="{_NAMES[ticket.seal.how]}"',
        }
        return self._tickets.stream(visit, ticket, kept, run, headers)

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
