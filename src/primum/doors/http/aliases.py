"""Names for studies that mean nothing once the session is over.

A browser keeps addresses in its history, and a StudyInstanceUID says who made it and often for whom. So
the viewer is given another UID: the study's 128-bit reference, enciphered as one block with a key that
comes from the session's token, written under 2.25 (PS3.5 B.2). One block under a key used for nothing else is
a pseudo-random permutation: no table, the same alias all session long, and no way back without the token.
"""

from __future__ import annotations

import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import ECB

from primum.doors.http.nowhere import NotFound
from primum.ground.ids import token128, token128_bytes

_ROOT = "2.25."
_BITS = 128


class NotAnAlias(NotFound):
    """Nothing is here."""


class Aliases:
    """The aliases of one session."""

    def __init__(self, session_token: str) -> None:
        """Derive the key from the session's token, which only the browser's cookie holds."""
        key = hmac.new(session_token.encode(), b"primum study alias", hashlib.sha256).digest()
        # one block is no mode of operation at all: ECB is what the library calls that
        self._cipher = Cipher(AES256(key), ECB())  # noqa: S305

    def cover(self, study_ref: str) -> str:
        """Return the alias of a study reference."""
        block = self._cipher.encryptor().update(token128_bytes(study_ref))
        return _ROOT + str(int.from_bytes(block, "big"))

    def uncover(self, alias: str) -> str:
        """Return the study reference behind an alias; raise NotAnAlias when it has not the shape of one."""
        digits = alias.removeprefix(_ROOT)
        if digits == alias or not digits.isascii() or not digits.isdigit() or len(digits) > len(str(1 << _BITS)):
            raise NotAnAlias
        number = int(digits)
        if number >> _BITS:
            raise NotAnAlias
        return token128(self._cipher.decryptor().update(number.to_bytes(_BITS // 8, "big")))
