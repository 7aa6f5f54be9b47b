"""What is done with a data set while it arrives: it is hashed, and where its length can be told, stored ahead.

The length is told by native pixel data, which say theirs and are the last element of nearly every data set. Where they
are not, nothing is lost but the work: the whole is stored again as it came (docs/design/vault.md §5).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from primum.ground.errors import PrimumError
from primum.imaging import Peek, peek_first

if TYPE_CHECKING:
    from collections.abc import Callable

    from primum.vault import RecordAhead

    Begin = Callable[[Peek, int], RecordAhead | None]


class Arriving:
    """One data set in the instance buffer, from its first byte to its last. Never raises on its way."""

    def __init__(self, view: memoryview, transfer_syntax: str, begin: Begin) -> None:
        """Watch what comes into `view`. `begin` is given what the data set says of itself, and its length to be."""
        self._view, self._syntax, self._begin = view, transfer_syntax, begin
        self._digest = hashlib.sha256()
        self._length, self._looked = 0, False
        self._found: Peek | None = None
        self._foretold = 0
        self._ahead: RecordAhead | None = None

    def take(self, part: memoryview) -> None:
        """Take the next bytes, which lie in the view behind those before."""
        self._digest.update(part)
        self._length += len(part)
        try:
            if not self._looked:
                self._look()
            if self._ahead is not None:
                self._ahead.take(self._view[: self._length])
        except PrimumError:
            self.abandon()  # whole, it is refused for the same reason, in its turn

    def sha256(self) -> bytes:
        """Return the SHA-256 of what has come."""
        return self._digest.digest()

    def found(self) -> Peek | None:
        """Return what the whole says of itself, when that is known by now."""
        return self._found if self._found is not None and self._length == self._foretold else None

    def ahead(self) -> RecordAhead | None:
        """Return the record that was begun, when it is as long as was foretold; abandon it otherwise."""
        if self._ahead is not None and self._length != self._ahead.length:
            self.abandon()
        return self._ahead

    def abandon(self) -> None:
        """Cut off what was stored ahead, unless it became a record."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead.open:
            ahead.abandon()

    def _look(self) -> None:
        self._looked = True
        found = peek_first(self._view[: self._length], self._syntax)
        if isinstance(found, Peek) and found.pixels_value_at is not None and found.pixels_length is not None:
            self._found, self._foretold = found, found.pixels_value_at + found.pixels_length
            if self._foretold > self._length:
                self._ahead = self._begin(found, self._foretold)
