"""Listeners, and a thread for each connection. `run` is the body of the dimse process."""

from __future__ import annotations

import contextlib
import ipaddress
import signal
import socket
import sys
import threading
from typing import TYPE_CHECKING

from primum.doors.dimse.association import Association
from primum.doors.dimse.chronicle import count
from primum.doors.dimse.crowd import Crowd, Place
from primum.doors.dimse.peers import Peer, address_of, plain_peer, shake_hands
from primum.doors.dimse.refusals import Crowded, PlainBeyondLoopback, PortTaken
from primum.doors.dimse.stopping import Stop
from primum.doors.dimse.wire import Wire, close
from primum.ground.errors import PrimumError
from primum.ground.log import Log

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from primum.doors.dimse.services import DimseServices

_log = Log("dimse.server")
_HOUSEKEEPING_SECONDS = 1


class Door:
    """The DICOM door: `open`, then `serve` until `stop`."""

    def __init__(self, services: DimseServices) -> None:
        """Know the collaborators; nothing listens yet."""
        self.addresses: list[tuple[str, int]] = []
        """Where it listens, once open: the TLS listener first."""
        self._services = services
        self._stop = Stop()
        self._crowd = Crowd(services.limits)
        self._listeners: list[tuple[socket.socket, ssl.SSLContext | None]] = []

    def open(self) -> None:
        """Bind the listeners. Raises PortTaken, PlainBeyondLoopback."""
        services = self._services
        if services.tls is not None:
            self._listen(services.address, services.port, services.tls)
        if services.plain_port:
            self._listen(loopback_like(services.address), services.plain_port, None)

    def serve(self) -> None:
        """Serve until `stop`; return when running stores have ended, or their time is over."""
        threads = [
            threading.Thread(target=self._accept, args=pair, name="accept", daemon=True) for pair in self._listeners
        ]
        for thread in threads:
            thread.start()
        while not self._stop.wait(_HOUSEKEEPING_SECONDS):
            self._keep_house()
        for listener, _ in self._listeners:
            with contextlib.suppress(OSError):  # wakes a waiting accept where the system does so
                listener.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()
        if not self._crowd.wait_until_empty(self._services.limits.drain_seconds + 2 * _HOUSEKEEPING_SECONDS):
            _log.warning("door.closed-on-somebody")
        self._keep_house()

    def stop(self) -> None:
        """Ask for the end: no new association, running stores finish. Safe in a signal handler."""
        self._stop.ask(self._services.limits.drain_seconds)

    def _listen(self, address: str, port: int, tls: ssl.SSLContext | None) -> None:
        if tls is None and not ipaddress.ip_address(address).is_loopback:
            raise PlainBeyondLoopback(address=address)
        listener = _bind(address, port, self._services.limits.backlog)
        listener.settimeout(self._services.limits.tick_seconds)
        self._listeners.append((listener, tls))
        self.addresses.append(listener.getsockname()[:2])
        _log.info("door.open", port=listener.getsockname()[1], name="dicom-tls" if tls else "dicom")

    def _accept(self, listener: socket.socket, tls: ssl.SSLContext | None) -> None:
        with listener:
            while not self._stop.asked:
                try:
                    connection, name = listener.accept()
                except TimeoutError:
                    continue
                except OSError as error:  # out of descriptors, the caller is gone already, or the end
                    if self._stop.asked:
                        return
                    _log.failure("accept.failed", error)
                    self._stop.wait(_HOUSEKEEPING_SECONDS)
                    continue
                self._welcome(connection, address_of(name), tls)

    def _welcome(self, connection: socket.socket, address: str, tls: ssl.SSLContext | None) -> None:
        try:
            place = self._crowd.enter(address)
        except Crowded as refusal:
            count(self._services.refusals, refusal.code, address)
            connection.close()
            return
        caller = (connection, address, tls, place)
        try:
            threading.Thread(target=self._attend, args=caller, name="association", daemon=True).start()
        except RuntimeError as error:  # the system has no more threads
            _log.failure("accept.failed", error)
            place.leave()
            connection.close()

    def _attend(self, connection: socket.socket, address: str, tls: ssl.SSLContext | None, place: Place) -> None:
        """Serve one connection, in its own thread."""
        try:
            peer: Peer | None = plain_peer(address)
            if tls is not None:
                connection, peer = self._shake_hands(connection, address, tls)
            if peer is not None:
                Association(self._services, Wire(connection, self._services.limits, self._stop), peer, place).serve()
        except Exception as error:  # noqa: BLE001 (a fault of ours ends one connection, not the door)
            _log.failure("connection.failed", error)
        finally:
            place.leave()
            close(connection)

    def _shake_hands(
        self, connection: socket.socket, address: str, tls: ssl.SSLContext
    ) -> tuple[socket.socket, Peer | None]:
        """Return the secured connection and its peer; None when the handshake was refused, which is counted."""
        try:
            return shake_hands(connection, address, tls, self._services.limits)
        except TimeoutError:
            count(self._services.refusals, "tls.timeout", address)
        except OSError as error:
            count(self._services.refusals, self._services.handshake_refusal(error), address)
        return connection, None

    def _keep_house(self) -> None:
        """Have the journal on disc within the second, and the minutes of refusals told."""
        try:
            self._services.refusals.sweep()
            self._services.journal.flush()
        except PrimumError as error:
            _log.warning("journal.unwritable", code=error.code)


def run(services: DimseServices, ready: Callable[[list[tuple[str, int]]], None] | None = None) -> None:
    """Open the door and serve until SIGTERM or SIGINT: the body of the dimse process, in its main thread.

    `ready` is told the addresses once they listen. Raises PortTaken, PlainBeyondLoopback.
    """
    door = Door(services)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: door.stop())
    door.open()
    if ready is not None:
        ready(door.addresses)
    door.serve()


def loopback_like(address: str) -> str:
    """Return the loopback address of the family of `address`."""
    return "::1" if ":" in address else "127.0.0.1"


def _bind(address: str, port: int, backlog: int) -> socket.socket:
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
        listener.listen(backlog)
    except OSError as error:
        listener.close()
        raise PortTaken(address=address, port=port, reason=error.strerror or "refused") from None
    return listener
