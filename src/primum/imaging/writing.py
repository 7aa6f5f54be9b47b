"""Elements written as a transfer syntax has them (PS3.5 7.1): the few that we write ourselves. Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from primum.imaging.errors import ImagingRefusal
from primum.imaging.syntaxes import Syntax
from primum.imaging.walker import ITEM, LONG_VRS, UNDEFINED

SHORT_MOST = 0xFFFE
"""The longest value of a VR whose length has 16 bits, and is even."""
_ZERO_PADDED = frozenset({"UI", "OB", "UN"})


class ValueTooLong(ImagingRefusal):
    """A corrected value does not fit its element."""

    code = "imaging.value-too-long"
    hint = "shorten it: PS3.5 table 6.2-1 says how long each may be"


def padded(vr: str, value: bytes) -> bytes:
    """Bring a value to an even length."""
    return value if len(value) % 2 == 0 else value + (b"\0" if vr in _ZERO_PADDED else b" ")


def element(tag: int, vr: str, value: bytes, syntax: Syntax) -> bytes:
    """Write an element of defined length. Raises ValueTooLong."""
    value = padded(vr, value)
    return _head(tag, vr, len(value), syntax) + value


def item(content: bytes, syntax: Syntax) -> bytes:
    """Write an item of defined length."""
    mark = "<" if syntax.little else ">"
    return struct.pack(mark + "HHI", ITEM >> 16, ITEM & 0xFFFF, len(content)) + content


def sequence(tag: int, items: Iterable[bytes], syntax: Syntax) -> bytes:
    """Write a sequence of defined length from the contents of its items."""
    return element(tag, "SQ", b"".join(item(content, syntax) for content in items), syntax)


def _head(tag: int, vr: str, length: int, syntax: Syntax) -> bytes:
    mark = "<" if syntax.little else ">"
    group, number = tag >> 16, tag & 0xFFFF
    if length >= UNDEFINED:
        raise ValueTooLong
    if not syntax.explicit:
        return struct.pack(mark + "HHI", group, number, length)
    if vr in LONG_VRS:
        return struct.pack(mark + "HH2sHI", group, number, vr.encode("ascii"), 0, length)
    if length > SHORT_MOST:
        raise ValueTooLong
    return struct.pack(mark + "HH2sH", group, number, vr.encode("ascii"), length)
