"""Where the segments of a record lie, and which of them hold given bytes of the data set. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from primum.vault.keys import TAG_BYTES
from primum.vault.packformat import SEALED_SEGMENT, SEGMENT, Shape
from primum.vault.sealing import Role


class Part(NamedTuple):
    """One segment: its place in the STREAM, where it starts in the record, its sealed size, its place in its role."""

    role: Role
    counter: int
    last: bool
    at: int
    sealed: int
    start: int

    @property
    def plain(self) -> int:
        """Return the bytes of plaintext."""
        return self.sealed - TAG_BYTES


def part_of(shape: Shape, role: Role, counter: int) -> Part:
    """Return one segment of a role."""
    size = (shape.header, shape.pixels, shape.table)[role - 1]
    start = counter * SEGMENT
    plain = min(SEGMENT, size - start)
    at = shape.starts[role - 1] + counter * SEALED_SEGMENT
    return Part(role, counter, start + plain == size, at, plain + TAG_BYTES, start)


def parts_of(shape: Shape, role: Role) -> Iterator[Part]:
    """List the segments of a role, in order."""
    for counter in range(shape.counts[role - 1]):
        yield part_of(shape, role, counter)


def every_part(shape: Shape) -> Iterator[Part]:
    """List all segments of a record, in the order in which they lie."""
    for role in Role:
        yield from parts_of(shape, role)


def parts_holding(shape: Shape, start: int, stop: int) -> Iterator[tuple[Part, int, int]]:
    """List the segments that hold bytes `start` to `stop` of the data set, with the slice of each that is wanted."""
    bounds = ((Role.HEADER, 0, shape.header), (Role.PIXELS, shape.header, shape.header + shape.pixels))
    for role, low, high in bounds:
        first, end = max(start, low) - low, min(stop, high) - low
        if first >= end:
            continue
        for counter in range(first // SEGMENT, -(-end // SEGMENT)):
            part = part_of(shape, role, counter)
            yield part, max(0, first - part.start), min(part.plain, end - part.start)
