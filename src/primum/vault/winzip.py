"""WinZip's AES-256 for the entries of a ZIP (its AE-2, method 99): what 7-Zip and WinZip open.

The key comes from the passphrase by 1000 rounds of PBKDF2, which is little: it is safe with a passphrase that nobody
guesses, as ours (125 random bits). Names and sizes of entries stay readable, so nothing of a patient may be in them.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from array import array
from typing import ClassVar

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from primum.ground.errors import PrimumError
from primum.vault.keys import Entropy

SALTS = {1: 8, 2: 12, 3: 16}
"""Bytes of salt by strength: AES-128, 192, 256."""
MAC_BYTES = 10
_ROUNDS = 1000
_BLOCK = 16


class WrongZipPassphrase(PrimumError):
    """The passphrase does not open this archive."""

    code: ClassVar[str] = "vault.zip-passphrase"
    hint: ClassVar[str] = "type it as it was said, with its dashes"


class ZipEntryAltered(PrimumError):
    """A sealed entry of the archive was altered, or is damaged."""

    code: ClassVar[str] = "vault.zip-altered"
    hint: ClassVar[str] = "ask for the archive once more"


class ZipCipher:
    """The cipher of one entry: for sealing (`seal`, then `mac`) or for opening (`open`, then `verify`)."""

    def __init__(self, passphrase: str, salt: bytes) -> None:
        """Derive the keys; the strength is told by the salt's length."""
        size = 2 * len(salt)
        keys = hashlib.pbkdf2_hmac("sha1", passphrase.encode(), salt, _ROUNDS, 2 * size + 2)
        self._blocks = Cipher(algorithms.AES(keys[:size]), modes.ECB()).encryptor()  # noqa: S305 (counters, below)
        self._mac = hmac.new(keys[size : 2 * size], digestmod="sha1")
        self.verifier = keys[-2:]
        self._counter = 1
        self._left = b""

    def seal(self, clear: bytes) -> bytes:
        """Encrypt."""
        sealed = self._crossed(clear)
        self._mac.update(sealed)
        return sealed

    def open(self, sealed: bytes) -> bytes:
        """Decrypt; not to be believed before `verify`."""
        self._mac.update(sealed)
        return self._crossed(sealed)

    def mac(self) -> bytes:
        """What stands behind the entry."""
        return self._mac.digest()[:MAC_BYTES]

    def verify(self, mac: bytes) -> None:
        """Compare with what stood behind the entry. Raises ZipEntryAltered."""
        if not hmac.compare_digest(mac, self.mac()):
            raise ZipEntryAltered

    def _crossed(self, data: bytes) -> bytes:
        """Cross with the key stream: AES of a little-endian counter that begins at 1."""
        stream = self._left
        missing = len(data) - len(stream)
        if missing > 0:
            count = -(-missing // _BLOCK)
            counters = array("Q", bytes(_BLOCK * count))
            counters[::2] = array("Q", range(self._counter, self._counter + count))
            self._counter += count
            stream += self._blocks.update(counters.tobytes())
        used, self._left = stream[: len(data)], stream[len(data) :]
        whole = int.from_bytes(data, "little") ^ int.from_bytes(used, "little")
        return whole.to_bytes(len(data), "little")


def sealing(passphrase: str, entropy: Entropy = os.urandom) -> tuple[ZipCipher, bytes]:
    """Begin to seal an entry: the cipher, and what stands before the entry (salt and verifier)."""
    salt = entropy(SALTS[3])
    cipher = ZipCipher(passphrase, salt)
    return cipher, salt + cipher.verifier


def opening(passphrase: str, head: bytes, strength: int) -> ZipCipher:
    """Begin to open an entry by its salt and verifier. Raises WrongZipPassphrase."""
    salt = SALTS[strength]
    cipher = ZipCipher(passphrase, head[:salt])
    if not hmac.compare_digest(cipher.verifier, head[salt : salt + 2]):
        raise WrongZipPassphrase
    return cipher
