"""What a data protection officer looks at, at the terminal and on a page: facts, read only."""

from __future__ import annotations

from typing import Any

from primum.app.oversight import oversight
from primum.doors.worker.control import Progress
from primum.doors.worker.desk import Args, Asking, Desk, Verb, handler
from primum.doors.worker.protocol import BadRequest
from primum.identity import NotPermitted, Permission
from primum.journal import Kind


def retention_facts(desk: Desk, asking: Asking, _args: Args, _progress: Progress) -> dict[str, Any]:
    """Gather what concerns keeping and erasing, of the controllers that this person may list. Looking is a fact."""
    if not desk.worker.retention.may_list(asking.actor):
        details: dict[str, str | int] = {
            "session": asking.session.id, "rule": "silence", "what": str(Permission.ERASURE_LIST),
        }  # fmt: skip
        desk.record(Kind.ACTION_REFUSED, asking.actor.person_id, "", details)
        raise NotPermitted(action=str(Permission.ERASURE_LIST), rule="silence")
    facts = oversight(desk.worker, asking.actor)
    details = {"session": asking.session.id, "ledger": "both", "count": 1}
    desk.record(Kind.JOURNAL_READ, asking.actor.person_id, "", details)
    return facts


VERBS: dict[str, Verb] = {"retention_facts": retention_facts}


def facts(desk: Desk, args: dict[str, Any], _data: bytes) -> tuple[dict[str, Any], bytes]:
    """Answer the page, for the person whose session is given."""
    match args:
        case {"token": str(token)}:
            return handler(desk, retention_facts)(token, {}, lambda _facts: None), b""
        case _:
            raise BadRequest
