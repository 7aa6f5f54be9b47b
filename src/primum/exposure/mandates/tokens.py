"""The secret of a mandate: derived from the key of who gave it, so that it is kept nowhere else."""

from __future__ import annotations

import hmac

from primum.exposure.probe.proving import Token


def token_from(key: bytes, mandate_id: str) -> Token:
    """Derive the token of one mandate."""
    return Token(mandate_id, hmac.digest(key, f"primum/mandate-token/1 {mandate_id}".encode(), "sha256"))
