"""Notifications asked of a file's page: a preview, one drawn up, one given as a file, its receipt. Nothing is sent."""

from __future__ import annotations

import re
from typing import Final

from starlette.responses import Response

from primum.doors.http.forms import FormUnreadable, field
from primum.doors.http.nowhere import NotFound
from primum.doors.http.visit import Visit
from primum.doors.web.incident_asking import NoHour, file_id, typed_instant
from primum.doors.web.incident_values import tongue
from primum.doors.web.incidents import IncidentPages, download, fetched
from primum.doors.web.language import say
from primum.doors.web.render import language_of
from primum.ground.errors import PrimumError
from primum.incidents.limits import LIMITS
from primum.incidents.notices.model import Type
from primum.incidents.notices.rendering import FORMS, Layout

_WHERE: Final = "notice"
_ENTRY: Final = re.compile(r"ent_[a-z2-7]{26}")


class NoticePages:
    """What the part `notice` asks for."""

    def __init__(self, incidents: IncidentPages) -> None:
        """Show the file again with `incidents`."""
        self._incidents = incidents

    def preview(self, visit: Visit) -> Response:
        """Give what would be drawn up, as a file that says it is a preview."""
        type_ = visit.request.query_params.get("type", "")
        if type_ not in set(Type):
            raise NotFound
        return self._file(visit, "incident_notice_preview", f"{file_id(visit)}-{type_}-preview", type=type_)

    def file(self, visit: Visit) -> Response:
        """Give one that was drawn up."""
        notice = _entry(visit)
        return self._file(visit, "incident_notice_file", f"{file_id(visit)}-{notice}", notice=notice)

    def draw(self, visit: Visit) -> Response:
        """Draw one up: it is frozen into the file. Raises StepUpNeeded."""
        told = {name: field(visit.form, name, LIMITS.text) for name in ("type", "reason")}
        if told["type"] not in set(Type):
            raise FormUnreadable
        return self._incidents.act(visit, "incident_notice_draw", _WHERE, told=told)

    def receipt(self, visit: Visit) -> Response:
        """Write down the receipt of what a person filed."""
        language = language_of(visit)
        if len(visit.document) > LIMITS.document_bytes:
            raise FormUnreadable
        try:
            at = typed_instant(visit)
        except NoHour as unfit:
            return self._incidents.shown(visit, str(unfit), 422)
        told = {
            "notice": _entry(visit), "at": at, "number": field(visit.form, "number", LIMITS.line),
            "corrects": field(visit.form, "corrects", LIMITS.line), "name": say(language, "incident_notice.receipt"),
        }  # fmt: skip
        return self._incidents.act(visit, "incident_notice_receipt", _WHERE, told=told, document=visit.document)

    def _file(self, visit: Visit, verb: str, name: str, **asked: str) -> Response:
        given = visit.request.query_params
        form, layout = given.get("form", "html"), given.get("layout", Layout.CNIL.value)
        if form not in FORMS or layout not in set(Layout):
            raise NotFound
        told = {**asked, "form": form, "layout": layout, "language": tongue(language_of(visit))}
        try:
            body = fetched(visit, verb, **told)
        except PrimumError as refusal:
            return self._incidents.refused(visit, refusal)
        return download(body, FORMS[form], f"{name}-{layout}.{form}")


def _entry(visit: Visit) -> str:
    found = str(visit.request.path_params["notice"])
    if not _ENTRY.fullmatch(found):
        raise NotFound
    return found
