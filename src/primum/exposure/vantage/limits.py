"""Bounds of a vantage, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Times are in seconds, lengths in bytes."""

    callers: int = 32
    """Connections that have not shown an invitation: from the oldest the place is taken."""
    callers_of_one: int = 4
    """Of one address."""
    hello_seconds: float = 10
    """For the handshake of TLS and the invitation, from connecting on."""
    runs_at_once: int = 1
    """Looks at the same time: their rates would add up."""
    run_seconds: float = 900
    """Of one look, fixtures included."""
    line_bytes: int = 1 << 20
    """Of a line asked: a plan with its mandates."""
    answer_bytes: int = 32 << 20
    """Of a line answered: a report."""
    invitations: int = 64
    """That an owner has given."""
    quota: int = 4
    """Looks a day of one invitation: morning and evening, and twice to try."""
    invitation_days: int = 365
    """That an invitation lasts at most."""
    ports: int = 256
    """Of one look: what a practice has is below."""


LIMITS: Final = Limits()
"""The bounds that are used."""
