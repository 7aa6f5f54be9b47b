"""Who uses a device: what the DICOM door asks of a claim, and its keeping at the terminal (docs/design/devices.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from primum.doors.worker.control import Progress
from primum.doors.worker.desk import Args, Asking, Desk, Verb
from primum.doors.worker.protocol import BadRequest
from primum.doors.worker.questions import Body
from primum.doors.worker.verbs_devices import LETS_READ
from primum.ground.clock import from_text, to_text
from primum.identity import Device, Permission, Thing

if TYPE_CHECKING:
    from primum.identity.claims import Claim

_KEY_FILE = 64 * 1024


def judge(desk: Desk, args: dict[str, Any], data: bytes) -> Body:
    """Judge what an association showed. Raises NoSuchDevice, IdentityRefused, Throttled."""
    from primum.identity.claims import Shown  # noqa: PLC0415 (few devices ask)

    given, worker = Args(args), desk.worker
    device = worker.devices.active(given.text("device"))
    shown = Shown(given.text("name"), data, given.flag("json_token"), given.text("address"))
    audience = {given.text("called"), worker.rooms.home.id}
    return _told(worker.people.claim(device, shown, worker.devices.identity_keys, audience)), b""


def still(desk: Desk, args: dict[str, Any], _data: bytes) -> Body:
    """Say what a claim that held is good for now. Raises NoSuchDevice, IdentityRefused."""
    from primum.identity.claims import Claim as Held  # noqa: PLC0415

    given, worker = Args(args), desk.worker
    device = worker.devices.active(given.text("device"))
    try:
        until = from_text(given.text("until"))
    except ValueError:
        raise BadRequest from None
    held = Held(given.text("person"), given.text("claim"), until, frozenset())
    return _told(worker.people.still(device, held, worker.devices.identity_keys)), b""


def device_identity(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Say whether a device has to say who uses it, and whose tokens count; or list that."""
    desk.require(asking, Permission.DEVICE_LIST, Thing("device"))
    devices, by = desk.worker.devices, asking.actor.person_id
    device = devices.find(args.text("name"))
    required, key_file, drop = args.text("required"), args.text("key", most=_KEY_FILE), args.text("drop")
    if required or key_file or drop:
        _permit(desk, asking, device, loosens=required == "no" or bool(key_file))
    if key_file:
        from primum.identity.json_tokens import read_keys  # noqa: PLC0415

        devices.identity_keys.add(by, devices.active(device.id), read_keys(key_file))
    if drop:
        devices.identity_keys.drop(by, device, drop)
    if required:
        device = devices.require_identity(by, device.name, required=required == "yes")
    if required or key_file or drop:
        desk.worker.people.forgive(device.id)
    return {
        "required": device.identity_required,
        "keys": [
            {"id": one.id, "algorithm": one.algorithm, "kid": one.kid, "added_at": to_text(one.added_at)}
            for one in devices.identity_keys.of(device.id)
        ],
    }


def _permit(desk: Desk, asking: Asking, device: Device, *, loosens: bool) -> None:
    """Ask for what enrolling asks for: a new way for a machine to show patients is given like the first one."""
    desk.require(asking, Permission.DEVICE_ADD, Thing("device"))
    if loosens and LETS_READ & device.may:
        desk.require(asking, Permission.DEVICE_LET_READ, Thing("device", device.controller_id))


def _told(claim: Claim) -> dict[str, Any]:
    return {
        "claim": claim.id,
        "person": claim.person_id,
        "until": to_text(claim.ends_at),
        "may": sorted(claim.may),
    }


VERBS: dict[str, Verb] = {"device_identity": device_identity}
