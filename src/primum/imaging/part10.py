"""The wrapping of a DICOM file: preamble, prefix and file meta information (PS3.10 section 7.1).

Our own small reader and writer: the data set itself is never parsed nor rewritten here. Pure.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from primum.ground.errors import PrimumError

if TYPE_CHECKING:
    from collections.abc import Iterator

PREAMBLE = 128
PREFIX = b"DICM"
META_LIMIT = 64 * 1024
"""Most bytes of file meta information that are read: real ones have some hundreds; private ones a few thousand."""
_LONG = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
"""Value representations whose length has 32 bits (PS3.5 table 7.1-1)."""
_SOP_CLASS, _SOP_INSTANCE, _TRANSFER_SYNTAX = 0x0002, 0x0003, 0x0010
_IMPLEMENTATION_CLASS, _SOURCE_TITLE = 0x0012, 0x0016
IMPLICIT_LITTLE = "1.2.840.10008.1.2"
IMPLEMENTATION_CLASS_UID = "2.25.161073795740179947969399067501313392373"
"""Ours, in files and associations (PS3.7 D.3.3.2): which software, not which version. UUID-derived (PS3.5 B.2)."""
IMPLEMENTATION_VERSION = "PRIMUM_1"
"""It tells strangers nothing: it is only sent after the TLS handshake, and does not follow releases."""
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"


class NotPart10(PrimumError):
    """This is not a DICOM file: {reason}."""

    code: ClassVar[str] = "import.not-dicom"
    hint: ClassVar[str] = "only files of DICOM part 10 can be imported"


@dataclass(frozen=True, slots=True)
class FileMeta:
    """What a file says of the data set that it wraps; `begins` is where the data set begins in the file."""

    transfer_syntax_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    implementation_class_uid: str
    source_title: str
    begins: int


def read_meta(first: bytes | memoryview) -> FileMeta:
    """Read the file meta information from a file's first bytes (META_LIMIT of them are always enough).

    A file without the preamble, or with neither preamble nor meta information, is understood too: old
    archives hold many. Raises NotPart10.
    """
    view = bytes(first[: PREAMBLE + len(PREFIX) + META_LIMIT])
    if view[PREAMBLE : PREAMBLE + 4] == PREFIX:
        return _meta(view, PREAMBLE + 4)
    if view[:4] == PREFIX:
        return _meta(view, 4)
    if view[:2] == b"\x02\x00":
        return _meta(view, 0)
    return FileMeta(_guess(view), "", "", "", "", 0)


def write_meta(*, transfer_syntax_uid: str, sop_class_uid: str, sop_instance_uid: str) -> bytes:
    """Write preamble, prefix and file meta information, as the implementation that we are; the data set follows."""
    rest = b"".join(
        (
            _element(0x0001, b"OB", b"\x00\x01"),
            _element(_SOP_CLASS, b"UI", sop_class_uid.encode("ascii")),
            _element(_SOP_INSTANCE, b"UI", sop_instance_uid.encode("ascii")),
            _element(_TRANSFER_SYNTAX, b"UI", transfer_syntax_uid.encode("ascii")),
            _element(_IMPLEMENTATION_CLASS, b"UI", IMPLEMENTATION_CLASS_UID.encode("ascii")),
        )
    )
    return bytes(PREAMBLE) + PREFIX + _element(0x0000, b"UL", struct.pack("<I", len(rest))) + rest


def _element(element: int, kind: bytes, value: bytes) -> bytes:
    if len(value) % 2:
        value += b"\0"
    if kind in _LONG:
        return struct.pack("<HH2sHI", 2, element, kind, 0, len(value)) + value
    return struct.pack("<HH2sH", 2, element, kind, len(value)) + value


def _meta(view: bytes, at: int) -> FileMeta:
    found: dict[int, str] = {}
    end = at
    for element, value, after in _elements(view, at):
        if element in {_SOP_CLASS, _SOP_INSTANCE, _TRANSFER_SYNTAX, _IMPLEMENTATION_CLASS, _SOURCE_TITLE}:
            found[element] = value.rstrip(b"\0 ").decode("ascii", "replace").strip()
        end = after
    if not found.get(_TRANSFER_SYNTAX):
        raise NotPart10(reason="its meta information names no transfer syntax")
    return FileMeta(
        found[_TRANSFER_SYNTAX],
        found.get(_SOP_CLASS, ""),
        found.get(_SOP_INSTANCE, ""),
        found.get(_IMPLEMENTATION_CLASS, ""),
        found.get(_SOURCE_TITLE, ""),
        end,
    )


def _elements(view: bytes, at: int) -> Iterator[tuple[int, bytes, int]]:
    """Walk group 2, which is always explicit little endian; yield element, value and where the next begins.

    The group's own length is not believed: files with a wrong one exist, and the group's end shows itself.
    """
    while view[at : at + 2] == b"\x02\x00":
        if len(view) < at + 8:
            raise NotPart10(reason="its meta information is cut short")
        element, kind, length = struct.unpack_from("<H2sH", view, at + 2)
        start = at + 8
        if kind in _LONG:
            if len(view) < at + 12:
                raise NotPart10(reason="its meta information is cut short")
            (length,) = struct.unpack_from("<I", view, at + 8)
            start = at + 12
        if length > META_LIMIT or start + length > len(view):
            raise NotPart10(reason="its meta information is cut short")
        yield element, view[start : start + length], start + length
        at = start + length


def _guess(view: bytes) -> str:
    """Tell the transfer syntax of a bare data set, which must begin with group 8."""
    if len(view) < 16 or view[:2] != b"\x08\x00":  # noqa: PLR2004 (two short elements at least)
        raise NotPart10(reason="it has no DICM prefix")
    kind = view[4:6]
    if kind.isalpha() and kind.isupper():
        return EXPLICIT_LITTLE
    if struct.unpack_from("<I", view, 4)[0] < META_LIMIT:
        return IMPLICIT_LITTLE
    raise NotPart10(reason="it has no DICM prefix")
