"""NTLMSSP without a password ([MS-NLMP]): as nobody, or under a name whose password is empty.

MD4 is not in this Python's library wherever OpenSSL has put it away; the hash of the empty password is a constant.
"""

from __future__ import annotations

import hmac
import secrets
import struct
from typing import Final

from primum.exposure.probe.dialling import Unanswered

_SIGNATURE: Final = b"NTLMSSP\x00"
_UNICODE, _TARGET, _NTLM, _ANONYMOUS, _EXTENDED, _INFO = 0x1, 0x4, 0x200, 0x800, 0x80000, 0x800000
_FLAGS: Final = _UNICODE | _TARGET | _NTLM | _EXTENDED
_EMPTY: Final = bytes.fromhex("31d6cfe0d16ae931b73c59d7e0c089c0")
"""MD4 of nothing (RFC 1320 A.5)."""
_AV_TIMESTAMP: Final = 7
_CHALLENGE: Final = 32
_TARGET_INFO: Final = 48


def negotiate() -> bytes:
    """Return NEGOTIATE_MESSAGE (2.2.1.1)."""
    return _SIGNATURE + struct.pack("<II", 1, _FLAGS) + bytes(16)


def challenge_in(token: bytes) -> tuple[bytes, bytes]:
    """Return server challenge and target information of a CHALLENGE_MESSAGE (2.2.1.2). Raises Unanswered."""
    at = token.find(_SIGNATURE)
    message = token[at:] if at >= 0 else b""
    if len(message) < _TARGET_INFO or message[8:12] != b"\x02\x00\x00\x00":
        raise Unanswered("protocol", "ntlm")
    size, _, offset = struct.unpack_from("<HHI", message, 40)
    return message[24:_CHALLENGE], message[offset : offset + size]


def authenticate(user: str, challenge: tuple[bytes, bytes]) -> bytes:
    """Return AUTHENTICATE_MESSAGE (2.2.1.3): anonymous where `user` is empty, else with an empty password."""
    if not user:
        return _message(b"\x00", b"", b"", _FLAGS | _ANONYMOUS)
    lm, nt = _responses(user, *challenge)
    return _message(lm, nt, user.encode("utf-16-le"), _FLAGS | _INFO)


def _responses(user: str, server: bytes, information: bytes) -> tuple[bytes, bytes]:
    """Compute NTLMv2's responses (3.3.2) for an empty password and no domain."""
    key = hmac.new(_EMPTY, user.upper().encode("utf-16-le"), "md5").digest()
    mine = secrets.token_bytes(8)
    blob = b"\x01\x01" + bytes(6) + _timestamp(information) + mine + bytes(4) + information + bytes(4)
    proof = hmac.new(key, server + blob, "md5").digest()
    return hmac.new(key, server + mine, "md5").digest() + mine, proof + blob


def _timestamp(information: bytes) -> bytes:
    """Return the server's own time, which it compares with (2.2.2.1)."""
    at = 0
    while at + 4 <= len(information):
        kind, size = struct.unpack_from("<HH", information, at)
        if kind == _AV_TIMESTAMP and size == 8 and at + 12 <= len(information):  # noqa: PLR2004 - FILETIME
            return information[at + 4 : at + 12]
        if kind == 0:
            break
        at += 4 + size
    return bytes(8)


def _message(lm: bytes, nt: bytes, user: bytes, flags: int) -> bytes:
    parts, offset, fields = b"", 64, b""
    for part in (lm, nt, b"", user, "PRIMUM-PROBE".encode("utf-16-le"), b""):
        fields += struct.pack("<HHI", len(part), len(part), offset + len(parts))
        parts += part
    return _SIGNATURE + struct.pack("<I", 3) + fields + struct.pack("<I", flags) + parts
