"""The vault: what the rest of the house may ask of it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from primum.ground.clock import Clock
from primum.ground.disc import BLOCK, Disc
from primum.vault import blocks, export, places
from primum.vault.check import Progress, check
from primum.vault.illnesses import Illness, KeyBroken, MissingKey, WrongStudy
from primum.vault.keyring import Keyring
from primum.vault.keys import Entropy, VaultKeys
from primum.vault.leases import Known, Leases
from primum.vault.limits import Limits
from primum.vault.model import Erased, PackInfo, Position, Rewritten, StudyRef, Tail
from primum.vault.packfile import Found, PackFile
from primum.vault.places import Places
from primum.vault.reading import Record
from primum.vault.refusals import RecordAbsent, SealBroken
from primum.vault.rewriting import Keep, Rewriting
from primum.vault.scan import scan
from primum.vault.writer import Writer


def open_vault(  # noqa: PLR0917 (each collaborator has a type of its own)
    folder: Path,
    keyring_folder: Path,
    keys: VaultKeys,
    disc: Disc,
    clock: Clock,
    limits: Limits | None = None,
    *,
    entropy: Entropy = os.urandom,
) -> Vault:
    """Open the vault whose folders `create_layout` made. `entropy` is injected by the makers of vectors alone."""
    return Vault(Places(folder, keyring_folder), keys, disc, clock, limits or Limits(), entropy)


class Vault:
    """Sealed records, in packs per study. Safe to share between threads; each thread stores by a writer of its own."""

    def __init__(  # noqa: PLR0917 (called by open_vault alone)
        self, where: Places, keys: VaultKeys, disc: Disc, clock: Clock, limits: Limits, entropy: Entropy
    ) -> None:
        """Use `open_vault`."""
        self._places, self._keys, self._disc, self._clock = where, keys, disc, clock
        self._limits, self._entropy = limits, entropy
        self._keyring = Keyring(where, keys.keyring, disc, entropy, limits.keys)
        self._known = Known(limits.keys)

    def study_ref(self, controller_id: str, study_instance_uid: str) -> StudyRef:
        """Return the reference under which a controller's study is kept."""
        return places.study_ref(self._keys.names, controller_id, study_instance_uid)

    def writer(self) -> Writer:
        """Return a writer: one per thread, to be closed."""
        leases = Leases(self._places, self._keyring, self._disc, self._limits, self._entropy, self._known)
        return Writer(leases, self._limits, self._entropy)

    # -- reading --

    def open(self, position: Position) -> Record:
        """Open a record. Raises MissingKey, KeyBroken, RecordAbsent, FlippedBit."""
        study, pack = position.study, position.pack
        with self._pack(study, pack, position.offset) as file:
            found = file.ending_at(position.end)
            if isinstance(found, Found) and found.start == position.offset:
                return Record(self._places.pack(study, pack), position, found, file.secret.study_key)
            rewritten = file.size >= BLOCK and file.header() == "other-key"  # under a key that is gone (§12)
            if found is None and not rewritten and position.end <= file.size and file.looks_like_head(position.offset):
                raise file.flipped(position.offset, position.end, "trailer")
        raise RecordAbsent(study=study, pack=pack, offset=position.offset)

    def studies(self) -> Iterator[StudyRef]:
        """List the studies that have a folder."""
        return self._places.studies()

    def packs(self, study: StudyRef) -> list[PackInfo]:
        """List a study's packs, in order of id."""
        listed = []
        for pack in self._places.packs(study):
            with contextlib.suppress(FileNotFoundError):
                listed.append(PackInfo(study, pack, self._places.pack(study, pack).stat().st_size))
        return listed

    def replay(self, study: StudyRef, pack: str, since_offset: int = 0) -> Iterator[Position | Illness]:
        """Yield each record of a pack from `since_offset` (the end of a record, or 0), and each illness.

        Never stops at the first bad block; may yield more than was acknowledged, never less. All that it yields is on
        disc, though its writer may still wait for that: what the reader notes of it stays true after a power cut.
        """
        try:
            file = self._pack(study, pack, 0)
        except (MissingKey, KeyBroken) as illness:
            yield illness
            return
        with file:
            self._settle(file)
            if file.size >= BLOCK and file.header() == "wrong-place":
                yield WrongStudy(study=study, pack=pack, end=file.size)
                return
            for one in scan(file, since_offset):
                yield one.position(study, pack) if isinstance(one, Found) else one

    def tail(self, study: StudyRef, pack: str) -> Tail | None:
        """Return how far a pack goes now; None when it holds no record."""
        with self._pack(study, pack, 0) as file:
            last = file.ending_at(file.size // BLOCK * BLOCK)
            if not isinstance(last, Found) or not (last.trailer.ordered or file.opens_whole(last)):
                last = None
                for one in scan(file):
                    last = one if isinstance(one, Found) else last
            return last.tail(study, pack) if last else None

    def check(
        self, expected: Mapping[str, Tail], *, deep: bool = False, progress: Progress | None = None
    ) -> Iterator[Illness]:
        """Look at every pack; `expected` are the tails remembered elsewhere, by pack id."""
        return check(self._places, self._keyring, expected, progress, deep=deep)

    # -- derived blocks --

    def put_block(self, study: StudyRef, name: str, data: bytes) -> None:
        """Keep derived bytes beside the packs. Raises MissingKey when the study is not there (any more)."""
        key = self._key(study, "")
        blocks.put_block(self._disc, self._places.study(study), key, study, name=name, data=data, entropy=self._entropy)

    def get_block(self, study: StudyRef, name: str) -> bytes | None:
        """Return derived bytes; None when they must be made (again)."""
        try:
            key = self._keyring.find(study)
        except SealBroken:
            return None
        return None if key is None else blocks.get_block(
            self._places.study(study), key, study, name, self._limits.block
        )  # fmt: skip

    # -- keys --

    def erase(self, study: StudyRef) -> Erased:
        """Destroy the study's live key, then its files. On disc at return; may be repeated. Raises StudyInUse.

        Backups keep their copies (docs/design/vault.md §9).
        """
        folder, packs, size = self._places.study(study), 0, 0
        doomed = self._keyring.destroy(study, folder)
        if not folder.is_dir():
            return Erased(study, 0, 0)
        for path in doomed:
            if path.suffix == places.PACK_SUFFIX:
                packs, size = packs + 1, size + path.stat().st_size
            self._disc.unlink(path)
        with contextlib.suppress(OSError):
            folder.rmdir()  # unless the study is being stored anew already, under a new key
        self._disc.sync_folder(folder.parent)
        return Erased(study, packs, size)

    def erase_part(self, study: StudyRef, keep: Keep) -> Rewritten:
        """Destroy the records whose facts `keep` says no to, by rewriting the others under a new key (§12).

        On disc at return; repeated, it finishes what a crash interrupted. Raises StudyInUse, RewriteRefused, DiscFull.
        """
        rewriting = Rewriting(self._places, self._keyring, self._disc, self._limits, self._entropy)
        done = rewriting.rewrite(study, keep)
        if done is None:
            erased = self.erase(study)
            return Rewritten(study, 0, 0, erased.bytes)
        return done

    def export_keyring(self, to: Path) -> export.Generation:
        """Copy guards and study keys, still wrapped, into a new generation below `to`."""
        return export.export_keyring(self._disc, self._clock, self._places.keyring, to)

    def wrapped_keyring(self) -> Iterator[export.WrappedFile]:
        """Read every guard and study key as they lie in the keyring, still wrapped: what a backup keeps."""
        return export.wrapped_files(self._places.keyring, self._keys.keyring)

    # -- inside --

    def _settle(self, file: PackFile) -> None:
        """Bring to the disc what `file` was seen to hold, and every name on the way to it."""
        path = self._places.pack(file.study, file.pack)
        with contextlib.suppress(FileNotFoundError):  # erased meanwhile
            handle = self._disc.open_for_writing(path)
            try:
                self._disc.sync(handle)
            finally:
                self._disc.close(handle)
            self._disc.sync_folder(path.parent)
            self._known.settle(self._disc, path.parent, file.secret.study_key)
            self._keyring.settle(file.study)

    def _key(self, study: StudyRef, pack: str) -> bytes:
        try:
            key = self._keyring.find(study)
        except SealBroken:
            raise KeyBroken(study=study, pack=pack) from None
        if key is None:
            raise MissingKey(study=study, pack=pack)
        return key

    def _pack(self, study: StudyRef, pack: str, offset: int) -> PackFile:
        key = self._key(study, pack)
        try:
            return PackFile(self._places.pack(study, pack), study, pack, key)
        except FileNotFoundError:
            raise RecordAbsent(study=study, pack=pack, offset=offset) from None
