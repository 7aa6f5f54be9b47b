"""A disc image in UDF, read without mounting it: ECMA-167 as OSTA UDF 1.02, 1.50, 2.00 and 2.01 use it (decision 0074).

One partition of type 1; file entries with short, long or embedded allocation. What later versions and rewritable discs
add (virtual, sparable, metadata partitions, other strategies) is refused by its name, never guessed.
Every descriptor's checksum and CRC are compared; every extent with the image; an entry is entered once.
"""

from __future__ import annotations

import binascii
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from primum.ground.errors import PrimumError
from primum.imaging.media.discs import FIRST, SECTOR, Disc, ImageFile
from primum.imaging.media.items import BadContainer, Place

_ANCHOR = 256
"""The block of the anchor (ECMA-167 3/8.4.2.1); its copies are the last block, and 256 before it."""
_BLOCKS = (2048, 512, 4096)
"""Bytes of a block: of optical discs, of sticks, of large discs."""
_DESCRIPTORS = 64
"""Descriptors of a volume: a disc has six or seven."""
_EXTENTS = 100_000
"""Extents of one file: a packet-written disc has one for each 64 KiB."""
_TAG = 16
_ID_ANCHOR = 2
_ID_FILE_SET, _ID_NAME, _ID_MORE, _ID_ENTRY, _ID_LONG_ENTRY = 256, 257, 258, 261, 266
_SHORT, _LONG, _EMBEDDED = 0, 1, 3
_RECORDED, _GOES_ON = 0, 3
_FOLDER, _FILES = 4, frozenset({0, 5})
_IS_FOLDER, _DELETED, _PARENT = 0x02, 0x04, 0x08
_STRATEGY = 4
_LENGTH = 0x3FFFFFFF


class UdfUnknown(PrimumError):
    """The disc image is in a form of UDF that this version does not read: {what}."""

    code: ClassVar[str] = "import.udf"
    hint: ClassVar[str] = "mount the image or put the disc in a drive, then import its folder"


