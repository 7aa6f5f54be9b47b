"""Files, as far as durability is concerned: what is written, and when it is surely on disc.

Everything that must survive a crash goes through a `Disc`, so that a test can record the exact
sequence of writes and syncs and replay only what had been synced (tests/durability).

A handle opened `durable` returns from `write_at` only when the bytes are on disc; `direct` asks
besides for O_DIRECT (buffer, offset and length in whole 4 KiB blocks). A file system that refuses
O_DIRECT (tmpfs, some network ones) gets ordinary writes followed by fdatasync: slower, as safe.
A new name (file or folder) is on disc only after `sync_folder` of the folder that holds it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from typing_extensions import Buffer

BLOCK = 4096
"""Bytes of the alignment used everywhere: the page of every platform we run on, and what O_DIRECT needs."""


@dataclass(slots=True)
class Handle:
    """An open file. `direct`: writes bypass the page cache. `syncing`: each write needs a sync of its own."""

    fd: int
    path: Path
    durable: bool
    direct: bool
    syncing: bool


class Disc(Protocol):
    """The few file operations whose order decides what survives a crash."""

    def make_folder(self, path: Path) -> None:
        """Make a folder (mode 0700); FileExistsError when it is there. Durable after sync_folder(parent)."""
        ...

    def sync_folder(self, path: Path) -> None:
        """Return when the names in this folder are on disc."""
        ...

    def create(self, path: Path, *, durable: bool = False, direct: bool = False) -> Handle:
        """Create a file that must not exist (mode 0600) and open it for writing."""
        ...

    def open_for_writing(self, path: Path, *, durable: bool = False, direct: bool = False) -> Handle:
        """Open an existing file for writing."""
        ...

    def write_at(self, handle: Handle, data: Buffer, offset: int) -> None:
        """Write all of `data` at `offset`; on disc at return when the handle is durable."""
        ...

    def sync(self, handle: Handle) -> None:
        """Return when all that was written through the handle is on disc."""
        ...

    def truncate(self, handle: Handle, length: int) -> None:
        """Cut or extend the file to `length` bytes."""
        ...

    def close(self, handle: Handle) -> None:
        """Close the handle."""
        ...

    def link(self, source: Path, target: Path) -> None:
        """Give a file a second name; FileExistsError when `target` is there."""
        ...

    def rename(self, source: Path, target: Path) -> None:
        """Rename a file over `target`, atomically."""
        ...

    def unlink(self, path: Path) -> None:
        """Remove a name."""
        ...


class RealDisc:
    """The machine's own file system."""

    def make_folder(self, path: Path) -> None:
        """Make a folder, mode 0700."""
        path.mkdir(mode=0o700)

    def sync_folder(self, path: Path) -> None:
        """Sync the folder, where the platform can (Windows has no such call and needs none)."""
        if os.name == "nt":  # pragma: no cover
            return
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def create(self, path: Path, *, durable: bool = False, direct: bool = False) -> Handle:
        """Create and open for writing, mode 0600."""
        return _open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, durable=durable, direct=direct)

    def open_for_writing(self, path: Path, *, durable: bool = False, direct: bool = False) -> Handle:
        """Open for writing what exists."""
        return _open(path, os.O_RDWR, durable=durable, direct=direct)

    def write_at(self, handle: Handle, data: Buffer, offset: int) -> None:
        """Write it all, in as many calls as the system asks for."""
        view = memoryview(data).cast("B")
        written = os.pwrite(handle.fd, view, offset)
        while written < len(view):
            written += os.pwrite(handle.fd, view[written:], offset + written)
        if handle.syncing:
            _sync_data(handle.fd)

    def sync(self, handle: Handle) -> None:
        """Sync the bytes of the file, and its length."""
        _sync_data(handle.fd)

    def truncate(self, handle: Handle, length: int) -> None:
        """Cut or extend the file."""
        os.ftruncate(handle.fd, length)

    def close(self, handle: Handle) -> None:
        """Close it."""
        os.close(handle.fd)

    def link(self, source: Path, target: Path) -> None:
        """Make a hard link."""
        os.link(source, target)

    def rename(self, source: Path, target: Path) -> None:
        """Rename over the target."""
        source.replace(target)

    def unlink(self, path: Path) -> None:
        """Remove the name."""
        path.unlink()


def write_durably(disc: Disc, path: Path, data: bytes) -> None:
    """Put `data` at `path`, whole or not at all, and on disc at return."""
    stream_durably(disc, path, (data,))


def stream_durably(disc: Disc, path: Path, chunks: Iterable[bytes]) -> None:
    """Put what comes bit by bit at `path`, whole or not at all, and on disc at return."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.new")
    handle = disc.create(temporary)
    try:
        at = 0
        for data in chunks:
            disc.write_at(handle, data, at)
            at += len(data)
        disc.sync(handle)
    finally:
        disc.close(handle)
    disc.rename(temporary, path)
    disc.sync_folder(path.parent)


def try_lock(handle: Handle) -> bool:
    """Take the file's exclusive lock without waiting; tell whether it was to be had."""
    try:
        fcntl.flock(handle.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _open(path: Path, flags: int, *, durable: bool, direct: bool) -> Handle:
    flags |= getattr(os, "O_CLOEXEC", 0)
    o_direct, o_dsync = getattr(os, "O_DIRECT", 0), getattr(os, "O_DSYNC", 0)
    if direct and o_direct:
        try:
            fd = os.open(path, flags | o_direct | (o_dsync if durable else 0), 0o600)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            # O_CREAT may have made the name before O_DIRECT was refused
            flags &= ~os.O_EXCL
        else:
            return Handle(fd, path, durable=durable, direct=True, syncing=False)
    fd = os.open(path, flags, 0o600)
    return Handle(fd, path, durable=durable, direct=False, syncing=durable)


def _sync_data(fd: int) -> None:
    if hasattr(fcntl, "F_FULLFSYNC"):  # pragma: no cover (macOS: fsync stops at the drive's cache)
        fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
    elif hasattr(os, "fdatasync"):
        os.fdatasync(fd)
    else:  # pragma: no cover
        os.fsync(fd)
