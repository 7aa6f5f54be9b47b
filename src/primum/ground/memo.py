"""What was read of a database, remembered exactly as long as it is true (docs/decisions/0119).

SQLite tells each connection a number that changes whenever another one has committed. Asking for it takes a few
microseconds: a remembered answer is given only while that number is the one under which it was read, so that a change
committed anywhere, by any process, is seen by the next question.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from sqlalchemy.engine import Engine

_Kept = TypeVar("_Kept")


class Memo:
    """Answers about one database, the least recently used forgotten first. Safe to share between threads."""

    def __init__(self, engine: Engine, room: int) -> None:
        """Remember `room` answers about the database of `engine`."""
        self._engine, self._room = engine, room
        self._raw: Any = None
        self._version = -1
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._guard = threading.Lock()

    def get(self, key: Hashable, read: Callable[[], _Kept | None]) -> _Kept | None:
        """Return what `read` answers, or answered since the last change. None is never remembered.

        `read` begins a transaction of its own: what it finds is of the version asked for here, or newer.
        """
        with self._guard:
            version = self._look()
            found: _Kept | None = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
        made = read()
        if made is None:
            return None
        with self._guard:
            if version == self._version:
                self._kept[key] = made
                while len(self._kept) > self._room:
                    self._kept.popitem(last=False)
        return made

    def again(self, key: Hashable) -> bool:
        """Tell whether this was asked before since the last change."""
        with self._guard:
            self._look()
            before = key in self._kept
            self._kept[key] = True
            while len(self._kept) > self._room:
                self._kept.popitem(last=False)
        return before

    def _look(self) -> int:
        """Ask which version the database has, and forget what is of another."""
        if self._raw is None:
            # one that nobody writes with: a connection is not told of what it commits itself
            pooled = self._engine.raw_connection()
            self._raw = pooled.driver_connection
            pooled.detach()
        version = int(self._raw.execute("PRAGMA data_version").fetchone()[0])
        if version != self._version:
            self._kept.clear()
            self._version = version
        return version
