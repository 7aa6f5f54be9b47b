"""What the archive has, by content: to store nothing twice, and to compare with where it came from."""

from __future__ import annotations

from collections.abc import Iterator

from primum.imaging.archive import Archive
from primum.imaging.errors import NotHere
from primum.imaging.model import EVERYTHING, InstanceEntry
from primum.vault import Illness, RecordAbsent, Vault


class Holding:
    """Looks into index and vault; for our own work, whoever may see what."""

    def __init__(self, archive: Archive, vault: Vault) -> None:
        """Look into both."""
        self._archive, self._vault = archive, vault

    def versions(self, study_ref: str, sop_uid: str) -> frozenset[bytes]:
        """Give the BLAKE3 of every version of an instance, rejected ones too; not of what cannot be opened."""
        try:
            served = self._archive.instance_of(study_ref, None, sop_uid, EVERYTHING)
        except NotHere:
            found = [one for one in self._rejected(study_ref) if one.sop_uid == sop_uid]
        else:
            found = [served]
            if served.versions:
                found += [one for one in self._archive.versions(study_ref, EVERYTHING) if one.sop_uid == sop_uid]
        return frozenset(filter(None, map(self._digest, found)))

    def study(self, study_ref: str) -> Iterator[tuple[str, bytes]]:
        """Give SOP Instance UID and BLAKE3 of every version of a study that can be opened."""
        try:
            served = self._archive.instances_of(study_ref, EVERYTHING)
        except NotHere:
            served = []
        for one in (*served, *self._archive.versions(study_ref, EVERYTHING), *self._rejected(study_ref)):
            digest = self._digest(one)
            if digest:
                yield one.sop_uid, digest

    def _rejected(self, study_ref: str) -> list[InstanceEntry]:
        return [one.entry for one in self._archive.rejected(study_ref, EVERYTHING)]

    def _digest(self, entry: InstanceEntry) -> bytes:
        try:
            return self._vault.open(entry.position).digest_by("blake3")
        except (Illness, RecordAbsent):
            return b""