class _At(NamedTuple):
    """A block of the partition, and how many bytes there are."""

    block: int
    length: int


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file entry: what it is, how long, and where its content lies: pieces of the image, or the content itself."""

    kind: int
    size: int
    pieces: tuple[tuple[int, int], ...]


class UdfImage(Disc):
    """The files of a disc image of UDF. Raises BadContainer, UdfUnknown."""

    def _found(self) -> Iterator[ImageFile]:
        self._block, sequence = self._anchor()
        self._start, self._length, self._file_set = self._volume(sequence)
        return self._walk()

    # -- bytes --

    def _offset(self, block: int, length: int) -> int:
        """Tell where bytes of the partition lie in the image."""
        if block * self._block + length > self._length:
            raise BadContainer(what="an extent lies outside its partition")
        return self._start + block * self._block

    def _descriptor(self, at: _At, *ids: int) -> bytes:
        """Read one block of the partition that has to be one of these descriptors."""
        data = self._read(self._offset(at.block, self._block), self._block)
        if _tag(data) not in ids:
            raise BadContainer(what="a descriptor is damaged")
        return data

    # -- the volume --

    def _anchor(self) -> tuple[int, bytes]:
        for block in _BLOCKS:
            last = self._size // block - 1
            for number in dict.fromkeys((_ANCHOR, last - _ANCHOR, last)):
                if 0 < number <= last:
                    data = self._read(number * block, block)
                    if _tag(data) == _ID_ANCHOR:
                        return block, data
        raise BadContainer(what="it has no anchor")

    def _volume(self, anchor: bytes) -> tuple[int, int, _At]:
        """Read the volume's descriptors, or their copy: where the partition is, and its file set."""
        for at in (16, 24):
            length, first = struct.unpack_from("<II", anchor, at)
            found = self._sequence(first, length)
            if found is not None:
                return found
        raise BadContainer(what="it has no volume descriptor")

    def _sequence(self, first: int, length: int) -> tuple[int, int, _At] | None:
        partitions: dict[int, tuple[int, int]] = {}
        volume: bytes | None = None
        block, left = first, length // self._block
        for _ in range(_DESCRIPTORS):
            if left <= 0 or (block + 1) * self._block > self._size:
                break
            data = self._read(block * self._block, self._block)
            match _tag(data):
                case 3:  # a pointer to where the sequence goes on
                    length, block = struct.unpack_from("<II", data, 20)
                    left = length // self._block
                    continue
                case 5:  # a partition
                    partitions[struct.unpack_from("<H", data, 22)[0]] = struct.unpack_from("<II", data, 188)
                case 6:  # the logical volume
                    volume = data
                case None | 8:  # nothing, or the end
                    break
                case _:
                    pass
            block, left = block + 1, left - 1
        return self._partition(volume, partitions) if volume is not None and partitions else None

    def _partition(self, volume: bytes, partitions: dict[int, tuple[int, int]]) -> tuple[int, int, _At]:
        (size,) = struct.unpack_from("<I", volume, 212)
        if size != self._block:
            raise UdfUnknown(what=f"blocks of {size} bytes")
        length, count = struct.unpack_from("<II", volume, 264)
        if count != 1 or length > self._block - 440:
            raise UdfUnknown(what=_extra_map(volume[440 : 440 + length]))
        if volume[440:442] != b"\1\6":
            raise UdfUnknown(what=_extra_map(volume[440:504]))
        start, blocks = partitions.get(struct.unpack_from("<H", volume, 444)[0], (0, 0))
        if not blocks or (start + 1) * self._block > self._size:
            raise BadContainer(what="its partition is not there")
        return start * self._block, blocks * self._block, _long(volume, 248)

    # -- files --

    def _walk(self) -> Iterator[ImageFile]:
        root = _long(self._descriptor(self._file_set, _ID_FILE_SET), 400)
        waiting: list[tuple[Place, _At]] = [((), root)]
        seen: set[int] = set()
        count = 0
        while waiting:
            place, icb = waiting.pop()
            if icb.block in seen:
                continue
            seen.add(icb.block)
            entry = self._entry(icb)
            if (
                entry.kind != _FOLDER
                or entry.size > self._limits.folder_bytes
                or len(place) > self._limits.folders_deep
            ):
                raise BadContainer(what="a folder is too large or too deep")
            for is_folder, name, at in _names(self._content(entry)):
                count += 1
                if count > self._limits.entries:
                    raise BadContainer(what="it has too many files")
                here = (*place, name)
                if is_folder:
                    waiting.append((here, at))
                    continue
                found = self._entry(at)
                if found.kind in _FILES:
                    yield ImageFile(here, found.pieces)

    def _entry(self, icb: _At) -> _Entry:
        data = self._descriptor(icb, _ID_ENTRY, _ID_LONG_ENTRY)
        (strategy,), kind = struct.unpack_from("<H", data, 20), data[27]
        (flags,), (size,) = struct.unpack_from("<H", data, 34), struct.unpack_from("<Q", data, 56)
        if strategy != _STRATEGY:
            raise UdfUnknown(what=f"allocation strategy {strategy}")
        lengths, begin = (168, 176) if _tag(data) == _ID_ENTRY else (208, 216)
        attributes, allocated = struct.unpack_from("<II", data, lengths)
        at = begin + attributes
        if at + allocated > len(data):
            raise BadContainer(what="a file entry is damaged")
        if flags & 7 == _EMBEDDED:
            if size > allocated:
                raise BadContainer(what="a file entry is damaged")
            where = self._offset(icb.block, self._block) + at
            return _Entry(kind, size, ((where, size),) if size else ())
        if flags & 7 not in {_SHORT, _LONG}:
            raise UdfUnknown(what="extended allocation descriptors")
        pieces = tuple(self._pieces(data[at : at + allocated], size, long=flags & 7 == _LONG))
        return _Entry(kind, size, pieces)

    def _pieces(self, allocation: bytes, size: int, *, long: bool) -> Iterator[tuple[int, int]]:
        """Give where a file's content lies, through as many blocks of descriptors as there are."""
        left, step, count = size, 16 if long else 8, 0
        at = 0
        while left > 0 and at + step <= len(allocation):
            raw, block = struct.unpack_from("<II", allocation, at)
            at, length, kind, count = at + step, raw & _LENGTH, raw >> 30, count + 1
            if count > _EXTENTS:
                raise BadContainer(what="a file has too many extents")
            if length == 0:
                break
            if kind == _GOES_ON:
                more = self._descriptor(_At(block, length), _ID_MORE)
                (listed,) = struct.unpack_from("<I", more, 20)
                allocation, at = more[24 : 24 + min(listed, self._block - 24)], 0
                continue
            if kind != _RECORDED:
                raise UdfUnknown(what="a file with holes")
            taken = min(length, left)
            yield self._offset(block, taken), taken
            left -= taken
        if left > 0:
            raise BadContainer(what="a file is shorter than it says")

    def _content(self, entry: _Entry) -> bytes:
        return b"".join(self._read(start, length) for start, length in entry.pieces)


