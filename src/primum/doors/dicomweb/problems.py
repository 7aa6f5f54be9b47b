"""Refusals, as programs read them (RFC 9457). One shape; nothing from inside, nothing about a patient."""

from __future__ import annotations

import json

from starlette.responses import Response

from primum.doors.http.statuses import status_of
from primum.doors.http.visit import ASKING, Visit, closed_door
from primum.ground.errors import PrimumError

_UNEXPLAINED = "primum.refused"


def problem(visit: Visit, refusal: PrimumError) -> Response:
    """Answer with our code for `refusal`."""
    status = status_of(refusal)
    if visit.standing not in ASKING or status == 401:  # noqa: PLR2004
        return closed_door(visit)
    if status == 404:  # noqa: PLR2004 (unknown, out of reach, malformed: one answer)
        return _problem(404, "web.not-found")
    return _problem(status, refusal.code if status < 500 or refusal.code != _UNEXPLAINED else "web.unexpected")  # noqa: PLR2004


def _problem(status: int, code: str) -> Response:
    return Response(json.dumps({"code": code, "status": status}), status, media_type="application/problem+json")
