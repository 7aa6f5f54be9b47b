"""Bounds on orders and on what is asked about them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers, each with its reason."""

    steps: int = 16
    """Scheduled steps of one order: a whole-body protocol over several modalities has four."""
    identifiers: int = 16
    """Identifiers of one patient: a territory's hospitals, and the INS."""
    answers: int = 1000
    """Entries of one worklist answer or page: ten modalities for a week. Beyond, the question is to be narrowed."""
    looked_at: int = 5000
    """Rows compared in one question; a year ahead of a large practice has some 40 000, so a date narrows it in SQL."""
    back_days: int = 30
    """How far back a question without a date looks: what was not done in a month will not be."""
    ahead_days: int = 366
    """How far ahead a question without a date looks."""
    performed_bytes: int = 1024 * 1024
    """JSON of one performed step: 5000 images listed at 150 bytes each."""
    series: int = 500
    """Performed series that are read for their facts."""
    messages_kept_days: int = 30
    """How long a message is known as received: senders resend for hours, interfaces are replayed for days."""


LIMITS = Limits()
