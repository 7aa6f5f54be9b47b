"""Calling a destination: the transport, TLS with both certificates, the association. Whom to call is not decided here.

What is dialled at all is `ground/outbound.py`'s; docs/design/sending.md says how a destination proves who it is.
"""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import ssl
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from primum.doors.dimse.call_refusals import OurCertificateRefused, TheirCertificateRefused
from primum.doors.dimse.limits import Limits
from primum.doors.dimse.request_pdu import Request, UserIdentity
from primum.doors.dimse.requestor import Requested
from primum.doors.dimse.stopping import Stop
from primum.doors.dimse.wire import Wire, close
from primum.ground.outbound import dial_device
from primum.identity.tls import caller_tls_context

if TYPE_CHECKING:
    import socket

    from primum.doors.dimse.pdu import Proposed, Role
    from primum.identity.device_model import Address, Destination

_CONTEXTS = 64
"""TLS contexts that are kept: one for each destination of a large house."""


class Dialler:
    """Calls destinations under our AE title. Safe for many threads."""

    def __init__(
        self, aet: str, chain: bytes, profile: str, limits: Limits | None = None, stop: Stop | None = None
    ) -> None:
        """Call as `aet`, with the PEM `chain` (and its key) as our certificate and the suites of a TLS `profile`."""
        self.aet = aet
        self.limits = limits or Limits()
        self._chain = chain
        self._profile = profile
        self._stop = stop or Stop()
        self._lock = threading.Lock()
        self._contexts: dict[str, ssl.SSLContext] = {}

    def open(
        self,
        destination: Destination,
        contexts: tuple[Proposed, ...],
        roles: tuple[Role, ...] = (),
        identity: UserIdentity | None = None,
    ) -> Requested:
        """Ask for an association with a destination as it is enrolled at this instant.

        Raises BeyondLoopback, Unreachable, TheirCertificateRefused, OurCertificateRefused, and what `Requested.ask`
        raises. `identity` is shown inside TLS only.
        """
        address = destination.address
        connection: socket.socket = dial_device(
            address.host,
            address.port,
            secured=bool(address.certificate),
            loopback_only=destination.loopback_only,
            seconds=self.limits.connect_seconds,
        )
        try:
            if address.certificate:
                connection = self._secured(connection, address)
            wire = Wire(connection, self.limits, self._stop)
            asked = Requested(wire, self.limits, _closer(connection))
            shown = identity if address.certificate else None
            asked.ask(Request(destination.aet, self.aet, contexts, roles, shown))
        except BaseException:
            close(connection)
            raise
        return asked

    def _secured(self, connection: socket.socket, address: Address) -> ssl.SSLSocket:
        connection.settimeout(self.limits.handshake_seconds)
        secured = self._context(address).wrap_socket(
            connection, server_hostname=address.host, do_handshake_on_connect=False
        )
        try:
            secured.do_handshake()
            _refuse_another(secured, address)
        except ssl.SSLCertVerificationError:
            close(secured)
            raise TheirCertificateRefused from None
        except OSError:
            close(secured)
            raise OurCertificateRefused from None
        except TheirCertificateRefused:
            close(secured)
            raise
        return secured

    def _context(self, address: Address) -> ssl.SSLContext:
        with self._lock:
            found = self._contexts.get(address.certificate)
            if found is None:
                if len(self._contexts) >= _CONTEXTS:
                    self._contexts.clear()
                found = caller_tls_context(self._chain, self._profile, address.certificate)
                self._contexts[address.certificate] = found
            return found


def _closer(connection: socket.socket) -> Callable[[], None]:
    return lambda: close(connection)


def _refuse_another(secured: ssl.SSLSocket, address: Address) -> None:
    """Return when the certificate that TLS has verified is the device's. Raises TheirCertificateRefused."""
    shown = secured.getpeercert(binary_form=True)
    if not shown:
        raise TheirCertificateRefused
    if hashlib.sha256(shown).digest() == address.pinned:
        return
    if not (address.authority and _named(secured, address.host)):
        raise TheirCertificateRefused


def _named(secured: ssl.SSLSocket, host: str) -> bool:
    """Tell whether a certificate names the host: its very DNS name or IP address, no wildcard (RFC 9525)."""
    names = (secured.getpeercert() or {}).get("subjectAltName", ())
    with contextlib.suppress(ValueError):
        address = ipaddress.ip_address(host)
        return any(kind == "IP Address" and _same(address, value) for kind, value in _pairs(names))
    return any(kind == "DNS" and value.lower().rstrip(".") == host.lower().rstrip(".") for kind, value in _pairs(names))


def _pairs(names: object) -> list[tuple[str, str]]:
    return [(str(one[0]), str(one[1])) for one in names] if isinstance(names, tuple) else []


def _same(address: ipaddress.IPv4Address | ipaddress.IPv6Address, text: str) -> bool:
    try:
        return ipaddress.ip_address(text) == address
    except ValueError:
        return False
