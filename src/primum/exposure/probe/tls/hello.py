"""ClientHellos written and what answers them read: records, alerts, the server's flight (RFC 5246, RFC 8446, RFC 6101).

No cryptography: the conversation ends before keys are made. So it also speaks of what OpenSSL no longer does. Pure.
"""

from __future__ import annotations

import secrets
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

SSL30, TLS10, TLS11, TLS12, TLS13 = 0x0300, 0x0301, 0x0302, 0x0303, 0x0304
VERSIONS: Final = {SSL30: "SSLv3", TLS10: "TLSv1.0", TLS11: "TLSv1.1", TLS12: "TLSv1.2", TLS13: "TLSv1.3"}

ALERT, HANDSHAKE = 21, 22
SERVER_HELLO, CERTIFICATE, SERVER_KEY_EXCHANGE, CERTIFICATE_REQUEST, SERVER_HELLO_DONE = 2, 11, 12, 13, 14

RECORD: Final = struct.Struct(">BHH")
"""Type, version, length (RFC 5246 6.2.1)."""
LONGEST_RECORD: Final = (1 << 14) + 2048
"""What a ciphertext may have (RFC 5246 6.2.3)."""

ALERTS: Final = {
    0: "close-notify", 10: "unexpected-message", 20: "bad-record-mac", 22: "record-overflow", 40: "handshake-failure",
    41: "no-certificate", 42: "bad-certificate", 43: "unsupported-certificate", 44: "certificate-revoked",
    45: "certificate-expired", 46: "certificate-unknown", 47: "illegal-parameter", 48: "unknown-ca",
    49: "access-denied", 50: "decode-error", 51: "decrypt-error", 60: "export-restriction", 70: "protocol-version",
    71: "insufficient-security", 80: "internal-error", 86: "inappropriate-fallback", 90: "user-canceled",
    100: "no-renegotiation", 109: "missing-extension", 110: "unsupported-extension", 112: "unrecognized-name",
    113: "bad-certificate-status-response", 115: "unknown-psk-identity", 116: "certificate-required",
    120: "no-application-protocol",
}  # fmt: skip
"""Names of alerts (IANA, TLS Alerts)."""

_SERVER_NAME, _GROUPS, _POINTS, _SIGNATURES, _SUPPORTED, _KEY_SHARE = 0, 10, 11, 13, 43, 51
_X25519 = 29
_CURVES: Final = (_X25519, 23, 24, 25, 30, 256, 257)
"""x25519, secp256r1, secp384r1, secp521r1, x448, ffdhe2048, ffdhe3072 (RFC 8446 4.2.7)."""
_ALGORITHMS: Final = (
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B, 0x0401, 0x0501, 0x0601,
    0x0203, 0x0201, 0x0202,
)  # fmt: skip
"""All that certificates are signed with, SHA-1 among them (RFC 8446 4.2.3)."""


class NotTls(Exception):
    """What came is no TLS record, or not whole."""


@dataclass(frozen=True, slots=True)
class Flight:
    """What a server answered: an alert, or the choice that it made and what it sent with it."""

    alert: str = ""
    version: int = 0
    suite: int = 0
    certificates: tuple[bytes, ...] = ()
    asks_for_certificate: bool = False
    exchange: bytes = b""
    """Its ServerKeyExchange, of whose head the group is read."""
    whole: bool = False


def client_hello(version: int, suites: Sequence[int], server_name: str | None) -> bytes:
    """Write a ClientHello that offers one version and these suites; SSLv3 has no extensions (RFC 6101)."""
    offered = min(version, TLS12)
    random = secrets.token_bytes(32)
    session = secrets.token_bytes(32) if version == TLS13 else b""
    body = offered.to_bytes(2, "big") + random + bytes((len(session),)) + session
    body += _vector(2, b"".join(one.to_bytes(2, "big") for one in suites)) + b"\1\0"
    if version > SSL30:
        body += _vector(2, b"".join(_extensions(version, server_name)))
    message = b"\1" + len(body).to_bytes(3, "big") + body
    return RECORD.pack(HANDSHAKE, min(offered, TLS10), len(message)) + message


def _extensions(version: int, server_name: str | None) -> Iterator[bytes]:
    if server_name:
        yield _extension(_SERVER_NAME, _vector(2, b"\0" + _vector(2, server_name.encode("ascii"))))
    yield _extension(_GROUPS, _vector(2, _shorts(_CURVES)))
    yield _extension(_POINTS, b"\1\0")
    if version >= TLS12:
        yield _extension(_SIGNATURES, _vector(2, _shorts(_ALGORITHMS)))
    if version == TLS13:
        yield _extension(_SUPPORTED, _vector(1, _shorts((TLS13,))))
        # any 32 bytes are a public key of x25519 (RFC 7748 6.1)
        yield _extension(_KEY_SHARE, _vector(2, _shorts((_X25519,)) + _vector(2, secrets.token_bytes(32))))


