"""The storage folder of an Orthanc, read without Orthanc: files named by UUID in xx/yy/, its index beside them.

The index (SQLite, the file `index`) says which files are whole DICOM instances, how they are packed and what their MD5
is. Without one (PostgreSQL keeps it elsewhere) each file is taken for what it is; then what Orthanc kept besides an
instance, its header until the pixel data, is told by having no pixels where its header announces some.
Orthanc has to be stopped: its index is locked while it runs, and half of what it writes is elsewhere.
"""

from __future__ import annotations

import hashlib
import io
import re
import sqlite3
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, ClassVar, cast
from urllib.parse import quote

from primum.ground.errors import PrimumError
from primum.imaging.media.items import Bomb, Item, Unreadable, file_item

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_PREFIX = 8
"""Bytes before a packed file: how long it is unpacked."""
_MOST = 1032
"""What zlib can pack to one byte at most: a file that claims more lies."""
_PIECE = 1 << 18
_DICOM, _PLAIN, _PACKED = 1, 1, 2
_HEX = 2


class NoOrthanc(PrimumError):
    """The folder is not the storage of an Orthanc."""

    code: ClassVar[str] = "migrate.no-orthanc"
    hint: ClassVar[str] = "give its StorageDirectory: it holds folders named 00 to ff, and mostly a file named index"


class OrthancRuns(PrimumError):
    """The index of this Orthanc cannot be read while it runs."""

    code: ClassVar[str] = "migrate.orthanc-runs"
    hint: ClassVar[str] = "stop Orthanc, or copy its storage and index elsewhere, then migrate from there"


@dataclass(frozen=True, slots=True)
class _Attached:
    packed: bool
    size: int
    md5: str


class OrthancFolder:
    """What an Orthanc kept."""

    kind = "orthanc"

    def __init__(self, top: Path) -> None:
        """Read the index, where there is one. Raises NoOrthanc, OrthancRuns."""
        self._top = top
        index = top / "index"
        fans = self._folders(top) if top.is_dir() else []
        if not fans and not index.is_file():
            raise NoOrthanc
        self.attached = _read_index(index) if index.is_file() else None

    def count(self) -> int:
        """Count the instances that the index knows, or the files."""
        return len(self.attached) if self.attached is not None else sum(1 for _ in self._files())

    def items(self) -> Iterator[Item]:
        """Give the instances."""
        if self.attached is None:
            for file in self._files():
                yield self._guessed(file)
            return
        for uuid, one in self.attached.items():
            file = self._top / uuid[:2] / uuid[2:4] / uuid
            yield _item(file, one)

    def _files(self) -> Iterator[Path]:
        for first in self._folders(self._top):
            for second in self._folders(first):
                for file in sorted(second.iterdir()):
                    if _UUID.fullmatch(file.name) and file.name.startswith(first.name + second.name):
                        yield file

    @staticmethod
    def _folders(place: Path) -> list[Path]:
        return sorted(
            one
            for one in place.iterdir()
            if len(one.name) == _HEX and not set(one.name) - set("0123456789abcdef") and one.is_dir()
        )

    def _guessed(self, file: Path) -> Item:
        try:
            size = file.lstat().st_size
            with file_item(file, size, PurePosixPath(file)).open() as stream:
                first = stream.read(_PREFIX + 2)
        except (OSError, Unreadable):
            return _item(file, _Attached(packed=False, size=0, md5=""))
        packed = _begins_packed(first)
        return _item(
            file, _Attached(packed=packed, size=struct.unpack_from("<Q", first)[0] if packed else size, md5="")
        )


def _begins_packed(first: bytes) -> bool:
    """Tell whether a file begins with its length and a zlib header (RFC 1950 2.2)."""
    if len(first) < _PREFIX + 2 or first[_PREFIX] != 0x78:  # noqa: PLR2004 (deflate, 32 KiB)
        return False
    return (first[_PREFIX] << 8 | first[_PREFIX + 1]) % 31 == 0


def _read_index(index: Path) -> dict[str, _Attached]:
    try:
        connection = sqlite3.connect(f"file:{quote(str(index))}?mode=ro", uri=True, timeout=1)
        try:
            rows = connection.execute(
                "SELECT uuid, compressionType, uncompressedSize, uncompressedMD5 FROM AttachedFiles"
                " WHERE fileType = ? ORDER BY id",
                (_DICOM,),
            ).fetchall()
        finally:
            connection.close()
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise OrthancRuns from None
        raise NoOrthanc from None
    except sqlite3.DatabaseError:
        raise NoOrthanc from None
    found = {}
    for uuid, packing, size, md5 in rows:
        if not isinstance(uuid, str) or not _UUID.fullmatch(uuid) or packing not in {_PLAIN, _PACKED}:
            raise NoOrthanc  # a kind of storage that this version does not know: nothing is guessed
        found[uuid] = _Attached(packing == _PACKED, int(size), str(md5 or "").lower())
    return found


def _item(file: Path, one: _Attached) -> Item:
    try:
        on_disc = file.lstat().st_size
    except OSError:
        on_disc = 0
    plain = file_item(file, on_disc, PurePosixPath(file))
    if one.packed:
        return Item(plain.name, one.size, _checked(lambda: _unpacked(plain.open(), one.size, on_disc), one))
    return Item(plain.name, one.size, _checked(plain.open, one))


def _unpacked(stream: BinaryIO, size: int, on_disc: int) -> BinaryIO:
    if size > on_disc * _MOST:
        stream.close()
        raise Bomb(what="a file says that it is longer than it can be")
    stream.seek(_PREFIX)
    return cast("BinaryIO", _Inflated(stream))


class _Inflated(io.RawIOBase):
    """A zlib stream, unpacked as it is read."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream, self._engine = stream, zlib.decompressobj()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """Read at most `size` bytes; fewer does not mean the end."""
        while not self._engine.eof:
            packed = self._engine.unconsumed_tail or self._stream.read(_PIECE)
            if not packed:
                raise OSError("cut short")
            clear = self._engine.decompress(packed, max(size, 0) or _PIECE)
            if clear:
                return clear
        return b""

    def close(self) -> None:
        self._stream.close()
        super().close()


def _checked(opened: Callable[[], BinaryIO], one: _Attached) -> Callable[[], BinaryIO]:
    return (lambda: cast("BinaryIO", _Hashed(opened(), one))) if one.md5 else opened


class _Hashed(io.RawIOBase):
    """A stream whose last bytes are given only where the whole has the MD5 that the index says."""

    def __init__(self, stream: BinaryIO, one: _Attached) -> None:
        super().__init__()
        self._stream, self._left, self._md5 = stream, one.size, one.md5
        self._hash = hashlib.md5(usedforsecurity=False)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._hash.update(data)
        self._left -= len(data)
        if data and self._left <= 0 and self._hash.hexdigest() != self._md5:
            raise OSError("other bytes than the index says")
        return data

    def close(self) -> None:
        self._stream.close()
        super().close()
