"""What the DICOM door refuses, each with its sentence; doors/dimse/statuses.py gives each its DIMSE status.

No refusal carries anything that a sender wrote, save lengths and element tags.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar

from primum.ground.errors import PrimumError


class AbortReason(IntEnum):
    """Reasons of a service-provider's A-ABORT (PS3.8 table 9-26)."""

    NOT_SPECIFIED = 0
    UNRECOGNIZED_PDU = 1
    UNEXPECTED_PDU = 2
    UNRECOGNIZED_PARAMETER = 4
    UNEXPECTED_PARAMETER = 5
    INVALID_PARAMETER_VALUE = 6


class InvalidPdu(PrimumError):
    """A protocol data unit is not one that PS3.8 knows, or not here."""

    code: ClassVar[str] = "dimse.invalid-pdu"
    hint: ClassVar[str] = "the sender is not a DICOM application, or the line alters what it sends"
    reason: AbortReason

    def __init__(self, reason: AbortReason = AbortReason.INVALID_PARAMETER_VALUE) -> None:
        """Keep the reason that the A-ABORT gives."""
        super().__init__()
        self.reason = reason

    def __reduce__(self) -> tuple[object, ...]:
        """Survive a pickle."""
        return type(self), (self.reason,)


class InvalidCommand(PrimumError):
    """A command set is not one that PS3.7 knows."""

    code: ClassVar[str] = "dimse.invalid-command"
    hint: ClassVar[str] = "look at the sender's software: its command sets cannot be read"


class TooSlow(PrimumError):
    """The sender was slower than the floor rate, or silent for too long."""

    code: ClassVar[str] = "dimse.too-slow"
    hint: ClassVar[str] = "look at the line between the device and this machine"


class ConnectionEnded(PrimumError):
    """The sender closed the connection."""

    code: ClassVar[str] = "dimse.connection-ended"
    hint: ClassVar[str] = "what had been acknowledged is stored; the sender will send the rest again"


class DoorClosing(PrimumError):
    """Primum is stopping."""

    code: ClassVar[str] = "dimse.closing"
    hint: ClassVar[str] = "the sender will send the rest again once Primum runs"


class OperationUnknown(PrimumError):
    """The operation is not one that this door offers."""

    code: ClassVar[str] = "dimse.operation-unknown"
    hint: ClassVar[str] = "see docs/reference/dicom-conformance.md for what is offered"


class ClassNotNegotiated(PrimumError):
    """The SOP class of the command is not the one of its presentation context."""

    code: ClassVar[str] = "dimse.class-not-negotiated"
    hint: ClassVar[str] = "look at the sender's software: it uses a context for another class"


class ArgumentsMistyped(PrimumError):
    """The command lacks an argument, or has one that contradicts another."""

    code: ClassVar[str] = "dimse.arguments"
    hint: ClassVar[str] = "look at the sender's software: its C-STORE-RQ is incomplete"


class InstanceUidInvalid(PrimumError):
    """The SOP Instance UID of the command is not a UID."""

    code: ClassVar[str] = "dimse.instance-uid"
    hint: ClassVar[str] = "a UID has at most 64 digits and dots (PS3.5 9.1)"


class DataSetMismatch(PrimumError):
    """The SOP class in the data set is not the one in the command."""

    code: ClassVar[str] = "dimse.mismatch"
    hint: ClassVar[str] = "look at the sender's software: it announces one class and sends another"


class BrokenOff(PrimumError):
    """An instance could not be read to its end while it was being sent; the association cannot go on."""

    code: ClassVar[str] = "dimse.broken-off"
    hint: ClassVar[str] = "primum vault check names the damaged record"


class InstanceTooLong(PrimumError):
    """The instance is longer than this archive takes ({limit} bytes)."""

    code: ClassVar[str] = "dimse.too-long"
    hint: ClassVar[str] = "have the sender split the instance (PS3.3 concatenations)"


class IdentifierTooLong(PrimumError):
    """The data set of a request is longer than this door reads for it ({limit} bytes)."""

    code: ClassVar[str] = "dimse.identifier-too-long"
    hint: ClassVar[str] = "ask for less at a time"


class SpaceLow(PrimumError):
    """The free space is below the low mark; nothing is stored until there is more."""

    code: ClassVar[str] = "dimse.space-low"
    hint: ClassVar[str] = "free space on the disc of the home, or lower low_space_mib"


class NotPermitted(PrimumError):
    """The device may not do this, or no longer."""

    code: ClassVar[str] = "dimse.not-permitted"
    hint: ClassVar[str] = "primum device list; grant it with primum device add … --may …"


class ProtocolVersionUnknown(PrimumError):
    """The caller does not speak version 1 of the upper layer protocol."""

    code: ClassVar[str] = "dimse.protocol-version"


class ApplicationContextUnknown(PrimumError):
    """The caller's application context is not DICOM's."""

    code: ClassVar[str] = "dimse.application-context"


class CalledTitleUnknown(PrimumError):
    """The called AE title is not ours."""

    code: ClassVar[str] = "dimse.called-title"
    hint: ClassVar[str] = "set the device's called AE title to the one in its settings sheet (dicom_aet)"


class IdentityRequired(PrimumError):
    """The device has to say, with proof, who uses it, and did not."""

    code: ClassVar[str] = "dimse.identity-required"
    hint: ClassVar[str] = (
        "set a user name and a program token (primum token) in the device; a name alone proves nothing"
    )


class IdentityInClear(PrimumError):
    """A user identity with its proof came without TLS."""

    code: ClassVar[str] = "dimse.identity-in-clear"
    hint: ClassVar[str] = "turn user identity off in the device, or enrol it for TLS"


class IdentityKindRefused(PrimumError):
    """The user identity is of a kind that is not judged here: Kerberos, SAML, or one that PS3.7 does not know."""

    code: ClassVar[str] = "dimse.identity-kind"
    hint: ClassVar[str] = "have the device give a user name and passcode, or a JSON Web Token"


class Crowded(PrimumError):
    """There are as many associations as this door takes, in all or from this device."""

    code: ClassVar[str] = "dimse.crowded"
    hint: ClassVar[str] = "the sender will try again; look for one that keeps associations open"


class NothingAcceptable(PrimumError):
    """Nothing that the device proposed is offered here."""

    code: ClassVar[str] = "dimse.nothing-acceptable"
    hint: ClassVar[str] = "see docs/reference/dicom-conformance.md for what is offered"


class PlainBeyondLoopback(PrimumError):
    """A listener without TLS would be reachable from other machines (address {address})."""

    code: ClassVar[str] = "dimse.plain-beyond-loopback"
    hint: ClassVar[str] = "a listener without TLS binds loopback; use the TLS port for other machines"


class PortTaken(PrimumError):
    """The DICOM door cannot listen on {address}, port {port}: {reason}."""

    code: ClassVar[str] = "dimse.port"
    hint: ClassVar[str] = "choose another dicom_port or dicom_address, or stop what listens there"
