"""The practice's zone: settled in a process and those that it starts, whatever tables the machine has."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from primum.ground.zones import CHOSEN, PARIS, choose_zone, is_zone, practice_zone, zone_named

SETTLE = """
import subprocess, sys, zoneinfo
if sys.argv[2] == "none":
    zoneinfo.reset_tzpath(to=())
from primum.ground.zones import practice_zone, settle_zone
settle_zone(sys.argv[1])
child = "from datetime import *; print(datetime(2026, 7, 14, 12, tzinfo=UTC).astimezone().isoformat())"
print(practice_zone())
exec(child, {})
sys.stdout.flush()
subprocess.run([sys.executable, "-c", child], check=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps its own zone")
@pytest.mark.parametrize("tables", ["system", "none"])
@pytest.mark.parametrize(
    ("name", "noon"), [(PARIS, "2026-07-14T14:00:00+02:00"), ("Indian/Reunion", "2026-07-14T16:00:00+04:00")]
)
def test_a_zone_is_settled_for_a_process_and_its_children(name, noon, tables):
    clean = {key: value for key, value in os.environ.items() if key not in {"TZ", CHOSEN}} | {"TZ": "UTC"}
    done = subprocess.run(
        [sys.executable, "-c", SETTLE, name, tables], env=clean, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [name, noon, noon]


def test_paris_where_none_was_chosen(monkeypatch):
    monkeypatch.delenv(CHOSEN, raising=False)
    assert practice_zone() == ZoneInfo(PARIS)
    monkeypatch.setenv(CHOSEN, PARIS)  # so that what follows is undone
    choose_zone("Indian/Reunion")
    assert practice_zone() == ZoneInfo("Indian/Reunion")


@pytest.mark.parametrize("name", ["Europe/Nowhere", "", "../etc/passwd", "/etc/localtime", "Europe", "\0"])
def test_what_names_no_zone_is_none(name):
    assert not is_zone(name)


def test_a_zone_that_is_unknown_is_utc():
    assert zone_named("Europe/Nowhere") is UTC
    assert datetime(2026, 3, 28, 23, 40, tzinfo=zone_named(PARIS)).astimezone(UTC).hour == 22
