"""Houses by the dozen: databases are migrated once and copied, and only the folders needed are made."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.unit.imaging.conftest import CONTROLLER, Device, House
from tests.unit.imaging.retention.kit import Keeping
from tests.unit.vault.support import KEYS, lay_out_for, study_named

from primum.ground.clock import FixedClock
from primum.ground.db import open_database
from primum.ground.disc import RealDisc
from primum.imaging import Archive, Indexer, open_index, prepare_records, prepare_sendings
from primum.imaging.commitments.store import prepare_commitments
from primum.imaging.confirmations.store import prepare_confirmations
from primum.imaging.orders import prepare_orders
from primum.vault import open_vault

STUDIES = [study_named(f"1.2.{number}", CONTROLLER) for number in range(10)]


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("migrated")
    open_index(folder / "index.db", b"i" * 32).dispose()
    records = open_database(folder / "records.db", b"r" * 32, durability="full")
    prepare_records(records)
    prepare_commitments(records)
    prepare_confirmations(records)
    prepare_orders(records)
    prepare_sendings(records)
    records.dispose()
    return folder


@pytest.fixture
def keeping(migrated: Path, tmp_path: Path) -> Iterator[Keeping]:
    home = tmp_path / "home"
    shutil.copytree(migrated, home)
    lay_out_for(home, *STUDIES)
    clock = FixedClock(datetime(2026, 1, 2, 10, 0, tzinfo=UTC))
    vault = open_vault(home / "vault", home / "keyring", KEYS, RealDisc(), clock)
    index = open_index(home / "index.db", b"i" * 32)
    records = open_database(home / "records.db", b"r" * 32, durability="normal")
    device = Device(vault, clock)
    indexer = Indexer(index, records, vault, clock)
    yield Keeping(House(home, vault, clock, index, records, indexer, Archive(index, vault), device))
    device.close()
    index.dispose()
    records.dispose()
