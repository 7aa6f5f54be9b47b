"""The file itself, run by a Python that knows nothing of us, on a network of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from tests.unit.exposure import kit

from primum.exposure.probe.station.model import State
from primum.exposure.station import building
from primum.exposure.station.service import Stations
from primum.ground.clock import SystemClock
from primum.identity import Role

DOCTOR = kit.actor(Role.PHYSICIAN)
IMAGE = bytes(128) + b"DICM"


@pytest.mark.programs("unshare", "ip")
def test_the_file_runs_alone_and_its_result_is_read_back(tmp_path):
    stations = Stations(kit.records(tmp_path), SystemClock(), kit.Told())
    (tmp_path / "home/Downloads").mkdir(parents=True)
    (tmp_path / "home/Downloads/IM0001").write_bytes(IMAGE)
    building.write(tmp_path / "station.pyz", stations.issue(DOCTOR, "portable", "fr"))
    alone = f"ip link set lo up && exec {sys.executable} -I station.pyz"
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", alone], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"), "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "À CORRIGER : des images DICOM traînent (téléchargements : 1)" in done.stdout
    (result,) = tmp_path.glob("station-*.json")
    assert str(tmp_path) not in result.read_text()
    assert "IM0001" not in result.read_text()
    one = stations.read(DOCTOR, result.read_text())
    assert {point.name: point.state for point in one.report.points}["files"] is State.BAD
    assert one.checked_at > SystemClock().now() - timedelta(minutes=5)


def test_a_file_whose_time_is_over_looks_at_nothing(tmp_path):
    stations = Stations(kit.records(tmp_path), kit.clock(), kit.Told())
    plan = stations.issue(DOCTOR, "portable", "en").replace("2026-12-22", "2020-01-01")
    building.write(tmp_path / "station.pyz", plan)
    done = subprocess.run(
        [sys.executable, "-I", "station.pyz"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, list(tmp_path.glob("station-*.json"))) == (2, [])
    assert "ask for another one" in done.stderr
