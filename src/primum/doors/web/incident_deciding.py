"""The forms of a file by which a person assesses and decides, and attaches a recipient's certificate."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from primum.doors.http.forms import FormUnreadable, field
from primum.doors.http.visit import Visit
from primum.doors.web.incident_asking import ask, file_id
from primum.doors.web.incident_decisions import unfit
from primum.doors.web.incident_severity import WHYS
from primum.doors.web.incidents import IncidentPages
from primum.doors.web.language import say
from primum.doors.web.render import language_of
from primum.incidents.carried import read
from primum.incidents.limits import LIMITS
from primum.incidents.model import BadEntry
from primum.incidents.severity import enisa
from primum.incidents.severity.assessment import KEY, check_assessment
from primum.incidents.severity.grounds import CERTIFICATE

_WHERE = "decisions"


class DecisionPages:
    """What the forms of the part `decisions` send."""

    def __init__(self, incidents: IncidentPages) -> None:
        """Show the file again with `incidents`."""
        self._incidents = incidents

    def assess(self, visit: Visit) -> Response:
        """Write down what somebody chose; nothing chosen at all takes the choices back."""
        value = _chosen(visit)
        try:
            check_assessment(value)
        except BadEntry:
            return self._incidents.shown(visit, say(language_of(visit), "incident_decisions.unfit_cell"), 422)
        told = {"key": KEY, "value": json.dumps(value, ensure_ascii=False), "unknown": not value}
        return self._incidents.act(visit, "incident_answer", _WHERE, told=told)

    def decide(self, visit: Visit) -> Response:
        """Decide and sign. Raises StepUpNeeded."""
        told: dict[str, Any] = {
            name: field(visit.form, name, LIMITS.text) for name in ("about", "reason", "proposed")
        }  # fmt: skip
        told["choice"], _, told["ground"] = field(visit.form, "decided", LIMITS.line).partition("/")
        told["evidence"] = [
            field(visit.form, name, LIMITS.line) for name in visit.form if name.startswith("evidence-")
        ]  # fmt: skip
        dossier = read(ask(visit, "incident_show", id=file_id(visit))["file"])
        sentence = unfit(language_of(visit), dossier, told)
        if sentence:
            return self._incidents.shown(visit, sentence, 422)
        return self._incidents.act(visit, "incident_decide", _WHERE, told=told)

    def certificate(self, visit: Visit) -> Response:
        """Attach what a recipient certifies."""
        if len(visit.document) > LIMITS.document_bytes:
            raise FormUnreadable
        told = {"name": field(visit.form, "name", LIMITS.line), "what": CERTIFICATE}
        return self._incidents.act(visit, "incident_attach", _WHERE, told=told, document=visit.document)


def _chosen(visit: Visit) -> dict[str, str]:
    """Read the choices of a severity as the fact holds them: each a text, and none where nothing was chosen."""
    form = visit.form
    value = {
        kind: " ".join([cell, *(one for one in enisa.ADJUSTERS if form.get(f"adjust-{kind}-{one}"))])
        for kind in enisa.KINDS
        if (cell := field(form, f"data-{kind}", LIMITS.line))
    }
    for name in ("credentials-open", "complete", *enisa.CHOICE_WORDS, *WHYS):
        value[name] = field(form, name, LIMITS.line)
    return {name: text for name, text in value.items() if text}
