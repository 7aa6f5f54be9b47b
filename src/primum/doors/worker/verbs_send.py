"""Sending studies to devices, at the terminal: what is asked goes into the queue, and is watched from there."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any, ClassVar

from primum.doors.worker.control import Progress
from primum.doors.worker.desk import Args, Asking, Desk, Verb
from primum.ground.clock import to_text
from primum.ground.errors import PrimumError
from primum.identity import Destination, Permission, Service, Thing, reaches
from primum.imaging import EVERYTHING, SendingQueue, Sendings
from primum.imaging.confirmations.model import NOT_ASKED, Confirmation, Stage

_REFERENCE = re.compile(r"[a-z2-7]{26}")
_LOOK_SECONDS = 0.2
_CHANNEL = "send"


class MayNotReceive(PrimumError):
    """The device may not be sent this study: it was not granted `receive`, or belongs to another controller."""

    code: ClassVar[str] = "control.may-not-receive"
    hint: ClassVar[str] = "primum device destination NAME HOST PORT --receive; primum device list"


def send(desk: Desk, asking: Asking, args: Args, progress: Progress) -> dict[str, Any]:
    """Send a study to a device; return when the first attempt is over. However it ends, the queue goes on."""
    queue, sendings = _queue(desk), Sendings(desk.worker.records)
    named = args.text("study", most=64)
    reach = reaches(asking.actor, Permission.STUDY_OPEN)
    shelf = desk.worker.archive
    study = shelf.study(reach, ref=named) if _REFERENCE.fullmatch(named) else shelf.study(reach, uid=named)
    thing = Thing("study", study.controller_id, study.referrer, study.confidential)
    desk.require(asking, Permission.STUDY_SEND, thing)
    destination = desk.worker.devices.destination(args.text("device", most=64))
    refuse_unless_receiving(destination, study.controller_id)
    uids = [one.sop_uid for one in shelf.archive.instances_of(study.study_ref, EVERYTHING)]
    now = desk.worker.rooms.clock.now()
    sending = sendings.add(
        study.study_ref, study.controller_id, destination.id, asking.actor.person_id, _CHANNEL, uids, now
    )
    queue.wake(destination.id)
    if args.flag("later"):
        return {"state": sending.state.value, "left": sending.left, "instances": sending.instances, "reason": ""}
    while not sending.attempts:
        progress({"done": min(queue.sent.get(sending.id, 0), sending.instances), "total": sending.instances})
        time.sleep(_LOOK_SECONDS)
        sending = sendings.one(sending.id)
    progress({"done": sending.instances - sending.left, "total": sending.instances})
    return {
        "state": sending.state.value,
        "left": sending.left,
        "instances": sending.instances,
        "reason": sending.reason,
        "due_at": to_text(sending.due_at),
    }


def sending_list(desk: Desk, asking: Asking, _args: Args, _progress: Progress) -> dict[str, Any]:
    """List what is on its way, and what ended lately; no patient is named."""
    desk.require(asking, Permission.DEVICE_LIST, Thing("device"))
    names = {one.id: one.name for one in desk.worker.devices.list()}
    return {
        "sendings": [
            {
                "device": names.get(one.destination_id, one.destination_id),
                "state": one.state.value,
                "left": one.left,
                "images": one.instances,
                "attempts": one.attempts,
                "due_at": to_text(one.due_at) if one.state.value == "waiting" else "",
                "reason": one.reason,
                "commitment": committed(_asked(desk, one.id), names.get(one.destination_id, one.destination_id)),
            }
            for one in Sendings(desk.worker.records).recent()
        ]
    }


def committed(asked: Sequence[Confirmation], peer: str) -> str:
    """Say how far a destination answers for a sending; empty where there is nothing to say yet."""
    over = [one.answered_at for one in asked if one.answered_at is not None]
    failed, stages = sum(one.failed for one in asked), {one.stage for one in asked}
    if failed:
        return f"{failed} not committed by {peer}"
    if not asked or Stage.GATHERING in stages:
        return ""
    if len(over) == len(asked):
        return f"stored and committed by {peer} at {to_text(max(over))}"
    if Stage.DECLINED in stages:
        return "not asked" if any(one.reason == NOT_ASKED for one in asked) else "not offered"
    return "no answer" if Stage.GIVEN_UP in stages else "asked"


def _asked(desk: Desk, sending_id: str) -> list[Confirmation]:
    return [] if desk.confirmations is None else desk.confirmations.of_sending(sending_id)


def _queue(desk: Desk) -> SendingQueue:
    if desk.sendings is None:
        raise RuntimeError("this worker was given no queue")
    return desk.sendings


def refuse_unless_receiving(destination: Destination, controller_id: str) -> None:
    """Return when a destination may be sent a controller's studies. Raises MayNotReceive."""
    if Service.RECEIVE not in destination.may or destination.controller_id != controller_id:
        raise MayNotReceive


VERBS: dict[str, Verb] = {"send": send, "sending_list": sending_list}
