"""A home with certificates and devices, for the tests beside this file."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

from primum.ground.clock import Clock, FixedClock, SystemClock
from primum.ground.db import open_database
from primum.ground.disc import RealDisc
from primum.ground.errors import PrimumError
from primum.identity.certificates import Certificates, SealedBox
from primum.identity.device_store import migrate_devices
from primum.identity.devices import Devices
from primum.identity.sheet import Door
from primum.identity.snapshot import DeviceDirectory

CTL = "ctl_" + "a" * 26
PER = "per_" + "b" * 26


class BoxBroken(PrimumError):
    """The box is broken."""


def seal(key: bytes, purpose: str, data: bytes) -> bytes:
    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, data, purpose.encode())


def unseal(key: bytes, purpose: str, sealed: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:12], sealed[12:], purpose.encode())
    except (InvalidTag, ValueError):
        raise BoxBroken from None


@dataclass
class Ledger:
    """Remembers what was recorded; refuses when told to."""

    facts: list[tuple[str, str, str, Mapping[str, str | int]]] = field(default_factory=list)
    full: bool = False

    def __call__(self, kind: str, actor: str, subject: str, details: Mapping[str, str | int]) -> None:
        if self.full:
            raise BoxBroken
        self.facts.append((kind, actor, subject, details))


class House:
    """Everything that this half of the room needs, in one folder."""

    def __init__(self, folder: Path, certificates: Certificates, clock: FixedClock, *, demo: bool = False) -> None:
        self.folder = folder
        self.clock = clock
        self.certificates = certificates
        self.ledger = Ledger()
        self.snapshot = folder / "run-devices"
        self.box = SealedBox(b"d" * 32, seal, unseal)
        shutil.copy(shared_database(), folder / "records.db")
        self.engine = open_database(folder / "records.db", b"r" * 32, durability="normal")
        self.devices = Devices(
            self.engine, certificates, clock, self.ledger, snapshot_path=self.snapshot, snapshot_box=self.box,
            disc=RealDisc(), door=Door("127.0.0.1", 2762, "PRIMUM", "bcp195", 11112), loopback_only=demo,
        )  # fmt: skip

    def directory(self) -> DeviceDirectory:
        return DeviceDirectory(self.snapshot, self.box, self.clock)


def certificates_box() -> SealedBox:
    return SealedBox(b"c" * 32, seal, unseal)


@functools.cache
def shared_database() -> Path:
    """An empty records.db with its tables, made once for all tests."""
    path = shared_folder().parent / "records.db"
    engine = open_database(path, b"r" * 32, durability="normal")
    migrate_devices(engine)
    engine.dispose()
    return path


@functools.cache
def shared_folder() -> Path:
    """Certificates made once for all tests (RSA keys take long), at the machine's own time: OpenSSL looks at it."""
    parent = Path(tempfile.mkdtemp(prefix="primum-test-"))
    atexit.register(shutil.rmtree, parent, ignore_errors=True)
    folder = parent / "certificates"
    folder.mkdir()
    Certificates(folder, certificates_box(), SystemClock(), RealDisc()).create("archive.cabinet.example")
    return folder


def make_certificates(folder: Path, clock: Clock) -> Certificates:
    """Give a test certificates of its own to change."""
    shutil.copytree(shared_folder(), folder)
    return Certificates(folder, certificates_box(), clock, RealDisc())


def make_house(folder: Path, *, demo: bool = False) -> House:
    clock = FixedClock(datetime.now(UTC))
    return House(folder, make_certificates(folder / "certificates", clock), clock, demo=demo)


@functools.cache
def request_for(kind: str = "rsa3072") -> bytes:
    """Make a signing request as a device would, with a key of its own."""
    return sign_request(key_of(kind))


def key_of(kind: str) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey:
    if kind.startswith("rsa"):
        return rsa.generate_private_key(public_exponent=65537, key_size=int(kind[3:]))
    curves = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1(), "k256": ec.SECP256K1()}
    return ed25519.Ed25519PrivateKey.generate() if kind == "ed25519" else ec.generate_private_key(curves[kind])


def sign_request(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "anything the device likes")])
    wishes = x509.BasicConstraints(ca=True, path_length=None)
    builder = x509.CertificateSigningRequestBuilder().subject_name(name).add_extension(wishes, critical=True)
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, algorithm).public_bytes(serialization.Encoding.PEM)
