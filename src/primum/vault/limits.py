"""Bounds on everything the vault reads from a file or takes from a caller, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What the vault accepts. Sizes in bytes unless the name says otherwise."""

    single_write: int = 8 * MIB
    """Up to here a record is one write; also what a larger one (a DR image is 10 to 30 MB) takes of memory."""
    pack: int = 1024 * MIB
    """A pack that has reached this is closed: a scan stays in seconds, a backup copies in steps."""
    record: int = 64 * 1024 * MIB
    """No data set is larger: the largest whole-slide images stay below 20 GB."""
    frames: int = 1_048_576
    """Entries in a frame table (16 bytes each, held in memory while streaming)."""
    open_packs: int = 16
    """Leases a writer keeps: one association rarely interleaves more studies; each holds two descriptors."""
    keys: int = 512
    """Study keys kept unwrapped per process."""
    block: int = 256 * MIB
    """A derived block once inflated: metadata of 10 000 instances is about 30 MB."""
    argon2_memory_kib: int = 4 * 1024 * 1024
    """A guard file that asks for more than 4 GiB would be an attack on the machine that reads it."""
    argon2_passes: int = 20
    """Likewise for time."""
    argon2_lanes: int = 16
    """Likewise for threads."""
