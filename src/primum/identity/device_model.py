"""What a device is: its name, its title, what it may do, and why it may be refused.

Pure. AE titles are those of PS3.5 6.2 (value representation AE) and PS3.8 9.3.2.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Protocol

from primum.ground.errors import PrimumError


@dataclass(frozen=True, slots=True)
class DeviceLimits:
    """Bounds on what comes from outside, and the spans of time of this room's certificates."""

    devices: int = 2000
    """A university hospital has some hundreds of modalities; the snapshot is read whole."""
    snapshot_bytes: int = 4 * 1024 * 1024
    """2000 devices with three certificates each take about 2 MB."""
    request_bytes: int = 16 * 1024
    """A PKCS#10 request with an RSA-8192 key takes 3 KB; the rest is for a chatty generator."""
    rsa_bits_low: int = 2048
    """ANSSI and RFC 9325 4.5: RSA from 2048 bits until the end of 2030, 3072 after."""
    rsa_bits_recommended: int = 3072
    rsa_bits_high: int = 8192
    """Beyond this, each handshake costs the door more than it is worth."""
    leaf: timedelta = timedelta(days=730)
    """ANSSI's TLS guide: at most 825 days."""
    web_leaf: timedelta = timedelta(days=397)
    """What browsers accept (CA/Browser Forum ballot SC-31: 398 days)."""
    root: timedelta = timedelta(days=3652)
    backdate: timedelta = timedelta(hours=24)
    """Devices' clocks drift, and few of them keep UTC."""
    renew_device_before: timedelta = timedelta(days=60)
    renew_door_before: timedelta = timedelta(days=90)
    renew_web_before: timedelta = timedelta(days=30)
    overlap_days: int = 30
    """How long a renewed device may go on with its old certificate: the time for a technician to come by."""
    overlap_days_high: int = 90


LIMITS = DeviceLimits()


class Service(StrEnum):
    """What a device may be granted. C-ECHO is not among them: it tells nothing, and needs no grant."""

    STORE = "store"
    FIND = "find"
    GET = "get"
    MOVE = "move"
    WORKLIST = "worklist"
    MPPS = "mpps"
    COMMITMENT = "commitment"
    ORDERS = "orders"
    RECEIVE = "receive"
    REJECTED = "rejected"
    """Finding and retrieving also show it what was rejected for quality reasons, and nothing rejected otherwise."""


class Record(Protocol):
    """How a fact gets into the journal: durable at return, or it raises."""

    def __call__(self, kind: str, actor: str, subject: str, details: Mapping[str, str | int]) -> None:
        """Write one fact."""
        ...


class Admitted(Protocol):
    """What tells one admitted caller from another."""

    @property
    def id(self) -> str:
        """Return the device's id."""
        ...

    @property
    def fingerprint(self) -> bytes | None:
        """Return the fingerprint it showed; None without TLS."""
        ...


@dataclass(frozen=True, slots=True)
class EnrolledDevice:
    """A device as the DICOM door sees it, once admitted. `fingerprint` is None without TLS."""

    id: str
    name: str
    aet: str
    may: frozenset[Service]
    controller_id: str
    fingerprint: bytes | None


@dataclass(frozen=True, slots=True)
class Address:
    """Where a device is called, and how it is known there. Without a certificate: in clear, on this machine only."""

    host: str
    port: int
    certificate: str = ""
    """PEM: the device's own certificate, or that of its authority."""
    pinned: bytes = b""
    """SHA-256 of that certificate."""
    authority: bool = False
    """Whether that certificate may sign the device's, instead of being it."""


@dataclass(frozen=True, slots=True)
class Destination:
    """An enrolled device as somebody to call."""

    id: str
    name: str
    aet: str
    may: frozenset[Service]
    controller_id: str
    address: Address
    loopback_only: bool
    """In a demo home nothing else is called."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One certificate of a device. `ends_at` is sooner than `not_after` once it has been renewed."""

    fingerprint: bytes
    not_before: datetime
    not_after: datetime
    ends_at: datetime
    revoked_at: datetime | None

    def good_at(self, now: datetime) -> bool:
        """Tell whether `now` is within its dates, revocation apart."""
        return self.not_before <= now < min(self.ends_at, self.not_after)


