"""What the DICOM door knows of devices: a sealed file that the worker writes and the door reads again when it changes.

Missing, broken or rolled back, it admits nobody. The order of the questions is that of
docs/design/devices.md; each refusal is an exception.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from primum.ground.clock import Clock, from_text, to_text
from primum.ground.errors import PrimumError
from primum.identity.boxes import Box
from primum.identity.device_model import (
    LIMITS,
    Address,
    Admitted,
    Destination,
    Device,
    DeviceExpired,
    DeviceOutsideDemo,
    DeviceRevoked,
    DeviceUnknown,
    DirectoryUnreadable,
    EnrolledDevice,
    Enrolment,
    NoDestination,
    Service,
    TitleMismatch,
    is_loopback,
    plain_form,
)

PURPOSE = "devices-snapshot"
FORMAT = 3


@dataclass(frozen=True, slots=True)
class _Entry:
    device: EnrolledDevice
    enrolment: Enrolment | None
    revoked: bool


@dataclass(frozen=True, slots=True)
class _Snapshot:
    number: int
    loopback_only: bool
    by_fingerprint: Mapping[bytes, _Entry]
    by_plain: Mapping[tuple[str, str], _Entry]
    by_title: Mapping[str, Destination]


_State = tuple[int, int, int]
"""Inode, size, mtime in nanoseconds."""


def write_snapshot(devices: Iterable[Device], *, number: int, loopback_only: bool, now: datetime) -> bytes:
    """Write the snapshot, not yet sealed. Certificates that are past their dates are left out."""
    listed = [_described(device, now) for device in devices]
    content = {
        "format": FORMAT,
        "number": number,
        "loopback_only": loopback_only,
        "devices": [one for one in listed if one["certificates"] or (_is_reached(one) and not one["revoked"])],
    }
    return json.dumps(content, separators=(",", ":")).encode()


class DeviceDirectory:
    """Who may come in by the DICOM door. Safe for many threads; unchanged, a question costs one stat."""

    def __init__(self, path: Path, box: Box, clock: Clock) -> None:
        """Read `path` (`run/devices`) with a box under the `devices` sub-key."""
        self._path = path
        self._box = box
        self._clock = clock
        self._lock = threading.Lock()
        self._state: _State | None = None
        self._snapshot: _Snapshot | None = None
        self._number = 0
        self._fd = -1

    def admit(self, fingerprint: bytes | None, address: str, calling_aet: str) -> EnrolledDevice:
        """Say which device calls, at the opening of an association.

        `fingerprint` is SHA-256 of the certificate that TLS has verified, None on the plain door; `address`
        the peer's. Raises DeviceUnknown, DeviceRevoked, DeviceExpired, DeviceOutsideDemo, TitleMismatch, or
        DirectoryUnreadable.
        """
        snapshot = self._read()
        title = calling_aet.strip(" ")
        if fingerprint is None:
            entry = snapshot.by_plain.get((plain_form(address), title))
        else:
            entry = snapshot.by_fingerprint.get(fingerprint)
        device = self._judge(entry)
        if snapshot.loopback_only and not is_loopback(address):
            raise DeviceOutsideDemo(device=device.id)
        if device.aet != title:
            raise TitleMismatch(device=device.id)
        return device

    def known(self, fingerprint: bytes, address: str) -> EnrolledDevice:
        """Say whose certificate this is, where no AE title is spoken (HL7). Raises as `admit` does."""
        snapshot = self._read()
        device = self._judge(snapshot.by_fingerprint.get(fingerprint))
        if snapshot.loopback_only and not is_loopback(address):
            raise DeviceOutsideDemo(device=device.id)
        return device

    def still(self, device: Admitted) -> EnrolledDevice:
        """Return an admitted device as it is now, at each C-STORE and query. Raises as `admit` does."""
        snapshot = self._read()
        if device.fingerprint is not None:
            return self._judge(snapshot.by_fingerprint.get(device.fingerprint))
        plain = (entry for entry in snapshot.by_plain.values() if entry.device.id == device.id)
        return self._judge(next(plain, None))

    def destination(self, title: str) -> Destination:
        """Return the device to call under this AE title, as it is now. Raises NoDestination, DirectoryUnreadable."""
        found = self._read().by_title.get(title.strip(" "))
        if found is None:
            raise NoDestination
        return found

    def destination_of(self, device_id: str) -> Destination:
        """Return where this device is called, as it is now. Raises NoDestination, DirectoryUnreadable."""
        for one in self._read().by_title.values():
            if one.id == device_id:
                return one
        raise NoDestination

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._forget()

    def _judge(self, entry: _Entry | None) -> EnrolledDevice:
        if entry is None:
            raise DeviceUnknown
        if entry.revoked:
            raise DeviceRevoked(device=entry.device.id)
        if entry.enrolment is not None and not entry.enrolment.good_at(self._clock.now()):
            raise DeviceExpired(device=entry.device.id)
        return entry.device

    def _read(self) -> _Snapshot:
        try:
            found = self._path.stat()
        except OSError:
            raise DirectoryUnreadable from None
        state = (found.st_ino, found.st_size, found.st_mtime_ns)
        with self._lock:
            if state != self._state:
                self._load()
            if self._snapshot is None:
                raise DirectoryUnreadable
            return self._snapshot

    def _load(self) -> None:
        self._forget()
        try:
            fd = os.open(self._path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
        except OSError:
            return
        found = os.fstat(fd)
        self._state = (found.st_ino, found.st_size, found.st_mtime_ns)
        if os.name == "nt":  # pragma: no cover (an open file could not be replaced there)
            with os.fdopen(fd, "rb") as file:
                self._snapshot = self._parsed(file.read(LIMITS.snapshot_bytes + 1))
            return
        # kept open: while it is, no other file can have its inode
        self._fd = fd
        self._snapshot = self._parsed(os.pread(fd, LIMITS.snapshot_bytes + 1, 0))

    def _parsed(self, sealed: bytes) -> _Snapshot | None:
        if len(sealed) > LIMITS.snapshot_bytes:
            return None
        try:
            snapshot = _parse(json.loads(self._box.open(PURPOSE, sealed)))
        except (PrimumError, ValueError, KeyError, TypeError):
            return None
        if snapshot.number < self._number:
            return None
        self._number = snapshot.number
        return snapshot

    def _forget(self) -> None:
        self._state = None
        self._snapshot = None
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _described(device: Device, now: datetime) -> dict[str, Any]:
    certificates = [
        {
            "fingerprint": one.fingerprint.hex(),
            "not_before": to_text(one.not_before),
            "not_after": to_text(one.not_after),
            "ends_at": to_text(one.ends_at),
            "revoked": one.revoked_at is not None,
        }
        for one in device.certificates
        if now < one.not_after
    ]
    return {
        "id": device.id,
        "name": device.name,
        "aet": device.aet,
        "controller_id": device.controller_id,
        "may": sorted(device.may),
        "plain_address": device.plain_address,
        "revoked": device.revoked_at is not None,
        "certificates": certificates,
        "identity_required": device.identity_required,
        "address": None if device.address is None else _described_address(device.address),
    }


def _described_address(address: Address) -> dict[str, Any]:
    return {
        "host": address.host,
        "port": address.port,
        "certificate": address.certificate,
        "pinned": address.pinned.hex(),
        "authority": address.authority,
    }


def _is_reached(one: dict[str, Any]) -> bool:
    return bool(one["plain_address"] or one["address"])


def _parse(content: dict[str, Any]) -> _Snapshot:
    if content["format"] != FORMAT:
        raise ValueError("a snapshot of another version")
    by_fingerprint: dict[bytes, _Entry] = {}
    by_plain: dict[tuple[str, str], _Entry] = {}
    by_title: dict[str, Destination] = {}
    for one in content["devices"]:
        if one["plain_address"] and not one["revoked"]:
            by_plain[one["plain_address"], one["aet"]] = _Entry(_enrolled(one, None), None, revoked=False)
        for certificate in one["certificates"]:
            enrolment = _enrolment(certificate)
            revoked = one["revoked"] or certificate["revoked"]
            entry = _Entry(_enrolled(one, enrolment.fingerprint), enrolment, revoked=revoked)
            by_fingerprint[enrolment.fingerprint] = entry
        if one["address"] and not one["revoked"]:
            by_title[one["aet"]] = _destination(one, loopback_only=bool(content["loopback_only"]))
    return _Snapshot(int(content["number"]), bool(content["loopback_only"]), by_fingerprint, by_plain, by_title)


def _enrolled(one: dict[str, Any], fingerprint: bytes | None) -> EnrolledDevice:
    may = frozenset(Service(service) for service in one["may"])
    return EnrolledDevice(
        one["id"], one["name"], one["aet"], may, one["controller_id"], fingerprint, bool(one["identity_required"])
    )


def _destination(one: dict[str, Any], *, loopback_only: bool) -> Destination:
    given = one["address"]
    address = Address(
        given["host"], given["port"], given["certificate"], bytes.fromhex(given["pinned"]), bool(given["authority"])
    )
    may = frozenset(Service(service) for service in one["may"])
    return Destination(one["id"], one["name"], one["aet"], may, one["controller_id"], address, loopback_only)


def _enrolment(one: dict[str, Any]) -> Enrolment:
    return Enrolment(
        fingerprint=bytes.fromhex(one["fingerprint"]),
        not_before=from_text(one["not_before"]),
        not_after=from_text(one["not_after"]),
        ends_at=from_text(one["ends_at"]),
        revoked_at=None,
    )
