"""Devices, at the terminal."""

from __future__ import annotations

import base64
from typing import Any

from primum.doors.worker.control import Progress
from primum.doors.worker.desk import Args, Asking, Desk, Verb
from primum.ground.clock import to_text
from primum.identity import Address, Device, DevicePack, Permission, Service, Thing, make_address

_HOUSE = Thing("device")
_LETS_READ = frozenset({
    Service.FIND, Service.GET, Service.MOVE, Service.WORKLIST, Service.RECEIVE, Service.REJECTED,
})  # fmt: skip
"""Services by which a machine shows patients: giving one needs `device:let-read` besides."""


def device_list(desk: Desk, asking: Asking, _args: Args, _progress: Progress) -> dict[str, Any]:
    """List the enrolled devices."""
    desk.require(asking, Permission.DEVICE_LIST, _HOUSE)
    names = {one.id: one.name for one in desk.worker.people.controllers()}
    now = desk.worker.rooms.clock.now()
    return {"devices": [_row(one, names, one.status_at(now)) for one in desk.worker.devices.list()]}


def device_add(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Enrol a device; give its pack, once."""
    desk.require(asking, Permission.DEVICE_ADD, _HOUSE)
    may = [one for one in args.text("may").split(",") if one]
    controller_id = desk.controller_id(args.text("controller"), asking)
    if _LETS_READ & set(may):
        desk.require(asking, Permission.DEVICE_LET_READ, Thing("device", controller_id))
    pack = desk.worker.devices.add(
        asking.actor.person_id,
        args.text("name"),
        args.text("aet"),
        may,
        controller_id,
        csr=_csr(args),
        plain_address=args.text("plain") or None,
        address=_address(args) if args.text("host") else None,
    )
    return _pack(pack, args)


def device_destination(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Say where a device is called; in force when this returns."""
    desk.require(asking, Permission.DEVICE_ADD, _HOUSE)
    receive = args.flag("receive")
    if receive:
        controller_id = desk.worker.devices.find(args.text("name")).controller_id
        desk.require(asking, Permission.DEVICE_LET_READ, Thing("device", controller_id))
    desk.worker.devices.set_address(asking.actor.person_id, args.text("name"), _address(args), receive=receive)
    return {"caller_ca": desk.worker.certificates.caller_ca_pem().decode()}


def device_renew(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Give a device a new certificate."""
    desk.require(asking, Permission.DEVICE_RENEW, _HOUSE)
    overlap = args.number("overlap", low=0, high=365, default=30)
    pack = desk.worker.devices.renew(asking.actor.person_id, args.text("name"), csr=_csr(args), overlap_days=overlap)
    return _pack(pack, args)


def device_revoke(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Shut a device out; in force when this returns."""
    desk.require(asking, Permission.DEVICE_REVOKE, _HOUSE)
    desk.worker.devices.revoke(asking.actor.person_id, args.text("name"))
    return {}


def _address(args: Args) -> Address:
    port = args.number("port", low=1, high=65535, default=104)
    return make_address(args.text("host", most=255), port, args.text("their_certificate", most=64 * 1024))


def _csr(args: Args) -> bytes | None:
    return args.text("csr", most=64 * 1024).encode("ascii", "replace") or None


def _pack(pack: DevicePack, args: Args) -> dict[str, Any]:
    files = pack.files(pem=args.flag("pem"))
    return {
        "id": pack.device_id,
        "files": {name: base64.b64encode(content).decode() for name, content in files.items()},
        "passphrase": pack.passphrase,
    }


def _row(device: Device, controllers: dict[str, str], state: str) -> dict[str, Any]:
    newest = device.certificates[0] if device.certificates else None
    return {
        "id": device.id,
        "name": device.name,
        "aet": device.aet,
        "may": ",".join(sorted(device.may)) or "nothing",
        "state": state,
        "expires_at": to_text(newest.ends_at) if newest else "no TLS, this machine only",
        "fingerprint": newest.fingerprint.hex() if newest else "",
        "controller": controllers.get(device.controller_id, ""),
        "called_at": f"{device.address.host}:{device.address.port}" if device.address else "",
    }


VERBS: dict[str, Verb] = {
    "device_list": device_list,
    "device_add": device_add,
    "device_destination": device_destination,
    "device_renew": device_renew,
    "device_revoke": device_revoke,
}
