"""Doors that are closed because of a breach: ended in a running house, absent after a restart, opened by a word."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path

import pytest

from primum.exposure.checks.gathering.sockets import listening
from primum.ground.closed import Closed, close_doors, reopen_doors
from primum.ground.disc import RealDisc
from tests.doors.e2e.processes import children, kill_child, restarted
from tests.programs import free_port, wait_until
from tests.running import RunningPrimum, make_real_home

CLOSED = Closed("2026-11-24T22:40:00.000Z", "per_" + "a" * 26, "inc_" + "b" * 26)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningPrimum]:
    home = make_real_home(tmp_path)
    ports = {"hl7_port": free_port(), "web_address": "0.0.0.0", "dicom_address": "0.0.0.0"}
    with RunningPrimum(home.folder, key_file=home.key_file, settings=ports) as primum:
        yield primum


def open_ports(primum: RunningPrimum) -> dict[str, str]:
    """Where each door listens: its name, and the address."""
    names = {int(primum.settings[f"{one}_port"]): one for one in ("web", "dicom", "hl7")}
    return {names[one.port]: one.address for one in listening() if one.port in names}


def test_doors_close_at_once_stay_closed_through_a_restart_and_reopen(running: RunningPrimum) -> None:
    assert set(open_ports(running)) == {"web", "dicom", "hl7"}
    close_doors(RealDisc(), running.home, CLOSED)
    # the worker says so on its pipe; here it is gone before it could, which is the harder case
    restarted(running, "worker", kill_child(running, "worker"))
    wait_until(lambda: open_ports(running) == {"web": "127.0.0.1"}, seconds=30)
    assert set(children(running)) == {"worker", "web"}
    wait_until(lambda: f"doors: closed since {CLOSED.at}" in running.cli("status", check=False).stdout, seconds=30)
    running.stop()
    running.start()
    running.wait_ready()
    assert "THE DOORS ARE CLOSED" in running.said()
    assert open_ports(running) == {"web": "127.0.0.1"}
    with running.browser() as pages:
        assert pages.get("/").status_code < 500
    reopen_doors(RealDisc(), running.home)
    restarted(running, "worker", kill_child(running, "worker"))
    wait_until(lambda: set(open_ports(running)) == {"web", "dicom", "hl7"}, seconds=60)
    assert not ipaddress.ip_address(open_ports(running)["web"]).is_loopback
    wait_until(lambda: "doors: open" in running.cli("status", check=False).stdout, seconds=30)
