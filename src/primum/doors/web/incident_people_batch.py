"""The letters of one batch: those that wait for a person, with whom they are for; print, post, settle, stop."""

from __future__ import annotations

import re
from typing import Final

from starlette.responses import Response

from primum.doors.http.forms import FormUnreadable, field
from primum.doors.http.nowhere import NotFound
from primum.doors.http.visit import Visit
from primum.doors.web.incident_asking import ask, file_id
from primum.doors.web.incident_people import fates
from primum.doors.web.incident_people_page import TellingPages, common, numbers, shown
from primum.doors.web.incidents import download, fetched, title_of
from primum.doors.web.render import Pages, language_of
from primum.ground.errors import PrimumError
from primum.incidents.carried import read
from primum.incidents.limits import LIMITS
from primum.incidents.model import BadEntry, State

_BATCH: Final = re.compile(r"bat_[a-z2-7]{26}")
_COUNT: Final = re.compile(r"[0-9]{1,6}")
_SETTLED: Final = ("uncertain", "refused", "given-up")


class BatchPages:
    """The page of a batch, and the forms about it."""

    def __init__(self, pages: Pages, people: TellingPages) -> None:
        """Render with `pages`; what is refused is shown on the page of `people`."""
        self._pages, self._people = pages, people

    def page(self, visit: Visit) -> Response:
        """Show the letters that wait for a person. Raises NotPermitted, StepUpNeeded."""
        found, language = ask(visit, "incident_show", id=file_id(visit)), language_of(visit)
        stands = ask(visit, "incident_people", id=file_id(visit))
        batch = next((one for one in stands["batches"] if one["id"] == _batch_id(visit)), None)
        if batch is None:
            raise NotFound
        waits = ask(visit, "incident_people_waiting", batch=batch["id"])
        dossier = read(found["file"])
        words = {one["fate"]: one["says"] for one in fates(language, {each["fate"]: 1 for each in waits["letters"]})}
        return self._pages.page(
            visit, "incident_people_batch.html", here="incidents", sentence="", one=dossier,
            title=title_of(dossier), controller=found["controller"], **common(visit, dossier),
            batch=shown(language, batch, found["names"]), waits=waits["letters"], more=waits["more"], fate_words=words,
            settles=[one for one in _SETTLED if batch["letters"].get(one)], open=dossier.state is State.OPEN,
        )  # fmt: skip

    def stop(self, visit: Visit) -> Response:
        """Stop what has not left. Raises StepUpNeeded."""
        told = {"batch": _batch_id(visit), "reason": field(visit.form, "reason", LIMITS.text)}
        return self._people.act(visit, "incident_people_stop", "batches", told)

    def settle(self, visit: Visit) -> Response:
        """Say what became of letters, or have them tried again. Raises StepUpNeeded."""
        told = {name: field(visit.form, name, LIMITS.text) for name in ("fate", "choice", "reason")}
        more = {"batch": _batch_id(visit), "numbers": numbers(visit, "numbers")}
        return self._people.act(visit, "incident_people_settle", "batches", {**told, **more})

    def printed(self, visit: Visit) -> Response:
        """Give the letters of a batch by post. Raises StepUpNeeded."""
        try:
            body = fetched(visit, "incident_people_print", batch=_batch_id(visit))
        except PrimumError as refusal:
            return self._people.refused(visit, refusal)
        return download(body, "application/pdf", "letters.pdf")

    def posted(self, visit: Visit) -> Response:
        """Say that letters were posted."""
        if len(visit.document) > LIMITS.document_bytes:
            raise FormUnreadable
        count = field(visit.form, "count", LIMITS.line)
        if not _COUNT.fullmatch(count):
            return self._people.refused(visit, BadEntry(what="a count is a whole number"))
        told = {
            "batch": _batch_id(visit), "count": int(count), "on": field(visit.form, "on", LIMITS.line),
            "but": numbers(visit, "but"), "name": field(visit.form, "name", LIMITS.line),
        }  # fmt: skip
        return self._people.act(visit, "incident_people_posted", "batches", told, visit.document)


def _batch_id(visit: Visit) -> str:
    found = str(visit.request.path_params["batch"])
    if not _BATCH.fullmatch(found):
        raise NotFound
    return found
