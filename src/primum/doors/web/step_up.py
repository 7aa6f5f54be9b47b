"""Password and code again, for what changes something: the one page that makes a session fresh (docs/design/web.md).

A page with a form that changes something shows `step_up_address(visit)` where its visitor is not fresh; a refusal for
want of freshness leads here too. Afterwards the visitor is back where the form is, and does it knowingly: what
was posted before is not kept and not repeated.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from primum.doors.http.forms import field
from primum.doors.http.statuses import status_of
from primum.doors.http.visit import Visit
from primum.doors.web.at_door import refused_sentence, secret
from primum.doors.web.render import Pages
from primum.ground.errors import PrimumError

ADDRESS: Final = "/step-up"
NEXT: Final = "then"
_OURS: Final = re.compile(r"/(?:[A-Za-z0-9._~-]+(?:/[A-Za-z0-9._~-]+)*)?")
"""A path of this origin: one slash at its start, so that no other host can be meant, and no query."""
_LONGEST: Final = 200
"""Characters: the longest path of a page of ours has a study's alias in it, some 80."""


def step_up_address(visit: Visit, then: str = "") -> str:
    """Return the address that asks for password and code, and leads back to `then` (by default to this page)."""
    return f"{ADDRESS}?{urlencode({NEXT: _safe(then or visit.request.url.path)})}"


def _safe(path: str) -> str:
    return path if len(path) <= _LONGEST and _OURS.fullmatch(path) else "/"


class StepUp:
    """The page and its form."""

    def __init__(self, pages: Pages) -> None:
        """Render with `pages`."""
        self._pages = pages

    def page(self, visit: Visit) -> Response:
        """Ask; who is fresh already goes on."""
        then = _safe(visit.request.query_params.get(NEXT, ""))
        if visit.person.fresh:
            return RedirectResponse(then, 303)
        return self._ask(visit, then)

    def step_up(self, visit: Visit) -> Response:
        """Take password and code; go back where they were asked for."""
        then = _safe(visit.form.get(NEXT, ""))
        code = field(visit.form, "code", visit.services.limits.field_characters)
        try:
            visit.services.people.step_up(visit.token, secret(visit, "password"), code, address=visit.address)
        except PrimumError as refusal:
            if refusal.code not in {"identity.sign-in-refused", "identity.throttled"}:
                raise
            return self._ask(visit, then, refused_sentence(visit, "step_up", refusal), status_of(refusal))
        return RedirectResponse(then, 303)

    def _ask(self, visit: Visit, then: str, sentence: str = "", status: int = 200) -> Response:
        return self._pages.page(visit, "step_up.html", status=status, sentence=sentence, then=then)
