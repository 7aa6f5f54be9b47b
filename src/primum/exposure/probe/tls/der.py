"""DER as far as a certificate needs it (X.690): nothing that a stranger sends takes it off its bounds.

Whatever does not fit raises NotDer. No recursion of its own: who reads goes down as far as it wants to.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

SEQUENCE, SET, INTEGER, BIT_STRING, OID, UTC_TIME, GENERAL_TIME = 0x30, 0x31, 0x02, 0x03, 0x06, 0x17, 0x18
_MULTIPLE, _LONG = 0x1F, 0x80
_LENGTH_BYTES = 4
_ARCS = 24


class NotDer(Exception):
    """These bytes are no DER, or not of what was looked for."""


class Element(NamedTuple):
    """One element: its tag and its content."""

    tag: int
    content: bytes


def elements(data: bytes) -> Iterator[Element]:
    """Read the elements that stand one after the other. Raises NotDer."""
    at = 0
    while at < len(data):
        if len(data) - at < 2 or data[at] & _MULTIPLE == _MULTIPLE:  # noqa: PLR2004 tag and length
            raise NotDer
        tag, length, at = data[at], data[at + 1], at + 2
        if length & _LONG:
            size = length & ~_LONG
            if not 0 < size <= _LENGTH_BYTES or size > len(data) - at:
                raise NotDer
            length, at = int.from_bytes(data[at : at + size], "big"), at + size
        if length > len(data) - at:
            raise NotDer
        yield Element(tag, data[at : at + length])
        at += length


def one(data: bytes, tag: int) -> bytes:
    """Return the content of the first element, which must be of this tag. Raises NotDer."""
    first = next(elements(data), None)
    if first is None or first.tag != tag:
        raise NotDer
    return first.content


def oid(content: bytes) -> str:
    """Write an object identifier with dots. Raises NotDer."""
    arcs: list[int] = []
    value = 0
    for number, byte in enumerate(content):
        if number >= _ARCS:
            raise NotDer
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            arcs.append(value)
            value = 0
    if not arcs or content[-1] & 0x80:
        raise NotDer
    first = min(arcs[0] // 40, 2)
    return ".".join(str(arc) for arc in (first, arcs[0] - 40 * first, *arcs[1:]))


def bits_of(content: bytes) -> int:
    """Return how many bits an INTEGER has."""
    return int.from_bytes(content, "big").bit_length()
