"""What the DICOM and HL7 doors ask of orders: the worklist, performed steps, messages.

A door names the device; whether it may, and whose orders it sees, is looked up here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from primum.doors.worker.desk import Args, Desk
from primum.doors.worker.protocol import BadRequest
from primum.doors.worker.questions import Body
from primum.identity import Device, DeviceUnknown, Service
from primum.imaging.orders import TooManyAnswers
from primum.imaging.orders.performing import Performing
from primum.imaging.orders.receiving import Receiving
from primum.imaging.orders.told import told_from
from primum.imaging.orders.worklist import answer, matches, question
from primum.journal import Kind

_Data = Mapping[str, Any]


def find(desk: Desk, args: dict[str, Any], data: bytes) -> Body:
    """Answer a worklist query: the identifier in DICOM JSON, and the answers so."""
    device = _device(desk, args, Service.WORKLIST)
    asked, orders = question(_json(data)), desk.worker.orders
    entries = orders.open_entries([device.controller_id], asked.since, asked.until)
    if desk.worker.rooms.settings.worklist_own_station:
        entries = [one for one in entries if one.step.facts.station_aet in {"", device.aet}]
    found = [one for one in entries if matches(asked, one, device.aet)]
    if len(found) > orders.limits.answers:
        raise TooManyAnswers(limit=orders.limits.answers)
    details: dict[str, str | int] = {
        "association": Args(args).text("association"), "found": len(found), "controller": device.controller_id,
    }  # fmt: skip
    desk.record(Kind.WORKLIST_SEARCHED, device.id, "", details)
    answers = [answer(asked, one, device.aet) for one in found]
    return {"found": len(found), "partly": asked.partly}, json.dumps(answers, separators=(",", ":")).encode()


def create(desk: Desk, args: dict[str, Any], data: bytes) -> Body:
    """Take an N-CREATE of a performed step."""
    device = _device(desk, args, Service.MPPS)
    made = Performing(desk.worker.orders).create(device.id, device.controller_id, Args(args).text("uid"), _json(data))
    _performed(desk, device, args, made.state.value)
    return {}, b""


def change(desk: Desk, args: dict[str, Any], data: bytes) -> Body:
    """Take an N-SET of a performed step."""
    device = _device(desk, args, Service.MPPS)
    performing, uid = Performing(desk.worker.orders), Args(args).text("uid")
    changed, refused = performing.change(device.id, device.controller_id, uid, _json(data))
    _performed(desk, device, args, changed.state.value)
    return {"refused": refused}, b""


def read(desk: Desk, args: dict[str, Any], _data: bytes) -> Body:
    """Give a performed step."""
    device = _device(desk, args, Service.MPPS)
    found = Performing(desk.worker.orders).read(device.controller_id, Args(args).text("uid"))
    return {}, json.dumps(found.attributes, separators=(",", ":")).encode()


def message(desk: Desk, args: dict[str, Any], data: bytes) -> Body:
    """Apply an HL7 message; on disc when this returns."""
    device = _device(desk, args, Service.ORDERS)
    told = told_from(_json(data))
    done = Receiving(desk.worker.orders).hear(device.id, device.controller_id, told)
    return {"done": done}, b""


VERBS: dict[str, Callable[[Desk, dict[str, Any], bytes], Body]] = {
    "worklist.find": find,
    "mpps.create": create,
    "mpps.set": change,
    "mpps.get": read,
    "hl7.message": message,
}


def _device(desk: Desk, args: dict[str, Any], service: Service) -> Device:
    device_id = Args(args).text("device")
    for one in desk.worker.devices.list():
        if one.id == device_id and one.revoked_at is None and service in one.may:
            return one
    raise DeviceUnknown


def _performed(desk: Desk, device: Device, args: dict[str, Any], state: str) -> None:
    details: dict[str, str | int] = {
        "association": Args(args).text("association"),
        "controller": device.controller_id,
        "what": state.lower().replace(" ", "-"),
    }
    desk.record(Kind.STEP_PERFORMED, device.id, "", details)


def _json(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        raise BadRequest from None
    if not isinstance(found, dict):
        raise BadRequest
    return found
