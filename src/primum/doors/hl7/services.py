"""What the HL7 door is given: the list of devices, a pen, and the way to the worker. No database, no vault."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from primum.doors.hl7.limits import LIMITS, Limits
from primum.ground.clock import Clock
from primum.identity.device_model import EnrolledDevice
from primum.imaging.orders.hl7.limits import LIMITS as MESSAGE_LIMITS, Limits as MessageLimits
from primum.journal import Journal, Refusals


class Directory(Protocol):
    """The list of enrolled devices; each answer is that of this moment."""

    def admit(self, fingerprint: bytes | None, address: str, calling_aet: str) -> EnrolledDevice:
        """Say which device calls under this title. Raises a refusal whose code begins with `device.`."""
        ...

    def known(self, fingerprint: bytes, address: str) -> EnrolledDevice:
        """Say whose certificate this is. Raises the same."""
        ...


class Worker(Protocol):
    """Whom the door asks."""

    def ask(self, verb: str, args: dict[str, Any], data: bytes = b"") -> tuple[dict[str, Any], bytes]:
        """Ask one of the door verbs. Raises WorkerRefused, WorkerAbsent."""
        ...


def _unnamed(_: OSError) -> str:
    return "tls.other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hl7Services:
    """Collaborators of the door."""

    devices: Directory
    journal: Journal
    refusals: Refusals
    worker: Worker
    clock: Clock
    tls: ssl.SSLContext | None
    handshake_refusal: Callable[[OSError], str] = field(default=_unnamed)
    limits: Limits = LIMITS
    messages: MessageLimits = MESSAGE_LIMITS
