"""The alert that a host owes to a controller (article 33(2)), on the page of that controller's file."""

from __future__ import annotations

from starlette.responses import Response

from primum.doors.http.forms import field
from primum.doors.http.visit import Visit
from primum.doors.web.incident_asking import NoHour, ask, file_id, typed_instant
from primum.doors.web.incident_values import tongue
from primum.doors.web.incidents import IncidentPages, download
from primum.doors.web.render import language_of
from primum.ground.errors import PrimumError
from primum.ground.zones import practice_zone
from primum.incidents.carried import read
from primum.incidents.limits import LIMITS
from primum.incidents.stories.alerts import alert, alert_pdf


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
            at = typed_instant(visit)
        except NoHour as unfit:
            return self._incidents.shown(visit, str(unfit), 422)
        return self._incidents.act(visit, "incident_alerted", "alert", told={"at": at, "about": about})
