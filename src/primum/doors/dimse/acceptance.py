"""Whether an association is accepted: who calls, whom, for what, and whether there is room.

The order of the questions is that of docs/design/dimse.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from primum.doors.dimse import registry
from primum.doors.dimse.chronicle import count, record
from primum.doors.dimse.contexts import Negotiated, negotiate
from primum.doors.dimse.identities import identify
from primum.doors.dimse.pdu import APPLICATION_CONTEXT, AssociateRequest
from primum.doors.dimse.refusals import (
    ApplicationContextUnknown,
    CalledTitleUnknown,
    NothingAcceptable,
    NotPermitted,
    ProtocolVersionUnknown,
    SpaceLow,
)
from primum.ground.errors import PrimumError
from primum.ground.log import Log
from primum.journal import Fact, Kind

if TYPE_CHECKING:
    from primum.doors.dimse.crowd import Place
    from primum.doors.dimse.identities import Identified
    from primum.doors.dimse.peers import Peer
    from primum.doors.dimse.services import Device, DimseServices

_log = Log("dimse.acceptance")


@dataclass(frozen=True, slots=True)
class Acceptance:
    """An admitted device, and what was negotiated with it; perhaps nothing."""

    device: Device
    negotiated: Negotiated
    identified: Identified | None = None
    """Who uses the device, where that was proved."""


def consider(request: AssociateRequest, peer: Peer, services: DimseServices, place: Place) -> Acceptance:
    """Accept, and count the association in the crowd; or raise a refusal, which is recorded."""
    device: Device | None = None
    services.noticed(request.user.implementation_version, peer.address, peer.port)
    try:
        _refuse_other_protocols(request)
        device = services.devices.admit(peer.fingerprint, peer.address, request.calling_title)
        if request.called_title != services.aet:
            raise CalledTitleUnknown
        identified = identify(request.user.identity, device, peer, request.called_title, services)
        device = identified.narrow(device) if identified is not None else device
        negotiated = negotiate(request, device.may, registry.GRANTS, registry.REPORTED)
        if any(one.storage for one in negotiated.accepted.values()) and services.space.low():
            raise SpaceLow
        place.associate(device.id)
    except PrimumError as refusal:
        known = device.id if device is not None else refusal.facts.get("device")
        _tell(refusal.code, known if isinstance(known, str) else "", request, peer, services)
        raise
    if negotiated.denied or not negotiated.accepted:
        why = NotPermitted if negotiated.denied else NothingAcceptable
        _tell(why.code, device.id, request, peer, services)
    return Acceptance(device, negotiated, identified)


def _refuse_other_protocols(request: AssociateRequest) -> None:
    if not request.protocol_version & 1:
        raise ProtocolVersionUnknown
    if request.application_context != APPLICATION_CONTEXT:
        raise ApplicationContextUnknown


def _tell(reason: str, device: str, request: AssociateRequest, peer: Peer, services: DimseServices) -> None:
    """Journal a refusal: under the device when it is one of ours, else counted by address and minute."""
    if not device:
        count(services.refusals, reason, peer.address)
        return
    details: dict[str, str | int] = {
        "reason": reason,
        "address": peer.address,
        "calling_aet": request.calling_title,
        "called_aet": request.called_title,
    }
    record(services.journal, Fact(Kind.ASSOCIATION_REFUSED, device, "", details))
