"""A ZIP that comes in: large ones, sealed ones (AES, and the old cipher), never more of it than its size allows.

What an entry is called decides nothing: no file is written under its name. What it unpacks to is bounded by what the
whole archive may (`Budget`), before anything is unpacked; entries that share their bytes are refused.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import BinaryIO, cast

from primum.imaging.media.items import (
    Among,
    BadContainer,
    Bomb,
    Item,
    PassphraseNeeded,
    Place,
    Reopened,
    Unreadable,
    Window,
)
from primum.imaging.media.limits import LIMITS, MediaLimits
from primum.vault.winzip import MAC_BYTES, SALTS, WrongZipPassphrase, ZipCipher, ZipEntryAltered, opening

BROKEN = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, NotImplementedError, OSError, ValueError,
)  # fmt: skip
"""What Python's readers raise where an archive is damaged, or of a kind that they do not know."""
_SEALED, _AES, _AES_EXTRA = 0x1, 99, 0x9901
_LOCAL = struct.Struct("<4s5H3I2H")
_PIECE = 1 << 18


class Budget:
    """What all containers that came as one may unpack to together."""

    def __init__(self, size: int, limits: MediaLimits = LIMITS) -> None:
        """Allow a multiple of `size`."""
        self._left = limits.always + limits.ratio * size

    def spend(self, count: int) -> None:
        """Take `count` bytes from it. Raises Bomb."""
        if count > self._left:
            raise Bomb(what="too many bytes for its size")
        self._left -= count


class ZipArchive:
    """The files of a ZIP."""

    kind = "zip"

    def __init__(  # noqa: PLR0917
        self, stream: BinaryIO, size: int, name: PurePosixPath, budget: Budget, passphrase: str,
        limits: MediaLimits = LIMITS,
    ) -> None:  # fmt: skip
        """Read the list of entries of `stream`, which can be rewound. Raises BadContainer, Bomb."""
        self._stream, self._name, self._passphrase = stream, name, passphrase
        try:
            if _listing_bytes(stream, size) > limits.listing_bytes:
                raise Bomb(what="its list of entries is too long")
            self._zip = zipfile.ZipFile(stream)
            self._entries = sorted(
                (one for one in self._zip.infolist() if not one.is_dir()), key=lambda one: one.header_offset
            )
        except BROKEN:
            raise BadContainer(what="its list of entries is damaged") from None
        if len(self._entries) > limits.entries:
            raise Bomb(what="too many entries")
        if sum(one.compress_size for one in self._entries) > size:
            raise Bomb(what="its entries share their bytes")
        budget.spend(sum(one.file_size for one in self._entries))
        self._among = Among(lambda: (_place(one) for one in self._entries))

    def count(self) -> int:
        """Count the files."""
        return len(self._entries)

    def items(self) -> Iterator[Item]:
        """Give the files in the order in which they lie. Raises PassphraseNeeded, WrongZipPassphrase."""
        for entry in self._entries:
            if entry.flag_bits & _SEALED and not self._passphrase:
                raise PassphraseNeeded
            place = _place(entry)
            yield Item(self._name.joinpath(*place), entry.file_size, self._opener(entry), self._among.beside(place))

    def _opener(self, entry: zipfile.ZipInfo) -> Callable[[], BinaryIO]:
        def opened() -> BinaryIO:
            try:
                if entry.compress_type == _AES:
                    return cast("BinaryIO", _AesEntry(self._stream, entry, self._passphrase))
                return cast("BinaryIO", self._zip.open(entry, pwd=self._passphrase.encode() or None))
            except RuntimeError as error:  # how Python says it of the old cipher
                if entry.flag_bits & _SEALED and "assword" in str(error):
                    raise WrongZipPassphrase from None
                raise Unreadable from None
            except BROKEN:
                raise Unreadable from None

        return opened


