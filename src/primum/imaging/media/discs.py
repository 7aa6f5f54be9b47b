"""What readers of disc images share: bytes that are there or refused, files as pieces of the image, given as items."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO, Self, cast

from primum.imaging.media.items import Among, BadContainer, Item, Place, Window
from primum.imaging.media.limits import LIMITS, MediaLimits

SECTOR = 2048
FIRST = 16
"""The sector of the first volume descriptor."""


@dataclass(frozen=True, slots=True)
class ImageFile:
    """A file of a disc image."""

    place: Place
    pieces: tuple[tuple[int, int], ...]
    """Offset and length in the image: a file above 4 GiB has several."""

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return sum(length for _, length in self.pieces)


class Disc(ABC):
    """The files of a disc image; how they are found is each reader's own."""

    kind = "iso"

    def __init__(self, stream: BinaryIO, size: int, name: PurePosixPath, limits: MediaLimits = LIMITS) -> None:
        """Find the files of `stream`, which can be rewound. Raises what the reader's own description says."""
        self._stream, self._size, self._name, self._limits = stream, size, name, limits
        self._files = list(self._found())
        self._among = Among(lambda: (one.place for one in self._files))

    def count(self) -> int:
        """Count the files."""
        return len(self._files)

    def items(self) -> Iterator[Item]:
        """Give the files in the order in which they lie: a drive seeks slowly."""
        for one in sorted(self._files, key=lambda one: one.pieces[:1]):
            yield Item(
                self._name.joinpath(*one.place), one.size, lambda one=one: self._opened(one),  # type: ignore[misc]
                self._among.beside(one.place),
            )  # fmt: skip

    @abstractmethod
    def _found(self) -> Iterator[ImageFile]:
        """Find the files."""

    def _opened(self, one: ImageFile) -> BinaryIO:
        windows = [Window(self._stream, start, length) for start, length in one.pieces]
        return cast("BinaryIO", windows[0] if len(windows) == 1 else _Joined(windows))

    def _read(self, start: int, length: int) -> bytes:
        if start < 0 or length < 0 or start + length > self._size:
            raise BadContainer(what="it is cut short")
        self._stream.seek(start)
        data = self._stream.read(length)
        if len(data) != length:
            raise BadContainer(what="it is cut short")
        return data


class _Joined:
    """The pieces of a large file, one after another."""

    def __init__(self, windows: list[Window]) -> None:
        self._windows = windows

    def read(self, size: int = -1) -> bytes:
        while self._windows:
            data = self._windows[0].read(size)
            if data or size == 0:
                return data
            self._windows.pop(0)
        return b""

    def close(self) -> None:
        self._windows.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
