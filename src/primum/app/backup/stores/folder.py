"""A folder as a destination: local, or of another machine where it is mounted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from primum.app.backup.refusals import StoreRefused
from primum.app.backup.stores.model import CHUNK, Absent, checked, in_chunks
from primum.ground.disc import Disc, stream_durably, write_durably


class FolderStore:
    """Files below one folder, mode 0600, each written beside its place and renamed into it."""

    def __init__(self, root: Path, disc: Disc) -> None:
        """Keep files below `root`, which exists."""
        self._root, self._disc = root, disc
        self._made: set[Path] = set()

    @property
    def place(self) -> str:
        """The folder."""
        return str(self._root)

    def put(self, name: str, data: bytes) -> None:
        """Write, sync, rename, sync the folder."""
        with self._refusing():
            path = self._root / checked(name)
            self._make(path.parent)
            write_durably(self._disc, path, data)

    def put_file(self, name: str, source: BinaryIO) -> None:
        """Write bit by bit, else as `put`."""
        with self._refusing():
            path = self._root / checked(name)
            self._make(path.parent)
            source.seek(0)
            stream_durably(self._disc, path, iter(lambda: source.read(CHUNK), b""))

    def get(self, name: str, most: int) -> bytes:
        """Read the file."""
        with self._refusing(), self._opened(name) as file:
            data = file.read(most + 1)
        if len(data) > most:
            raise StoreRefused(place=self.place, reason="larger than can be")
        return data

    def chunks(self, name: str, most: int) -> Iterator[bytes]:
        """Read the file bit by bit."""
        with self._refusing():
            file = self._opened(name)

        def read() -> bytes:
            with self._refusing():
                return file.read(CHUNK)

        with file:
            refusal = StoreRefused(place=self.place, reason="larger than can be")
            yield from in_chunks(read, most, refusal)

    def size(self, name: str) -> int | None:
        """Look at the file."""
        with self._refusing():
            try:
                return (self._root / checked(name)).stat().st_size
            except (FileNotFoundError, NotADirectoryError):
                return None

    def names(self, prefix: str) -> Iterator[str]:
        """Walk the folder; files whose name begins with a dot are halves of interrupted writes."""
        with self._refusing():
            for folder, _, files in os.walk(self._root / prefix):
                inside = Path(folder).relative_to(self._root)
                yield from ((inside / one).as_posix() for one in files if not one.startswith("."))

    def remove(self, name: str) -> None:
        """Unlink."""
        with self._refusing():
            (self._root / checked(name)).unlink(missing_ok=True)

    def tidy(self) -> None:
        """Unlink the halves of interrupted writes."""
        with self._refusing():
            for half in self._root.rglob(".*.new"):
                half.unlink(missing_ok=True)

    def _opened(self, name: str) -> BinaryIO:
        try:
            return (self._root / checked(name)).open("rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise Absent from None

    def _make(self, folder: Path) -> None:
        if folder in self._made or folder == self._root:
            return
        self._make(folder.parent)
        if not folder.is_dir():
            self._disc.make_folder(folder)
            self._disc.sync_folder(folder.parent)
        self._made.add(folder)

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            raise StoreRefused(place=self.place, reason=reason) from None
