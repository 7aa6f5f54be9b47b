"""A ZIP written as it goes, into something that cannot be rewound: a socket, an age file (PKWARE APPNOTE 6.3).

Entries are deflated, lightly. With a passphrase each is sealed with AES-256 (vault/winzip.py). Memory is bounded by a
piece and the list of entries. Names are ASCII, and ours: nothing of a patient is in them.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from primum.vault.winzip import ZipCipher

Write = Callable[[bytes], object]
Seal = Callable[[], "tuple[ZipCipher, bytes]"]
"""Begin to seal one entry: its cipher, and what stands before it."""

_LIGHTLY = 1
"""zlib's level: pixels of a CT become half as long at 60 MB/s; higher levels gain 5 % and cost thrice."""
_SEALED, _STREAMED = 0x0001, 0x0008
_DEFLATED, _AES = 8, 99
_AES_EXTRA = struct.pack("<HHH2sBH", 0x9901, 7, 2, b"AE", 3, _DEFLATED)
_LARGE = 1 << 30
"""From here on an entry is written as one of ZIP64: deflating could make it longer than 4 GiB only far above."""
_MOST_32 = 0xFFFFFFFF


@dataclass(slots=True)
class _Entry:
    name: bytes
    at: int
    large: bool
    crc: int = 0
    packed: int = 0
    length: int = 0


class ZipWriter:
    """Writes entries one after another into `write`; whole when `close` has returned."""

    def __init__(self, write: Write, at: datetime, seal: Seal | None = None) -> None:
        """Date every entry `at`: when the archive was made, nothing of when somebody was examined."""
        self._write, self._seal = write, seal
        self._date = (max(at.year, 1980) - 1980) << 9 | at.month << 5 | at.day
        self._time = at.hour << 11 | at.minute << 5 | at.second // 2
        self._entries: list[_Entry] = []
        self._at = 0

    def add(self, name: str, pieces: Iterable[bytes], *, expected: int = 0) -> int:
        """Write one entry; return its length in clear. `expected` is about how long it is."""
        entry = _Entry(name.encode("ascii"), self._at, large=expected >= _LARGE)
        self._out(self._head(entry))
        begin = self._at
        cipher, before = self._seal() if self._seal is not None else (None, b"")
        self._out(before)
        engine = zlib.compressobj(_LIGHTLY, zlib.DEFLATED, -zlib.MAX_WBITS)
        for piece in pieces:
            entry.length += len(piece)
            entry.crc = zlib.crc32(piece, entry.crc)
            self._out(_sealed(cipher, engine.compress(piece)))
        self._out(_sealed(cipher, engine.flush()))
        if cipher is not None:
            self._out(cipher.mac())
            entry.crc = 0  # AE-2: the seal is the checksum, and tells nothing of what is sealed
        entry.packed = self._at - begin
        if not entry.large and max(entry.packed, entry.length) > _MOST_32:
            raise ValueError("an entry became longer than was said")
        self._out(struct.pack("<IIQQ" if entry.large else "<IIII", 0x08074B50, entry.crc, entry.packed, entry.length))
        self._entries.append(entry)
        return entry.length

    def close(self) -> None:
        """Write the list of entries, and where it is."""
        begin = self._at
        for entry in self._entries:
            self._out(self._listed(entry))
        size, count = self._at - begin, len(self._entries)
        if begin + size > _MOST_32 or count >= 0xFFFF:  # noqa: PLR2004 (16 bits)
            where = self._at
            head = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, count, count, size, begin)
            self._out(head + struct.pack("<IIQI", 0x07064B50, 0, where, 1))
        few = min(count, 0xFFFF)
        self._out(struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, few, few, min(size, _MOST_32), min(begin, _MOST_32), 0))

    def _out(self, data: bytes) -> None:
        if data:
            self._at += len(data)
            self._write(data)

    def _described(self, entry: _Entry) -> bytes:
        """What both heads of an entry say alike: versions, flags, method, date."""
        flags = _STREAMED | (_SEALED if self._seal else 0)
        version = 51 if self._seal else 45 if entry.large else 20
        return struct.pack("<HHHHH", version, flags, _AES if self._seal else _DEFLATED, self._time, self._date)

    def _head(self, entry: _Entry) -> bytes:
        wide = struct.pack("<HHQQ", 1, 16, 0, 0) if entry.large else b""
        extra = wide + (_AES_EXTRA if self._seal else b"")
        unknown = _MOST_32 if entry.large else 0
        lengths = struct.pack("<IIIHH", 0, unknown, unknown, len(entry.name), len(extra))
        return b"PK\x03\x04" + self._described(entry) + lengths + entry.name + extra

    def _listed(self, entry: _Entry) -> bytes:
        far = entry.at > _MOST_32
        wide = struct.pack("<QQ", entry.length, entry.packed) if entry.large else b""
        wide += struct.pack("<Q", entry.at) if far else b""
        extra = (struct.pack("<HH", 1, len(wide)) + wide if wide else b"") + (_AES_EXTRA if self._seal else b"")
        packed, length = (_MOST_32, _MOST_32) if entry.large else (entry.packed, entry.length)
        lengths = struct.pack("<IIIHHHHHI", entry.crc, packed, length, len(entry.name), len(extra), 0, 0, 0, 0)
        place = struct.pack("<I", min(entry.at, _MOST_32))
        return b"PK\x01\x02" + struct.pack("<H", 45) + self._described(entry) + lengths + place + entry.name + extra


def _sealed(cipher: ZipCipher | None, data: bytes) -> bytes:
    return cipher.seal(data) if cipher is not None and data else data
