"""Sealing a record: its own keys, segments in the STREAM construction, its trailer (docs/design/vault.md §4).

The keys come from a fresh random salt, so a nonce may be counted from zero: see §8 for why that holds
through crashes, restored backups and parallel writers.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import IntEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from primum.ground.disc import BLOCK
from primum.vault.keys import NO_NONCE, TAG_BYTES, hkdf
from primum.vault.packformat import (
    HEAD_BYTES,
    READABLE,
    VERSION,
    Trailer,
    TrailerClear,
    label,
    read_trailer_body,
    trailer_body,
    trailer_clear,
)

_NONCE = struct.Struct(">B6xIB")
_RECORD = {version: label(version, b"record") for version in READABLE}
_SEGMENT = {version: label(version, b"segment") + version.to_bytes(2, "big") for version in READABLE}
_TRAILER = {version: label(version, b"trailer") for version in READABLE}


class Role(IntEnum):
    """What a segment holds."""

    HEADER = 1
    PIXELS = 2
    TABLE = 3


@dataclass(frozen=True, slots=True)
class PackSecret:
    """The study key, bound to one pack: what record keys are derived from."""

    study_key: bytes = field(repr=False)
    study: bytes
    pack: bytes

    def record(self, salt: bytes, version: int = VERSION) -> RecordSeal:
        """Return the seal of the record of this format version that has this salt."""
        okm = hkdf(self.study_key, salt, _RECORD[version] + self.study + self.pack, 64)
        return RecordSeal(AESGCM(okm[:32]), AESGCM(okm[32:]), salt, version)


class RecordSeal:
    """The two keys of one record, at work."""

    __slots__ = ("_data", "_trailer", "salt", "version")

    def __init__(self, data: AESGCM, trailer: AESGCM, salt: bytes, version: int) -> None:
        """Hold the keys that `PackSecret.record` derived."""
        self._data, self._trailer, self.salt, self.version = data, trailer, salt, version

    def seal(self, role: Role, counter: int, sop: bytes, plain: memoryview, into: memoryview, *, last: bool) -> None:
        """Seal one segment into `into`, which is exactly 16 bytes longer. Never twice for one (role, counter)."""
        self._data.encrypt_into(_NONCE.pack(role, counter, last), plain, self._associated(role, sop), into)

    def open(self, role: Role, counter: int, sop: bytes, sealed: bytes | memoryview, *, last: bool) -> bytes | None:
        """Open one segment; None when it is not authentic."""
        try:
            return self._data.decrypt(_NONCE.pack(role, counter, last), sealed, self._associated(role, sop))
        except InvalidTag:
            return None

    def seal_trailer(self, trailer: Trailer, texts: bytes, into: memoryview) -> None:
        """Write the whole trailer block (4096 bytes)."""
        body = trailer_body(trailer, texts)
        size = len(body) + TAG_BYTES
        clear = trailer_clear(self.version, size, self.salt, trailer.shape.blocks)
        into[:HEAD_BYTES] = clear
        associated = _TRAILER[self.version] + clear
        self._trailer.encrypt_into(NO_NONCE, body, associated, into[HEAD_BYTES : HEAD_BYTES + size])
        into[HEAD_BYTES + size :] = bytes(BLOCK - HEAD_BYTES - size)

    def open_trailer(self, block: bytes | memoryview, clear: TrailerClear) -> Trailer | None:
        """Open a trailer block; None when it is not authentic."""
        sealed = block[HEAD_BYTES : HEAD_BYTES + clear.body]
        try:
            body = self._trailer.decrypt(NO_NONCE, sealed, _TRAILER[self.version] + bytes(block[:HEAD_BYTES]))
        except InvalidTag:
            return None
        return read_trailer_body(body, clear)

    def _associated(self, role: Role, sop: bytes) -> bytes:
        """Return the additional data of a segment: format version, role, SOP instance UID."""
        return _SEGMENT[self.version] + bytes((role,)) + sop
