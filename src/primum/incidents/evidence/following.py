"""Follows the chains of a bundle, line by line, up to the heads that are in the bundle. Pure."""

from __future__ import annotations

import hashlib
from typing import Final

from primum.incidents.evidence.model import BundleRefused
from primum.journal.heads import parse_leaf

LEAVES: Final = "journal/heads/leaves"
LEAVES_BYTES: Final = 256 << 20
"""A leaf for each chain that grew, each hour, for a century."""
_DIGITS: Final = 64
_LINE: Final = 1 << 20
"""Longer than any line, and than anything that a crash leaves between two."""


class Heads:
    """What the heads of a bundle say of each chain."""

    def __init__(self) -> None:
        """Know of none yet: the leaves come before the chains."""
        self._kept: list[bytes] = []
        self._wanted: dict[str, dict[int, str]] | None = None
        self.wrong: set[str] = set()
        """Chains that do not follow."""

    def take(self, piece: bytes) -> None:
        """Take a piece of the leaves."""
        self._kept.append(piece)

    def of(self, chain: str) -> dict[int, str]:
        """Give the heads of a chain: hash by number of lines. Raises BundleRefused."""
        if self._wanted is None:
            self._wanted = {}
            for text in b"".join(self._kept).decode("ascii", "replace").splitlines():
                try:
                    leaf = parse_leaf(text)
                except ValueError:
                    raise BundleRefused(what="a head cannot be read") from None
                self._wanted.setdefault(leaf.chain, {})[leaf.head.lines] = leaf.head.hash
        return self._wanted.get(chain, {})


class Chain:
    """One chain, taken piece by piece."""

    def __init__(self, name: str, heads: Heads) -> None:
        """Follow `name` (`access/2026-11/web-1`)."""
        self._name, self._heads, self._wanted = name, heads, dict(heads.of(name))
        self._last, self._lines, self._rest = "0" * _DIGITS, 0, b""

    def take(self, piece: bytes) -> None:
        """Take a piece."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        self._rest = self._rest[-_LINE:]
        for line in lines:
            digest = hashlib.sha256(self._last.encode() + line[_DIGITS:]).hexdigest()
            if digest.encode() == line[:_DIGITS]:  # what a crash left between two lines follows from none
                self._last, self._lines = digest, self._lines + 1
                if self._wanted.pop(self._lines, digest) != digest:
                    self._heads.wrong.add(self._name)

    def end(self) -> None:
        """Note whether it reached all of its heads."""
        if self._wanted:
            self._heads.wrong.add(self._name)
