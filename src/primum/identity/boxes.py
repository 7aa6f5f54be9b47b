"""How this room seals small secrets without knowing the room `vault`: a box is handed in.

Apart from `certificates.py`, so that the DICOM door reads its snapshot without loading all of X.509.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Box(Protocol):
    """Something that seals small secrets under a key of its own; `open` raises when it was not sealed for this."""

    def seal(self, purpose: str, data: bytes) -> bytes:
        """Seal `data` for one purpose."""
        ...

    def open(self, purpose: str, sealed: bytes) -> bytes:
        """Open what was sealed for this purpose."""
        ...


class SealedBox:
    """A Box made of a key and two functions, such as `vault.seal_small` and `vault.open_small`."""

    def __init__(
        self, key: bytes, seal: Callable[[bytes, str, bytes], bytes], open_: Callable[[bytes, str, bytes], bytes]
    ) -> None:
        """Seal with `seal(key, purpose, data)`, open with `open_(key, purpose, sealed)`."""
        self._key = key
        self._seal = seal
        self._open = open_

    def seal(self, purpose: str, data: bytes) -> bytes:
        """Seal `data` for one purpose."""
        return self._seal(self._key, purpose, data)

    def open(self, purpose: str, sealed: bytes) -> bytes:
        """Open what was sealed for this purpose."""
        return self._open(self._key, purpose, sealed)
