"""What a destination must be able to do: keep named bytes, whole or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, Protocol

from primum.ground.errors import PrimumError

CHUNK = 64 << 10
"""Bytes that are in memory of what is read or written bit by bit."""
NAME = re.compile(r"[a-z0-9][a-z0-9.-]*(/[a-z0-9][a-z0-9.-]*){0,3}")
"""Names at a destination: ours alone, safe in a path and in a URL."""


class Absent(Exception):
    """There is nothing under that name."""


class Store(Protocol):
    """A destination. Everything raises StoreRefused when the other side does."""

    @property
    def place(self) -> str:
        """How people call it; without a secret."""
        ...

    def put(self, name: str, data: bytes) -> None:
        """Keep `data` under `name`, in the place of what was there; safe at return, whole or not at all."""
        ...

    def put_file(self, name: str, source: BinaryIO) -> None:
        """Keep all that `source` has from its beginning on, as `put` does."""
        ...

    def get(self, name: str, most: int) -> bytes:
        """Give back what is under `name`; StoreRefused beyond `most` bytes. Raises Absent."""
        ...

    def chunks(self, name: str, most: int) -> Iterator[bytes]:
        """Give it back bit by bit; StoreRefused once it is beyond `most` bytes. Raises Absent."""
        ...

    def size(self, name: str) -> int | None:
        """Return how many bytes are under `name`; None where nothing is."""
        ...

    def names(self, prefix: str) -> Iterator[str]:
        """List the names that begin with `prefix`, which ends in a slash or is empty."""
        ...

    def remove(self, name: str) -> None:
        """Remove what is under `name`, if it is there."""
        ...

    def tidy(self) -> None:
        """Remove what interrupted writes left behind. Nobody else may be writing."""
        ...


def checked(name: str) -> str:
    """Return a name that is one. Raises ValueError."""
    if NAME.fullmatch(name) is None or ".." in name:
        raise ValueError("not a name of ours")
    return name


def in_chunks(read: Callable[[], bytes], most: int, refusal: PrimumError) -> Iterator[bytes]:
    """Give what `read` brings until it brings nothing. Raises `refusal` once that is beyond `most` bytes."""
    so_far = 0
    while data := read():
        so_far += len(data)
        if so_far > most:
            raise refusal
        yield data
