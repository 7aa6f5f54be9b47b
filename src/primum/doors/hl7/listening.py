"""The sockets on which the HL7 door listens."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import sys
from dataclasses import dataclass
from typing import ClassVar

from primum.doors.hl7.limits import LIMITS, Limits
from primum.ground.errors import PrimumError


class PortTaken(PrimumError):
    """The HL7 door cannot listen on {address}, port {port}: {reason}."""

    code: ClassVar[str] = "hl7.port-taken"
    hint: ClassVar[str] = "choose another hl7_port, or end the program that has it"


class PlainBeyondLoopback(PrimumError):
    """Without TLS the HL7 door listens on this machine only, and {address} is beyond it."""

    code: ClassVar[str] = "hl7.plain-beyond-loopback"
    hint: ClassVar[str] = "set hl7_port, and enrol the sender with TLS"


@dataclass(frozen=True, slots=True)
class Listener:
    """A listening socket. `secured`: TLS is spoken on it, and nothing else."""

    listening: socket.socket
    secured: bool
    address: tuple[str, int]

    def shut(self) -> None:
        """Take no more connections."""
        with contextlib.suppress(OSError):
            self.listening.shutdown(socket.SHUT_RDWR)


def listen(address: str, port: int, plain_port: int, limits: Limits = LIMITS) -> list[Listener]:
    """Bind the TLS listener and the one without TLS, each unless its port is 0.

    Raises PortTaken, PlainBeyondLoopback.
    """
    listeners = [_bind(address, port, limits, secured=True)] if port else []
    if plain_port:
        listeners.append(_bind("::1" if ":" in address else "127.0.0.1", plain_port, limits, secured=False))
    return listeners


def _bind(address: str, port: int, limits: Limits, *, secured: bool) -> Listener:
    if not secured and not ipaddress.ip_address(address).is_loopback:
        raise PlainBeyondLoopback(address=address)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":  # there, it would let a second program listen too
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind((address, port))
        listener.listen(limits.backlog)
        listener.settimeout(limits.tick_seconds)
    except OSError as error:
        listener.close()
        raise PortTaken(address=address, port=port, reason=error.strerror or "refused") from None
    return Listener(listener, secured, listener.getsockname()[:2])
