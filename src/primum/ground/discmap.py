"""Mappings that lie on disc: for a job that has something to note of every study, however many there are.

Each is sealed under a key that nobody keeps, in a file that has no name: what a process that was killed leaves behind
is free room, and nothing of it can be read again.
"""

from __future__ import annotations

import errno
import os
import secrets
import tempfile
import weakref
from collections.abc import Callable, Iterator, MutableMapping, ValuesView
from pathlib import Path
from typing import Any, Generic, TypeVar

from sqlcipher3 import dbapi2

_T = TypeVar("_T")
CACHE_KIB = 256
"""Pages held in memory of a mapping: enough for names that come in order, or nearly so."""
_AT_ONCE = 64
"""Rows read at once by who goes through all of them."""


class DiscMap(MutableMapping[str, bytes]):
    """Bytes by name, in the order in which the names came. One thread at a time.

    It may be changed while it is gone through; what is removed then may still come. Everything raises OSError when the
    disc refuses.
    """

    def __init__(self, folder: Path, cache_kib: int = CACHE_KIB) -> None:
        """Keep them in a nameless file on the disc of `folder`, which exists."""
        handle, name = tempfile.mkstemp(prefix=".aside-", dir=folder)
        os.close(handle)
        try:
            raw: Any = dbapi2.connect(name, check_same_thread=False, isolation_level=None)
            weakref.finalize(self, raw.close)
            self._cursor = raw.cursor()  # one: the driver keeps a note of each of the last hundreds
            self._run(f"PRAGMA key = \"x'{secrets.token_hex(32)}'\"")
            self._run("PRAGMA cipher_log_level = NONE")
            self._run("PRAGMA cipher_memory_security = OFF")
            self._run(f"PRAGMA cache_size = -{cache_kib}")
            self._run("PRAGMA journal_mode = OFF")
            self._run("PRAGMA synchronous = OFF")
            self._run("BEGIN EXCLUSIVE")  # never ended: pages go to the disc when the cache is full, and not before
            self._run("CREATE TABLE kept (n INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, value BLOB NOT NULL)")
        finally:
            Path(name).unlink()

    def __setitem__(self, name: str, value: bytes) -> None:
        self._run(
            "INSERT INTO kept (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )

    def __getitem__(self, name: str) -> bytes:
        for (value,) in self._run("SELECT value FROM kept WHERE name = ?", (name,)):
            return bytes(value)
        raise KeyError(name)

    def __delitem__(self, name: str) -> None:
        if not self._run("DELETE FROM kept WHERE name = ? RETURNING n", (name,)):
            raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return bool(self._run("SELECT 1 FROM kept WHERE name = ?", (name,)))

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self.rows())

    def __len__(self) -> int:
        return int(self._run("SELECT count(*) FROM kept")[0][0])

    def __bool__(self) -> bool:
        return bool(self._run("SELECT 1 FROM kept LIMIT 1"))

    def add(self, name: str) -> None:
        """Note a name alone."""
        self[name] = b""

    def rows(self) -> Iterator[tuple[str, bytes]]:
        """Go through names and bytes, a few at a time."""
        sql, last = "SELECT n, name, value FROM kept WHERE n > ? ORDER BY n LIMIT ?", 0
        while found := self._run(sql, (last, _AT_ONCE)):
            last = found[-1][0]
            yield from ((name, bytes(value)) for _, name, value in found)

    def _run(self, sql: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        try:
            found: list[tuple[Any, ...]] = self._cursor.execute(sql, values).fetchall()
        except dbapi2.DatabaseError as error:
            number = errno.ENOSPC if "full" in str(error) else errno.EIO
            raise OSError(number, os.strerror(number)) from error
        return found


class CodedMap(MutableMapping[str, _T], Generic[_T]):
    """Things by name on disc, as `encode` writes them and `decode` reads them. Otherwise as DiscMap."""

    def __init__(self, folder: Path, encode: Callable[[_T], bytes], decode: Callable[[bytes], _T]) -> None:
        """Keep them in a nameless file on the disc of `folder`, which exists."""
        self._kept, self._encode, self._decode = DiscMap(folder), encode, decode

    def __setitem__(self, name: str, thing: _T) -> None:
        self._kept[name] = self._encode(thing)

    def __getitem__(self, name: str) -> _T:
        return self._decode(self._kept[name])

    def __delitem__(self, name: str) -> None:
        del self._kept[name]

    def __contains__(self, name: object) -> bool:
        return name in self._kept

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def __bool__(self) -> bool:
        return bool(self._kept)

    def values(self) -> ValuesView[_T]:
        """Give everything, without looking for each name again."""
        return _Values(self)

    def things(self) -> Iterator[_T]:
        """Go through everything, a few at a time."""
        return (self._decode(value) for _, value in self._kept.rows())


class _Values(ValuesView[_T]):
    def __init__(self, of: CodedMap[_T]) -> None:
        super().__init__(of)
        self._of = of

    def __iter__(self) -> Iterator[_T]:
        return self._of.things()
