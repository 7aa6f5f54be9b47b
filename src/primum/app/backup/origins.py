"""Where a restore reads from: generations as a store has them; those of restic are in restic.py."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from primum.app.backup.bundle import read_bundle, study_of
from primum.app.backup.generations import generations, get_bundle, get_piece, load
from primum.app.backup.making import Before
from primum.app.backup.manifest import Entry, Manifest
from primum.app.backup.refusals import PieceAltered
from primum.app.backup.stores.model import Store
from primum.app.backup.survey import MARKED
from primum.ground.discmap import DiscMap

Moved = Callable[[int], None]


class Origin(Protocol):
    """What a restore needs of a source."""

    def generations(self) -> list[str]:
        """List them, oldest first."""
        ...

    def manifest(self, generation: str) -> Manifest:
        """Read one, unverified. Raises NoGeneration, ManifestAltered."""
        ...

    def bundle(self, manifest: Manifest) -> Iterator[bytes]:
        """Get its keyring bundle, bit by bit. Raises PieceAltered, ManifestAltered."""
        ...

    def write(self, manifest: Manifest, entry: Entry, out: BinaryIO, moved: Moved) -> None:
        """Write a file up to its end. Raises PieceAltered."""
        ...

    def close(self) -> None:
        """Remove what was put aside on the way."""
        ...


class StoreOrigin:
    """Generations of a folder or a bucket."""

    def __init__(self, store: Store, aside: Path | None = None) -> None:
        """Read from `store`; what manifests list is put `aside` where there is such a folder."""
        self._store, self._aside = store, aside

    def generations(self) -> list[str]:
        """List them, oldest first."""
        return generations(self._store)

    def manifest(self, generation: str) -> Manifest:
        """Read one."""
        return load(self._store, generation, self._aside)

    def bundle(self, manifest: Manifest) -> Iterator[bytes]:
        """Get the pieces."""
        return get_bundle(self._store, manifest)

    def write(self, manifest: Manifest, entry: Entry, out: BinaryIO, moved: Moved) -> None:
        """Write piece after piece, each compared with its name."""
        for piece in entry.pieces:
            out.write(get_piece(self._store, manifest.generation, "pieces", piece))
            moved(piece.length)

    def close(self) -> None:
        """Nothing was put aside."""


def require_marked(manifest: Manifest, entry: Entry, path: Path) -> None:
    """Raise PieceAltered unless a written file ends as its entry says."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, entry.end - MARKED))
        if size != entry.end or hashlib.sha256(file.read(MARKED)).hexdigest() != entry.mark:
            raise PieceAltered(generation=manifest.generation, piece=entry.mark[:16])


def before_of(origin: Origin, manifest: Manifest, began_at: str, aside: Path) -> Before:
    """Say what a generation has, for the run that follows it."""
    keyed = DiscMap(aside)
    for name, _ in read_bundle(origin.bundle(manifest), manifest.generation):
        if study := study_of(name):
            keyed.add(study)
    return Before(manifest.generation, began_at, manifest.entries, keyed)
