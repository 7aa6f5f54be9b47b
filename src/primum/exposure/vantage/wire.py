"""Lines of JSON over TLS, bounded in bytes and time, and how both sides of a vantage prove who they are."""

from __future__ import annotations

import hashlib
import json
import secrets
import socket
import ssl
import time
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any, ClassVar

from primum.exposure.vantage.invitations import InvitationRefused, Ticket
from primum.ground.errors import PrimumError


class ConversationEnded(PrimumError):
    """The other side ended the conversation, or did not speak as a vantage does."""

    code: ClassVar[str] = "vantage.ended"
    hint: ClassVar[str] = "check the address and port of the vantage, and that it runs"


class VantageRefused(PrimumError):
    """The vantage refused: {fact}."""

    code: ClassVar[str] = "vantage.refused"
    hint: ClassVar[str] = "{way_out_text}"


@dataclass(slots=True)
class Line:
    """A connection on which lines go. `deadline` is monotonic, for all that is waited for."""

    connection: ssl.SSLSocket
    deadline: float
    _got: bytearray

    @classmethod
    def over(cls, connection: ssl.SSLSocket, seconds: float) -> Line:
        """Speak over a connection whose handshake is done."""
        return cls(connection, time.monotonic() + seconds, bytearray())

    def send(self, **told: Any) -> None:  # noqa: ANN401 (plain values)
        """Send one object. Raises ConversationEnded."""
        text = json.dumps(told, separators=(",", ":"), ensure_ascii=True)
        try:
            self.connection.settimeout(self._left())
            self.connection.sendall(text.encode("ascii") + b"\n")
        except OSError:
            raise ConversationEnded from None

    def receive(self, most: int) -> dict[str, Any]:
        """Receive one object of at most `most` bytes. Raises ConversationEnded."""
        looked = 0
        while self._got.find(b"\n", looked) < 0:
            looked = len(self._got)
            if looked > most:
                raise ConversationEnded
            try:
                self.connection.settimeout(self._left())
                part = self.connection.recv(65_536)
            except OSError:
                raise ConversationEnded from None
            if not part:
                raise ConversationEnded
            self._got += part
        line, _, rest = bytes(self._got).partition(b"\n")
        self._got = bytearray(rest)
        try:
            told = json.loads(line.decode("ascii")) if len(line) <= most else None
        except (ValueError, RecursionError):
            raise ConversationEnded from None
        if not isinstance(told, dict):
            raise ConversationEnded
        return told

    def _left(self) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def text_of(told: dict[str, Any], name: str, most: int = 256) -> str:
    """Take a text. Raises ConversationEnded."""
    value = told.get(name)
    if not isinstance(value, str) or len(value) > most:
        raise ConversationEnded
    return value


@dataclass(frozen=True, slots=True)
class Greeting:
    """What both sides proved over: the certificate, two nonces, and the address that the vantage sees."""

    fingerprint: str
    theirs: str
    ours: str
    seen_as: str

    def mac(self, ticket: Ticket, side: str) -> str:
        """Return what a side proves with."""
        return ticket.mac(side, self.fingerprint, self.theirs, self.ours, self.seen_as)


def fingerprint(certificate: bytes) -> str:
    """Return the SHA-256 of a certificate."""
    return hashlib.sha256(certificate).hexdigest()


def greet(line: Line, ticket: Ticket) -> Greeting:
    """As who is invited: learn as whom the vantage sees us, and that it is the one that invited.

    Raises ConversationEnded, InvitationRefused, VantageRefused.
    """
    certificate = line.connection.getpeercert(binary_form=True) or b""
    ours = secrets.token_hex(16)
    line.send(invitation=ticket.id, nonce=ours)
    told = line.receive(4096)
    raise_refusal(told)
    greeting = Greeting(fingerprint(certificate), ours, text_of(told, "nonce"), text_of(told, "seen_as"))
    if not compare_digest(greeting.mac(ticket, "vantage").encode(), text_of(told, "mac").encode()):
        raise InvitationRefused
    return greeting


def raise_refusal(told: dict[str, Any]) -> None:
    """Raise what the vantage refused with. Raises VantageRefused."""
    if "error" in told:
        raise VantageRefused(fact=_shown(told.get("error")), way_out_text=_shown(told.get("hint")))


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else ""
    return "".join(one for one in text[:300] if one.isprintable())


def secured(plain: socket.socket, seconds: float) -> ssl.SSLSocket:
    """Do the handshake of who asks: any certificate is taken, the invitation proves whose it is. Raises OSError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    plain.settimeout(seconds)
    return context.wrap_socket(plain)
