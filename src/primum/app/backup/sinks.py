"""Where a run puts what it copies: pieces at a store, or a stage of hard links for restic.

A sink is told of each file once, with what the generation before knew of it, and says by which pieces it is kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from primum.app.backup.limits import LIMITS, Limits
from primum.app.backup.manifest import Entry, Piece
from primum.app.backup.refusals import StopAsked, StoreRefused
from primum.app.backup.stores.model import Store

Moved = Callable[[int], None]
"""Told how many bytes were just read."""


class Sink(Protocol):
    """Where files go."""

    keeps_former: bool
    """Whether a file's former bytes can be kept in the place of what the home has now."""

    def take(self, source: Path, path: str, former: Entry | None, end: int) -> tuple[Piece, ...]:
        """Keep `source` up to `end`; `former` is what is kept of it already, and goes on."""
        ...

    def take_bytes(self, name: str, data: Iterable[bytes]) -> tuple[Piece, ...]:
        """Keep bytes of ours under `name` (the keyring bundle), as they come."""
        ...


class Pace:
    """Lets through so many bytes a second, and stops when it is told to."""

    def __init__(self, bytes_a_second: int, stopped: Callable[[float], bool]) -> None:
        """`stopped(seconds)` waits so long at most and tells whether to stop; 0 bytes means no limit."""
        self.rate, self._stopped = bytes_a_second, stopped
        self._free_at = time.monotonic()

    def pass_on(self, count: int) -> None:
        """Wait until `count` bytes may go. Raises StopAsked."""
        wait = 0.0
        if self.rate:
            now = time.monotonic()
            wait = max(0.0, self._free_at - now)
            self._free_at = max(now, self._free_at) + count / self.rate
        if self._stopped(wait):
            raise StopAsked


class PieceSink:
    """Cuts files into pieces and puts those that the store has not."""

    keeps_former = True

    def __init__(self, store: Store, pace: Pace, moved: Moved, limits: Limits = LIMITS) -> None:
        """Put into `store`."""
        self._store, self._pace, self._moved, self._limits = store, pace, moved, limits
        self.sent = 0
        """Bytes that had to be put."""

    def take(self, source: Path, path: str, former: Entry | None, end: int) -> tuple[Piece, ...]:
        """Cut what is new; pieces are named by their bytes, and not by `path`."""
        most = self._limits.piece if path.startswith("vault/") else self._limits.part
        pieces = list(former.pieces) if former else []
        at = former.end if former else 0
        with source.open("rb") as file:
            file.seek(at)
            while at < end:
                data = file.read(min(most, end - at))
                if not data:
                    raise StoreRefused(place="the home", reason="a file became shorter while it was read")
                pieces.append(self._put("pieces", data))
                at += len(data)
        return tuple(pieces)

    def take_bytes(self, name: str, data: Iterable[bytes]) -> tuple[Piece, ...]:
        """Cut and put."""
        return tuple(self._put(name, one) for one in _cut(data, self._limits.part))

    def _put(self, folder: str, data: bytes) -> Piece:
        piece = Piece(hashlib.sha256(data).hexdigest(), len(data))
        name = piece_name(folder, piece)
        if self._store.size(name) != piece.length:
            self._pace.pass_on(piece.length)
            self._store.put(name, data)
            self.sent += piece.length
        self._moved(piece.length)
        return piece


def _cut(data: Iterable[bytes], step: int) -> Iterator[bytes]:
    held = bytearray()
    for more in data:
        held += more
        while len(held) >= step:
            with memoryview(held) as whole:
                cut = bytes(whole[:step])
            yield cut
            del held[:step]
    if held:
        yield bytes(held)


def piece_name(folder: str, piece: Piece) -> str:
    """Return the name of a piece: `pieces/<xx>/<sha-256>`, or `keyring/<sha-256>`."""
    return f"{folder}/{piece.sha256[:2]}/{piece.sha256}" if folder == "pieces" else f"{folder}/{piece.sha256}"


class StageSink:
    """Lays out a folder for restic: packs as hard links, the rest copied."""

    keeps_former = False

    def __init__(self, stage: Path) -> None:
        """Lay out below `stage`, which is emptied."""
        self._stage = stage
        shutil.rmtree(stage, ignore_errors=True)
        stage.mkdir(mode=0o700, parents=True)

    def take(self, source: Path, path: str, former: Entry | None, end: int) -> tuple[Piece, ...]:
        """Link a pack, copy another file up to its end."""
        del former
        place = self._stage / path
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.startswith("vault/"):
            try:
                os.link(source, place)
            except OSError as error:
                reason = f"no hard link to a pack: {(error.strerror or '').lower()}"
                raise StoreRefused(place="run/backup/stage", reason=reason) from None
        else:
            with source.open("rb") as whole, place.open("wb") as copy:
                copy.write(whole.read(end))
            with contextlib.suppress(OSError):
                now = source.stat()
                os.utime(place, ns=(now.st_mtime_ns, now.st_mtime_ns))
        return ()

    def take_bytes(self, name: str, data: Iterable[bytes]) -> tuple[Piece, ...]:
        """Write a file of that name."""
        with (self._stage / name).open("wb") as file:
            file.writelines(data)
        return ()
