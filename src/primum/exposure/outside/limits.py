"""Bounds of views from outside, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Times, counts and bytes."""

    nonce_lasts: timedelta = timedelta(hours=24)
    """A one-file probe is run the day it is made; its certificate and its nonce are of no use after."""
    announced: int = 16
    """Nonces announced at a time: a day's tries. They bound what strangers can make the doors write."""
    file_bytes: int = 16 << 10
    """Of `run/probes`: sixteen entries are 3 KiB."""
    report_bytes: int = 16 << 20
    """Of a report that is read back: its log of purposes is the most of it."""
    view_lasts: timedelta = timedelta(days=7)
    """How long a view from outside counts: routers renew their leases and firmware within weeks, addresses daily."""
    clock_skew: timedelta = timedelta(minutes=5)
    """Between the clock where the probe ran and ours: phones and routers keep time to seconds, laptops to minutes."""
    reports: int = 200
    """Reports kept: a daily one for half a year."""


LIMITS: Final = Limits()
"""The bounds that are used."""
