"""What a file is that is not DICOM, by its first bytes: for the report of an import, and to open what holds others."""

from __future__ import annotations

_MAGIC = (
    (b"PK\x03\x04", "zip"), (b"PK\x05\x06", "zip"), (b"PK\x06\x06", "zip"),
    (b"%PDF", "document"), (b"{\\rtf", "document"), (b"\xd0\xcf\x11\xe0", "document"), (b"<?xml", "text"),
    (b"\xff\xd8\xff", "picture"), (b"\x89PNG", "picture"), (b"GIF8", "picture"), (b"BM", "picture"),
    (b"\0\0\1\0", "picture"), (b"II*\0", "picture"), (b"MM\0*", "picture"),
    (b"MZ", "program"), (b"\x7fELF", "program"), (b"#!", "program"), (b"\xca\xfe\xba\xbe", "program"),
    (b"Rar!", "archive"), (b"7z\xbc\xaf", "archive"), (b"\x1f\x8b", "archive"), (b"BZh", "archive"),
    (b"\xfd7zXZ", "archive"), (b"age-encryption.org/", "sealed"), (b"-----BEGIN AGE", "sealed"),
    (b"SQLite format 3", "database"), (b"RIFF", "film"), (b"\0\0\1\xba", "film"),
)  # fmt: skip
KINDS = frozenset({
    "archive", "database", "directory", "document", "empty", "film", "header", "other", "picture", "program", "sealed",
    "text",
})  # fmt: skip
"""What is left of an import, by kind; containers are opened and are not among them."""
_LOOKED_AT = 512


def kind_of(first: bytes) -> str:
    """Say what begins with these bytes."""
    if not first:
        return "empty"
    for magic, kind in _MAGIC:
        if first.startswith(magic):
            return kind
    start = first[:_LOOKED_AT]
    if start[4:8] == b"ftyp":
        return "film"
    return "text" if not any(one < 9 or 13 < one < 32 for one in start) else "other"  # noqa: PLR2004 (control codes)
