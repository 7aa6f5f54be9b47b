"""The digest of a data set in its record's trailer: which one, by format version (docs/design/vault.md §4.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol

from blake3 import blake3

if TYPE_CHECKING:
    from typing_extensions import Buffer

Algorithm = Literal["sha256", "blake3"]


class Hasher(Protocol):
    """A digest at work."""

    def update(self, data: Buffer, /) -> object:
        """Take the next bytes."""
        ...

    def digest(self) -> bytes:
        """Return the 32 bytes for what was taken so far."""
        ...


class Digest(NamedTuple):
    """A digest of a data set, and by which algorithm."""

    algorithm: Algorithm
    value: bytes


_BY_VERSION: Final[dict[int, Algorithm]] = {1: "sha256", 2: "blake3"}
_BEGIN: Final[dict[Algorithm, Callable[[], Hasher]]] = {"sha256": hashlib.sha256, "blake3": blake3}


def algorithm_of(version: int) -> Algorithm:
    """Return the algorithm of records of this format version."""
    return _BY_VERSION[version]


def begin_digest(algorithm: Algorithm) -> Hasher:
    """Begin a digest."""
    return _BEGIN[algorithm]()


def digest_of(data: Buffer, algorithm: Algorithm) -> Digest:
    """Return the digest of what is all there."""
    hasher = begin_digest(algorithm)
    hasher.update(data)
    return Digest(algorithm, hasher.digest())