@dataclass(frozen=True, slots=True)
class Device:
    """A device as the practice sees it."""

    id: str
    name: str
    aet: str
    may: frozenset[Service]
    controller_id: str
    plain_address: str | None
    added_at: datetime
    added_by: str
    revoked_at: datetime | None
    certificates: tuple[Enrolment, ...]
    """Newest first."""
    address: Address | None = None
    """Where we may call it; None: nowhere."""

    def renew_from(self) -> datetime | None:
        """Return when its newest certificate wants renewal; None without a certificate or when revoked."""
        if self.revoked_at is not None or not self.certificates:
            return None
        return self.certificates[0].not_after - LIMITS.renew_device_before

    def status_at(self, now: datetime) -> str:
        """Say `active`, `due` (to be renewed), `expired` or `revoked`."""
        if self.revoked_at is not None:
            return "revoked"
        due = self.renew_from()
        if due is None or now < due:
            return "active"
        return "due" if self.certificates[0].good_at(now) else "expired"


class BadDeviceName(PrimumError):
    """A device's name has 1 to 40 small letters, digits and hyphens, and begins with a letter or digit."""

    code: ClassVar[str] = "device.bad-name"
    hint: ClassVar[str] = "primum device add ct-1 --aet CT1 --may store"


class BadTitle(PrimumError):
    """An application entity title has 1 to 16 printable ASCII characters, no backslash, and is not blank."""

    code: ClassVar[str] = "device.bad-title"
    hint: ClassVar[str] = "use the calling AE title that the device shows in its network settings"


class UnknownService(PrimumError):
    """There is no service {service!r} to grant."""

    code: ClassVar[str] = "device.unknown-service"
    hint: ClassVar[str] = "choose among store, find, get, move, worklist, mpps, commitment, orders, receive"


class PlainAddressRefused(PrimumError):
    """Without TLS a device is admitted from this machine only (127.0.0.1 or ::1)."""

    code: ClassVar[str] = "device.plain-address"
    hint: ClassVar[str] = "enrol it with TLS, or put a TLS relay beside it"


class BadAddress(PrimumError):
    """A device is called at a host name or an IP address, and a port from 1 to 65535."""

    code: ClassVar[str] = "device.bad-address"
    hint: ClassVar[str] = "primum device destination NAME 192.0.2.7 2762 --their-certificate PEM"


class PlainDestinationRefused(PrimumError):
    """Without TLS a device is called on this machine only (127.0.0.1, ::1 or localhost)."""

    code: ClassVar[str] = "device.plain-destination"
    hint: ClassVar[str] = "give its certificate, or its authority's, with --their-certificate"


class NoDestination(PrimumError):
    """No enrolled device that may be called has this title or name."""

    code: ClassVar[str] = "device.no-destination"
    hint: ClassVar[str] = "primum device destination NAME HOST PORT; primum device list"


class NameTaken(PrimumError):
    """There is, or was, a device of the name {name}."""

    code: ClassVar[str] = "device.name-taken"
    hint: ClassVar[str] = "choose another name; the journal goes on meaning the first one"


class TitleTaken(PrimumError):
    """Another active device ({name}) has this AE title."""

    code: ClassVar[str] = "device.title-taken"
    hint: ClassVar[str] = "give one of the two another title, or revoke {name} first"


class TooManyDevices(PrimumError):
    """This home has {count} active devices, which is all that it takes."""

    code: ClassVar[str] = "device.too-many"
    hint: ClassVar[str] = "revoke the devices that are gone"


class NoSuchDevice(PrimumError):
    """There is no device of that name."""

    code: ClassVar[str] = "device.missing"
    hint: ClassVar[str] = "primum device list"


class AlreadyRevoked(PrimumError):
    """The device {device} is revoked, and stays so."""

    code: ClassVar[str] = "device.already-revoked"
    hint: ClassVar[str] = "enrol it anew under another name"


class NothingToRenew(PrimumError):
    """The device {device} is enrolled without TLS: it has no certificate."""

    code: ClassVar[str] = "device.nothing-to-renew"
    hint: ClassVar[str] = "revoke it, and enrol it anew without --plain"


