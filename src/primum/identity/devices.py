"""What one may ask about devices: add, renew, revoke, list. Each changes what the DICOM door admits before it returns.

The order of journal, commit and snapshot is in docs/design/devices.md. No method asks whether the person
may: doors ask `permissions` first. Calls are serial: one process, one lock.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from sqlalchemy.engine import Connection, Engine

from primum.ground.clock import Clock, to_text
from primum.ground.disc import Disc, write_durably
from primum.ground.ids import new_id
from primum.identity import device_store as store
from primum.identity.authority import Identity, PublicKey, Usage, fingerprint, issue, make_rsa_key, public_key_digest
from primum.identity.boxes import Box
from primum.identity.certificates import Certificates
from primum.identity.device_model import (
    LIMITS,
    Address,
    AlreadyRevoked,
    Destination,
    Device,
    Enrolment,
    NameTaken,
    NoDestination,
    NoSuchDevice,
    NothingToRenew,
    Record,
    Service,
    TitleTaken,
    TooManyDevices,
    check_name,
    check_overlap,
    check_plain_address,
    check_services,
    check_title,
)
from primum.identity.pack import DevicePack, make_pack
from primum.identity.sheet import Door
from primum.identity.signing_request import KeyTaken, is_short, public_key_of
from primum.identity.snapshot import PURPOSE, write_snapshot


class Devices:
    """The enrolled devices of a home."""

    def __init__(
        self, engine: Engine, certificates: Certificates, clock: Clock, record: Record, *,
        snapshot_path: Path, snapshot_box: Box, disc: Disc, door: Door, loopback_only: bool,
    ) -> None:  # fmt: skip
        """Keep devices in `engine` (records.db), and tell the door through `snapshot_path` (run/devices).

        `snapshot_box` seals under the `devices` sub-key; `door` goes into settings sheets; `loopback_only`
        is true in a demo home.
        """
        self._engine = engine
        self._certificates = certificates
        self._clock = clock
        self._record = record
        self._path = snapshot_path
        self._box = snapshot_box
        self._disc = disc
        self._door = door
        self._loopback_only = loopback_only
        self._lock = threading.Lock()

    def granted(self, device_id: str, service: Service) -> Device:
        """Return an active device that holds a grant. Raises NoSuchDevice for any other."""
        with self._engine.connect().execution_options(reading=True) as connection:
            for one in store.read_devices(connection):
                if one.id == device_id and one.revoked_at is None and service in one.may:
                    return one
        raise NoSuchDevice

    def add(
        self, by: str, name: str, aet: str, may: Iterable[Service | str], controller_id: str, *,
        csr: bytes | None = None, plain_address: str | None = None, address: Address | None = None,
    ) -> DevicePack:  # fmt: skip
        """Enrol a device and return what it is to be given; the only time that its key is seen.

        `address`: where it may be called (`their_certificate.make_address`).

        Raises BadDeviceName, BadTitle, UnknownService, PlainAddressRefused, NameTaken, TitleTaken,
        TooManyDevices; with `csr` BadRequest, RequestNotSigned, WeakKey, KeyTaken.
        """
        device = Device(
            id=new_id("dev"),
            name=check_name(name),
            aet=check_title(aet),
            may=check_services(frozenset(may)),
            controller_id=controller_id,
            plain_address=check_plain_address(plain_address),
            added_at=self._clock.now(),
            added_by=by,
            revoked_at=None,
            certificates=(),
            address=address,
        )
        key = None if plain_address else _key(csr)
        with self._lock:
            with self._engine.begin() as connection:
                _refuse_taken(device, store.read_devices(connection))
                store.insert_device(connection, device)
                pack = self._plain_pack(device) if key is None else self._certify(connection, device, key)
                self._record("device:added", by, device.id, _told(device, pack))
            self._publish()
        return pack

    def renew(self, by: str, name: str, *, csr: bytes | None = None, overlap_days: int | None = None) -> DevicePack:
        """Give a device a new certificate; the old ones end after the overlap (30 days).

        Raises NoSuchDevice, AlreadyRevoked, NothingToRenew, BadOverlap; with `csr` as `add` does.
        """
        overlap = check_overlap(LIMITS.overlap_days if overlap_days is None else overlap_days)
        key = _key(csr)
        with self._lock:
            with self._engine.begin() as connection:
                device = self._active(connection, name)
                if device.plain_address is not None:
                    raise NothingToRenew(device=device.id)
                store.end_certificates(connection, device.id, self._clock.now() + overlap)
                pack = self._certify(connection, device, key)
                self._record("device:renewed", by, device.id, _shown(pack))
            self._publish()
        return pack

    def revoke(self, by: str, name: str) -> Device:
        """Refuse a device from now on, whatever certificate it shows. Raises NoSuchDevice, AlreadyRevoked.

        Takes effect before it is written in the journal: a journal that cannot be written must not keep a
        stolen key alive. The journal's refusal is raised after.
        """
        with self._lock:
            with self._engine.begin() as connection:
                device = self._active(connection, name)
                store.revoke_device(connection, device.id, self._clock.now())
            self._publish()
        self._record("device:revoked", by, device.id, {})
        return self.find(name)

    def set_address(self, by: str, name: str, address: Address, *, receive: bool = False) -> Device:
        """Say where a device is called from now on; with `receive`, that studies may be sent to it.

        Raises NoSuchDevice, AlreadyRevoked.
        """
        with self._lock:
            with self._engine.begin() as connection:
                device = self._active(connection, name)
                store.set_address(connection, device.id, address)
                may = device.may
                if receive and Service.RECEIVE not in may:
                    store.grant(connection, device.id, Service.RECEIVE)
                    may |= {Service.RECEIVE}
                told: dict[str, str | int] = {"controller": device.controller_id, "what": "destination"}
                told |= {"port": address.port, **({"services": ",".join(sorted(may))} if may else {})}
                told |= {"fingerprint": address.pinned.hex()} if address.pinned else {}
                self._record("device:changed", by, device.id, told)
            self._publish()
        return self.find(name)

    def destination(self, name: str) -> Destination:
        """Find a device to call, by its name or id, as it is now. Raises NoDestination."""
        for device in self.list():
            if name in {device.name, device.id} and device.revoked_at is None and device.address is not None:
                return Destination(
                    device.id, device.name, device.aet, device.may, device.controller_id, device.address,
                    self._loopback_only,
                )  # fmt: skip
        raise NoDestination

    def list(self) -> list[Device]:
        """List every device by name, revoked ones included."""
        with self._engine.connect().execution_options(reading=True) as connection:
            return store.read_devices(connection)

    def find(self, name: str) -> Device:
        """Find a device by its name or id. Raises NoSuchDevice."""
        return _named(self.list(), name)

    def due(self, now: datetime) -> Sequence[Device]:
        """List the active devices whose certificate wants renewal at `now`."""
        return [device for device in self.list() if device.status_at(now) in {"due", "expired"}]

    def publish(self) -> None:
        """Write the snapshot that the DICOM door reads. Call it at each start, before the door opens."""
        with self._lock:
            self._publish()

    def _publish(self) -> None:
        with self._engine.begin() as connection:
            listed = store.read_devices(connection)
            number = store.next_number(connection)
        content = write_snapshot(listed, number=number, loopback_only=self._loopback_only, now=self._clock.now())
        write_durably(self._disc, self._path, self._box.seal(PURPOSE, content))

    def _active(self, connection: Connection, name: str) -> Device:
        device = _named(store.read_devices(connection), name)
        if device.revoked_at is not None:
            raise AlreadyRevoked(device=device.id)
        return device

    def _plain_pack(self, device: Device) -> DevicePack:
        return make_pack(
            device_id=device.id, name=device.name, aet=device.aet, may=device.may, door=self._door,
            loopback_only=self._loopback_only, certificate=None, issuer=None, ca_pem=b"", identity=None,
        )  # fmt: skip

    def _certify(self, connection: Connection, device: Device, key: PublicKey | RSAPrivateKey) -> DevicePack:
        private = key if isinstance(key, RSAPrivateKey) else None
        public = key.public_key() if isinstance(key, RSAPrivateKey) else key
        digest = public_key_digest(public)
        authority = self._certificates.device_authority()
        ours = public == authority.key.public_key()
        if ours or store.key_owner(connection, digest) not in {None, device.id}:
            raise KeyTaken
        leaf = issue(
            authority,
            public,
            device.name,
            Usage.CLIENT,
            alternative=[x509.UniformResourceIdentifier(f"primum:device:{device.id}")],
            now=self._clock.now(),
            span=LIMITS.leaf,
        )
        store.insert_certificate(connection, device.id, _enrolment(leaf), digest)
        return make_pack(
            device_id=device.id, name=device.name, aet=device.aet, may=device.may, door=self._door,
            loopback_only=self._loopback_only, certificate=leaf, issuer=authority.certificate,
            ca_pem=self._certificates.door_ca_pem(), identity=Identity(private, leaf) if private else None,
            short_key=is_short(public), caller_ca_pem=self._caller_ca(device),
        )  # fmt: skip

    def _caller_ca(self, device: Device) -> bytes:
        """Give the authority of our calls to a device that we call, or that studies may be sent to."""
        called = device.address is not None or Service.RECEIVE in device.may
        return self._certificates.caller_ca_pem() if called else b""


def _key(csr: bytes | None) -> PublicKey | RSAPrivateKey:
    # made before the transaction: an RSA key takes long, and a transaction keeps others waiting
    return make_rsa_key() if csr is None else public_key_of(csr)


def _named(listed: Iterable[Device], name: str) -> Device:
    for device in listed:
        if name in {device.name, device.id}:
            return device
    raise NoSuchDevice


def _refuse_taken(device: Device, listed: list[Device]) -> None:
    active = [one for one in listed if one.revoked_at is None]
    if len(active) >= LIMITS.devices:
        raise TooManyDevices(count=len(active))
    if any(one.name == device.name for one in listed):
        raise NameTaken(name=device.name)
    for one in active:
        if one.aet == device.aet:
            raise TitleTaken(name=one.name)


def _enrolment(leaf: x509.Certificate) -> Enrolment:
    ends = leaf.not_valid_after_utc
    return Enrolment(fingerprint(leaf), leaf.not_valid_before_utc, ends, ends, None)


def _told(device: Device, pack: DevicePack) -> dict[str, str | int]:
    told: dict[str, str | int] = {"controller": device.controller_id, **_shown(pack)}
    if device.may:
        told["services"] = ",".join(sorted(device.may))
    own = "key-made" if pack.p12 else "key-own"
    return {**told, "what": own if pack.fingerprint else "no-tls"}


def _shown(pack: DevicePack) -> dict[str, str | int]:
    if pack.fingerprint is None or pack.not_after is None:
        return {}
    return {"fingerprint": pack.fingerprint.hex(), "expires_at": to_text(pack.not_after)}
