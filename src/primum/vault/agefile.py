"""An age file (age-encryption.org/v1), written as it goes: for a passphrase, or for people's age keys.

What leaves the house sealed is opened with the `age` program or any of its like, without us. A file goes through
in pieces of 64 KiB, whatever its size; pyrage, which opens our guards, holds a whole file where a passphrase seals it
(decision 0073). Writing only: what comes back in age is opened with `age`.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from base64 import b64encode
from collections.abc import Callable, Sequence
from typing import ClassVar

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from primum.ground.errors import PrimumError
from primum.vault.keys import Entropy

_INTRO = b"age-encryption.org/v1\n"
_CHUNK = 64 * 1024
_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
COST = 15
"""log2 of scrypt's work: 32 MiB, a twentieth of a second. Nobody guesses our passphrases of 125 random bits."""
MOST_RECIPIENTS = 16
"""Keys one file is sealed for: colleagues, not a mailing list."""

Write = Callable[[bytes], object]


class BadRecipient(PrimumError):
    """This is not an age key to seal for."""

    code: ClassVar[str] = "vault.bad-recipient"
    hint: ClassVar[str] = "give what age-keygen printed as the public key: age1 and 58 letters and digits"


class AgeFile:
    """Seals what is written to it, into `write`. Whole when `close` has returned, and refused by readers before."""

    def __init__(
        self, write: Write, *, passphrase: str = "", recipients: Sequence[str] = (), entropy: Entropy = os.urandom
    ) -> None:
        """Write the header. Either a passphrase or recipients (`age1…`). Raises BadRecipient."""
        if bool(passphrase) == bool(recipients) or len(recipients) > MOST_RECIPIENTS:
            raise ValueError("a passphrase, or recipients")
        keys = [read_recipient(one) for one in recipients]
        file_key = entropy(16)
        stanzas = [_for_key(file_key, one, entropy) for one in keys] or [_for_passphrase(file_key, passphrase, entropy)]
        header = _INTRO + b"".join(stanzas) + b"---"
        mac = hmac.digest(_hkdf(file_key, b"", b"header"), header, "sha256")
        nonce = entropy(16)
        write(header + b" " + _text(mac) + b"\n" + nonce)
        self._write = write
        self._sealing = ChaCha20Poly1305(_hkdf(file_key, nonce, b"payload"))
        self._waiting = bytearray()
        self._chunks = 0

    def write(self, data: bytes) -> None:
        """Seal `data`, as far as it fills chunks."""
        self._waiting += data
        # the last chunk is marked: one always waits until it is known whether another follows
        while len(self._waiting) > _CHUNK:
            self._chunk(bytes(self._waiting[:_CHUNK]), last=False)
            del self._waiting[:_CHUNK]

    def close(self) -> None:
        """Seal what is left, as the last."""
        self._chunk(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _chunk(self, clear: bytes, *, last: bool) -> None:
        nonce = self._chunks.to_bytes(11, "big") + (b"\1" if last else b"\0")
        self._chunks += 1
        self._write(self._sealing.encrypt(nonce, clear, None))


def read_recipient(text: str) -> bytes:
    """Read a public key, `age1…` (Bech32). Raises BadRecipient."""
    text = text.strip()
    values = [_ALPHABET.find(one) for one in text[4:]]
    if not text.startswith("age1") or len(text) != 62 or min(values) < 0:  # noqa: PLR2004 (32 bytes in Bech32)
        raise BadRecipient
    prefix = [ord(one) >> 5 for one in "age"] + [0] + [ord(one) & 31 for one in "age"]
    if _polymod(prefix + values) != 1:
        raise BadRecipient
    number = 0
    for value in values[:-6]:
        number = number << 5 | value
    return (number >> 4).to_bytes(32, "big")


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, one in enumerate(_GENERATOR):
            check ^= one if top >> bit & 1 else 0
    return check


def _for_passphrase(file_key: bytes, passphrase: str, entropy: Entropy) -> bytes:
    salt = entropy(16)
    wrapping = Scrypt(salt=_INTRO.strip() + b"/scrypt" + salt, length=32, n=1 << COST, r=8, p=1)
    body = ChaCha20Poly1305(wrapping.derive(passphrase.encode())).encrypt(bytes(12), file_key, None)
    return b"-> scrypt " + _text(salt) + b" %d\n" % COST + _text(body) + b"\n"


def _for_key(file_key: bytes, recipient: bytes, entropy: Entropy) -> bytes:
    ephemeral = X25519PrivateKey.from_private_bytes(entropy(32))
    share = ephemeral.public_key().public_bytes_raw()
    try:
        secret = ephemeral.exchange(X25519PublicKey.from_public_bytes(recipient))
    except ValueError:  # a point of low order: sealed for everybody
        raise BadRecipient from None
    wrapping = _hkdf(secret, share + recipient, _INTRO.strip() + b"/X25519")
    body = ChaCha20Poly1305(wrapping).encrypt(bytes(12), file_key, None)
    return b"-> X25519 " + _text(share) + b"\n" + _text(body) + b"\n"


def _hkdf(secret: bytes, salt: bytes, info: bytes) -> bytes:
    """HKDF-SHA-256 (RFC 5869) of one block."""
    inner = hmac.digest(salt or bytes(32), secret, hashlib.sha256)
    return hmac.digest(inner, info + b"\1", hashlib.sha256)


def _text(raw: bytes) -> bytes:
    return b64encode(raw).rstrip(b"=")