class BadOverlap(PrimumError):
    """An old certificate may go on for 0 to {most} days after a renewal."""

    code: ClassVar[str] = "device.bad-overlap"
    hint: ClassVar[str] = "leave it out for the usual 30 days"


class DeviceUnknown(PrimumError):
    """The caller is not an enrolled device."""

    code: ClassVar[str] = "device.unknown"
    hint: ClassVar[str] = "primum device add NAME --aet AET --may store, and put the pack on the device"


class DeviceRevoked(PrimumError):
    """The device {device} was revoked."""

    code: ClassVar[str] = "device.revoked"
    hint: ClassVar[str] = "enrol it anew under another name if it should come back"


class DeviceExpired(PrimumError):
    """The certificate of the device {device} is outside its dates, or was replaced by a newer one."""

    code: ClassVar[str] = "device.expired"
    hint: ClassVar[str] = "primum device renew NAME, and put the new pack on the device"


class DeviceOutsideDemo(PrimumError):
    """The device {device} called a demo home from another machine."""

    code: ClassVar[str] = "device.outside-demo"
    hint: ClassVar[str] = "a demo home serves this machine only; make a real one with primum init"


class TitleMismatch(PrimumError):
    """The device {device} called under an AE title that is not its own."""

    code: ClassVar[str] = "device.title-mismatch"
    hint: ClassVar[str] = "set the device's calling AE title to the one in its settings sheet"


class DirectoryUnreadable(PrimumError):
    """The list of enrolled devices cannot be read, and so no device is admitted."""

    code: ClassVar[str] = "device.directory-unreadable"
    hint: ClassVar[str] = "restart Primum: the list is written anew at each start"


_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_HOST = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*\.?")
_TITLE_CHARACTERS = 16  # PS3.5 6.2, AE


def check_name(name: str) -> str:
    """Return the name, or raise BadDeviceName."""
    if _NAME.fullmatch(name) is None:
        raise BadDeviceName
    return name


def check_title(aet: str) -> str:
    """Return the AE title without its padding, or raise BadTitle."""
    title = aet.strip(" ")
    if not 1 <= len(title) <= _TITLE_CHARACTERS or not title.isascii() or not title.isprintable() or "\\" in title:
        raise BadTitle
    return title


def check_services(may: set[Service] | frozenset[Service] | set[str] | frozenset[str]) -> frozenset[Service]:
    """Return the services meant, or raise UnknownService."""
    meant = set()
    for one in may:
        try:
            meant.add(Service(one))
        except ValueError:
            raise UnknownService(service=str(one)[:32]) from None
    return frozenset(meant)


def check_plain_address(address: str | None) -> str | None:
    """Return the address, or raise PlainAddressRefused unless it is 127.0.0.1 or ::1."""
    if address not in {None, "127.0.0.1", "::1"}:
        raise PlainAddressRefused
    return address


def check_host(host: str) -> str:
    """Return the host name or IP address, or raise BadAddress."""
    if not _HOST.fullmatch(host):
        try:
            ipaddress.ip_address(host)
        except ValueError:
            raise BadAddress from None
    return host


def check_port(port: int) -> int:
    """Return the port, or raise BadAddress."""
    if not 1 <= port <= 65535:  # noqa: PLR2004 (16 bits)
        raise BadAddress
    return port


def is_this_machine(host: str) -> bool:
    """Tell whether a host is loopback by what it is called; names other than localhost are not."""
    return host == "localhost" or is_loopback(host)


def check_overlap(days: int) -> timedelta:
    """Return the span, or raise BadOverlap."""
    if not 0 <= days <= LIMITS.overlap_days_high:
        raise BadOverlap(most=LIMITS.overlap_days_high)
    return timedelta(days=days)


def plain_form(address: str) -> str:
    """Write an address of a socket plainly: no zone, and an IPv4 one that came mapped into IPv6 as IPv4."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped or parsed)


def is_loopback(address: str) -> bool:
    """Tell whether a caller's address is this machine's own."""
    form = plain_form(address)
    return bool(form) and ipaddress.ip_address(form).is_loopback
