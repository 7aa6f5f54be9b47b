"""The alert that a host owes to a controller (article 33(2)), on the page of that controller's file."""

from __future__ import annotations

from datetime import UTC
from typing import Final

from starlette.responses import Response

from primum.doors.http.forms import field
from primum.doors.http.visit import Visit
from primum.doors.web.incident_asking import ask, file_id
from primum.doors.web.incident_values import tongue
from primum.doors.web.incidents import IncidentPages, download
from primum.doors.web.language import say
from primum.doors.web.local_time import Unclear, read_local
from primum.doors.web.render import language_of
from primum.ground.clock import to_text
from primum.ground.errors import PrimumError
from primum.ground.zones import practice_zone
from primum.incidents.carried import read
from primum.incidents.limits import LIMITS
from primum.incidents.stories.alerts import alert, alert_pdf

_OFFSET: Final = 8
"""Characters: +01:00."""


class AlertPages:
    """The alert as PDF, and the form that writes down that it has left."""

    def __init__(self, incidents: IncidentPages) -> None:
        """Show refusals on the page of the file."""
        self._incidents = incidents

    def draw(self, visit: Visit) -> Response:
        """Give the alert as PDF. Raises NotPermitted, NoSuchIncident."""
        host, contact = (field(visit.form, name, LIMITS.line) for name in ("host", "contact"))
        found = ask(visit, "incident_show", id=file_id(visit))
        try:
            made = alert(
                read(found["file"]), controller=found["controller"], host=host, contact=contact,
                language=tongue(language_of(visit)), zone=practice_zone(),
            )  # fmt: skip
        except PrimumError as refusal:
            return self._incidents.refused(visit, refusal)
        return download(alert_pdf(made), "application/pdf", f"primum-alert-{file_id(visit)}.pdf")

    def sent(self, visit: Visit) -> Response:
        """Write down that it has left."""
        about = field(visit.form, "about", LIMITS.line)
        try:
            typed, offset = field(visit.form, "at", LIMITS.line), field(visit.form, "offset", _OFFSET)
            at = read_local(typed, None, offset).astimezone(UTC)
        except Unclear:
            return self._incidents.shown(visit, say(language_of(visit), "incidents.hour_twice"), 422)
        except ValueError:
            return self._incidents.shown(visit, say(language_of(visit), "incidents.no_hour"), 422)
        return self._incidents.act(visit, "incident_alerted", "alert", told={"at": to_text(at), "about": about})
