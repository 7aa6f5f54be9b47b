"""A disc image, read without mounting it: ISO 9660 (ECMA-119), with Joliet's names where the disc has them.

Our own small reader: the library there is under the LGPL (decision 0074). Of a disc that has UDF beside it, this is
what is read (PS3.12 annex F asks for it); one of UDF alone is udf.py's.
Every offset and length is compared with the image before it is used; a folder is entered once.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from primum.imaging.media.discs import FIRST, SECTOR, Disc, ImageFile
from primum.imaging.media.items import BadContainer, Place

MARK = b"CD001"
MARK_AT = FIRST * SECTOR + 1
_DESCRIPTORS = 64
"""Volume descriptors looked at: a disc has three or four."""
_JOLIET = {b"%/@", b"%/C", b"%/E"}
_IS_FOLDER, _GOES_ON = 0x02, 0x80
_ENDED, _PRIMARY, _SUPPLEMENTARY = 255, 1, 2


class DiscImage(Disc):
    """The files of a disc image of ISO 9660. Raises BadContainer."""

    def _found(self) -> Iterator[ImageFile]:
        self._joliet, self._root = self._descriptors()
        return self._walk()

    def _descriptors(self) -> tuple[bool, tuple[int, int]]:
        primary: tuple[int, int] | None = None
        for number in range(FIRST, FIRST + _DESCRIPTORS):
            one = self._read(number * SECTOR, SECTOR)
            if one[1:6] != MARK or one[0] == _ENDED:
                break
            if one[0] == _PRIMARY and primary is None:
                primary = _extent(one, 156)
            if one[0] == _SUPPLEMENTARY and one[88:91] in _JOLIET:
                return True, _extent(one, 156)
        if primary is None:
            raise BadContainer(what="it has no volume descriptor")
        return False, primary

    def _walk(self) -> Iterator[ImageFile]:
        waiting: list[tuple[Place, tuple[int, int]]] = [((), self._root)]
        seen: set[int] = set()
        count = 0
        while waiting:
            place, (start, length) = waiting.pop()
            if start in seen:
                continue
            seen.add(start)
            if length > self._limits.folder_bytes or len(place) > self._limits.folders_deep:
                raise BadContainer(what="a folder is too large or too deep")
            data = self._read(start, length)
            begun: list[tuple[int, int]] = []
            for flags, name, extent in self._records(data):
                here = (*place, name)
                if flags & _IS_FOLDER:
                    waiting.append((here, extent))
                    continue
                begun.append(extent)
                if not flags & _GOES_ON:
                    yield ImageFile(here, tuple(begun))
                    begun = []
                count += 1
                if count > self._limits.entries:
                    raise BadContainer(what="it has too many files")

    def _records(self, data: bytes) -> Iterator[tuple[int, str, tuple[int, int]]]:
        """Give the records of a folder; none lies across two sectors."""
        at = 0
        while at < len(data):
            length = data[at]
            if length == 0:
                at = (at // SECTOR + 1) * SECTOR
                continue
            if length < 34 or at + length > len(data) or 33 + data[at + 32] > length:  # noqa: PLR2004 (ECMA-119 9.1)
                raise BadContainer(what="a folder is damaged")
            raw = data[at + 33 : at + 33 + data[at + 32]]
            if raw not in {b"\0", b"\1"}:  # the folder itself, and the one above
                yield data[at + 25], self._text(raw), _extent(data, at)
            at += length

    def _text(self, raw: bytes) -> str:
        text = raw.decode("utf-16-be" if self._joliet else "latin-1", "replace").partition(";")[0]
        return text.replace("/", "_").replace("\0", "_") or "_"


def _extent(data: bytes, at: int) -> tuple[int, int]:
    first, length = struct.unpack_from("<I4xI", data, at + 2)
    return first * SECTOR, length
