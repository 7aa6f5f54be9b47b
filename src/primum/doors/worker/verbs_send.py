"""Sending studies to devices, at the terminal: what is asked goes into the queue, and is watched from there."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any, ClassVar

from primum.app.shelf import ShelfStudy
from primum.doors.worker.control import Progress
from primum.doors.worker.desk import Args, Asking, Desk, Verb
from primum.doors.worker.protocol import BadRequest
from primum.ground.clock import to_text
from primum.ground.errors import PrimumError
from primum.ground.ids import is_id
from primum.identity import Destination, Permission, Service, Thing, reaches
from primum.imaging import EVERYTHING, SendingQueue, Sendings
from primum.imaging.confirmations.model import Confirmation
from primum.imaging.confirmations.outcomes import Answer, answer, answered_at, refused

_REFERENCE = re.compile(r"[a-z2-7]{26}")
_LOOK_SECONDS = 0.2
CHANNEL = "send"


class MayNotReceive(PrimumError):
    """The device may not be sent this study: it was not granted `receive`, or belongs to another controller."""

    code: ClassVar[str] = "control.may-not-receive"
    hint: ClassVar[str] = "primum device destination NAME HOST PORT --receive; primum device list"


def send(desk: Desk, asking: Asking, args: Args, progress: Progress) -> dict[str, Any]:
    """Send a study to a device; return when the first attempt is over. However it ends, the queue goes on."""
    queue, sendings = queue_of(desk), Sendings(desk.worker.records)
    number = args.text("id", most=64)
    if number and not is_id(number, "snd"):
        raise BadRequest
    study = sendable(desk, asking, args.text("study", most=64))
    destination = desk.worker.devices.destination(args.text("device", most=64))
    refuse_unless_receiving(destination, study.controller_id)
    series, archive = args.text("series", most=64) or None, desk.worker.archive.archive
    uids = [one.sop_uid for one in archive.instances_of(study.study_ref, EVERYTHING, series)]
    now, by = desk.worker.rooms.clock.now(), asking.actor.person_id
    sending = sendings.add(study.study_ref, study.controller_id, destination.id, by, CHANNEL, uids, now, number=number)
    queue.wake(destination.id)
    if args.flag("later"):
        return {"state": sending.state.value, "left": sending.left, "instances": sending.instances, "reason": "",
                "id": sending.id}  # fmt: skip
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
                "id": one.id,
                "device": names.get(one.destination_id, one.destination_id),
                "state": one.state.value,
                "left": one.left,
                "images": one.instances,
                "attempts": one.attempts,
                "due_at": to_text(one.due_at) if one.state.value == "waiting" else "",
                "reason": one.reason,
                "commitment": committed(asked_of(desk, one.id), names.get(one.destination_id, one.destination_id)),
            }
            for one in Sendings(desk.worker.records).recent()
        ]
    }


def committed(asked: Sequence[Confirmation], peer: str) -> str:
    """Say how far a destination answers for a sending; empty where there is nothing to say yet."""
    last = answered_at(asked)
    match answer(asked):
        case Answer.NOTHING:
            return ""
        case Answer.NOT_COMMITTED:
            return f"{refused(asked)} not committed by {peer}"
        case Answer.COMMITTED:
            return f"stored and committed by {peer} at {to_text(last) if last else ''}"
        case said:
            return said.replace("-", " ")


def asked_of(desk: Desk, sending_id: str) -> list[Confirmation]:
    """List what a destination was asked about a sending."""
    return [] if desk.confirmations is None else desk.confirmations.of_sending(sending_id)


def sendable(desk: Desk, asking: Asking, named: str) -> ShelfStudy:
    """Find a study, by its reference or UID, that this person may send. Raises NotHere, NotPermitted, StepUpNeeded."""
    reach, shelf = reaches(asking.actor, Permission.STUDY_OPEN), desk.worker.archive
    study = shelf.study(reach, ref=named) if _REFERENCE.fullmatch(named) else shelf.study(reach, uid=named)
    thing = Thing("study", study.controller_id, study.referrer, study.confidential)
    desk.require(asking, Permission.STUDY_SEND, thing)
    return study


def queue_of(desk: Desk) -> SendingQueue:
    """Give the queue, which every worker that serves has."""
    if desk.sendings is None:
        raise RuntimeError("this worker was given no queue")
    return desk.sendings


def refuse_unless_receiving(destination: Destination, controller_id: str) -> None:
    """Return when a destination may be sent a controller's studies. Raises MayNotReceive."""
    if Service.RECEIVE not in destination.may or destination.controller_id != controller_id:
        raise MayNotReceive


VERBS: dict[str, Verb] = {"send": send, "sending_list": sending_list}
