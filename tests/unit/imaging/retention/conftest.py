from __future__ import annotations

import pytest
from tests.unit.imaging.conftest import House, house  # noqa: F401 (a fixture)
from tests.unit.imaging.retention.kit import Keeping


@pytest.fixture
def keeping(house: House) -> Keeping:  # noqa: F811
    return Keeping(house)
