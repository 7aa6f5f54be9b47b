"""Mandates and stations of a running archive, as its person types them."""

from __future__ import annotations

import json
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from primum.exposure.mandates import MandateFromStranger, read_file
from primum.exposure.probe.proving import read_token
from primum.exposure.probe.station.main import PLAN
from primum.exposure.probe.station.model import NAMES, Point, Report, State, read_plan, written
from tests.doors.e2e.conftest import Practice
from tests.doors.e2e.kit import facts
from tests.mandated import KEY

GIVE = ("mandate", "give", "--host", "192.168.1.0/24", "--ports", "104,443", "--quality", "controller")


@pytest.fixture(scope="module", autouse=True)
def signed_in(practice: Practice) -> None:
    practice.primum.sign_in(practice.person)


def test_a_mandate_of_a_home_is_signed_by_its_journals_key(practice: Practice, tmp_path: Path) -> None:
    run = practice.primum.cli
    said = run(*GIVE, "--reason", "contrôle annuel", typed=["yes"]).stdout
    (number,) = re.findall(r"^mandate (mdt_\w+): in-force", said, re.MULTILINE)
    run("mandate", "export", number, "--out", str(tmp_path / "m"))
    key = (practice.home.folder / "journal" / "signer.pub").read_text("ascii").strip()
    assert read_file(tmp_path / "m", keys=[key]).id == number
    with pytest.raises(MandateFromStranger):
        read_file(tmp_path / "m", keys=[KEY.verifier_key])
    run("mandate", "token", number, "--out", str(tmp_path / "t"))
    assert read_token(tmp_path / "t").mandate == number

    run("mandate", "withdraw", number)
    assert json.loads(run("mandate", "list", "--json").stdout)["mandates"][0]["state"] == "withdrawn"
    assert run("mandate", "export", number, "--out", str(tmp_path / "n"), check=False).returncode == 1
    kinds = [one["kind"] for one in facts(practice, "mandate:")]
    assert sorted(kinds) == ["mandate:given", "mandate:token:taken", "mandate:withdrawn"]


def test_nothing_is_given_before_the_addresses_are_confirmed(practice: Practice) -> None:
    done = practice.primum.cli(*GIVE, "--reason", "x", typed=["no"], check=False)
    assert (done.returncode, "probe.not-confirmed" in done.stderr) == (1, True)


def test_a_station_is_checked_and_read_back(practice: Practice, tmp_path: Path) -> None:
    run = practice.primum.cli
    run("check", "--station", "--one-file", str(tmp_path / "s.pyz"), "--name", "portable")
    with zipfile.ZipFile(tmp_path / "s.pyz") as packed:
        plan = read_plan(packed.read(PLAN).decode("ascii"))
    assert run("check", "--station", check=False).returncode == 3

    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    points = tuple(Point(name, State.GOOD, "none") for name in NAMES)
    report = Report(nonce=plan.nonce, station=plan.station, system="linux", began_at=at, ended_at=at, points=points)
    (tmp_path / "r.json").write_text(written(report, plan.key), "ascii")
    assert run("check", "--station", "--read", str(tmp_path / "r.json")).returncode == 0
    assert run("check", "--station", "--read", str(tmp_path / "r.json"), check=False).returncode != 0
    assert run("check", "--station").returncode == 0
    assert [one["details"]["reason"] for one in facts(practice, "station:read")] == ["good"]


def test_nothing_was_found_yet(practice: Practice) -> None:
    assert json.loads(practice.primum.cli("finding", "list", "--json").stdout) == {"findings": []}
    assert json.loads(practice.primum.cli("intervention", "list", "--json").stdout) == {"interventions": []}
