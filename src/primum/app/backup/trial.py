"""`restore --test`: a restore into a scratch folder, compared with the living home in every way that counts.

The scratch folder is sealed as the home is, and is removed at the end, whatever that is.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from primum import imaging, vault
from primum.app.backup.making import Source
from primum.app.backup.manifest import Entry
from primum.app.backup.origins import Origin
from primum.app.backup.restoring import Progress, Restore, Restored, Wanted, restored_tails
from primum.app.databases import open_index, open_records
from primum.ground.disc import Disc
from primum.imaging import Placed
from primum.vault import Illness, Label, Leftover, RecordAbsent, TornTail

READ_TWICE = 200
"""Records whose bytes are read through both archives and compared; all are opened and hashed besides."""


@dataclass(slots=True)
class Trial:
    """What a test found. `differences`: kind of each thing that was not as it must be."""

    generation: str
    percent: int
    studies: int = 0
    instances: int = 0
    bytes: int = 0
    differences: list[str] = field(default_factory=list)


class RestoreTest:
    """One test. Use once."""

    def __init__(
        self, source: Source, living_index: Path, keys: Mapping[Label, bytes], disc: Disc, tell: Progress
    ) -> None:
        """Compare with `source`, by the sub-keys that the worker holds."""
        self._source, self._index_file, self._keys, self._disc, self._tell = source, living_index, keys, disc, tell

    def run(self, origin: Origin, scratch: Path, generation: str, percent: int) -> Trial:
        """Restore to `scratch` (absent, or left by a test that was interrupted), compare, remove."""
        shutil.rmtree(scratch, ignore_errors=True)
        try:
            wanted = Wanted(scratch, generation, percent)
            tools = (self._disc, self._source.clock)
            restored = Restore(origin, wanted, lambda _: self._keys.__getitem__, tools, self._tell).run()
            return self._compare(restored, percent)
        finally:
            origin.close()
            shutil.rmtree(scratch, ignore_errors=True)

    def _compare(self, restored: Restored, percent: int) -> Trial:
        trial = Trial(restored.manifest.generation, percent, len(restored.studies))
        folder = restored.home.folder
        keys = vault.VaultKeys(self._keys[Label.KEYRING], self._keys[Label.NAMES])
        scratch = vault.open_vault(folder / "vault", folder / "keyring", keys, self._disc, self._source.clock)
        self._guards(folder, trial)
        self._check(scratch, restored, trial)
        records = open_records(restored.home, self._keys[Label.RECORDS])
        index = open_index(restored.home, self._keys[Label.INDEX])
        living = open_index(self._source.home, self._keys[Label.INDEX], read_only=True)
        try:
            imaging.Indexer(index, records, scratch, self._source.clock).catch_up()
            ends = {entry.pack: entry for entry in restored.manifest.entries.values() if entry.study}
            young = restored.newest.entries.values()
            ends |= {entry.pack: entry for entry in young if entry.study in restored.rewritten}
            chosen: list[tuple[str, Placed]] = []
            for study in sorted(restored.studies):
                there = set(imaging.placed(index, study))
                trial.instances += len(there)
                trial.differences += _rows(there, set(imaging.placed(living, study)), ends, self._source.home.folder)
                chosen += [(study, one) for one in there]
            self._bytes(scratch, chosen, trial)
        finally:
            for engine in (records, index, living):
                engine.dispose()
        return trial

    def _guards(self, folder: Path, trial: Trial) -> None:
        """Compare guards, home.json and its seal with the living ones: who can open the home can open the copy."""
        living = self._source.home.folder
        for one in sorted((living / "keyring").iterdir()):
            if one.is_file() and not one.name.startswith("."):
                copy = folder / "keyring" / one.name
                if not copy.exists() or copy.read_bytes() != one.read_bytes():
                    trial.differences.append("guard")
        if (folder / "home.json").read_bytes() != self._source.home.identity_bytes():
            trial.differences.append("home")

    def _check(self, scratch: vault.Vault, restored: Restored, trial: Trial) -> None:
        """Open everything that was restored; what the backup itself counted as ill is known already."""
        known = {
            entry.pack for entry in restored.manifest.entries.values() if entry.tail and entry.tail.end > entry.end
        }
        expected = {
            **restored_tails(restored.manifest, restored.studies - restored.rewritten),
            **restored_tails(restored.newest, restored.rewritten),
        }
        for illness in scratch.check(expected, deep=True, progress=self._tell):
            if not isinstance(illness, Leftover | TornTail) and illness.facts.get("pack") not in known:
                trial.differences.append(illness.code)

    def _bytes(self, scratch: vault.Vault, chosen: list[tuple[str, Placed]], trial: Trial) -> None:
        for study, one in random.SystemRandom().sample(chosen, min(READ_TWICE, len(chosen))):
            at = imaging.position(study, one)
            try:
                copy = _whole(scratch, at)
            except (Illness, RecordAbsent) as illness:
                trial.differences.append(illness.code)
                continue
            trial.bytes += len(copy)
            try:
                ours = _whole(self._source.vault, at)
            except (Illness, RecordAbsent):
                continue  # erased since, or ill here: the copy is the good one
            if ours != copy:
                trial.differences.append("bytes")


def _whole(one: vault.Vault, at: vault.Position) -> bytes:
    record = one.open(at)
    data: bytes = record.read(0, record.length)
    return data


def _rows(there: set[Placed], living: set[Placed], ends: Mapping[str, Entry], home: Path) -> list[str]:
    """Compare the records of a study in both indexes, as far as the generation goes."""
    ours = {one for one in living if one.pack in ends and one.stop <= ends[one.pack].end}
    missing = ["record-missing" for _ in ours - there]
    # what the living index has no more: packs that were rewritten or erased since are no difference
    more = [one for one in there - ours if (home / ends[one.pack].path).exists()]
    return missing + ["record-more" for _ in more]
