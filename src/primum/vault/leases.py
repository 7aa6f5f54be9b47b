"""Leases: which pack a writer appends to, and where it may go on (docs/design/vault.md §5).

One writer per pack, decided by `flock`; one eraser or many writers per study, decided likewise on its key
file. A lease never writes below the end of an authenticated record.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

from primum.ground.disc import BLOCK, Disc, Handle, try_lock
from primum.ground.ids import token128
from primum.vault.illnesses import TornTail
from primum.vault.keyring import Hold, Keyring
from primum.vault.keys import Entropy
from primum.vault.limits import Limits
from primum.vault.packfile import Found, PackFile
from primum.vault.packformat import chain_start, pack_header
from primum.vault.places import Places, raw16
from primum.vault.refusals import DiscFull, WriteRefused
from primum.vault.scan import State, scan, start_state
from primum.vault.sealing import PackSecret

_ATTEMPTS = 8


def refusal_of(error: OSError) -> DiscFull | WriteRefused:
    """Say what the system refused."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiscFull()
    return WriteRefused(reason=errno.errorcode.get(error.errno or 0, "unknown"))


class Known:
    """What this process left on disc: tails of packs it released, folders it synced. Shared by its writers."""

    def __init__(self, remembered: int) -> None:
        """Remember the last `remembered` packs."""
        self._tails: OrderedDict[str, State] = OrderedDict()
        self._folders: set[tuple[str, int, bytes]] = set()
        self._remembered = remembered
        self._guard = threading.Lock()

    def left(self, pack: str, state: State) -> None:
        """Remember how far a pack went when its lease was released."""
        with self._guard:
            self._tails[pack] = state
            self._tails.move_to_end(pack)
            while len(self._tails) > self._remembered:
                self._tails.popitem(last=False)

    def tail(self, pack: str) -> State | None:
        """Return how far a pack went, if this process wrote it."""
        with self._guard:
            return self._tails.get(pack)

    def settle(self, disc: Disc, folder: Path, key: bytes) -> None:
        """Sync the name of `folder` in its parent, unless this process has done so since the study has this key.

        A folder made anew after an erasure may well be given the same inode; its key is another one.
        """
        known = (folder.name, folder.stat().st_ino, hashlib.sha256(key).digest())
        if known in self._folders:
            return
        disc.sync_folder(folder.parent)
        with self._guard:
            if len(self._folders) > self._remembered:
                self._folders.clear()
            self._folders.add(known)


@dataclass(slots=True)
class Lease:
    """The right to append to one pack."""

    disc: Disc
    study: str
    pack: str
    folder: Path
    path: Path
    secret: PackSecret
    handle: Handle
    hold: Hold = field(repr=False)
    state: State
    fresh: bool
    """Nothing written yet: the header block goes with the first write."""
    broken: bool = False
    """A write went wrong in a way that cannot be cut off: not to be used again."""

    def write(self, view: memoryview, size: int, at: int) -> None:
        """Write `size` bytes at `at`; on disc at return. `view` has one block of room before them, for the header."""
        try:
            if self.fresh:
                view[:BLOCK] = pack_header(self.secret.study_key, self.secret.study, self.secret.pack)
                self.disc.write_at(self.handle, view[: BLOCK + size], at - BLOCK)
                self.disc.sync_folder(self.folder)
                self.fresh = False
            else:
                self.disc.write_at(self.handle, view[BLOCK : BLOCK + size], at)
        except OSError as error:
            refusal = refusal_of(error)
            self.broken = self.broken or isinstance(refusal, WriteRefused)
            self.cut()
            raise refusal from None

    def cut(self) -> None:
        """Cut off what was written after the last record: it was ours, and never acknowledged."""
        try:
            self.disc.truncate(self.handle, 0 if self.fresh else self.state.end)
        except OSError:
            self.broken = True

    def advance(self, chain: bytes, end: int) -> None:
        """Take note of one more record on disc."""
        self.state = State(self.state.count + 1, chain, end)

    def release(self) -> None:
        """Give the pack back. An empty one is removed."""
        with contextlib.suppress(OSError):
            if self.fresh:
                self.disc.unlink(self.path)
        self.disc.close(self.handle)
        self.hold.release()


