"""A vault, a folder of small images, and an import of whatever is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from blake3 import blake3

from primum.ground.clock import FixedClock
from primum.ground.db import open_database
from primum.ground.disc import RealDisc
from primum.imaging import Archive, Indexer, open_index, prepare_records
from primum.imaging.demo import STUDIES, Kind, study_instances, write_folder
from primum.imaging.demo.generate import DemoInstance
from primum.imaging.importing import ImportReport, Origin, Progress, import_folder
from primum.imaging.media.holding import Holding
from primum.vault import Vault, VaultKeys, create_layout, open_vault

TODAY = date(2026, 1, 5)
ORIGIN = Origin("ctl_" + "a" * 26, "per_" + "b" * 26)
SMALL = next(study for study in STUDIES if study.kind is Kind.SMALL_MR)


@pytest.fixture(scope="session")
def images() -> list[DemoInstance]:
    """Six small images of two series' beginnings."""
    return [one for one, _ in zip(study_instances(SMALL, TODAY), range(6), strict=False)]


@dataclass
class House:
    """An archive, and what importing into it told."""

    vault: Vault
    archive: Archive
    holding: Holding
    indexer: Indexer
    clock: FixedClock
    seen: list[Progress] = field(default_factory=list)

    def take(self, place: Path, **more: object) -> ImportReport:
        """Import, as the worker does."""
        self.seen.clear()
        return import_folder(
            self.vault, place, ORIGIN, clock=self.clock, intake=self.indexer.take, progress=self.seen.append,
            known=self.holding.versions, **more,  # type: ignore[arg-type]
        )  # fmt: skip

    def digests(self) -> set[bytes]:
        """SHA-256 of all that is kept."""
        return {digest for study in self.vault.studies() for _, digest in self.holding.study(study)}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    disc, clock = RealDisc(), FixedClock(datetime(2026, 1, 2, 10, 0, tzinfo=UTC))
    home = tmp_path / "home"
    disc.make_folder(home)
    for name in ("vault", "keyring"):
        disc.make_folder(home / name)
    create_layout(disc, home / "vault", home / "keyring")
    vault = open_vault(home / "vault", home / "keyring", VaultKeys(b"k" * 32, b"n" * 32), disc, clock)
    index = open_index(home / "index.db", b"i" * 32)
    records = open_database(home / "records.db", b"r" * 32, durability="normal")
    prepare_records(records)
    archive = Archive(index, vault)
    yield House(vault, archive, Holding(archive, vault), Indexer(index, records, vault, clock), clock)
    index.dispose()
    records.dispose()


@pytest.fixture
def folder(tmp_path: Path, images: list[DemoInstance]) -> Path:
    """The images as files of a disc."""
    write_folder(tmp_path / "disc" / "DICOM" / "0001", images)
    return tmp_path / "disc"


@pytest.fixture(scope="session")
def contents(images: list[DemoInstance]) -> set[bytes]:
    """BLAKE3 of each image's data set."""
    return {blake3(one.data_set).digest() for one in images}


Take = Callable[[Path], ImportReport]
