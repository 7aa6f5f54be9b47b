"""The HL7 door: a thread for each listener and each connection, bounded; ended by `stop`."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import ssl
import threading
from collections import Counter

from primum.doors.hl7.conversation import Conversation, Peer
from primum.doors.hl7.listening import Listener
from primum.doors.hl7.services import Hl7Services
from primum.ground import process
from primum.ground.errors import PrimumError
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
        limits = self._services.limits
        with self._changed:
            crowded = (
                self._inside[address] >= limits.connections_per_address or self._inside.total() >= limits.connections
            )
            if not crowded:
                self._inside[address] += 1
        if crowded:
            self._services.refusals.count(_CROWDED, address)
            connection.close()
            return
        arguments = (connection, address, secured)
        threading.Thread(target=self._attend, args=arguments, name="hl7", daemon=True).start()

    def _attend(self, connection: socket.socket, address: str, secured: bool) -> None:  # noqa: FBT001 (a thread's argument)
        try:
            peer: Peer | None = Peer(address, None)
            if secured:
                connection, peer = self._shake_hands(connection, address)
            if peer is not None:
                Conversation(self._services, connection, peer, lambda: self._stop.given).serve()
        except OSError:  # the caller has gone, or does not take its answer
            pass
        except Exception as error:  # noqa: BLE001 (a fault of ours ends one connection, not the door)
            _log.failure("connection.failed", error)
        finally:
            with self._changed:
                self._inside[address] -= 1
                self._changed.notify_all()
            with contextlib.suppress(OSError):
                connection.close()

    def _shake_hands(self, connection: socket.socket, address: str) -> tuple[socket.socket, Peer | None]:
        """Do the TLS handshake and find whose certificate it is; no peer where either is refused, which is counted."""
        refusals = self._services.refusals
        try:
            secured, fingerprint = self._secured(connection)
            self._services.devices.known(fingerprint, address)
        except TimeoutError:
            refusals.count("tls.timeout", address)
        except OSError as error:
            refusals.count(self._services.handshake_refusal(error), address)
        except PrimumError as refusal:
            refusals.count(refusal.code, address)
        else:
            return secured, Peer(address, fingerprint)
        return connection, None

    def _secured(self, connection: socket.socket) -> tuple[ssl.SSLSocket, bytes]:
        if self._services.tls is None:
            raise ssl.SSLError(1, "no context")
        connection.settimeout(self._services.limits.handshake_seconds)
        secured = self._services.tls.wrap_socket(connection, server_side=True)
        certificate = secured.getpeercert(binary_form=True)
        if not certificate:
            # the context demands one; should it ever not, nobody gets in
            raise ssl.SSLError(1, "no certificate")
        return secured, hashlib.sha256(certificate).digest()

    def _keep_house(self) -> None:
        try:
            self._services.refusals.sweep()
            self._services.journal.flush()
        except PrimumError as error:
            _log.warning("journal.unwritable", code=error.code)
