"""Bounds on metadata and bulk data that a sender decides, and why each number."""

from __future__ import annotations

from dataclasses import dataclass

KIB, MIB = 1 << 10, 1 << 20


@dataclass(frozen=True, slots=True)
class ComposingLimits:
    """The numbers, each with its reason."""

    metadata_bytes: int = 16 * MIB
    """Metadata of one request: a series of 700 slices has that; parsed, it takes ten times as much."""

    containers: int = 400_000
    """Attributes, items and lists in the metadata of one request: an enhanced image of 4000 frames."""

    depth: int = 64
    """Sequences inside sequences, as in data sets that are stored as they came."""

    instances: int = 10_000
    """Data sets of one request: as many as parts."""

    bulk_bytes: int = 64 * MIB
    """Bulk data held until their instance is whole; uncompressed pixel data that come last are not held."""

    numbers: int = 65_536
    """The last value or item that may be named in XML: a palette's table has as many entries."""

    uri_characters: int = 1_024
    """A BulkDataURI or Content-Location: ours have 300."""


COMPOSING_LIMITS = ComposingLimits()
