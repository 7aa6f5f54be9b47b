"""A running archive is backed up while it runs, the copy is tested, and restored: what was lost is there again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from primum.ground.home import find_home
from primum.identity import store
from primum.imaging import tails
from primum.imaging.store import dump
from tests.doors.e2e.canary import make_canary, write_canary
from tests.doors.e2e.conftest import Practice
from tests.doors.e2e.kit import facts
from tests.doors.e2e.offline import offline
from tests.running import RealHome, RunningPrimum
from tests.twins.clear_text import Canary, plain_copies, search


@pytest.fixture(scope="module")
def canary() -> Canary:
    return make_canary()


@pytest.fixture(scope="module")
def signed_in(practice: Practice, canary: Canary, tmp_path_factory: pytest.TempPathFactory) -> Practice:
    """Two studies are in, and the session is fresh."""
    place = tmp_path_factory.mktemp("discs")
    write_canary(place / "disc", canary, studies=2, images=3, size=64)
    practice.primum.sign_in(practice.person)
    practice.primum.cli("import", str(place / "disc"))
    return practice


@pytest.fixture(scope="module")
def backed_up(signed_in: Practice, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of it."""
    to = tmp_path_factory.mktemp("stick") / "backup"
    done = signed_in.primum.cli("backup", str(to))
    assert "of 2 studies in" in done.stderr
    return to


def test_a_backup_holds_nothing_of_a_patient_in_clear(backed_up, signed_in, canary, tmp_path):
    (made,) = write_canary(tmp_path / "made", canary, images=1, size=64)
    expected = plain_copies(tmp_path / "plain", made.file.read_bytes(), canary)
    assert {what for _, what in search([tmp_path / "plain"], canary)} >= set(expected)
    assert search([backed_up], canary) == set()


def test_its_date_is_in_the_status_without_a_session(signed_in, backed_up):
    told = json.loads(signed_in.primum.cli("status", "--json").stdout)
    assert told["last_backup"].endswith(f"to {backed_up}")
    assert json.loads((backed_up / "last.json").read_bytes())["made_at"] == told["last_backup"].split()[0]


def test_a_restore_is_tested_on_the_running_home(signed_in, backed_up):
    done = signed_in.primum.cli("restore", "--test", str(backed_up))
    assert "2 studies, 6 instances" in done.stderr
    assert facts(signed_in, "backup:tested")[-1]["details"]["illnesses"] == 0
    assert json.loads(signed_in.primum.cli("status", "--json").stdout)["restore_tested"] != "never"
    assert not (signed_in.home.folder / "run" / "restore-test").exists()


def test_a_restored_home_starts_and_has_the_studies_and_the_people(signed_in, backed_up, tmp_path):
    """Opened by the printed recovery key on paper alone, and then by the key file as before."""
    home = tmp_path / "restored"
    done = restore(signed_in, backed_up, home, "--recovery", typed=signed_in.home.recovery_key + "\n")
    assert done.returncode == 0, done.stderr
    again = RealHome(home, signed_in.home.key_file, "")
    with offline(again) as there:
        assert len(dump(there.index)["instances"]) == 6
        assert list(there.vault.check(tails(there.records), deep=True)) == []
        with there.records.connect() as connection:
            assert store.anybody_enrolled(connection)
    with RunningPrimum(home, key_file=again.key_file) as running:
        assert json.loads(running.cli("status", "--json").stdout)["home"] == find_home(signed_in.home.folder).id
        assert "enrol#" not in running.said()


def restore(practice, source, to, *options, typed=""):
    command = [sys.executable, "-m", "primum", "restore", str(source), "--to", str(to), *options]
    environment = practice.primum._environment
    return subprocess.run(
        command, input=typed, capture_output=True, text=True, env=environment, check=False, timeout=120
    )


def test_the_wrong_key_restores_nothing(signed_in, backed_up, tmp_path):
    other = tmp_path / "other.key"
    other.write_bytes(b"x" * 32)
    other.chmod(0o600)
    done = restore(signed_in, backed_up, tmp_path / "nothing", "--key-file", str(other))
    assert done.returncode == 1
    assert "vault.wrong-key-file" in done.stderr
    assert not (tmp_path / "nothing" / "home.json").exists()
