"""Bounds on HL7 messages: every one is looked at before memory or time is spent."""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1 << 10


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers, each with its reason."""

    message_bytes: int = 1024 * KIB
    """An order with its notes has some KiB; documents in a message are not what comes in here."""
    segments: int = 2000
    """An order with many notes (NTE) has a hundred."""
    fields: int = 500
    """Fields of a segment: the longest of v2.8 (PV1, OBR) have about fifty."""
    repetitions: int = 100
    """Repetitions of a field: identifiers of a patient are about ten."""
    parts: int = 100
    """Components of a repetition, and subcomponents of one; XPN and XCN have about twenty-five."""
    field_bytes: int = 64 * KIB
    """A field: the longest that we read is a reason of 1024 characters."""
    before_start: int = 64
    """Bytes before a start block; some senders put line ends between messages."""


LIMITS = Limits()