def _place(entry: zipfile.ZipInfo) -> Place:
    return tuple(part for part in entry.filename.replace("\\", "/").split("/") if part not in {"", ".", ".."}) or ("?",)


def _listing_bytes(stream: BinaryIO, size: int) -> int:
    """Read how long the list of entries says it is, before it is held in memory."""
    tail_at = max(0, size - 65557 - 20)
    stream.seek(tail_at)
    tail = stream.read(size - tail_at)
    end = tail.rfind(b"PK\x05\x06")
    if end < 0:
        raise BadContainer(what="it has no list of entries")
    (length,) = struct.unpack_from("<I", tail, end + 12)
    locator = tail.rfind(b"PK\x06\x07", 0, end)
    if length == 0xFFFFFFFF and locator >= 0:  # noqa: PLR2004 (ZIP64 knows)
        stream.seek(struct.unpack_from("<Q", tail, locator + 8)[0])
        (length,) = struct.unpack_from("<Q", stream.read(56), 40)
    return int(length)


class _AesEntry(io.RawIOBase):
    """One entry sealed with AES: opened, unpacked, and compared with its seal at the end."""

    def __init__(self, stream: BinaryIO, entry: zipfile.ZipInfo, passphrase: str) -> None:
        super().__init__()
        strength, self._method = _aes_extra(entry)
        stream.seek(entry.header_offset)
        head = _LOCAL.unpack(stream.read(_LOCAL.size))
        before = SALTS[strength] + 2
        self._at = entry.header_offset + _LOCAL.size + head[-2] + head[-1]
        stream.seek(self._at)
        self._cipher: ZipCipher = opening(passphrase, stream.read(before), strength)
        self._at += before
        self._sealed = entry.compress_size - before - MAC_BYTES
        self._stream, self._clear, self._left = stream, b"", entry.file_size
        self._engine = zlib.decompressobj(-zlib.MAX_WBITS)
        if self._sealed < 0 or self._method not in {0, 8}:
            raise Unreadable

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes; the last ones only after the seal was compared."""
        wanted = self._left if size < 0 else min(size, self._left)
        parts: list[bytes] = []
        while wanted > 0:
            if not self._clear and not self._fill(wanted):
                break
            part, self._clear = self._clear[:wanted], self._clear[wanted:]
            parts.append(part)
            wanted -= len(part)
            self._left -= len(part)
        return b"".join(parts)

    def _fill(self, wanted: int) -> bool:
        while not self._clear:
            if self._engine.unconsumed_tail:
                self._clear = self._engine.decompress(self._engine.unconsumed_tail, max(wanted, _PIECE))
                continue
            if not self._sealed:
                return False
            self._stream.seek(self._at)
            sealed = self._stream.read(min(_PIECE, self._sealed))
            if not sealed:
                raise ZipEntryAltered
            self._at += len(sealed)
            self._sealed -= len(sealed)
            clear = self._cipher.open(sealed)
            if not self._sealed:
                self._cipher.verify(self._stream.read(MAC_BYTES))
            self._clear = clear if self._method == 0 else self._engine.decompress(clear, max(wanted, _PIECE))
        return True


def _aes_extra(entry: zipfile.ZipInfo) -> tuple[int, int]:
    """Read strength and method of a sealed entry."""
    at, extra = 0, entry.extra
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == _AES_EXTRA and length == 7:  # noqa: PLR2004 (its length)
            strength, method = struct.unpack_from("<BH", extra, at + 8)
            if strength in SALTS:
                return strength, method
        at += 4 + length
    raise Unreadable


def rewindable(item: Item) -> BinaryIO:
    """Open an item so that it can be rewound: as it is where that is quick, else by opening it anew."""
    stream = item.open()
    if isinstance(stream, io.FileIO):
        return io.BufferedReader(stream)
    if isinstance(stream, Window):
        return cast("BinaryIO", stream)
    stream.close()
    return cast("BinaryIO", Reopened(item.open, item.size))