def _tag(data: bytes) -> int | None:
    """Give the identifier of a descriptor whose checksum and CRC are right (ECMA-167 3/7.2); None of anything else."""
    if len(data) < _TAG:
        return None
    identifier, _, checksum, _, _, crc, length, _ = struct.unpack_from("<HHBBHHHI", data)
    if (sum(data[:4]) + sum(data[5:_TAG])) & 0xFF != checksum or _TAG + length > len(data):
        return None
    return int(identifier) if binascii.crc_hqx(data[_TAG : _TAG + length], 0) == crc else None


def _long(data: bytes, at: int) -> _At:
    raw, block, partition = struct.unpack_from("<IIH", data, at)
    if partition != 0:
        raise BadContainer(what="an extent lies outside its partition")
    return _At(block, raw & _LENGTH)


def _names(data: bytes) -> Iterator[tuple[bool, str, _At]]:
    """Give the names of a folder: whether each is a folder, its text, its file entry (ECMA-167 4/14.4)."""
    at = 0
    while at < len(data):
        if at + 38 > len(data):
            raise BadContainer(what="a folder is damaged")
        flags, name_length = data[at + 18], data[at + 19]
        (use,) = struct.unpack_from("<H", data, at + 36)
        end = at + 38 + use + name_length
        if _tag(data[at : end + 3]) != _ID_NAME or end > len(data):
            raise BadContainer(what="a folder is damaged")
        if not flags & (_DELETED | _PARENT):
            yield bool(flags & _IS_FOLDER), _text(data[at + 38 + use : end]), _long(data, at + 20)
        at = (end + 3) // 4 * 4


def _text(raw: bytes) -> str:
    """Read a name in OSTA compressed Unicode (UDF 2.1.1)."""
    text = raw[1:].decode("utf-16-be" if raw[:1] == b"\x10" else "latin-1", "replace")
    text = text.replace("/", "_").replace("\0", "_")
    return text if text not in {"", ".", ".."} else "_"


def _extra_map(maps: bytes) -> str:
    for kind in ("Virtual", "Sparable", "Metadata"):
        if f"*UDF {kind} Partition".encode() in maps:
            return f"a {kind.lower()} partition"
    return "several partitions"


def is_udf(first: bytes) -> bool:
    """Tell by the first 38 KiB whether it is a disc image of UDF (ECMA-167 part 2: BEA01 among its first sectors)."""
    sectors = range(FIRST * SECTOR, (FIRST + 3) * SECTOR, SECTOR)
    return any(first[at + 1 : at + 6] == b"BEA01" for at in sectors)
