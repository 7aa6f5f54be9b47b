"""What a data protection officer looks at: facts about keeping and erasing, each with its date and where it is from.

Read only, and nothing of a patient: studies by our own reference. docs/design/retention.md, Oversight.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from primum.app.backup.generations import instant_of
from primum.app.backup.status import holding, read_standing
from primum.ground.clock import to_text
from primum.imaging.orders.forgetting import Forgetting
from primum.imaging.retention.model import MACHINE, Erasure, Hold, State
from primum.imaging.retention.rules import rule_named
from primum.journal import Ledger, newest_of

if TYPE_CHECKING:
    from primum.app.worker import WorkerRooms
    from primum.identity import Actor

SHOWN: Final = 100
"""Lines of each list: a page; the counts are of all."""


def oversight(worker: WorkerRooms, actor: Actor) -> dict[str, Any]:
    """Gather the facts that this person may know of."""
    rooms, retention = worker.rooms, worker.retention
    now = rooms.clock.now()
    live, holds, done = retention.live(actor), retention.holds(actor), retention.done(actor, SHOWN)
    waiting = [one for one in live if one.state is State.WAITING]
    rooms.journal.flush()
    verified = newest_of(rooms.journal.folder, Ledger.ACCOUNT, "journal:verified")
    standing = read_standing(rooms.home.folder)
    made, tested = worker.backups.standing(now)
    keep = timedelta(days=rooms.settings.backup_keep_days + 1)
    return {
        "at": to_text(now),
        "due": [_proposal(one, now) for one in waiting if one.proposed_by == MACHINE][:SHOWN],
        "asked": [_proposal(one, now) for one in waiting if one.proposed_by != MACHINE][:SHOWN],
        "under_way": len(live) - len(waiting),
        "undecided": sum(one.undecided(now) for one in live),
        "returned": len(retention.returns(actor)),
        "holds": [_hold(one) for one in holds[:SHOWN]],
        "counts": {"due": sum(one.proposed_by == MACHINE for one in waiting), "waiting": len(waiting),
                   "holds": len(holds)},
        "tombstones": retention.tombstones(actor),
        "months": [asdict(one) for one in retention.erased_by_month(actor)],
        "certificates": [
            {"id": one.id, "study": one.study_ref, "level": one.part.level, "reason": one.reason.value,
             "done_at": to_text(one.done_at), "copies_until": to_text(one.done_at + keep),
             "copies_at": holding(standing, one.done_at)}
            for one in done if one.done_at is not None
        ],
        "backups": {
            "made": made, "tested": tested, "keep_days": rooms.settings.backup_keep_days,
            "oldest": {to: to_text(instant_of(one)) if one else "" for to, one in sorted(standing.oldest.items())},
        },
        "journal": {
            "verified_at": verified.at if verified else "", "illnesses": verified.count("illnesses") if verified else 0,
            "lines": verified.count("lines") if verified else 0,
        },
        "performed_without_images": Forgetting(worker.orders, worker.index).kept_for_a_person(now),
    }  # fmt: skip


def _proposal(one: Erasure, now: datetime) -> dict[str, Any]:
    rule = rule_named(one.rule)
    return {
        "id": one.id, "study": one.study_ref, "level": one.part.level, "reason": one.reason.value, "rule": one.rule,
        "source": rule.source if rule else "", "confidence": rule.confidence if rule else "",
        "ceiling": str(one.ceiling_on or ""), "since": to_text(one.proposed_at),
        "days": (now - one.proposed_at).days, "undecided": one.undecided(now),
    }  # fmt: skip


def _hold(one: Hold) -> dict[str, Any]:
    return {
        "id": one.id, "of": one.study_ref or one.patient_id, "level": one.level, "reason": one.reason.value,
        "since": to_text(one.opened_at), "until": str(one.until_on or ""),
    }  # fmt: skip
