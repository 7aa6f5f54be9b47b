"""Study keys: one file each, wrapped by the keyring key (docs/design/vault.md §3, §5).

A key is on disc, and so is its name, before anything is sealed under it. Whoever stores into a study
holds a shared lock on its key file; who erases takes it for himself alone.
"""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from primum.ground.disc import BLOCK, Disc, Handle
from primum.ground.ids import token128
from primum.vault.keys import BOX_EXTRA, KEY_BYTES, Entropy, open_small, seal_small
from primum.vault.places import Places
from primum.vault.refusals import SealBroken, StudyInUse, UnknownVersion

KEY_MAGIC: Final = b"PRIMUMKY"
KEY_VERSION: Final = 1
_PREFIX: Final = 16
_NEW: Final = ".new"
_DOOMED: Final = ".doomed"
_ATTEMPTS: Final = 16
"""Turns of the loop that finds or makes a key: each lost turn means that another process erased or made one."""


@dataclass(slots=True)
class Hold:
    """A study key in use for storing: it cannot be erased before `release`."""

    key: bytes = field(repr=False)
    fd: int

    def release(self) -> None:
        """Let go of the key file."""
        os.close(self.fd)


@dataclass(slots=True)
class Kept:
    """A study key held for oneself alone: nobody stores into the study, nobody erases it, until `close`."""

    key: bytes = field(repr=False)
    handle: Handle
    disc: Disc
    committed: bool = False
    open: bool = True

    @property
    def fd(self) -> int:
        """The key file, which is locked."""
        return self.handle.fd

    def close(self) -> None:
        """Let go of the key file; one that was never committed is removed."""
        if not self.open:
            return
        self.open = False
        try:
            if not self.committed:
                with contextlib.suppress(FileNotFoundError):
                    self.disc.unlink(self.handle.path)
        finally:
            self.disc.close(self.handle)


def key_file_bytes(keyring_key: bytes, study: str, study_key: bytes, entropy: Entropy = os.urandom) -> bytes:
    """Make the content of a key file (one block)."""
    box = seal_small(keyring_key, "study-key\0" + study, study_key, entropy=entropy)
    return (KEY_MAGIC + KEY_VERSION.to_bytes(2, "big") + bytes(6) + box).ljust(BLOCK, b"\0")


def open_key_file(keyring_key: bytes, study: str, content: bytes) -> bytes:
    """Read back the study key. Raises SealBroken, UnknownVersion."""
    if content[:8] != KEY_MAGIC:
        raise SealBroken
    version = int.from_bytes(content[8:10], "big")
    if version != KEY_VERSION:
        raise UnknownVersion(version=version)
    return open_small(keyring_key, "study-key\0" + study, content[_PREFIX : _PREFIX + BOX_EXTRA + KEY_BYTES])


