"""Everything that a page may ask about the files of breaches, part by part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from primum.doors.worker import (
    verbs_incident_authority,
    verbs_incident_decisions,
    verbs_incident_evidence,
    verbs_incident_notices,
    verbs_incident_stories,
    verbs_incident_telling,
    verbs_incidents,
)
from primum.doors.worker.desk import answer_page

if TYPE_CHECKING:
    from primum.doors.worker.desk import Desk, Verb

ALL: dict[str, Verb] = {
    **verbs_incidents.VERBS,
    **verbs_incident_authority.VERBS,
    **verbs_incident_evidence.PAGE,
    **verbs_incident_stories.VERBS,
    **verbs_incident_decisions.VERBS,
    **verbs_incident_notices.VERBS,
    **verbs_incident_telling.VERBS,
}


def page(desk: Desk, args: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    """Answer a page: one of the verbs, for the person whose session is given. A page names no file of this machine."""
    answer, _ = answer_page(desk, ALL, args, file="", out="", document=data)
    body = answer.pop(verbs_incidents.BYTES, b"")
    return answer, bytes(body)
