"""What the doors may ask of the worker, by name: an exact list (tests/test_exact_lists.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from primum.doors.worker import (
    door_verbs_orders,
    verbs_check,
    verbs_commitments,
    verbs_identity,
    verbs_incident_pages,
    verbs_interventions,
    verbs_oversight,
)
from primum.doors.worker.desk import Desk
from primum.doors.worker.questions import Body, DoorVerb
from primum.doors.worker.verbs_patients import decide
from primum.doors.worker.verbs_reports import report
from primum.doors.worker.verbs_sendings import sending

Told = Callable[[Desk, dict[str, Any], bytes], Body]

DOOR_VERBS: Mapping[str, Told] = {
    "check": verbs_check.page,
    "commitment.ask": verbs_commitments.ask,
    "commitment.result": verbs_commitments.result,
    "commitment.delivered": verbs_commitments.delivered,
    "confirmation.report": verbs_commitments.report,
    "decide": decide,
    "identity.judge": verbs_identity.judge,
    "identity.still": verbs_identity.still,
    "incidents": verbs_incident_pages.page,
    "interventions": verbs_interventions.interventions,
    "retention.facts": verbs_oversight.facts,
    "report": report,
    "sending": sending,
    **door_verbs_orders.VERBS,
}
"""Every verb: takes the desk, the arguments and the bytes of a question."""


def door_verbs(desk: Desk) -> dict[str, DoorVerb]:
    """Give every verb the desk at which it is answered."""
    return {name: _at(desk, verb) for name, verb in DOOR_VERBS.items()}


def _at(desk: Desk, verb: Told) -> DoorVerb:
    return lambda args, data: verb(desk, args, data)
