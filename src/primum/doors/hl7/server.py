"""The HL7 door: a thread for each listener and each connection, bounded; ended by `stop`.

Who is amid a handshake makes room for who comes after them (ground/lobby.py, decision 0122): a few addresses that
connect and say nothing keep nobody out.
"""

from __future__ import annotations

import contextlib
import hashlib
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable

from primum.doors.hl7.conversation import Conversation, Peer
from primum.doors.hl7.listening import Listener
from primum.doors.hl7.services import Hl7Services
from primum.ground import process
from primum.ground.errors import PrimumError
from primum.ground.lobby import Lobby, Seat, hang_up
from primum.ground.log import Log
from primum.identity.device_model import plain_form

_log = Log("hl7")
_HOUSEKEEPING_SECONDS = 1
_CROWDED = "hl7.crowded"


class Door:
    """Serves listeners until told to stop."""

    def __init__(self, services: Hl7Services, listeners: list[Listener]) -> None:
        """Take over `listeners`."""
        self._services, self._listeners = services, listeners
        self._stop = process.Order()
        self._changed = threading.Condition()
        self._lobby = Lobby(services.limits.strangers, services.limits.strangers_per_address)
        self._inside: Counter[str] = Counter()

    def serve(self) -> None:
        """Serve until `stop`; return when the messages under way are answered, or their time is over."""
        threads = [threading.Thread(target=self._accept, args=(one,), daemon=True) for one in self._listeners]
        for one in threads:
            one.start()
        while not self._stop.wait(_HOUSEKEEPING_SECONDS):
            self._keep_house()
        for listener in self._listeners:
            listener.shut()
        for one in threads:
            one.join()
        with self._changed:
            self._changed.wait_for(lambda: not self._inside.total(), self._services.limits.drain_seconds)
        self._keep_house()

    def stop(self) -> None:
        """Ask for the end. Safe in a signal handler."""
        self._stop.give()

    def _accept(self, listener: Listener) -> None:
        with listener.listening:
            while not self._stop.given:
                try:
                    connection, name = listener.listening.accept()
                except TimeoutError:
                    continue
                except OSError as error:
                    if not self._stop.given:
                        _log.failure("accept.failed", error)
                        self._stop.wait(_HOUSEKEEPING_SECONDS)
                    continue
                self._welcome(connection, plain_form(str(name[0])), secured=listener.secured)

    def _welcome(self, connection: socket.socket, address: str, *, secured: bool) -> None:
        guest = _Guest(connection, lambda: self._services.refusals.count(_CROWDED, address))
        seat, gone = self._lobby.enter(address, guest.clear)
        if gone is not None:
            gone.clear()
        threading.Thread(target=self._attend, args=(guest, seat, address, secured), name="hl7", daemon=True).start()

    def _attend(self, guest: _Guest, seat: Seat, address: str, secured: bool) -> None:  # noqa: FBT001 (a thread's argument)
        try:
            peer = self._shake_hands(guest, address) if secured else Peer(address, None)
            seat.leave()
            if peer is not None and self._let_in(address):
                try:
                    Conversation(self._services, guest.connection, peer, lambda: self._stop.given).serve()
                finally:
                    self._let_out(address)
        except OSError:  # the caller has gone, or does not take its answer
            pass
        except Exception as error:  # noqa: BLE001 (a fault of ours ends one connection, not the door)
            _log.failure("connection.failed", error)
        finally:
            seat.leave()
            with contextlib.suppress(OSError):
                guest.connection.close()

    def _let_in(self, address: str) -> bool:
        limits = self._services.limits
        with self._changed:
            crowded = (
                self._inside[address] >= limits.connections_per_address or self._inside.total() >= limits.connections
            )
            if not crowded:
                self._inside[address] += 1
        if crowded:
            self._services.refusals.count(_CROWDED, address)
        return not crowded

    def _let_out(self, address: str) -> None:
        with self._changed:
            self._inside[address] -= 1
            self._changed.notify_all()

    def _shake_hands(self, guest: _Guest, address: str) -> Peer | None:
        """Do the TLS handshake and find whose certificate it is; no peer where either is refused, which is counted."""
        refusals = self._services.refusals
        try:
            fingerprint = self._secured(guest)
            self._services.devices.known(fingerprint, address)
        except OSError as error:
            if not guest.cleared:  # that was counted
                late = isinstance(error, TimeoutError)
                refusals.count("tls.timeout" if late else self._services.handshake_refusal(error), address)
        except PrimumError as refusal:
            refusals.count(refusal.code, address)
        else:
            return Peer(address, fingerprint)
        return None

    def _secured(self, guest: _Guest) -> bytes:
        if self._services.tls is None:
            raise ssl.SSLError(1, "no context")
        guest.connection.settimeout(self._services.limits.handshake_seconds)
        secured = self._services.tls.wrap_socket(guest.connection, server_side=True, do_handshake_on_connect=False)
        guest.hold(secured)
        secured.do_handshake()
        certificate = secured.getpeercert(binary_form=True)
        if not certificate:
            # the context demands one; should it ever not, nobody gets in
            raise ssl.SSLError(1, "no certificate")
        return hashlib.sha256(certificate).digest()

    def _keep_house(self) -> None:
        try:
            self._services.refusals.sweep()
            self._services.journal.flush()
        except PrimumError as error:
            _log.warning("journal.unwritable", code=error.code)


class _Guest:
    """A connection, of which nobody knows yet whose it is: it may have to make room for another."""

    def __init__(self, connection: socket.socket, sent_away: Callable[[], None]) -> None:
        """Stand for a connection; `sent_away` is called once it has to go."""
        self.connection = connection
        self.cleared = False
        self._sent_away = sent_away

    def hold(self, secured: ssl.SSLSocket) -> None:
        """Stand for the same, since TLS has taken it over."""
        self.connection = secured
        if self.cleared:
            hang_up(self.connection)

    def clear(self) -> None:
        """Make room: the connection is ended, and its thread finds it so."""
        self.cleared = True
        self._sent_away()
        hang_up(self.connection)
