"""The Merkle tree of RFC 6962 section 2.1, grown leaf by leaf: only its right edge is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


class Tree:
    """A tree that only grows; `root` may be asked at any size."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        """Begin with these leaves."""
        self.size = 0
        self._edge: list[bytes] = []
        """Hashes of the complete subtrees from the left; their sizes are the bits of `size`."""
        for leaf in leaves:
            self.add(leaf)

    def add(self, leaf: bytes) -> None:
        """Append a leaf."""
        node = hashlib.sha256(b"\x00" + leaf).digest()
        carried = self.size
        while carried & 1:
            node = hashlib.sha256(b"\x01" + self._edge.pop() + node).digest()
            carried >>= 1
        self._edge.append(node)
        self.size += 1

    def root(self) -> bytes:
        """Return the root of the tree as it stands: 32 bytes."""
        if not self._edge:
            return hashlib.sha256(b"").digest()
        node = self._edge[-1]
        for left in reversed(self._edge[:-1]):
            node = hashlib.sha256(b"\x01" + left + node).digest()
        return node
