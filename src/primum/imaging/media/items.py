"""What a container gives: files by name, size and content, one after another, and which others lie beside one.

A name may be a patient's: it is shown to whoever imports, and goes nowhere else.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO, ClassVar, Protocol

from primum.ground.errors import PrimumError

Place = tuple[str, ...]
"""Folders and name, from a container's top."""
_READ = 1 << 20


class Unreadable(PrimumError):
    """The file cannot be read."""

    code: ClassVar[str] = "import.unreadable"
    hint: ClassVar[str] = "let the user who runs Primum read it, or copy it from its disc once more"


class PassphraseNeeded(PrimumError):
    """The archive is sealed with a passphrase."""

    code: ClassVar[str] = "import.passphrase-needed"
    hint: ClassVar[str] = "import it at a terminal: the passphrase is asked for, and never stands in a command"


class BadContainer(PrimumError):
    """The archive or disc image cannot be taken in: {what}."""

    code: ClassVar[str] = "import.bad-container"
    hint: ClassVar[str] = "copy it from its source once more, or unpack it with the program that made it"


class Bomb(PrimumError):
    """The archive unpacks to more than an archive of images could: {what}."""

    code: ClassVar[str] = "import.bomb"
    hint: ClassVar[str] = "do not unpack it; ask whoever gave it what it is"


@dataclass(frozen=True, slots=True)
class Item:
    """A file of a container. `beside` tells whether there is a file at a place counted from this one's folder."""

    name: PurePosixPath = field(repr=False)
    size: int
    open: Callable[[], BinaryIO] = field(repr=False)
    beside: Callable[[Place], bool] = field(repr=False, default=lambda _place: False)


class Container(Protocol):
    """Something that files are in."""

    kind: str

    def count(self) -> int:
        """Count the files, for the progress bar."""
        ...

    def items(self) -> Iterator[Item]:
        """Give the files."""
        ...


class Folder:
    """A folder and its subfolders; links are not followed."""

    kind = "folder"

    def __init__(self, top: Path) -> None:
        """Stand for the folder at `top`."""
        self._top = top

    def count(self) -> int:
        """Count the regular files."""
        return sum(1 for _ in self._files())

    def items(self) -> Iterator[Item]:
        """Give every regular file, folders in order of name: a scanner's export is then mostly study by study."""
        for file, size in self._files():
            yield file_item(file, size, PurePosixPath(file))

    def _files(self) -> Iterator[tuple[Path, int]]:
        for place, folders, names in os.walk(self._top, followlinks=False):
            folders.sort()
            for name in sorted(names):
                file = Path(place, name)
                try:
                    found = file.lstat()
                except OSError:
                    yield file, 0  # gone since it was listed: it is told as one that cannot be read
                    continue
                if stat.S_ISREG(found.st_mode):
                    yield file, found.st_size


def file_item(file: Path, size: int, name: PurePosixPath) -> Item:
    """Give one file of the disc."""

    def opened() -> BinaryIO:
        try:
            fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            raise Unreadable from None
        return os.fdopen(fd, "rb", buffering=0)

    return Item(name, size, opened, lambda place: _lies(file.parent, place))


def _lies(folder: Path, place: Place) -> bool:
    """Tell whether a listed file is there, whatever the case its disc was mounted in. Links lead nowhere."""
    for index, part in enumerate(place):
        for spelling in (part, part.lower(), part.upper(), f"{part};1", f"{part.lower()};1"):
            try:
                mode = (folder / spelling).lstat().st_mode
            except (OSError, ValueError):
                continue
            if stat.S_ISREG(mode) if index + 1 == len(place) else stat.S_ISDIR(mode):
                folder /= spelling
                break
        else:
            return False
    return True


class Among:
    """The places of a container whose list is at hand, compared as discs do: no case, no version, no last dot."""

    def __init__(self, places: Callable[[], Iterator[Place]]) -> None:
        """Ask `places` when first needed."""
        self._list, self._known = places, None

    _known: frozenset[Place] | None

    def beside(self, name: Place) -> Callable[[Place], bool]:
        """Give the look-up for places counted from the folder of `name`."""
        return lambda place: _folded((*name[:-1], *place)) in self._all()

    def _all(self) -> frozenset[Place]:
        if self._known is None:
            self._known = frozenset(map(_folded, self._list()))
        return self._known


def _folded(place: Place) -> Place:
    return tuple(part.partition(";")[0].rstrip(".").upper() for part in place)


class Window(io.RawIOBase):
    """Bytes `start` to `start + size` of a stream that can be rewound, as a stream of their own."""

    def __init__(self, stream: BinaryIO, start: int, size: int) -> None:
        """Look at a part of `stream`, which others may move meanwhile."""
        super().__init__()
        self._stream, self._start, self._size, self._at = stream, start, size, 0

    def readable(self) -> bool:
        """Be readable."""
        return True

    def seekable(self) -> bool:
        """Be seekable."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move."""
        self._at = max(0, offset + (0, self._at, self._size)[whence])
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Read."""
        left = max(0, self._size - self._at)
        count = left if size < 0 else min(size, left)
        self._stream.seek(self._start + self._at)
        data = self._stream.read(count) if count else b""
        self._at += len(data)
        return data


class Reopened(io.RawIOBase):
    """A stream that goes one way, made one that can be rewound: going back opens it anew and reads up to there."""

    def __init__(self, opened: Callable[[], BinaryIO], size: int) -> None:
        """Open when first read."""
        super().__init__()
        self._opened, self._size = opened, size
        self._at = self._wanted = 0
        self._stream: BinaryIO | None = None

    def readable(self) -> bool:
        """Be readable."""
        return True

    def seekable(self) -> bool:
        """Be seekable."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; nothing is read before it must be."""
        self._wanted = max(0, offset + (0, self._wanted, self._size)[whence])
        return self._wanted

    def tell(self) -> int:
        """Tell where the next read begins."""
        return self._wanted

    def read(self, size: int = -1) -> bytes:
        """Read from where it was moved to."""
        if self._wanted >= self._size:
            return b""
        if self._stream is None or self._wanted < self._at:
            self.close_inner()
            self._stream, self._at = self._opened(), 0
        while self._at < self._wanted:
            skipped = self._stream.read(min(_READ, self._wanted - self._at))
            if not skipped:
                return b""
            self._at += len(skipped)
        data = self._stream.read(size if size >= 0 else self._size - self._at)
        self._at += len(data)
        self._wanted = self._at
        return data

    def close_inner(self) -> None:
        """Let go of the stream underneath."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def close(self) -> None:
        """Close both."""
        self.close_inner()
        super().close()
