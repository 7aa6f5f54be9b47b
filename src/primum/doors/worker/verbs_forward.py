"""Forwarding rules at the terminal: where studies go by themselves once they are complete."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from primum.doors.worker.control import Progress
from primum.doors.worker.desk import Args, Asking, Desk, Verb
from primum.doors.worker.verbs_send import refuse_unless_receiving
from primum.ground.clock import to_text
from primum.ground.errors import PrimumError
from primum.identity import Permission, Thing
from primum.imaging.completion.service import Completions
from primum.journal import Kind

_MODALITY = re.compile(r"[A-Z0-9_]{0,16}")


class BadModality(PrimumError):
    """A modality is a code of capital letters, such as CT, MR or US."""

    code: ClassVar[str] = "control.bad-modality"
    hint: ClassVar[str] = "primum forward add PACS --modality CT"


def forward_add(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Make a rule: it lets another machine have patients' studies, as a grant to read does."""
    devices = desk.worker.devices
    destination = devices.destination(args.text("to", most=64))
    desk.require(asking, Permission.DEVICE_LET_READ, Thing("device", destination.controller_id))
    refuse_unless_receiving(destination, destination.controller_id)
    source = devices.find(args.text("source", most=64)).id if args.text("source", most=64) else ""
    modality = args.text("modality", most=16)
    if _MODALITY.fullmatch(modality) is None:
        raise BadModality
    rule = _completions(desk).add_rule(
        destination.controller_id, destination.id, source, modality, asking.actor.person_id
    )
    details: dict[str, str | int] = {"destination": destination.id, "controller": destination.controller_id}
    desk.record(Kind.FORWARD_ADDED, asking.actor.person_id, rule.id, details)
    return {"lines": [f"{rule.id}: studies that are complete from now on go to {destination.name}"]}


def forward_list(desk: Desk, asking: Asking, _args: Args, _progress: Progress) -> dict[str, Any]:
    """List the rules."""
    desk.require(asking, Permission.DEVICE_LIST, Thing("device"))
    names = {one.id: one.name for one in desk.worker.devices.list()}
    return {
        "rules": [
            {
                "id": one.id,
                "to": names.get(one.destination_id, one.destination_id),
                "from": names.get(one.device_id, one.device_id) or "anybody",
                "modality": one.modality or "any",
                "since": to_text(one.made_at),
                "source": names.get(one.device_id, one.device_id),
                "only": one.modality,
                "by": one.made_by,
                "controller": one.controller_id,
            }
            for one in _completions(desk).rules()
        ]
    }


def forward_remove(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Remove a rule; what it has put on its way already goes on."""
    completions, number = _completions(desk), args.text("id", most=64)
    found = next((one for one in completions.rules() if one.id == number), None)
    controller_id = found.controller_id if found is not None else ""
    desk.require(asking, Permission.DEVICE_LET_READ, Thing("device", controller_id))
    completions.remove_rule(number)
    details: dict[str, str | int] = {"controller": controller_id}
    desk.record(Kind.FORWARD_REMOVED, asking.actor.person_id, number, details)
    return {"lines": ["removed: what is on its way already goes on"]}


def _completions(desk: Desk) -> Completions:
    if desk.completions is None:
        raise RuntimeError("this worker was given no completions")
    return desk.completions


VERBS: dict[str, Verb] = {
    "forward_add": forward_add, "forward_list": forward_list, "forward_remove": forward_remove,
}  # fmt: skip
