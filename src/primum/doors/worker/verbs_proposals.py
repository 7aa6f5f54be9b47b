"""What other systems say of patients, at the terminal and on the pages (docs/design/patients.md).

Accepting is a decision like any other, made by `verbs_patients`: here is what it follows, and what refuses it.
"""

from __future__ import annotations

from typing import Any

from primum.doors.worker.control import Progress
from primum.doors.worker.desk import Args, Asking, Desk, Verb
from primum.doors.worker.protocol import BadRequest
from primum.identity import NotPermitted, Permission, Thing, reaches
from primum.imaging import NotHere
from primum.imaging.corrections import By
from primum.imaging.orders import NoSuchOrder
from primum.imaging.orders.proposals import OTHER_SYSTEM, REFUSALS, Proposal, Proposals, Somebody
from primum.imaging.overlays import OF_PATIENT
from primum.journal import Kind

SHOWN = 50
"""Proposals in one answer: the oldest; more than anybody decides at one sitting."""
_NEEDS = {"merge": Permission.PATIENT_MERGE}


def proposals_of(desk: Desk) -> Proposals:
    """Give the proposals that wait."""
    return Proposals(desk.worker.orders)


def patient_proposals(desk: Desk, asking: Asking, _args: Args, _progress: Progress) -> dict[str, Any]:
    """List what other systems say of patients and waits for a person."""
    controllers = _controllers(asking)
    if controllers == []:
        raise NotPermitted(action=str(Permission.PATIENT_IDENTIFY), rule="silence")
    found = proposals_of(desk).waiting(controllers)
    seen = {one.patient_id: proposal.merge.controller_id for proposal in found[:SHOWN] for one in proposal.people}
    for patient_id, controller in sorted(seen.items()):
        details: dict[str, str | int] = {"session": asking.session.id, "controller": controller}
        desk.record(Kind.PATIENT_VIEWED, asking.actor.person_id, patient_id, details)
    return {"proposals": [_shown(one) for one in found[:SHOWN]], "count": len(found)}


def patient_refuse_proposal(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Refuse a proposal, for a reason of the list."""
    one, reason = found(desk, asking, args), args.text("reason", most=32) or "other"
    if reason not in REFUSALS:
        raise BadRequest
    proposals_of(desk).settle(asking.actor.person_id, one, decision="refused", reason=reason)
    return {"proposal": one.merge.id, "decision": "refused"}


def patient_note_proposal(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Take a proposal off the list that concerns nothing of the studies, or nothing any more."""
    one = found(desk, asking, args)
    if one.open:
        raise BadRequest
    settle(desk, asking, one)
    return {"proposal": one.merge.id, "decision": "done"}


def found(desk: Desk, asking: Asking, args: Args) -> Proposal:
    """Find the proposal that is asked about, which this person may decide. Raises NotHere, NotPermitted."""
    try:
        one = proposals_of(desk).proposal(args.text("proposal", most=64), _controllers(asking))
    except NoSuchOrder:
        raise NotHere(what="proposal") from None
    action = _NEEDS.get(one.merge.kind, Permission.PATIENT_CORRECT)
    desk.require(asking, action, Thing("patient", one.merge.controller_id))
    return one


def followed(desk: Desk, asking: Asking, args: Args, *patients: str) -> tuple[Proposal | None, By | None]:
    """Find the proposal that a decision follows, where it names one; it has to be about these patients."""
    if not args.text("proposal", most=64):
        return None, None
    one = found(desk, asking, args)
    about = {(kept.patient_id, gone.patient_id) for kept, gone in one.pairs} | {
        (kept.patient_id,) for kept in one.kept if one.merge.kind != "merge"
    }
    if patients not in about and patients[::-1] not in about:
        raise NotHere(what="proposal")
    return one, By(asking.actor.person_id, OTHER_SYSTEM, f"A40 {one.merge.proposed_at[:10]}")


def settle(desk: Desk, asking: Asking, one: Proposal | None) -> None:
    """Note that a proposal was followed."""
    if one is not None:
        proposals_of(desk).settle(asking.actor.person_id, one, decision="done", reason="accepted")


def about(desk: Desk, asking: Asking, patient_id: str) -> list[dict[str, Any]]:
    """List the proposals that concern one patient."""
    waiting = proposals_of(desk).waiting(_controllers(asking))
    return [_shown(one) for one in waiting if patient_id in {who.patient_id for who in one.people}]


def _controllers(asking: Asking) -> list[str] | None:
    """Say whose patients this person sees all of; None is everybody's."""
    reach = reaches(asking.actor, Permission.PATIENT_IDENTIFY)
    if any(one.controllers is None for one in reach):
        return None
    return sorted({controller for one in reach for controller in one.controllers or ()})


def _shown(one: Proposal) -> dict[str, Any]:
    merge = one.merge
    return {
        "id": merge.id,
        "kind": merge.kind,
        "controller": merge.controller_id,
        "by": merge.proposed_by,
        "at": merge.proposed_at,
        "number": merge.survivor.value,
        "other": merge.prior.value,
        "told": dict(merge.facts),
        "pairs": [{"patient": _person(kept), "gone": _person(gone)} for kept, gone in one.pairs],
        "corrections": [{"patient": _person(who), "told": one.told(who)} for who in one.kept]
        if merge.kind != "merge" else [],
        "open": one.open,
    }  # fmt: skip


def _person(one: Somebody) -> dict[str, str]:
    return {"id": one.patient_id, **{which: one.shown.of(which) for which in OF_PATIENT}}


VERBS: dict[str, Verb] = {
    "patient_proposals": patient_proposals,
    "patient_refuse_proposal": patient_refuse_proposal,
    "patient_note_proposal": patient_note_proposal,
}
