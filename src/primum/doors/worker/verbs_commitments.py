"""Storage commitment: what the DICOM door asks for its callers, and the list at the terminal."""

from __future__ import annotations

import threading
from typing import Any

from primum.doors.worker.control import Progress
from primum.doors.worker.desk import Args, Asking, Desk, Verb
from primum.doors.worker.protocol import BadRequest
from primum.doors.worker.questions import Body
from primum.ground.clock import to_text
from primum.identity import Permission, Service, Thing
from primum.imaging.commitments.model import Commitment, Reference
from primum.imaging.confirmations.model import Report

_SHOWN = 100


def ask(desk: Desk, args: dict[str, Any], _data: bytes) -> Body:
    """Keep a device's request, and check it in a thread of its own. Raises NoSuchDevice, NothingReferenced."""
    match args:
        case {"device": str(device_id), "transaction": str(transaction), "references": list(listed)}:
            device = desk.worker.devices.granted(device_id, Service.COMMITMENT)
            references = [_reference(one) for one in listed]
            kept = desk.commitments.ask(device.id, device.controller_id, transaction, references)
        case _:
            raise BadRequest
    if kept.checked_at is None:
        threading.Thread(target=desk.commitments.check_all, name="commitment", daemon=True).start()
    return {"id": kept.id}, b""


def result(desk: Desk, args: dict[str, Any], _data: bytes) -> Body:
    """Say what came of a request. Raises NoCommitment."""
    one = desk.commitments.find(_id(args))
    if one.checked_at is None:
        return {"checked": False}, b""
    return {
        "checked": True,
        "transaction": one.transaction_uid,
        "references": [list(ref) for ref in one.references],
    }, b""


def delivered(desk: Desk, args: dict[str, Any], _data: bytes) -> Body:
    """Note that the device took the result. Raises NoCommitment."""
    desk.commitments.delivered(_id(args))
    return {}, b""


def report(desk: Desk, args: dict[str, Any], _data: bytes) -> Body:
    """Take what a destination says of what it was sent. Raises NoSuchDevice, NoConfirmation."""
    match args:
        case {"device": str(device_id), "transaction": str(transaction), "committed": list(good), "failed": list(bad)}:
            device = desk.worker.devices.granted(device_id, Service.RECEIVE)
            committed = tuple((one.sop_class_uid, one.sop_instance_uid) for one in map(_reference, good))
            said = Report(transaction, committed, tuple(map(_failure, bad)))
        case _:
            raise BadRequest
    if desk.confirmations is None:
        raise RuntimeError("this worker was given no confirmations")
    desk.confirmations.hear(device.id, said)
    return {}, b""


def commitment_list(desk: Desk, asking: Asking, _args: Args, _progress: Progress) -> dict[str, Any]:
    """List the newest requests: of which device, of how many instances, how far."""
    desk.require(asking, Permission.DEVICE_LIST, Thing("house"))
    names = {one.id: one.name for one in desk.worker.devices.list()}
    return {
        "commitments": [
            {
                "id": one.id,
                "device": names.get(one.device_id, one.device_id),
                "asked_at": to_text(one.asked_at),
                "instances": str(named),
                "failed": str(failed),
                "state": _state(one),
            }
            for one, named, failed in desk.commitments.recent(_SHOWN)
        ]
    }


def _state(one: Commitment) -> str:
    if one.delivered_at is not None:
        return "delivered"
    if one.checked_at is None:
        return "being checked"
    return "to be delivered" if one.next_try_at is not None else "not delivered"


def _reference(given: object) -> Reference:
    match given:
        case [str(sop_class), str(sop_instance)]:
            return Reference(sop_class, sop_instance)
        case _:
            raise BadRequest


def _failure(given: object) -> tuple[str, str, int]:
    match given:
        case [str(sop_class), str(sop_instance), int(reason)]:
            return sop_class, sop_instance, reason
        case _:
            raise BadRequest


def _id(args: dict[str, Any]) -> str:
    match args:
        case {"id": str(name)}:
            return name
        case _:
            raise BadRequest


VERBS: dict[str, Verb] = {"commitment_list": commitment_list}