class FlightReader:
    """Puts a server's flight together from bytes as they come, and says when enough is there."""

    def __init__(self, most: int) -> None:
        """`most`: bytes of handshake messages kept."""
        self._most = most
        self._bytes = bytearray()
        self._messages = bytearray()
        self.flight = Flight()

    def feed(self, data: bytes) -> bool:
        """Take bytes; tell whether the flight is whole, an alert, or as much as is in clear. Raises NotTls."""
        self._bytes += data
        while len(self._bytes) >= RECORD.size:
            kind, version, length = RECORD.unpack_from(self._bytes)
            if version >> 8 != 3 or length > LONGEST_RECORD or kind not in {20, ALERT, HANDSHAKE, 23}:  # noqa: PLR2004 RFC 5246 6.2.1
                raise NotTls
            if len(self._bytes) < RECORD.size + length:
                return False
            body = bytes(self._bytes[RECORD.size : RECORD.size + length])
            del self._bytes[: RECORD.size + length]
            if self._record(kind, body):
                return True
        if self._bytes and self._bytes[0] not in {20, ALERT, HANDSHAKE, 23}:
            raise NotTls
        return False

    def _record(self, kind: int, body: bytes) -> bool:
        if kind == ALERT:
            if len(body) < 2:  # noqa: PLR2004 level and description
                raise NotTls
            self.flight = self._with(alert=ALERTS.get(body[1], f"alert-{body[1]}"))
            return body[0] == 2 or not self.flight.suite  # noqa: PLR2004 fatal
        if kind != HANDSHAKE:
            return bool(self.flight.suite)
        if len(self._messages) + len(body) > self._most:
            raise NotTls
        self._messages += body
        return self._read_messages()

    def _read_messages(self) -> bool:
        while len(self._messages) >= 4:  # noqa: PLR2004 type and length
            length = int.from_bytes(self._messages[1:4], "big")
            if length > self._most:
                raise NotTls
            if len(self._messages) < 4 + length:
                return False
            kind, body = self._messages[0], bytes(self._messages[4 : 4 + length])
            del self._messages[: 4 + length]
            if self._message(kind, body):
                return True
        return False

    def _message(self, kind: int, body: bytes) -> bool:
        if kind == SERVER_HELLO:
            version, suite = _chosen(body)
            self.flight = self._with(version=version, suite=suite)
            # the rest of it is enciphered (RFC 8446 4.3)
            if version == TLS13:
                self.flight = self._with(whole=True)
            return version == TLS13
        if not self.flight.suite:
            raise NotTls
        if kind == CERTIFICATE:
            self.flight = self._with(certificates=tuple(_certificates(body)))
        elif kind == SERVER_KEY_EXCHANGE:
            self.flight = self._with(exchange=body[:_EXCHANGE_KEPT])
        elif kind == CERTIFICATE_REQUEST:
            self.flight = self._with(asks_for_certificate=True)
        elif kind == SERVER_HELLO_DONE:
            self.flight = self._with(whole=True)
            return True
        return False

    def _with(self, **changes: object) -> Flight:
        return replace(self.flight, **changes)  # type: ignore[arg-type]


_EXCHANGE_KEPT: Final = 2048


def group_of(flight: Flight, *, elliptic: bool) -> tuple[str, int]:
    """Return the kind of the ephemeral group and its bits: of a named curve, or of the prime (RFC 5246 7.4.3)."""
    body = flight.exchange
    if elliptic:
        if len(body) < 3 or body[0] != 3:  # noqa: PLR2004 named_curve
            return "", 0
        return "ecdhe", _CURVE_BITS.get(int.from_bytes(body[1:3], "big"), 0)
    length = int.from_bytes(body[:2], "big")
    prime = body[2 : 2 + length]
    return ("dhe", int.from_bytes(prime, "big").bit_length()) if len(body) > 2 and len(prime) == length else ("", 0)  # noqa: PLR2004 its length


_CURVE_BITS: Final = {19: 192, 21: 224, 22: 256, 23: 256, 24: 384, 25: 521, 26: 256, 27: 384, 28: 512, 29: 256, 30: 448}


def _chosen(body: bytes) -> tuple[int, int]:
    if len(body) < 38:  # noqa: PLR2004 version, random, session id's length, suite, compression
        raise NotTls
    version, after = int.from_bytes(body[:2], "big"), 35 + body[34]
    suite = body[after : after + 2]
    if len(suite) != 2:  # noqa: PLR2004
        raise NotTls
    for kind, value in _read_extensions(body[after + 3 :]):
        if kind == _SUPPORTED and len(value) == 2:  # noqa: PLR2004
            version = int.from_bytes(value, "big")
    return version, int.from_bytes(suite, "big")


def _read_extensions(body: bytes) -> Iterator[tuple[int, bytes]]:
    at = 2
    while at + 4 <= len(body):
        kind, length = struct.unpack_from(">HH", body, at)
        yield kind, body[at + 4 : at + 4 + length]
        at += 4 + length


def _certificates(body: bytes) -> Iterator[bytes]:
    at = 3
    while at + 3 <= len(body):
        length = int.from_bytes(body[at : at + 3], "big")
        if length > len(body) - at - 3:
            return
        yield body[at + 3 : at + 3 + length]
        at += 3 + length


def _shorts(values: Iterable[int]) -> bytes:
    return b"".join(one.to_bytes(2, "big") for one in values)


def _vector(size: int, data: bytes) -> bytes:
    return len(data).to_bytes(size, "big") + data


def _extension(kind: int, data: bytes) -> bytes:
    return kind.to_bytes(2, "big") + _vector(2, data)
