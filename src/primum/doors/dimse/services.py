"""What the DICOM door is given: everything it needs, nothing it could find by itself."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from primum.app.intake import Intake
from primum.doors.dimse.limits import Limits
from primum.doors.dimse.tally import Alone, Tally
from primum.ground.clock import Clock
from primum.imaging import Archive
from primum.journal import Journal, Refusals
from primum.vault import Vault

if TYPE_CHECKING:
    from primum.doors.dimse.dialling import Dialler
    from primum.identity.device_model import Destination


class Device(Protocol):
    """An enrolled device, as `primum.identity` describes it."""

    @property
    def id(self) -> str:
        """Its id, `dev_…`."""
        ...

    @property
    def controller_id(self) -> str:
        """Whose studies it sends."""
        ...

    @property
    def fingerprint(self) -> bytes | None:
        """The SHA-256 of its certificate; None without TLS."""
        ...

    @property
    def may(self) -> frozenset[str]:
        """The services that it was granted."""
        ...

    @property
    def identity_required(self) -> bool:
        """Whether its associations have to say, with proof, who uses it."""
        ...


class Directory(Protocol):
    """The list of enrolled devices; each answer is that of this moment."""

    def admit(self, fingerprint: bytes | None, address: str, calling_aet: str) -> Device:
        """Say which device calls. Raises a refusal whose code begins with `device.`."""
        ...

    def still(self, device: Device) -> Device:
        """Return an admitted device as it is now. Raises the same."""
        ...


class Destinations(Protocol):
    """Whom we may call; each answer is that of this moment."""

    def destination(self, title: str) -> Destination:
        """Return the device to call under this AE title. Raises a refusal whose code begins with `device.`."""
        ...

    def destination_of(self, device_id: str) -> Destination:
        """Return where this device is called. Raises the same."""
        ...


class Space(Protocol):
    """Whether there is room."""

    def low(self) -> bool:
        """Tell whether the free space is below the low mark."""
        ...


def _closed() -> Archive:
    raise RuntimeError("this door was given no archive")


def _unnoticed(_name: str, _address: str, _port: int) -> None:
    """No probe is announced."""


def _unnamed(_: OSError) -> str:
    return "tls.other"


@dataclass(frozen=True, slots=True, kw_only=True)
class DimseServices:
    """Collaborators and settings of the door."""

    vault: Vault
    devices: Directory
    destinations: Destinations | None = None
    """Whom C-MOVE may send to; None: nobody."""
    dialler: Dialler | None = None
    """How they are called."""
    journal: Journal
    refusals: Refusals
    intake: Intake
    space: Space
    clock: Clock
    tls: ssl.SSLContext | None
    """The TLS listener's context; it demands and verifies a client certificate. None: no such listener."""
    address: str = "127.0.0.1"
    port: int = 2762
    plain_port: int = 0
    """A listener without TLS, on loopback only; 0 means none."""
    aet: str = "PRIMUM"
    handshake_refusal: Callable[[OSError], str] = field(default=_unnamed)
    """Names why a handshake was refused (`identity.handshake_refusal`)."""
    limits: Limits = field(default_factory=Limits)
    archive: Callable[[], Archive] = field(default=_closed)
    """Opens the index for reading when it is first asked for: a scanner that only stores never does."""
    noticed: Callable[[str, str, int], None] = field(default=_unnoticed)
    """Looks at an implementation version name, an address and our port: an announced probe is written down."""
    tally: Tally = field(default_factory=Alone)
    """How many the other processes of the door have in."""
