"""Erasing part of a study: what stays is copied under a new key, then the old key is destroyed.

The commit is the rename of the new key file; docs/design/vault.md §12 has the order of writes, and why a crash
at any of them leaves the old study whole or the new one.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from primum.ground.disc import BLOCK, Disc
from primum.ground.ids import token128
from primum.vault.digests import begin_digest
from primum.vault.illnesses import Illness
from primum.vault.keyring import Hold, Kept, Keyring
from primum.vault.keys import Entropy
from primum.vault.leases import Lease, refusal_of
from primum.vault.limits import Limits
from primum.vault.model import Position, RecordFacts, Rewritten
from primum.vault.packfile import Found, PackFile
from primum.vault.packformat import chain_start
from primum.vault.places import NEXT_SUFFIX, PACK_SUFFIX, Places, raw16
from primum.vault.reading import Record
from primum.vault.refusals import RewriteRefused, UnknownVersion
from primum.vault.scan import State, scan
from primum.vault.sealing import PackSecret
from primum.vault.writer import Writer

Keep = Callable[[RecordFacts], bool]
"""Tells of a record's facts whether the record stays."""


class _One(NamedTuple):
    """A record that stays, in order of receipt."""

    received_at: str
    pack: str
    start: int
    end: int


@dataclass(slots=True)
class _Tally:
    kept: list[_One]
    dropped: int = 0
    bytes: int = 0


class Rewriting:
    """Rewrites studies of one vault. One at a time per study, by the lock on its key file."""

    def __init__(self, places: Places, keyring: Keyring, disc: Disc, limits: Limits, entropy: Entropy) -> None:
        """Work on the vault at `places`."""
        self._places, self._keyring, self._disc = places, keyring, disc
        self._limits, self._entropy = limits, entropy

    def rewrite(self, study: str, keep: Keep) -> Rewritten | None:
        """Drop the records that do not stay; on disc at return. None where nothing stays: nothing was done.

        May be repeated, and finishes what a crash interrupted. Raises StudyInUse, RewriteRefused, DiscFull.
        """
        with self._keyring.alone(study) as held:
            if held is None:
                return None
            self._settle(study, held)
            tally = self._survey(study, held.key, keep)
            if not tally.dropped:
                return Rewritten(study, len(tally.kept), 0, 0)
            if not tally.kept:
                return None
            self._replace(study, held, tally)
            return Rewritten(study, len(tally.kept), tally.dropped, tally.bytes)

    def _survey(self, study: str, key: bytes, keep: Keep) -> _Tally:
        tally = _Tally([])
        for pack in self._places.packs(study):
            with PackFile(self._places.pack(study, pack), study, pack, key) as file:
                if file.size < BLOCK:
                    continue  # its writer was cut off before the first record
                self._refuse_unless_readable(study, file)
                for one in scan(file):
                    if not isinstance(one, Found):
                        if one.severity == "damage":
                            raise RewriteRefused(study=study, illness=one.code)
                        continue
                    facts = one.trailer.facts
                    if keep(facts):
                        tally.kept.append(_One(facts.received_at, pack, one.start, one.end))
                    else:
                        tally.dropped += 1
                        tally.bytes += one.end - one.start
        tally.kept.sort()
        return tally

    @staticmethod
    def _refuse_unless_readable(study: str, file: PackFile) -> None:
        try:
            verdict = file.header()
        except UnknownVersion:
            verdict = "broken"
        # a header that a crash tore has no acknowledged record behind it, and scanning finds none
        if verdict in {"wrong-place", "other-key"}:
            raise RewriteRefused(study=study, illness="vault.missing-key")

    def _replace(self, study: str, held: Kept, tally: _Tally) -> None:
        old = _files(self._places.study(study))
        following = self._keyring.next_key(study)
        try:
            self._copy(study, held.key, following, tally.kept)
            self._keyring.commit(study, held, following)
            self._finish(study, old)
        except OSError as error:
            raise refusal_of(error) from None
        finally:
            if not following.committed:
                self._undo(study)
            following.close()

    def _undo(self, study: str) -> None:
        """Give back the room at once; what cannot be removed now is removed by the next rewriting."""
        with contextlib.suppress(OSError):
            for path in _files(self._places.study(study)):
                if path.suffix == NEXT_SUFFIX:
                    self._disc.unlink(path)

    def _copy(self, study: str, key: bytes, following: Kept, kept: list[_One]) -> None:
        packs = _NextPacks(self._places, self._disc, self._limits, self._entropy, following)
        with Writer(packs, self._limits, self._entropy) as writer:
            for one in kept:
                with PackFile(self._places.pack(study, one.pack), study, one.pack, key) as file:
                    found = file.ending_at(one.end)
                if not isinstance(found, Found):
                    raise RewriteRefused(study=study, illness="vault.flipped-bit")
                position = Position(study, one.pack, one.start, one.end)
                try:
                    self._copy_one(writer, Record(self._places.pack(study, one.pack), position, found, key), found)
                except Illness as illness:
                    raise RewriteRefused(study=study, illness=illness.code) from None
        self._disc.sync_folder(self._places.study(study))

    def _copy_one(self, writer: Writer, record: Record, found: Found) -> None:
        study, frames, trailer = record.position.study, record.frames, found.trailer
        split = None if trailer.pixels_at is None or trailer.split != trailer.pixels_at else trailer.pixels_at
        if record.length <= self._limits.single_write // 2 and split == trailer.pixels_at:
            writer.store(study, record.facts, record.data_set(), split, frames)
            return
        stream = writer.stream(study, record.facts, split)
        whole = begin_digest(record.digest.algorithm)
        for piece in record.chunks():
            stream.append(piece)
            whole.update(piece)
        if whole.digest() != record.digest.value:
            stream.abandon()
            raise RewriteRefused(study=study, illness="vault.flipped-bit")
        stream.finish(None if split is not None else trailer.pixels_at, frames)

    # -- after the commit, and after a crash --

    def _settle(self, study: str, held: Kept) -> None:
        """Finish or undo what a crash left of an earlier rewriting. The key file is locked."""
        folder = self._places.study(study)
        following = [path for path in _files(folder) if path.suffix == NEXT_SUFFIX]
        committed = any(self._is_under(study, path, held.key) for path in following)
        if not committed:
            for path in following:
                self._disc.unlink(path)
        self._keyring.clear(study, held)
        if committed:
            old = [
                path for path in _files(folder)
                if path.suffix != NEXT_SUFFIX
                and not (path.suffix == PACK_SUFFIX and self._is_under(study, path, held.key))
            ]  # fmt: skip
            self._finish(study, old)
        elif following:
            self._disc.sync_folder(folder)

    def _is_under(self, study: str, path: Path, key: bytes) -> bool:
        with PackFile(path, study, path.name.removesuffix(path.suffix), key) as file:
            try:
                return file.header() == "good"
            except UnknownVersion:
                return False

    def _finish(self, study: str, old: list[Path]) -> None:
        folder = self._places.study(study)
        for path in old:
            self._disc.unlink(path)
        # a `.next` name is what tells the next settling that old packs may still be there: it goes last; where none is
        # seen too, for whoever removed them may have been killed before this
        self._disc.sync_folder(folder)
        for path in _files(folder):
            if path.suffix == NEXT_SUFFIX:
                self._disc.rename(path, path.with_suffix(PACK_SUFFIX))
        self._disc.sync_folder(folder)


