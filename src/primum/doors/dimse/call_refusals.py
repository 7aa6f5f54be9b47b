"""Why a call of ours came to nothing, each with its sentence. Nothing that a peer wrote is in them."""

from __future__ import annotations

from typing import ClassVar

from primum.ground.errors import PrimumError


class CallFailed(PrimumError):
    """The call to a destination came to nothing."""

    code: ClassVar[str] = "dimse.call-failed"


class AssociationRejected(CallFailed):
    """The destination rejected the association (result {result}, source {source}, reason {reason})."""

    code: ClassVar[str] = "dimse.rejected"
    hint: ClassVar[str] = "enter our AE title, host and port in the destination's list of peers (PS3.8 table 9-21)"


class PeerAborted(CallFailed):
    """The destination aborted the association."""

    code: ClassVar[str] = "dimse.aborted"
    hint: ClassVar[str] = "look at the destination's own log"


class PeerReleased(CallFailed):
    """The destination ended the association while something was under way."""

    code: ClassVar[str] = "dimse.released"
    hint: ClassVar[str] = "look at the destination's own log"


class TheirCertificateRefused(CallFailed):
    """The destination did not prove that it is the device that was enrolled."""

    code: ClassVar[str] = "dimse.their-certificate"
    hint: ClassVar[str] = (
        "primum device destination NAME HOST PORT --their-certificate PEM, if its certificate was changed"
    )


class OurCertificateRefused(CallFailed):
    """The TLS handshake with the destination came to nothing."""

    code: ClassVar[str] = "dimse.call-tls"
    hint: ClassVar[str] = "the destination must speak TLS 1.2 or 1.3 and trust certificates/caller-ca.pem"


class NothingAccepted(CallFailed):
    """The destination accepts none of what the study holds."""

    code: ClassVar[str] = "dimse.nothing-accepted"
    hint: ClassVar[str] = "look at the storage classes and transfer syntaxes in the destination's conformance statement"


class DestinationLost(CallFailed):
    """The association with the destination was lost ({reason})."""

    code: ClassVar[str] = "dimse.destination-lost"
    hint: ClassVar[str] = "look at the destination, and at the line to it; what it acknowledged is there"


class Withdrawn(CallFailed):
    """The destination was revoked, changed, or lost its grant while it was being sent to."""

    code: ClassVar[str] = "dimse.withdrawn"
    hint: ClassVar[str] = "primum device list"


class Untraced(CallFailed):
    """The journal cannot be written, and so nothing is sent."""

    code: ClassVar[str] = "dimse.untraced"
    hint: ClassVar[str] = "primum status; primum journal verify"
