"""Bounds on what a backup writes and on all that a restore reads from outside, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What is bounded."""

    piece: int = 32 << 20
    """Bytes of a piece of a pack: one in memory at a time, and a terabyte is 32 768 objects."""
    part: int = 1 << 20
    """Bytes of a piece of anything else: what grows with the archive is not in memory at once either."""
    manifest: int = 1 << 30
    """Bytes of a packed manifest: five million packs need about half of it."""
    entries: int = 8_000_000
    """Files of a generation: a million studies in a few packs each."""
    line: int = 8 << 20
    """Bytes of a line of a manifest: a pack of 1 GiB that grew by one image a day, and the list of erasures."""
    bundle: int = 4 << 30
    """Bytes of a keyring bundle: some 160 for each study."""
    small: int = 64 << 10
    """Bytes of the two small files in clear at a destination."""
    checkpoint_bytes: int = 1 << 30
    """After so much a run writes down what it has done."""
    checkpoint_seconds: float = 60.0
    """And after so long."""


LIMITS = Limits()
