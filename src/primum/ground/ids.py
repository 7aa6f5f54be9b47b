"""Our own identifiers: random, prefixed by what they name, safe in a path, a URL and a journal line.

An id never derives from anything about a person; 128 random bits make them unguessable and unique
without asking anyone.
"""

from __future__ import annotations

import base64
import re
import secrets

_SHAPE = re.compile(r"[a-z]{3}_[a-z2-7]{26}")


def token128(raw: bytes | None = None) -> str:
    """Write 16 bytes (random ones by default) as 26 characters of lower-case base 32."""
    return base64.b32encode(raw or secrets.token_bytes(16)).decode("ascii").rstrip("=").lower()


def token128_bytes(text: str) -> bytes:
    """Read back the 16 bytes of `token128`; raise ValueError on anything else."""
    raw = base64.b32decode(text.upper() + "======")
    if len(raw) != 16 or token128(raw) != text:  # noqa: PLR2004 (16 bytes are 128 bits)
        raise ValueError("not a 128-bit token")
    return raw


def new_id(prefix: str) -> str:
    """Make a fresh id such as `per_…` (26 characters after the three-letter prefix)."""
    return f"{prefix}_{token128()}"


def is_id(text: str, prefix: str) -> bool:
    """Tell whether `text` has the shape of one of our ids of this kind."""
    return text.startswith(prefix + "_") and _SHAPE.fullmatch(text) is not None
