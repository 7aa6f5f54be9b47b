"""The house's own certificates: made at `init`, kept sealed, renewed before they end.

One file per identity, `certificates/NAME.sealed`: key and certificate together, sealed under a purpose that
names it. The copies `*.pem` of the three roots are for people; nothing here reads them back.
Held by the worker alone; a door gets a bundle. docs/design/devices.md has the table of keys.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, TypeVar

from cryptography import x509

from primum.ground.clock import Clock
from primum.ground.disc import Disc, write_durably
from primum.ground.errors import PrimumError
from primum.ground.settings import EVERYWHERE
from primum.identity import tls
from primum.identity.authority import (
    Identity,
    Usage,
    certificate_pem,
    fingerprint,
    host_names,
    issue,
    make_ec_key,
    make_root,
    make_rsa_key,
    permits,
    read_certificate,
    read_identity,
)
from primum.identity.boxes import Box, SealedBox
from primum.identity.device_model import LIMITS

__all__ = [
    "Box",
    "CertificateFact",
    "Certificates",
    "CertificatesBroken",
    "CertificatesMissing",
    "SealedBox",
    "hosts_of",
]


class CertificatesMissing(PrimumError):
    """The certificate {name} of this home is missing."""

    code: ClassVar[str] = "certificates.missing"
    hint: ClassVar[str] = "restore the folder certificates from a backup"


class CertificatesBroken(PrimumError):
    """The certificate {name} of this home is damaged, or was put there by somebody else."""

    code: ClassVar[str] = "certificates.broken"
    hint: ClassVar[str] = "restore the folder certificates from a backup"


@dataclass(frozen=True, slots=True)
class CertificateFact:
    """What is so of one certificate of the house. `renew_from`: when it is renewed by itself; None for a root."""

    name: str
    fingerprint: bytes
    not_after: dt.datetime
    renew_from: dt.datetime | None


_Read = TypeVar("_Read")
_ROOTS = ("device-ca", "door-ca", "web-root", "caller-ca")
_RENEWED_BEFORE = {
    "door-rsa": LIMITS.renew_door_before,
    "door-ec": LIMITS.renew_door_before,
    "web": LIMITS.renew_web_before,
    "caller": LIMITS.renew_door_before,
}
NAMES = (*_ROOTS, *_RENEWED_BEFORE)
"""Every identity of the house; the exact list of `*.sealed` files."""

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Certificates:
    """The shelf of the house's certificates, under `folder`."""

    def __init__(self, folder: Path, box: Box, clock: Clock, disc: Disc) -> None:
        """Look after `folder` with a box under the `certificates` sub-key."""
        self._folder = folder
        self._box = box
        self._clock = clock
        self._disc = disc

    def create(self, web_name: str, addresses: Sequence[str] = (), door_addresses: Sequence[str] = ()) -> None:
        """Make them all, once, at `init`.

        `addresses`: other names or addresses that browsers will use; `door_addresses`: that devices will.
        """
        now = self._clock.now()
        self._put("device-ca", make_root(make_rsa_key(), "Primum devices", Usage.CLIENT, now))
        self._put("door-ca", make_root(make_rsa_key(), "Primum DICOM archive", Usage.SERVER, now))
        self._make_web_root(hosts_of(web_name, addresses))
        self._make_caller_root()
        for name in _RENEWED_BEFORE:
            self._renew(name, _named_by(name, web_name, addresses, door_addresses))

    def ensure(self, web_name: str, addresses: Sequence[str] = (), door_addresses: Sequence[str] = ()) -> list[str]:
        """Renew what is due; make a new web root when the host names have outgrown it.

        Returns the names of what was made, for the journal. Call it at each start and once a day; a door
        takes a renewed certificate at its next start.
        """
        made: list[str] = []
        web_hosts = hosts_of(web_name, addresses)
        if not permits(self._certificate("web-root"), web_hosts):
            self._make_web_root(web_hosts)
            made.append("web-root")
        if not (self._folder / "caller-ca.sealed").exists():  # a home from before we called anybody
            self._make_caller_root()
            self._renew("caller", ())
            made += ["caller-ca", "caller"]
        for name, before in _RENEWED_BEFORE.items():
            certificate = self._certificate(name)
            hosts = _named_by(name, web_name, addresses, door_addresses)
            due = certificate.not_valid_after_utc - before <= self._clock.now()
            stale = (name != "caller" and not _covers(certificate, hosts)) or (name == "web" and "web-root" in made)
            if stale or due:
                self._renew(name, hosts)
                made.append(name)
        return made

    def sealed_under(self, box: Box) -> dict[str, bytes]:
        """Give every identity sealed by another box, by the name of its file: for a home whose root key is replaced.

        Raises CertificatesMissing, CertificatesBroken.
        """
        there = [name for name in NAMES if (self._folder / f"{name}.sealed").exists()]
        return {f"{name}.sealed": box.seal(f"certificate/{name}", self._get(name).pem()) for name in there}

    def facts(self) -> list[CertificateFact]:
        """Say what there is, and until when."""
        found = []
        for name in NAMES:
            certificate = self._certificate(name)
            ends = certificate.not_valid_after_utc
            before = _RENEWED_BEFORE.get(name)
            found.append(
                CertificateFact(name, fingerprint(certificate), ends, None if before is None else ends - before)
            )
        return found

    def device_authority(self) -> Identity:
        """Open the device CA for one enrolment."""
        return self._get("device-ca")

    def device_ca_pem(self) -> bytes:
        """Return the certificate of the devices' root."""
        return certificate_pem(self._certificate("device-ca"))

    def door_ca_pem(self) -> bytes:
        """Return the root that devices must trust: `archive-ca.pem` in their pack."""
        return certificate_pem(self._certificate("door-ca"))

    def caller_ca_pem(self) -> bytes:
        """Return the root that destinations must trust for our calls."""
        return certificate_pem(self._certificate("caller-ca"))

    def caller_bundle(self) -> bytes:
        """Write what calling a destination needs: our chain with its key."""
        return tls.caller_bundle(self._get("caller").pem())

    def web_root_pem(self) -> bytes:
        """Return the root that the practice's browsers must trust."""
        return certificate_pem(self._certificate("web-root"))

    def door_bundle(self, door: Literal["dicom", "web"]) -> bytes:
        """Write what one door needs and no more; it goes over the inherited pipe."""
        if door == "web":
            return tls.web_bundle(self._get("web").pem())
        chains = [self._get(name).pem() for name in ("door-rsa", "door-ec")]
        return tls.door_bundle(chains, self.device_ca_pem(), self._get("caller").pem())

    def _make_web_root(self, hosts: Sequence[str]) -> None:
        root = make_root(make_ec_key(), "Primum web", Usage.SERVER, self._clock.now(), hosts)
        self._put("web-root", root)

    def _make_caller_root(self) -> None:
        root = make_root(make_rsa_key(), "Primum DICOM caller", Usage.CLIENT, self._clock.now())
        self._put("caller-ca", root)

    def _renew(self, name: str, hosts: Sequence[str]) -> None:
        if name == "caller":
            self._renew_caller()
            return
        key = make_rsa_key() if name == "door-rsa" else make_ec_key()
        root = self._get("web-root" if name == "web" else "door-ca")
        span = LIMITS.web_leaf if name == "web" else LIMITS.leaf
        common = hosts[0] if name == "web" else "Primum DICOM archive door"
        certificate = issue(
            root,
            key.public_key(),
            common,
            Usage.SERVER,
            alternative=host_names(hosts),
            now=self._clock.now(),
            span=span,
        )
        self._put(name, Identity(key, certificate))

    def _renew_caller(self) -> None:
        key = make_rsa_key()
        certificate = issue(
            self._get("caller-ca"), key.public_key(), "Primum DICOM archive", Usage.CLIENT,
            alternative=[x509.UniformResourceIdentifier("primum:caller")],
            now=self._clock.now(), span=LIMITS.leaf,
        )  # fmt: skip
        self._put("caller", Identity(key, certificate))

    def _put(self, name: str, identity: Identity) -> None:
        sealed = self._box.seal(f"certificate/{name}", identity.pem())
        write_durably(self._disc, self._folder / f"{name}.sealed", sealed)
        if name in _ROOTS:
            write_durably(self._disc, self._folder / f"{name}.pem", identity.certificate_pem())

    def _get(self, name: str) -> Identity:
        return self._read(name, read_identity)

    def _certificate(self, name: str) -> x509.Certificate:
        return self._read(name, read_certificate)

    def _read(self, name: str, parse: Callable[[bytes], _Read]) -> _Read:
        try:
            sealed = (self._folder / f"{name}.sealed").read_bytes()
        except FileNotFoundError:
            raise CertificatesMissing(name=name) from None
        try:
            return parse(self._box.open(f"certificate/{name}", sealed))
        except (PrimumError, ValueError):
            raise CertificatesBroken(name=name) from None


def hosts_of(web_name: str, addresses: Sequence[str] = ()) -> list[str]:
    """List the hosts that a certificate of the house names: the given ones, then loopback; no wildcard address."""
    listed = [web_name, *(one for one in addresses if one not in EVERYWHERE), *_LOOPBACK]
    return list(dict.fromkeys(one for one in listed if one))


def _named_by(name: str, web_name: str, addresses: Sequence[str], door_addresses: Sequence[str]) -> list[str]:
    return hosts_of(web_name, addresses if name == "web" else [*addresses, *door_addresses])


def _covers(leaf: x509.Certificate, hosts: Sequence[str]) -> bool:
    named = set(leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    return named.issuperset(host_names(hosts))