class _NextPacks:
    """Gives a writer packs under the next key, one after another, under names that no reader looks for."""

    def __init__(self, places: Places, disc: Disc, limits: Limits, entropy: Entropy, following: Kept) -> None:
        self._places, self._disc, self._limits, self._entropy = places, disc, limits, entropy
        self._following = following
        self._lease: Lease | None = None

    def take(self, study: str, room: int) -> Lease:
        lease = self._lease
        if lease is not None and not lease.broken:
            if lease.state.end <= BLOCK or lease.state.end + max(room, BLOCK) <= self._limits.pack:
                return lease
            self.close()
        self._lease = lease = self._make(study)
        return lease

    def close(self) -> None:
        lease, self._lease = self._lease, None
        if lease is not None:
            lease.release()

    def _make(self, study: str) -> Lease:
        pack = token128(self._entropy(16))
        path = self._places.study(study) / (pack + NEXT_SUFFIX)
        handle = self._disc.create(path, durable=True, direct=True)
        hold = Hold(self._following.key, os.dup(self._following.fd))
        return Lease(
            disc=self._disc, study=study, pack=pack, folder=path.parent, path=path,
            secret=PackSecret(self._following.key, raw16(study), raw16(pack)), handle=handle, hold=hold,
            state=State(0, chain_start(raw16(study), raw16(pack)), BLOCK), fresh=True,
        )  # fmt: skip


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []
