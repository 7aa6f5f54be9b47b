"""A house of two studies, and a place to back it up to."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.unit.app.backup.house import House, make_home, open_house, sign

from primum import vault
from primum.ground.clock import FixedClock
from primum.journal import Fact, Kind

BEGINNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


_MEMORY = Path("/dev/shm")


@pytest.fixture(scope="session")
def _memory() -> Iterator[Path | None]:
    """A folder in memory: a home has 512 folders, and removing those of a disc takes longer than the tests."""
    if not _MEMORY.is_dir():
        yield None
        return
    with tempfile.TemporaryDirectory(dir=_MEMORY, prefix="primum-backup-") as folder:
        yield Path(folder)


@pytest.fixture
def tmp_path(tmp_path: Path, _memory: Path | None) -> Iterator[Path]:
    """A folder of the test, in memory where there is such a place."""
    if _memory is None:
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=_memory) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, vault.RootKey, str]:
    """The house as it is before any test: making one takes longer than copying it."""
    place = tmp_path_factory.mktemp("template")
    clock = FixedClock(BEGINNING)
    root, recovery = make_home(place, clock)
    one = open_house(place / "home", root, clock)
    one.journal.record(Fact(Kind.HOME_CREATED, "system", one.home.id, {"home_kind": "real", "version": "1"}))
    one.store(study=1, images=2)
    one.store(study=2, images=1)
    sign(one)
    one.close()
    return place, root, recovery


@pytest.fixture
def house(tmp_path: Path, template: tuple[Path, vault.RootKey, str]) -> Iterator[House]:
    """Two studies, three images, a journal with signed heads."""
    place, root, recovery = template
    shutil.copytree(place, tmp_path, dirs_exist_ok=True)
    one = open_house(tmp_path / "home", root, FixedClock(BEGINNING.replace(hour=9)))
    one.recovery_key = recovery
    yield one
    one.close()


@pytest.fixture
def to(tmp_path: Path) -> Path:
    """A folder on another disc, so to speak."""
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder
