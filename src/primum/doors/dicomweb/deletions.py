"""DELETE of a study, a series or an instance: proposes its erasure, and erases nothing (docs/design/retention.md).

PS3.18 describes no deletion; other archives take DELETE on the resources of 10.4 and delete at once. Here somebody
decides, so the answer is `202 Accepted` (RFC 9110 15.3.3) with the proposal, and the resource is served until it is
erased.
"""

from __future__ import annotations

from typing import Final

from starlette.responses import JSONResponse, Response

from primum.doors.http.reading import Reading
from primum.doors.http.services import Archive
from primum.doors.http.visit import Visit, check_forgery
from primum.ground.clock import to_text
from primum.identity import Permission
from primum.imaging.retention.errors import BadWords
from primum.imaging.retention.model import Part, Reason

REASON: Final = "reason"
"""The query's one parameter: a word of ours, nothing about a patient."""


class Deletions:
    """Three handlers of the root that speaks real UIDs."""

    def __init__(self, archive: Archive, reading: Reading) -> None:
        """Find in `archive` what `reading` lets this caller list."""
        self._archive, self._reading = archive, reading

    def study(self, visit: Visit) -> Response:
        """Propose to erase a study."""
        return self._propose(visit, Part())

    def series(self, visit: Visit) -> Response:
        """Propose to erase a series."""
        return self._propose(visit, Part("series", visit.request.path_params["series"]))

    def instance(self, visit: Visit) -> Response:
        """Propose to erase an instance."""
        return self._propose(visit, Part("instance", visit.request.path_params["instance"]))

    def _propose(self, visit: Visit, part: Part) -> Response:
        check_forgery(visit)
        reach = self._reading.reach(visit, Permission.STUDY_LIST)
        study = self._archive.study(reach, uid=visit.request.path_params["study"])
        if part.level == "instance":
            # the address names its series too: an instance of another one is not there
            self._archive.instances(study, visit.request.path_params["series"], part.uid)
        actor = visit.services.people.actor(visit.person)
        one = visit.services.retention.propose(actor, study.study_ref, _reason(visit), part=part)
        due = {"effective_at": to_text(one.effective_at)} if one.effective_at else {}
        return JSONResponse({"erasure": one.id, "state": one.state.value, "way": one.way.value, **due}, 202)


def _reason(visit: Visit) -> Reason:
    try:
        return Reason(visit.request.query_params.get(REASON, Reason.NO_LONGER_NEEDED))
    except ValueError:
        raise BadWords(what="reason") from None
