"""How much a file may hold: each bound with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of what comes from outside."""

    line: int = 300  # a name, a reason in one line
    text: int = 8000  # an answer: two pages
    entry_bytes: int = 1 << 20  # a notification with all its answers, as JSON
    entries: int = 5000  # of one file: one every ten minutes for a month
    files: int = 2000  # of a house: the pages list them all
    document_bytes: int = 32 << 20  # a letter of the authority, scanned
    documents: int = 200  # of one file
    evidence: int = 50  # of one entry
    ahead: timedelta = timedelta(minutes=2)  # what a person types may be ahead of our clock by so much
    oldest: timedelta = timedelta(days=366 * 20)  # the longest that a breach is told to have lasted
    first_year: int = 1900  # of an instant inside a fact: older is a slip, and cannot be shown in every zone
    last_year: int = 2199  # likewise


LIMITS: Final = Limits()

SPACES: Final = "\u00a0\u202f"
"""The spaces that French writing puts before a colon and between thousands: Python does not call them printable."""