class Leases:
    """The packs one writer holds, the least recently used given back first. Confined to one thread."""

    def __init__(  # noqa: PLR0917 (called by Vault.writer alone)
        self, places: Places, keyring: Keyring, disc: Disc, limits: Limits, entropy: Entropy, known: Known
    ) -> None:
        """Lease packs of the vault at `places`."""
        self._places, self._keyring, self._disc = places, keyring, disc
        self._limits, self._entropy, self._known = limits, entropy, known
        self._held: OrderedDict[str, Lease] = OrderedDict()

    def take(self, study: str, room: int) -> Lease:
        """Return a lease in this study with place for `room` bytes. Raises DiscFull, WriteRefused, SealBroken."""
        lease = self._held.get(study)
        if lease is not None:
            if not lease.broken and self._fits(lease.state.end, room):
                self._held.move_to_end(study)
                return lease
            self.release(study)
        while len(self._held) >= self._limits.open_packs:
            self.release(next(iter(self._held)))
        try:
            lease = self._acquire(study, room)
        except OSError as error:
            raise refusal_of(error) from None
        self._held[study] = lease
        return lease

    def release(self, study: str) -> None:
        """Give one lease back."""
        lease = self._held.pop(study)
        if not lease.fresh and not lease.broken:
            self._known.left(lease.pack, lease.state)
        lease.release()

    def close(self) -> None:
        """Give all leases back."""
        for study in list(self._held):
            self.release(study)

    def _fits(self, end: int, room: int) -> bool:
        return end <= BLOCK or end + max(room, BLOCK) <= self._limits.pack

    def _acquire(self, study: str, room: int) -> Lease:
        hold = self._keyring.hold(study)
        try:
            for pack in self._places.packs(study):
                lease = self._take_over(study, pack, room, hold)
                if lease is not None:
                    return lease
            return self._create(study, hold)
        except BaseException:
            hold.release()
            raise

    def _take_over(self, study: str, pack: str, room: int, hold: Hold) -> Lease | None:
        path = self._places.pack(study, pack)
        try:
            if not self._fits(path.stat().st_size, room):
                return None
            handle = self._disc.open_for_writing(path, durable=True, direct=True)
        except FileNotFoundError:
            return None  # its writer gave it back unused
        try:
            known = self._known.tail(pack)
            state = _recover(path, study, pack, hold.key, known) if try_lock(handle) else None
            if state is not None and self._fits(state.end, room):
                if state != known:
                    # another process may have died between writing and syncing
                    self._disc.sync(handle)
                    self._disc.sync_folder(path.parent)
                    self._known.settle(self._disc, path.parent, hold.key)
                return self._lease(study, pack, path, handle, hold, state)
        except BaseException:
            self._disc.close(handle)
            raise
        self._disc.close(handle)
        return None

    def _create(self, study: str, hold: Hold) -> Lease:
        folder = self._places.study(study)
        with contextlib.suppress(FileExistsError):
            self._disc.make_folder(folder)
        self._known.settle(self._disc, folder, hold.key)
        for _ in range(_ATTEMPTS):
            pack = token128(self._entropy(16))
            path = self._places.pack(study, pack)
            handle = self._disc.create(path, durable=True, direct=True)
            if try_lock(handle):
                state = State(0, chain_start(raw16(study), raw16(pack)), BLOCK)
                return self._lease(study, pack, path, handle, hold, state, fresh=True)
            # somebody looked into it before we could lock it
            self._disc.unlink(path)
            self._disc.close(handle)
        raise OSError(errno.EAGAIN, "no pack to be had")

    def _lease(  # noqa: PLR0917
        self, study: str, pack: str, path: Path, handle: Handle, hold: Hold, state: State, *, fresh: bool = False
    ) -> Lease:
        secret = PackSecret(hold.key, raw16(study), raw16(pack))
        return Lease(self._disc, study, pack, path.parent, path, secret, handle, hold, state, fresh)


def _recover(path: Path, study: str, pack: str, key: bytes, known: State | None) -> State | None:
    """Find where a pack may be appended to; None when it had better be left alone."""
    with PackFile(path, study, pack, key) as file:
        # a pack of an older version keeps its records; what comes now goes into another one
        if not file.as_written_now():
            return None
        last = file.ending_at(file.size) if file.size % BLOCK == 0 else None
        if isinstance(last, Found):
            state = State(last.trailer.sequence, last.chain, last.end)
            return state if state == known or last.trailer.ordered or file.opens_whole(last) else None
        return _recover_by_scan(file)


def _recover_by_scan(file: PackFile) -> State | None:
    state = start_state(file)
    for one in scan(file):
        if isinstance(one, Found):
            state = State(one.trailer.sequence, one.chain, one.end)
        elif one.severity == "damage":
            return None
        elif isinstance(one, TornTail) and isinstance(file.ending_at(one.end), Found):
            return None  # a torn record with its trailer: going on would make two of one rank
    return State(state.count, state.chain, -(-os.fstat(file.fd).st_size // BLOCK) * BLOCK)
