"""Bringing studies by a browser: a page whose script sends DICOM files by STOW-RS, a folder at a time.

The page stores nothing itself: what it sends is decided, stored and answered for by `/dicom-web/studies`.
"""

from __future__ import annotations

from dataclasses import replace

from starlette.responses import Response

from primum.doors.http.visit import Visit
from primum.doors.web.render import Pages
from primum.doors.web.step_up import step_up_address
from primum.identity import Permission, Thing, require


class Bringing:
    """The page."""

    def __init__(self, pages: Pages) -> None:
        """Render with `pages`."""
        self._pages = pages

    def page(self, visit: Visit) -> Response:
        """Show where files are dropped; who is not fresh is led to password and code first. Raises NotPermitted."""
        people = visit.services.people
        actor, controller_id = people.actor(visit.person), people.person(visit.person.person_id).controller_id
        require(replace(actor, fresh=True), Permission.STUDY_IMPORT, Thing("study", controller_id))
        step_up = "" if visit.person.fresh else step_up_address(visit)
        return self._pages.page(visit, "bring.html", here="bring", step_up=step_up)
