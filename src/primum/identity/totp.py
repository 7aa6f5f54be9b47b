"""Codes of an authenticator: TOTP as RFC 6238 has it, in the one form that every authenticator knows.

SHA-1, 6 digits, 30 seconds. SHA-1 is what RFC 6238 1.2 builds on and what authenticators assume; HMAC does
not need its collision resistance.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from urllib.parse import quote, urlencode

SECRET_BYTES = 20
"""RFC 4226 4 (R6): 160 bits are recommended."""
DIGITS = 6
STEP_SECONDS = 30
STEPS_AROUND = 1
"""RFC 6238 5.2: one step for the network and for clocks that differ."""
ISSUER = "Primum"


def new_secret() -> bytes:
    """Make a secret."""
    return secrets.token_bytes(SECRET_BYTES)


def code_at(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """Compute the code of one step (RFC 4226 5.3)."""
    digest = hmac.new(secret, step.to_bytes(8), hashlib.sha1).digest()
    at = digest[-1] & 0x0F
    number = int.from_bytes(digest[at : at + 4]) & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def step_of(at: datetime) -> int:
    """Tell which step an instant is in."""
    return int(at.timestamp()) // STEP_SECONDS


def accepted_step(secret: bytes, code: str, at: datetime, last_step: int) -> int | None:
    """Return the step that `code` proves, later than `last_step`; None where it proves none.

    Compares every candidate whatever the others gave, so that time tells nothing.
    """
    given = code.strip().replace(" ", "").encode("utf-8", "replace")
    now = step_of(at)
    found = None
    for step in range(now - STEPS_AROUND, now + STEPS_AROUND + 1):
        right = hmac.compare_digest(code_at(secret, step).encode("ascii"), given)
        if right and step > last_step:
            found = step
    return found


def secret_text(secret: bytes) -> str:
    """Write a secret for typing into an authenticator (base 32)."""
    return base64.b32encode(secret).decode("ascii")


def uri(secret: bytes, login: str) -> str:
    """Write the address that an authenticator reads from a QR code. It names no practice."""
    asked = {
        "secret": secret_text(secret),
        "issuer": ISSUER,
        "algorithm": "SHA1",
        "digits": DIGITS,
        "period": STEP_SECONDS,
    }
    return f"otpauth://totp/{ISSUER}:{quote(login, safe='')}?{urlencode(asked)}"
