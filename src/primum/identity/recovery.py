"""Recovery codes: ten at enrolment, shown once, one use each, kept hashed.

A code is 80 random bits: a plain SHA-256 cannot be searched backwards, and no slow hash is needed.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets

COUNT = 10
CODE_BYTES = 10
_SHAPE = re.compile(r"[a-z2-7]{16}")


def new_codes() -> tuple[str, ...]:
    """Make a person's codes, written `abcd-efgh-ijkl-mnop`."""
    return tuple(_written(secrets.token_bytes(CODE_BYTES)) for _ in range(COUNT))


def _written(raw: bytes) -> str:
    text = base64.b32encode(raw).decode("ascii").lower()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def plain(code: str) -> str:
    """Read a code as typed, whatever its case, dashes and spaces; "" where it cannot be one."""
    text = re.sub(r"[\s-]", "", code).lower()
    return text if _SHAPE.fullmatch(text) else ""


def code_hash(person_id: str, code: str) -> str:
    """Hash a code for one person."""
    return hashlib.sha256(f"recovery\0{person_id}\0{plain(code)}".encode()).hexdigest()
