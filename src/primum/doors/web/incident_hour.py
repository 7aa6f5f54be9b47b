"""The page "what to do in the next hour": of a file, or of a story without any; to read, and to print on one sheet."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from starlette.responses import Response

from primum.doors.http.headers import SHEET_POLICY
from primum.doors.http.nowhere import NotFound
from primum.doors.http.visit import Visit
from primum.doors.web.incident_asking import HERE, ask, file_id, may
from primum.doors.web.incident_values import tongue
from primum.doors.web.render import Pages, language_of
from primum.ground.clock import from_text, to_text
from primum.ground.zones import practice_zone
from primum.identity import Permission
from primum.incidents.carried import read
from primum.incidents.hour import Hour, hour, hour_of, situations
from primum.incidents.hour_page import hour_html, hour_pdf
from primum.incidents.limits import LIMITS
from primum.incidents.model import Role

_AT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_FILES: Final = re.compile(r"inc_[a-z2-7]{26}( inc_[a-z2-7]{26}){0,19}")


class HourPages:
    """The page in our frame, as one HTML sheet, and as PDF."""

    def __init__(self, pages: Pages) -> None:
        """Render with `pages`."""
        self._pages = pages

    def story(self, visit: Visit) -> Response:
        """Show the page of a story, to whoever may report; with the files that they have just opened."""
        page, name, query = _of_story(visit), str(visit.request.path_params["story"]), visit.request.query_params
        at = _at(visit)
        files = query.get("file", "")
        return self._pages.page(
            visit, "incident_hour.html", here="incidents", page=page, numbered=("keep", "close"),
            files=files.split() if _FILES.fullmatch(files) else [], address=f"{HERE}/hour/{name}",
            query=f"?at={to_text(at)}" if at is not None else "", may_list=may(visit, Permission.INCIDENT_LIST),
        )  # fmt: skip

    def story_html(self, visit: Visit) -> Response:
        """Give the page of a story as one sheet."""
        return _sheet(hour_html(_of_story(visit)))

    def story_pdf(self, visit: Visit) -> Response:
        """Give the page of a story as PDF."""
        return _pdf(_of_story(visit))

    def file_html(self, visit: Visit) -> Response:
        """Give the page of a file as one sheet, with what was done already. Raises NotPermitted, NoSuchIncident."""
        return _sheet(hour_html(_of_file(visit)))

    def file_pdf(self, visit: Visit) -> Response:
        """Give the page of a file as PDF. Raises NotPermitted, NoSuchIncident."""
        return _pdf(_of_file(visit))


def _of_story(visit: Visit) -> Hour:
    name = str(visit.request.path_params["story"])
    if name not in situations() or not may(visit, Permission.INCIDENT_REPORT):
        raise NotFound
    role = Role.PROCESSOR if visit.services.settings.hosts_for_others else Role.CONTROLLER
    return hour(
        name, language=tongue(language_of(visit)), zone=practice_zone(), detected_at=_at(visit), role=role,
        exercise=visit.services.demo,
    )  # fmt: skip


def _of_file(visit: Visit) -> Hour:
    dossier = read(ask(visit, "incident_show", id=file_id(visit))["file"])
    return hour_of(dossier, language=tongue(language_of(visit)), zone=practice_zone())


def _at(visit: Visit) -> datetime | None:
    """Read since when the hours run, as our own redirect says it; None for anything else."""
    text, now = visit.request.query_params.get("at", ""), visit.services.clock.now()
    if not _AT.fullmatch(text):
        return None
    try:
        at = from_text(text)
    except ValueError:
        return None
    return at if now - LIMITS.oldest < at <= now + LIMITS.ahead else None


def _sheet(body: bytes) -> Response:
    headers = {"content-type": "text/html; charset=utf-8", "content-security-policy": SHEET_POLICY}
    return Response(body, headers=headers)


def _pdf(page: Hour) -> Response:
    told = {"content-type": "application/pdf", "content-disposition": 'attachment; filename="hour.pdf"'}
    return Response(hour_pdf(page), headers=told)
