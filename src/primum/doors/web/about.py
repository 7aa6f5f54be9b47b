"""What Primum is for, and who wrote what it is made of."""

from __future__ import annotations

from starlette.responses import Response

from primum.doors.http.visit import Visit
from primum.doors.web.render import Pages
from primum.doors.web.viewer_files import Viewer


class About:
    """The page."""

    def __init__(self, pages: Pages, viewer: Viewer | None) -> None:
        """Read the licences once."""
        self._pages = pages
        self._notices = viewer.notices() if viewer else ""

    def page(self, visit: Visit) -> Response:
        """Show it."""
        return self._pages.page(visit, "about.html", here="about", notices_text=self._notices)
