"""The queue of sendings as pages show it, and what people do about it: withdraw, send again (docs/design/sending.md).

Pages come through `sending`: with their person's session, never with a claim of their own.
"""

from __future__ import annotations

from typing import Any

from primum.doors.worker.control import Progress
from primum.doors.worker.desk import Args, Asking, Desk, Verb, answer_page
from primum.doors.worker.protocol import BadRequest
from primum.doors.worker.verbs_forward import VERBS as FORWARDING
from primum.doors.worker.verbs_patients import find_study
from primum.doors.worker.verbs_send import CHANNEL, asked_of, queue_of, refuse_unless_receiving, send, sendable
from primum.ground.clock import to_text
from primum.ground.ids import is_id
from primum.identity import Permission, Service, Thing, decide, reaches
from primum.imaging import Sendings
from primum.imaging.confirmations.outcomes import Wanted, Which, answered_at, outcome, refused, search
from primum.imaging.sendings.model import NoSuchSending, NothingToSend, Sending, State
from primum.journal import Kind

PAGE = 50
"""Sendings of one page."""
_PAGES_MOST = 999
"""Of 50: more than the queue holds."""


def sending_study(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """List the sendings of a study, its series, and the destinations that it may be sent to."""
    study, _ = find_study(desk, asking, args.text("study", most=64))
    thing = Thing("study", study.controller_id, study.referrer, study.confidential)
    desk.require(asking, Permission.PATIENT_IDENTIFY, thing)
    listed = desk.worker.devices.list()
    names = {one.id: one.name for one in listed}
    return {
        "ref": study.study_ref,
        "sendings": [_facts(desk, one, names) for one in Sendings(desk.worker.records).of_study(study.study_ref)],
        "series": desk.worker.patients.series(study.study_ref),
        "destinations": [
            one.name
            for one in listed
            if one.revoked_at is None
            and one.address is not None
            and Service.RECEIVE in one.may
            and one.controller_id == study.controller_id
        ],
    }


def sending_search(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """List a page of the queue: everybody's for who lists devices, else of the controllers whose studies are listed."""
    controllers = _controllers(desk, asking)
    which = args.text("state", most=16)
    if which not in set(Which):
        raise BadRequest
    listed = desk.worker.devices.list()
    names = {one.id: one.name for one in listed}
    device = args.text("device", most=64)
    wanted = Wanted(Which(which), next((one.id for one in listed if one.name == device), device), controllers)
    page = args.number("page", low=1, high=_PAGES_MOST, default=1)
    found = search(desk.worker.records, wanted, limit=PAGE + 1, offset=(page - 1) * PAGE)
    return {
        "sendings": [_facts(desk, one, names) for one in found[:PAGE]],
        "more": len(found) > PAGE and page < _PAGES_MOST,
        "devices": [
            {"name": one.name, "controller": one.controller_id, "active": one.revoked_at is None,
             "receives": one.revoked_at is None and one.address is not None and Service.RECEIVE in one.may}
            for one in listed
            if controllers is None or one.controller_id in controllers
        ],
    }  # fmt: skip


def sending_cancel(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Withdraw a sending that waits; what has gone has gone."""
    found = _found(desk, asking, args)
    queue_of(desk).cancel(found)
    details: dict[str, str | int] = {
        "session": asking.session.id, "controller": found.controller_id, "destination": found.destination_id,
        "other": found.id,
    }  # fmt: skip
    desk.record(Kind.SENDING_CANCELLED, asking.actor.person_id, found.study_ref, details)
    return {"id": found.id}


def sending_again(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Send what did not go, or was not committed to, once more; one that waits is tried at once.

    `id` names the new sending: who asks twice has asked once. Raises NothingToSend, MayNotReceive, NoDestination.
    """
    number = args.text("id", most=64)
    if number and not is_id(number, "snd"):
        raise BadRequest
    found, queue, sendings = _found(desk, asking, args), queue_of(desk), Sendings(desk.worker.records)
    refuse_unless_receiving(desk.worker.devices.destination(found.destination_id), found.controller_id)
    if found.state is State.WAITING:
        queue.hasten(found)
        return {"id": found.id}
    uids = _wanting(desk, found, sendings)
    if not uids:
        raise NothingToSend
    made = sendings.add(
        found.study_ref, found.controller_id, found.destination_id, asking.actor.person_id, CHANNEL, uids,
        desk.worker.rooms.clock.now(), number=number,
    )  # fmt: skip
    queue.wake(made.destination_id)
    return {"id": made.id}


def _wanting(desk: Desk, found: Sending, sendings: Sendings) -> list[str]:
    """List the instances that the destination has not taken, or does not answer for."""
    left = sendings.left(found.id)
    if desk.confirmations is not None:
        left |= desk.confirmations.refused(found.id)
    return sorted(left)


def _found(desk: Desk, asking: Asking, args: Args) -> Sending:
    """Find a sending of a study that this person may send. Raises NoSuchSending, and what `sendable` raises."""
    try:
        found = Sendings(desk.worker.records).one(args.text("sending", most=64))
    except KeyError:
        raise NoSuchSending from None
    sendable(desk, asking, found.study_ref)
    return found


def _controllers(desk: Desk, asking: Asking) -> list[str] | None:
    if decide(asking.actor, Permission.DEVICE_LIST, Thing("device")).allowed:
        return None
    reach = reaches(asking.actor, Permission.STUDY_LIST)
    if any(one.controllers is None for one in reach):
        return None
    own = sorted({controller for one in reach for controller in one.controllers or ()})
    if not own:
        desk.require(asking, Permission.DEVICE_LIST, Thing("device"))
    return own


def _facts(desk: Desk, one: Sending, names: dict[str, str]) -> dict[str, Any]:
    """Say where a sending stands, without a word on the patient."""
    going, asked = queue_of(desk).sent.get(one.id), asked_of(desk, one.id)
    last = answered_at(asked)
    return {
        "id": one.id,
        "study": one.study_ref,
        "device": names.get(one.destination_id, one.destination_id),
        "outcome": str(outcome(one, asked, under_way=going is not None)),
        "waits": one.state is State.WAITING,
        "images": one.instances,
        "left": one.left,
        "refused": refused(asked),
        "attempts": one.attempts,
        "at": to_text(one.requested_at),
        "due_at": to_text(one.due_at),
        "answered_at": to_text(last) if last is not None else "",
        "by": one.requested_by,
        "channel": one.channel,
        "reason": one.reason,
    }


VERBS: dict[str, Verb] = {
    "sending_study": sending_study,
    "sending_search": sending_search,
    "sending_cancel": sending_cancel,
    "sending_again": sending_again,
}
_OF_PAGES: dict[str, Verb] = {**VERBS, **FORWARDING, "send": send}


def sending(desk: Desk, args: dict[str, Any], _data: bytes) -> tuple[dict[str, Any], bytes]:
    """Answer a page: one of the verbs above, for the person whose session is given."""
    # a page waits for nobody's association
    return answer_page(desk, _OF_PAGES, args, later=True)
