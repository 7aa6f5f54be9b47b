"""User identity negotiation (PS3.7 D.3.3.7): who uses a device, proved inside TLS; a factor besides its certificate.

The door has no key to what is known of people: it hands what was shown to the worker, and learns whose it is and what
that allows. What the association may is the device's, and never more than theirs (docs/design/devices.md).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from primum.doors.dimse.refusals import IdentityInClear, IdentityKindRefused, IdentityRequired
from primum.identity.device_model import IdentityRefused

if TYPE_CHECKING:
    from primum.app.intake import Intake
    from primum.doors.dimse.pdu import ShownIdentity
    from primum.doors.dimse.peers import Peer
    from primum.doors.dimse.services import Device, DimseServices, Directory

USERNAME, PASSCODE, JSON_TOKEN = 1, 2, 5
"""User identity types (PS3.7 table D.3-14) that are read here; 3 is Kerberos and 4 SAML."""
_IN_CLEAR: Final = "none"


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A device as long as somebody known uses it: what it may is what they may, too."""

    id: str
    controller_id: str
    fingerprint: bytes | None
    may: frozenset[str]
    identity_required: bool


@dataclass(slots=True)
class Identified:
    """Who uses a device on one association. Stands for the list of devices there."""

    directory: Directory
    intake: Intake
    patience: float
    claim: dict[str, Any]
    """What the worker said of it: `claim`, `person`, `until`, `may`."""
    _asked_at: float = field(default_factory=time.monotonic)

    def admit(self, fingerprint: bytes | None, address: str, calling_aet: str) -> Device:
        """Admit nobody else: an association has one device."""
        return self.narrow(self.directory.admit(fingerprint, address, calling_aet))

    def still(self, device: Device) -> Device:
        """Return the device as it is now, with what whoever uses it may now. Raises as the list does."""
        now = self.directory.still(device)
        if time.monotonic() - self._asked_at > self.patience:
            args = {"device": device.id, **{key: self.claim[key] for key in ("claim", "person", "until")}}
            self.claim, _ = self.intake.ask("identity.still", args)
            self._asked_at = time.monotonic()
        return self.narrow(now)

    def narrow(self, device: Device) -> Device:
        """Return the device with no more than whoever uses it may."""
        may = device.may & frozenset(self.claim["may"])
        return Narrowed(device.id, device.controller_id, device.fingerprint, may, device.identity_required)

    def told(self) -> dict[str, str | int]:
        """Say for the journal who it is, and by which token or key."""
        return {"person": str(self.claim["person"]), "session": str(self.claim["claim"])}


def identify(
    shown: ShownIdentity | None, device: Device, peer: Peer, called: str, services: DimseServices
) -> Identified | None:
    """Say who uses a device; None where nobody proves it, and nobody has to.

    Raises IdentityRequired, IdentityInClear, IdentityKindRefused; of the worker `device.identity-refused`,
    `identity.throttled`.
    """
    if shown is None or shown.kind == USERNAME:  # a name proves nothing
        if device.identity_required:
            raise IdentityRequired
        return None
    if peer.tls == _IN_CLEAR:
        raise IdentityInClear
    if shown.kind not in {PASSCODE, JSON_TOKEN}:
        raise IdentityKindRefused
    name, proof = (shown.primary, shown.secondary) if shown.kind == PASSCODE else (b"", shown.primary)
    limits = services.limits
    if len(name) > limits.identity_name_bytes or len(proof) > limits.identity_proof_bytes:
        raise IdentityRefused
    args = {
        "device": device.id,
        "json_token": shown.kind == JSON_TOKEN,
        "name": name.decode("utf-8", "replace"),
        "called": called,
        "address": peer.address,
    }
    claim, _ = services.intake.ask("identity.judge", args, proof)
    return Identified(services.devices, services.intake, limits.identity_seconds, claim)
