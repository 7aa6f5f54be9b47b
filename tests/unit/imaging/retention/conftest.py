"""Houses by the dozen: databases are migrated once and copied, and only the folders needed are made."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.imaging.conftest import CONTROLLER, house_in
from tests.unit.imaging.retention.kit import Keeping, migrate_in
from tests.unit.vault.support import lay_out_for, study_named

STUDIES = [study_named(f"1.2.{number}", CONTROLLER) for number in range(10)]


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return migrate_in(tmp_path_factory.mktemp("migrated"))


@pytest.fixture
def keeping(migrated: Path, tmp_path: Path) -> Iterator[Keeping]:
    home = tmp_path / "home"
    shutil.copytree(migrated, home)
    lay_out_for(home, *STUDIES)
    with house_in(home) as house:
        yield Keeping(house)
