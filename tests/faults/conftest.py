"""Scenes are recorded once for all tests of a process."""

from __future__ import annotations

import pytest

from tests.faults.power import Recordings, record_scenes


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Recordings:
    return record_scenes(tmp_path_factory.mktemp("recorded") / "scenes", seed=1)