class Keyring:
    """The study keys of a home. Safe to share between threads."""

    def __init__(self, places: Places, keyring_key: bytes, disc: Disc, entropy: Entropy, remembered: int) -> None:
        """Read and make keys below `places.keyring`, keeping the last `remembered` unwrapped."""
        self._places, self._key, self._disc, self._entropy = places, keyring_key, disc, entropy
        self._remembered = remembered
        self._cache: OrderedDict[tuple[str, int, int], bytes] = OrderedDict()
        self._settled: set[tuple[str, int, int]] = set()
        self._guard = threading.Lock()

    def find(self, study: str) -> bytes | None:
        """Return the study's key, None when there is none. Raises SealBroken, UnknownVersion."""
        path = self._places.key(study)
        try:
            return self._read(study, path)
        except FileNotFoundError:
            return None
        except SealBroken:
            if path.exists():
                raise
            return None  # it was being erased while we read

    def hold(self, study: str) -> Hold:
        """Take (or make) the study's key for storing; its name is on disc at return."""
        path = self._places.key(study)
        for _ in range(_ATTEMPTS):
            try:
                fd = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
            except FileNotFoundError:
                self._make(study, path)
                continue
            try:
                fcntl.flock(fd, fcntl.LOCK_SH)
                # not the name's file any more: erased, or rewritten under another key, while we waited
                if os.path.samestat(os.fstat(fd), path.stat()):
                    key = self._read(study, path)
                    self._sync_name(study, os.fstat(fd), path)
                    return Hold(key, fd)
            except FileNotFoundError:
                pass
            except BaseException:
                os.close(fd)
                raise
            os.close(fd)  # erased since: begin anew
        raise StudyInUse(study=study)

    def settle(self, study: str) -> None:
        """Bring the name of the study's key to the disc. Raises FileNotFoundError when there is none."""
        path = self._places.key(study)
        self._sync_name(study, path.stat(), path)

    def destroy(self, study: str, folder: Path) -> list[Path]:
        """Destroy the study's key; return the files that were under it in `folder`. Raises StudyInUse.

        The destruction is on disc at return; a file that appears later is under a new key, and is not listed.
        """
        path = self._places.key(study)
        try:
            handle = self._disc.open_for_writing(path)
        except FileNotFoundError:
            handle = None
        listed: list[Path] = []
        if handle is None:
            listed = _files(folder)
            if path.exists():
                raise StudyInUse(study=study)
        else:
            try:
                self._lock_alone(handle.fd, study)
                self._refuse_if_another(handle.fd, study, path)
                listed = _files(folder)
                self._overwrite(handle)
                self._disc.unlink(path)
            finally:
                self._disc.close(handle)
        self._destroy_leftovers(study, path)
        self._disc.sync_folder(path.parent)
        self._forget(study)
        return listed

    # -- another key for the same study: docs/design/vault.md §12 --

    @contextlib.contextmanager
    def alone(self, study: str) -> Iterator[Kept | None]:
        """Hold the study's key for oneself alone; None when there is no key. Raises StudyInUse, SealBroken."""
        path = self._places.key(study)
        try:
            handle = self._disc.open_for_writing(path)
        except FileNotFoundError:
            yield None
            return
        try:
            self._lock_alone(handle.fd, study)
            self._refuse_if_another(handle.fd, study, path)
            yield Kept(self._read(study, path), handle, self._disc, committed=True)
        finally:
            self._disc.close(handle)

    def next_key(self, study: str) -> Kept:
        """Make the key that is to follow, under a name of its own; on disc and locked at return."""
        path = self._places.key(study)
        key = self._entropy(KEY_BYTES)
        content = key_file_bytes(self._key, study, key, self._entropy)
        handle = self._disc.create(path.with_name(f".{study}.{token128(self._entropy(16))}{_NEW}"))
        made = Kept(key, handle, self._disc)
        try:
            self._lock_alone(handle.fd, study)
            self._disc.write_at(handle, content, 0)
            self._disc.sync(handle)
        except BaseException:
            made.close()
            raise
        return made

    def commit(self, study: str, held: Kept, following: Kept) -> None:
        """Put the next key in the place of the one held, and destroy that one. On disc at return."""
        path = self._places.key(study)
        doomed = path.with_name(f".{study}.{token128(self._entropy(16))}{_DOOMED}")
        self._disc.link(path, doomed)
        self._disc.sync_folder(path.parent)
        following.committed = True  # even if refused it may have happened: who comes next looks which key stands there
        self._disc.rename(following.handle.path, path)
        self._disc.sync_folder(path.parent)
        self._overwrite(held.handle)
        self._disc.unlink(doomed)
        self._disc.sync_folder(path.parent)
        self._forget(study)

    def clear(self, study: str, held: Kept) -> None:
        """Remove what a crash left beside the key that is held: a next key, or the key that it replaced."""
        path = self._places.key(study)
        left = sorted(path.parent.glob(f".{study}.*"))
        if left:
            self._disc.sync_folder(path.parent)  # the rename may have been seen, and not yet be on disc
        for one in left:
            if one.name.endswith(_DOOMED) and not os.path.samestat(os.fstat(held.fd), one.stat()):
                self._overwrite_at(one)
            self._disc.unlink(one)
        if left:
            self._disc.sync_folder(path.parent)

    def _destroy_leftovers(self, study: str, path: Path) -> None:
        for left in sorted(path.parent.glob(f".{study}.*")):
            if left.name.endswith(_DOOMED):
                self._overwrite_at(left)
            self._disc.unlink(left)

    def _overwrite(self, handle: Handle) -> None:
        self._disc.write_at(handle, self._entropy(BLOCK), 0)
        self._disc.sync(handle)

    def _overwrite_at(self, path: Path) -> None:
        handle = self._disc.open_for_writing(path)
        try:
            self._overwrite(handle)
        finally:
            self._disc.close(handle)

    def _forget(self, study: str) -> None:
        with self._guard:
            for known in [one for one in self._cache if one[0] == study]:
                del self._cache[known]

    @staticmethod
    def _refuse_if_another(fd: int, study: str, path: Path) -> None:
        """Refuse where the name stands for another file by now: somebody else erased or rewrote the study."""
        try:
            same = os.path.samestat(os.fstat(fd), path.stat())
        except FileNotFoundError:
            same = False
        if not same:
            raise StudyInUse(study=study)

    @staticmethod
    def _lock_alone(fd: int, study: str) -> None:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StudyInUse(study=study) from None

    def _read(self, study: str, path: Path) -> bytes:
        now = path.stat()
        known = (study, now.st_ino, now.st_mtime_ns)
        with self._guard:
            key = self._cache.get(known)
            if key is not None:
                self._cache.move_to_end(known)
                return key
        key = open_key_file(self._key, study, path.read_bytes()[:BLOCK])
        self._remember(known, key)
        return key

    def _remember(self, known: tuple[str, int, int], key: bytes) -> None:
        with self._guard:
            self._cache[known] = key
            while len(self._cache) > self._remembered:
                self._cache.popitem(last=False)

    def _sync_name(self, study: str, now: os.stat_result, path: Path) -> None:
        # another process may have linked the key and not yet synced the folder: what we acknowledge needs it
        known = (study, now.st_ino, now.st_mtime_ns)
        if known in self._settled:
            return
        self._disc.sync_folder(path.parent)
        if len(self._settled) > self._remembered:
            self._settled.clear()
        self._settled.add(known)

    def _make(self, study: str, path: Path) -> None:
        key = self._entropy(KEY_BYTES)
        content = key_file_bytes(self._key, study, key, self._entropy)
        temporary = path.with_name(f".{study}.{token128(self._entropy(16))}.new")
        handle = self._disc.create(temporary, durable=True, direct=True)
        aligned = mmap.mmap(-1, BLOCK)
        try:
            aligned[:] = content
            self._disc.write_at(handle, aligned, 0)
            # another process was first, or erased the study while we wrote: the caller looks again
            with contextlib.suppress(FileExistsError, FileNotFoundError):
                self._disc.link(temporary, path)
                now = os.fstat(handle.fd)
                self._remember((study, now.st_ino, now.st_mtime_ns), key)
        finally:
            self._disc.close(handle)
            with contextlib.suppress(FileNotFoundError):
                self._disc.unlink(temporary)


def _files(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except FileNotFoundError:
        return []
