from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.identity import people_kit


@pytest.fixture(scope="session")
def people_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return people_kit.template(tmp_path_factory.mktemp("people"))


@pytest.fixture
def house(tmp_path: Path, people_template: Path) -> people_kit.House:
    return people_kit.build(tmp_path, people_template)
