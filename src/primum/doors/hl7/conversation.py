"""One connection: messages out of the stream, each understood, carried to the worker, answered.

AA leaves after the worker has said that it is on disc. Where the worker does not answer, nothing is answered either
and the connection ends: the sender sends again, and what was applied already is not applied twice.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from primum.app.intake import WorkerAbsent
from primum.doors.hl7.services import Hl7Services
from primum.ground.errors import PrimumError
from primum.ground.ids import token128
from primum.ground.log import Log
from primum.identity.device_model import EnrolledDevice, Service
from primum.imaging.orders.hl7.acks import acknowledgement, head_of
from primum.imaging.orders.hl7.er7 import Message, parse
from primum.imaging.orders.hl7.errors import Hl7Refusal, NotFramed, SenderRefused
from primum.imaging.orders.hl7.messages import check_kind, read
from primum.imaging.orders.hl7.mllp import Unframer, framed
from primum.journal import Fact, Kind

_log = Log("hl7")
_UNKNOWN = "unknown"
_NOTES = {
    "merge-proposed": "the merge is proposed to a person, nothing is merged",
    "contradiction-proposed": "the traits contradict what is known: a person compares them, nothing is changed",
}
_UNQUALIFIED = "the INS is set aside: the identity is not qualified (PID-32)"


@dataclass(frozen=True, slots=True)
class Peer:
    """A caller; `fingerprint` is SHA-256 of its certificate, None without TLS."""

    address: str
    fingerprint: bytes | None


class Conversation:
    """Serves one connection."""

    def __init__(
        self, services: Hl7Services, connection: socket.socket, peer: Peer, stopping: Callable[[], bool]
    ) -> None:
        """Speak on `connection` until it ends, or `stopping`."""
        self._services, self._connection, self._peer, self._stopping = services, connection, peer, stopping
        self._unframer = Unframer(services.messages)
        self._deadline = 0.0

    def serve(self) -> None:
        """Answer message after message."""
        limits, begun = self._services.limits, False
        self._connection.settimeout(limits.tick_seconds)
        self._deadline = time.monotonic() + limits.idle_seconds
        try:
            while (data := self._receive()) is not None:
                whole = self._unframer.feed(data)
                for raw in whole:
                    self._send(framed(self._answer(raw)))
                if whole or not begun:  # a message has its time from its first byte, however slowly it comes
                    begun = self._unframer.begun
                    self._deadline = time.monotonic() + (limits.message_seconds if begun else limits.idle_seconds)
        except WorkerAbsent:
            _log.warning("worker.absent", address=self._peer.address)
        except Hl7Refusal as refusal:  # it is not MLLP, or has no end: there is nothing to answer to
            self._count(refusal.code)

    def _receive(self) -> bytes | None:
        """Wait for bytes; None at the end, or when the time is over."""
        while time.monotonic() < self._deadline and not self._stopping():
            try:
                return self._connection.recv(self._services.limits.read_bytes) or None
            except TimeoutError:
                continue
            except OSError:
                return None
        if self._unframer.begun and not self._stopping():
            raise NotFramed
        return None

    def _send(self, answer: bytes) -> None:
        self._connection.settimeout(self._services.limits.send_seconds)
        try:
            self._connection.sendall(answer)
        finally:
            self._connection.settimeout(self._services.limits.tick_seconds)

    def _answer(self, raw: bytes) -> bytes:
        head, own_id, note = head_of(raw), token128()[:20], ""
        device, kind = None, _UNKNOWN
        refusal: PrimumError | None = None
        try:
            message = parse(raw, self._services.messages)
            device = self._device(message)
            check_kind(message)
            kind = message.kind.replace("^", ".").lower()
            told = read(message, raw)
            answered, _ = self._services.worker.ask(
                "hl7.message", {"device": device.id}, json.dumps(told.to_json()).encode()
            )
            done = str(answered.get("done", ""))
            note = _NOTES.get(done, _UNQUALIFIED if told.unqualified else "")
            self._tell(Kind.MESSAGE_RECEIVED, device, kind, done)
        except WorkerAbsent:
            raise
        except PrimumError as found:
            refusal = found
            if device is not None:
                self._tell(Kind.MESSAGE_REFUSED, device, kind, found.code)
            else:
                self._count(found.code)
        return acknowledgement(head, own_id, self._services.clock.now(), refusal, note=note)

    def _device(self, message: Message) -> EnrolledDevice:
        """Say whose message this is, as enrolled at this instant. Raises SenderRefused."""
        devices, peer = self._services.devices, self._peer
        try:
            if peer.fingerprint is not None:
                device = devices.known(peer.fingerprint, peer.address)
            else:
                device = devices.admit(None, peer.address, message.head.text(3))
        except PrimumError as refusal:
            self._count(refusal.code)
            raise SenderRefused from None
        if Service.ORDERS not in device.may:
            raise SenderRefused
        return device

    def _tell(self, kind: Kind, device: EnrolledDevice, what: str, reason: str) -> None:
        details: dict[str, str | int] = {"address": self._peer.address, "what": what, "reason": reason}
        self._services.journal.record(Fact(kind, device.id, "", details))

    def _count(self, reason: str) -> None:
        self._services.refusals.count(reason, self._peer.address)
