"""A DICOM file's beginning (PS3.10 7.1): made on the way out, since only data sets are kept."""

from __future__ import annotations

import struct
from typing import Final

IMPLEMENTATION_CLASS_UID: Final = "2.25.146803177612543982021862240714560133941"
IMPLEMENTATION_VERSION: Final = "PRIMUM_1"


def file_beginning(*, sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str) -> bytes:
    """Return preamble, prefix and meta information: what comes before the data set."""
    elements = b"".join(
        (
            _element(0x0001, b"OB", b"\0\1"),
            _uid(0x0002, sop_class_uid),
            _uid(0x0003, sop_instance_uid),
            _uid(0x0010, transfer_syntax_uid),
            _uid(0x0012, IMPLEMENTATION_CLASS_UID),
            _element(0x0013, b"SH", IMPLEMENTATION_VERSION.encode("ascii")),
        )
    )
    length = _element(0x0000, b"UL", struct.pack("<I", len(elements)))
    return bytes(128) + b"DICM" + length + elements


def _uid(number: int, uid: str) -> bytes:
    raw = uid.encode("ascii")
    return _element(number, b"UI", raw + b"\0" * (len(raw) % 2))


def _element(number: int, vr: bytes, value: bytes) -> bytes:
    if vr == b"OB":
        return struct.pack("<HH2sHI", 2, number, vr, 0, len(value)) + value
    return struct.pack("<HH2sH", 2, number, vr, len(value)) + value
