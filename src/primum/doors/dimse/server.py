"""Listeners, and a thread for each connection. `run` is the body of the dimse process."""

from __future__ import annotations

import errno
import signal
import threading
from typing import TYPE_CHECKING

from primum.doors.dimse.association import Association
from primum.doors.dimse.chronicle import count
from primum.doors.dimse.crowd import Crowd, Place
from primum.doors.dimse.listening import Listener, listen
from primum.doors.dimse.peers import Peer, address_of, plain_peer, shake_hands
from primum.doors.dimse.refusals import Crowded
from primum.doors.dimse.stopping import Stop
from primum.doors.dimse.wire import Wire, close
from primum.ground.errors import PrimumError
from primum.ground.log import Log

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable

    from primum.doors.dimse.services import DimseServices

_log = Log("dimse.server")
_HOUSEKEEPING_SECONDS = 1
_GIVEN_TO_OTHERS = 0.003
"""Seconds that a process gives each one that has fewer connections, before it accepts one itself."""


class Door:
    """The DICOM door: `open`, or `share` listeners that are open; then `serve` until `stop`."""

    def __init__(self, services: DimseServices) -> None:
        """Know the collaborators; nothing listens yet."""
        self._services = services
        self._stop = Stop()
        self._crowd = Crowd(services.limits, services.tally)
        self._listeners: list[Listener] = []
        self._shared = False

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """List where it listens, once open: the TLS listener first."""
        return [one.address for one in self._listeners]

    def open(self) -> None:
        """Bind listeners of its own. Raises PortTaken, PlainBeyondLoopback."""
        services = self._services
        port = services.port if services.tls is not None else None
        self._listeners = listen(services.address, port, services.plain_port, services.limits)

    def share(self, listeners: list[Listener]) -> None:
        """Listen on what others listen on too."""
        self._listeners, self._shared = listeners, True

    def serve(self) -> None:
        """Serve until `stop`; return when running stores have ended, or their time is over."""
        threads = [
            threading.Thread(target=self._accept, args=(one,), name="accept", daemon=True) for one in self._listeners
        ]
        for thread in threads:
            thread.start()
        while not self._stop.wait(_HOUSEKEEPING_SECONDS):
            self._keep_house()
        for one in [] if self._shared else self._listeners:
            one.shut()
        for thread in threads:
            thread.join()
        limits = self._services.limits
        if not self._crowd.wait_until_empty(limits.closing_seconds):
            self._crowd.dismiss()  # a handshake that does not end would hold us up as long as it may take
            if not self._crowd.wait_until_empty(limits.drain_seconds + 2 * _HOUSEKEEPING_SECONDS):
                _log.warning("door.closed-on-somebody")
        self._keep_house()

    def stop(self) -> None:
        """Ask for the end: no new association, running stores finish. Safe in a signal handler."""
        self._stop.ask(self._services.limits.drain_seconds)

    def _accept(self, listener: Listener) -> None:
        tls = self._services.tls if listener.secured else None
        with listener.listening:
            while not self._stop.asked:
                if not listener.wait(self._services.limits.tick_seconds):
                    continue
                # whoever has the fewest comes first, so that no process has much more to do than another
                self._stop.wait(self._services.tally.busier_than() * _GIVEN_TO_OTHERS)
                try:
                    connection, name = listener.accept()
                except BlockingIOError:
                    continue
                except OSError as error:  # out of descriptors, the caller is gone already, or the end
                    if error.errno != errno.EINVAL:  # shut: the order to stop is under way
                        _log.failure("accept.failed", error)
                    self._stop.wait(_HOUSEKEEPING_SECONDS)
                    continue
                self._welcome(connection, address_of(name), tls)

    def _welcome(self, connection: socket.socket, address: str, tls: ssl.SSLContext | None) -> None:
        if self._stop.asked:  # while we waited: not one more
            connection.close()
            return
        place = self._crowd.enter(address, lambda: count(self._services.refusals, Crowded.code, address))
        place.hold(connection)
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
            peer: Peer | None = plain_peer(address, connection.getsockname()[1])
            if tls is not None:
                connection, peer = self._shake_hands(connection, address, tls, place)
            if peer is not None:
                Association(self._services, Wire(connection, self._services.limits, self._stop), peer, place).serve()
        except Exception as error:  # noqa: BLE001 (a fault of ours ends one connection, not the door)
            _log.failure("connection.failed", error)
        finally:
            place.leave()
            close(connection)

    def _shake_hands(
        self, connection: socket.socket, address: str, tls: ssl.SSLContext, place: Place
    ) -> tuple[socket.socket, Peer | None]:
        """Return the secured connection and its peer; None when the handshake was refused, which is counted."""
        try:
            return shake_hands(connection, address, tls, self._services.limits, place.hold)
        except TimeoutError:
            count(self._services.refusals, "tls.timeout", address)
        except OSError as error:
            if not place.cleared:  # that was counted
                count(self._services.refusals, self._services.handshake_refusal(error), address)
        return connection, None

    def _keep_house(self) -> None:
        """Have the journal on disc within the second, and the minutes of refusals told."""
        try:
            self._services.refusals.sweep()
            self._services.journal.flush()
        except PrimumError as error:
            _log.warning("journal.unwritable", code=error.code)


def run(services: DimseServices, listeners: list[Listener], ready: Callable[[], None]) -> None:
    """Serve `listeners` until SIGTERM or SIGINT: the body of a receiving process, in its main thread.

    `ready` is called when a signal would be obeyed.
    """
    door = Door(services)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: door.stop())
    door.share(listeners)
    ready()
    door.serve()
    try:
        services.refusals.close()  # the minute is not over, and there will be no other
    except PrimumError as error:
        _log.warning("journal.unwritable", code=error.code)
