"""Small homes to break: databases migrated, only the folders that their studies need, keys known."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from primum.app.joints import Recorder
from primum.ground.clock import FixedClock
from primum.ground.disc import Disc
from primum.journal import Journal, Signer
from primum.vault import Limits
from tests.unit.imaging.conftest import CONTROLLER, House, Values, house_in, slice_of
from tests.unit.imaging.retention.kit import Keeping, migrate_in
from tests.unit.journal.scene import HOME, SEED
from tests.unit.vault.support import bytes_of, lay_out_for, study_named

UIDS = tuple(f"1.2.{number}" for number in range(8))
PROBE = "1.2.99"
"""The study that comes anew after the fault."""
LIMITS = Limits(single_write=256 * 1024, pack=4 * 1024 * 1024)
"""So that streams and full packs come early."""
MEMORY = Path("/dev/shm")


def study_ref(uid: str) -> str:
    return study_named(uid, CONTROLLER)


def make_home(folder: Path) -> Path:
    """Lay out an empty home: vault, keyring, journal, both databases."""
    folder.mkdir(parents=True)
    migrate_in(folder)
    for left in folder.glob("*.db-*"):
        left.unlink()
    (folder / "journal").mkdir()
    lay_out_for(folder, *(study_ref(uid) for uid in (*UIDS, PROBE)))
    return folder


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder in memory where there is such a thing, else on disc."""
    folder = Path(tempfile.mkdtemp(prefix="primum-faults-", dir=MEMORY if MEMORY.is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def slice_in(uid: str, number: int, size: int = 3000) -> Values:
    """A slice of a study; no two alike, the same each time."""
    pixels = bytes_of(size // 2 * 2, number)
    return slice_of(study=uid, series=f"{uid}.1", sop=f"{uid}.1.{number}", pixels=pixels, instance=str(number))


@dataclass
class Home:
    """An open home: the imaging house, who decides about it, its journal."""

    house: House
    keeping: Keeping
    journal: Journal

    def __post_init__(self) -> None:
        folder, disc = self.house.folder / "journal", self.house.vault._disc
        self.signer = Signer(folder, SEED, HOME, self.house.clock, disc)

    def later(self, **more: float) -> None:
        self.house.clock.advance(timedelta(**more))


@contextmanager
def home_in(
    folder: Path, disc: Disc | None = None, process: str = "worker", clock: FixedClock | None = None
) -> Iterator[Home]:
    """Open a home as the worker does."""
    with house_in(folder, disc, LIMITS, clock) as house:
        journal = Journal(folder / "journal", process, house.clock, house.vault._disc, HOME)
        try:
            yield Home(house, Keeping(house, record=Recorder(journal)), journal)
        finally:
            journal.close()
