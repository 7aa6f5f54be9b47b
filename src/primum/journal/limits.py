"""Every bound of the journal, with its reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds, in bytes unless the name says otherwise."""

    body: int = 4000
    """A body of a line: with its hash and LF it stays within one 4 KiB block."""
    write: int = 65_536
    """Bytes of one write: what a crash can leave unfinished."""
    unfinished: int = 131_072
    """What a recovery may close: one write, and recoveries that a further crash interrupted."""
    chain: int = 8 * 1024 * 1024
    """A chain is read whole when it is opened again: 8 MiB are some 30,000 lines, a tenth of a second."""
    reserve: int = 1024 * 1024
    """Facts kept in memory while the disc refuses: some 4,000 stores, then storing stops too."""
    sources: int = 1024
    """Addresses of strangers counted one by one in a minute; those beyond are counted together."""
    leaf: int = 256
    """A line of heads/leaves: instant 24, chain 40, two numbers, hash 64, and room."""


LIMITS = Limits()
