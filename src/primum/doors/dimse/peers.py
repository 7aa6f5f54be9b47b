"""Who is at the other end: the address, and the certificate that TLS has verified."""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from primum.doors.dimse.limits import Limits


@dataclass(frozen=True, slots=True)
class Peer:
    """A caller. `fingerprint` is SHA-256 of its certificate, None on the plain listener only."""

    address: str
    fingerprint: bytes | None
    tls: str
    port: int = 0
    """Of ours, on which it called."""


def plain_peer(address: str, port: int = 0) -> Peer:
    """Describe a caller of the plain listener."""
    return Peer(address, None, "none", port)


def shake_hands(
    connection: socket.socket,
    address: str,
    context: ssl.SSLContext,
    limits: Limits,
    wrapped: Callable[[ssl.SSLSocket], None] = lambda _: None,
) -> tuple[ssl.SSLSocket, Peer]:
    """Do the TLS handshake, within its time. Raises OSError (of which ssl.SSLError) when it is refused.

    `wrapped` is told which socket stands for the connection from now on.
    """
    connection.settimeout(limits.handshake_seconds)
    secured = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
    wrapped(secured)
    try:
        secured.do_handshake()
        certificate = secured.getpeercert(binary_form=True)
        if not certificate:
            # the context demands one; should it ever not, nobody gets in
            raise ssl.SSLError(1, "no certificate")
    except OSError:
        _let_read(secured)
        raise
    fingerprint, version = hashlib.sha256(certificate).digest(), (secured.version() or "none").lower()
    return secured, Peer(address, fingerprint, version, secured.getsockname()[1])


def address_of(name: object) -> str:
    """Write a socket's peer name as an address: IPv4 that came mapped into IPv6 as IPv4, no zone."""
    text = str(name[0]) if isinstance(name, tuple) and name else ""
    try:
        parsed = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return "unknown"
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped or parsed)


_ALERT_SECONDS = 1
"""A refused caller is given this long to read the alert: closing with its bytes unread would reset the connection."""


def _let_read(secured: ssl.SSLSocket) -> None:
    with contextlib.suppress(OSError), socket.socket(fileno=secured.detach()) as bare:
        bare.settimeout(_ALERT_SECONDS)
        bare.shutdown(socket.SHUT_WR)
        for _ in range(16):
            if not bare.recv(4096):
                return
