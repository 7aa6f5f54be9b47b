"""Refusals, as pages: our own sentence for each code, never a message from inside."""

from __future__ import annotations

from typing import Final

from starlette.responses import RedirectResponse, Response

from primum.doors.http.statuses import status_of
from primum.doors.http.visit import Standing, Visit, closed_door
from primum.doors.web.language import say
from primum.doors.web.render import Pages, language_of
from primum.doors.web.step_up import step_up_address
from primum.ground.errors import PrimumError

_BY_CODE: Final = {
    "identity.not-permitted": "forbidden",
    "journal.closed": "journal",
    "journal.unwritable": "journal",
    "web.busy": "busy",
    "web.foreign-form": "foreign",
    "web.form-too-large": "bad",
    "web.form-unreadable": "bad",
    "web.not-found": "not_found",
}


class RefusedPages:
    """Words a refusal for whoever reads pages."""

    def __init__(self, pages: Pages) -> None:
        """Render with `pages`."""
        self._pages = pages

    def __call__(self, visit: Visit, refusal: PrimumError) -> Response:
        """Answer with the page that says `refusal`."""
        status = status_of(refusal)
        if refusal.code == "identity.step-up" and visit.standing is Standing.PERSON and not visit.partial:
            # back to the page of the form: `back` is its field, checked like any address of ours
            return RedirectResponse(step_up_address(visit, visit.form.get("back", "/")), 303)
        if status == 401 or (status == 404 and visit.standing is not Standing.PERSON):  # noqa: PLR2004
            return closed_door(visit)
        key = _BY_CODE.get(refusal.code, "broken" if status == 500 else "bad")  # noqa: PLR2004
        sentence = say(language_of(visit), f"refused.{key}")
        code = refusal.code if visit.standing is Standing.PERSON and refusal.code != "primum.refused" else ""
        return self._pages.page(visit, "refused.html", status=status, sentence=sentence, code=code)
