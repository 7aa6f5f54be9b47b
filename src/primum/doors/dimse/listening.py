"""The sockets on which the DICOM door listens, which several processes may share."""

from __future__ import annotations

import contextlib
import ipaddress
import selectors
import socket
import sys
from dataclasses import dataclass

from primum.doors.dimse.limits import Limits
from primum.doors.dimse.refusals import PlainBeyondLoopback, PortTaken
from primum.ground.log import Log

_log = Log("dimse.listening")
# epoll and kqueue would take a descriptor: where none is left, the door could not even wait for one
_Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)


@dataclass(frozen=True, slots=True)
class Listener:
    """A listening socket. `secured`: TLS is spoken on it, and nothing else."""

    listening: socket.socket
    secured: bool
    address: tuple[str, int]

    def wait(self, seconds: float) -> bool:
        """Tell whether somebody waits to be accepted, or the listener was shut."""
        with _Selector() as selector:
            selector.register(self.listening, selectors.EVENT_READ)
            return bool(selector.select(seconds))

    def accept(self) -> tuple[socket.socket, tuple[str, int]]:
        """Accept one connection. Raises BlockingIOError when another process has, OSError once shut."""
        connection, name = self.listening.accept()
        connection.setblocking(True)
        return connection, name

    def shut(self) -> None:
        """Take no more connections, in no process; a waiting accept is woken where the system does so."""
        with contextlib.suppress(OSError):
            self.listening.shutdown(socket.SHUT_RDWR)


def listen(address: str, port: int | None, plain_port: int, limits: Limits) -> list[Listener]:
    """Bind the TLS listener (none when `port` is None) and the one without TLS (none when 0), in this order.

    Raises PortTaken, PlainBeyondLoopback.
    """
    listeners = []
    if port is not None:
        listeners.append(_bind(address, port, limits, secured=True))
    if plain_port:
        listeners.append(_bind(loopback_like(address), plain_port, limits, secured=False))
    for one in listeners:
        _log.info("door.open", port=one.address[1], name="dicom-tls" if one.secured else "dicom")
    return listeners


def loopback_like(address: str) -> str:
    """Return the loopback address of the family of `address`."""
    return "::1" if ":" in address else "127.0.0.1"


def _bind(address: str, port: int, limits: Limits, *, secured: bool) -> Listener:
    if not secured and not ipaddress.ip_address(address).is_loopback:
        raise PlainBeyondLoopback(address=address)
    try:
        family, _, _, _, name = socket.getaddrinfo(
            address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICHOST
        )[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise PortTaken(address=address, port=port, reason=error.strerror or "not an address") from None
    try:
        if sys.platform != "win32":  # there, it would let a second program listen too
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # "::" is every address of the machine, IPv4 included
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind(name)
        listener.listen(limits.backlog)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise PortTaken(address=address, port=port, reason=error.strerror or "refused") from None
    return Listener(listener, secured, listener.getsockname()[:2])
