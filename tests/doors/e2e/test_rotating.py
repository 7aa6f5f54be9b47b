"""`primum keyring rotate`: another root key for a home that stopped; all as it was for who has the new guard."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from primum import vault
from primum.app.databases import open_index, open_records
from primum.app.rotating import EvidenceFirst, rotate
from primum.doors.cli.cmd_keyring import NotPrinted
from primum.ground.clock import SystemClock
from primum.ground.db import WrongDatabaseKey
from primum.ground.home import find_home
from primum.ground.ids import new_id
from primum.identity import Actor, Grant, Role, Scope
from primum.incidents.model import Origin
from primum.incidents.service import Controller, Incidents
from primum.vault import Label
from tests.doors.e2e.canary import make_canary, write_canary
from tests.doors.e2e.conftest import root_key
from tests.doors.e2e.offline import vault_of
from tests.running import RealHome, RunningPrimum, make_real_home

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def ask_to_rotate(home: RealHome, new: Path, *, typed: str = "") -> tuple[int, str]:
    """Run the command as at a terminal without one: read the new recovery key, type its end."""
    command = [sys.executable, "-m", "primum", "--home", str(home.folder), "keyring", "rotate"]
    command += ["--key-file", str(home.key_file), "--new-key-file", str(new)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if found := re.search(r"AGE-SECRET-KEY-1[0-9A-Z]+", line):
                process.stdin.write((typed or found.group()[-6:]) + "\n")
                process.stdin.flush()
    return process.returncode, said


def restored(place: Path, key: Path, *options: str) -> None:
    """Restore a backup with a key file, and look that its studies open."""
    to = place / f"restored-{key.stem}"
    command = [
        sys.executable,
        "-m",
        "primum",
        "restore",
        str(place / "backup"),
        "--to",
        str(to),
        "--key-file",
        str(key),
    ]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "2 studies" in done.stdout + done.stderr
    opened = vault_of(RealHome(to, key, ""))
    assert list(opened.check({}, deep=True)) == []


def test_a_home_under_another_root_is_as_it_was_and_the_former_guard_opens_nothing(tmp_path: Path) -> None:
    home, new = make_real_home(tmp_path), tmp_path / "new.key"
    with RunningPrimum(home.folder, key_file=home.key_file) as running:
        person = running.enrol_first_person()
        settings = running.settings
        write_canary(tmp_path / "disc", make_canary(), studies=2, images=2, size=32)
        running.sign_in(person)
        running.cli("import", str(tmp_path / "disc"))
        running.cli("backup", str(tmp_path / "backup"))
        status, said = ask_to_rotate(home, new)
        assert status == 1
        assert "[up.already-running]" in said
    old = root_key(home)
    status, said = ask_to_rotate(home, new, typed="WRONG1")
    assert status == 1
    assert NotPrinted.code in said
    assert vault.unlock(home.folder / "keyring", vault.KeyFileGuard(home.key_file)).reveal() == old.reveal()
    status, said = ask_to_rotate(home, new)
    assert status == 0, said
    with pytest.raises(vault.WrongKeyFile):
        root_key(home)
    found = find_home(home.folder)
    for label, opens in ((Label.RECORDS, open_records), (Label.INDEX, open_index)):
        with pytest.raises(WrongDatabaseKey):
            opens(found, old.derive(label))
    with RunningPrimum(home.folder, key_file=new, settings=settings) as running:
        running.sign_in(person)  # the second factor's secret was carried over
        assert "nothing is wrong" in running.cli("journal", "verify").stdout
        assert "2 studies in 2 packs: nothing is wrong" in running.cli("vault", "check", "--deep").stderr
        assert len(json.loads(running.cli("find", "--json").stdout)) == 2
        running.cli("backup", str(tmp_path / "backup"))
        restored(tmp_path, new)
    account = b"".join(one.read_bytes() for one in (home.folder / "journal" / "account").rglob("*.chain"))
    assert account.count(b'"kind":"root:rotated"') == 1
    oldest = min(one.name.split(".")[0] for one in (tmp_path / "backup" / "generations").iterdir())
    restored(tmp_path, home.key_file, "--generation", oldest)  # a former backup asks for the former guard


def test_a_breach_that_is_open_has_its_evidence_frozen_first(tmp_path: Path) -> None:
    home = make_real_home(tmp_path)
    found, root = find_home(home.folder), root_key(home)
    records = open_records(found, root.derive(Label.RECORDS))
    mine = Controller(new_id("ctl"), "Cabinet d'essai")
    by = Actor(new_id("per"), (Grant(Role.PHYSICIAN, Scope.SITE, mine.id, id=new_id("gra")),), fresh=True)

    class House:
        processor = False

        def controllers(self) -> list[Controller]:
            return [mine]

    Incidents(records, SystemClock(), lambda *_: None, House()).open(by, Origin.PERSON, "clé perdue", mine.id)
    records.dispose()
    new = tmp_path / "new.key"
    new.write_bytes(b"n" * 32)
    new.chmod(0o600)
    guard, shown = vault.KeyFileGuard(new), []
    with pytest.raises(EvidenceFirst):
        rotate(found, root, guard, shown.append, lambda *_: None)
    assert shown == []
    rotate(found, root, guard, shown.append, lambda *_: None, without_evidence=True)
    assert vault.unlock(home.folder / "keyring", vault.RecoveryGuard(shown[0])).derive(Label.NAMES) == root.derive(
        Label.NAMES
    )


def test_a_replacement_that_was_decided_is_finished_by_the_next_start(tmp_path: Path) -> None:
    home, new = make_real_home(tmp_path), tmp_path / "new.key"
    new.write_bytes(b"n" * 32)
    new.chmod(0o600)
    found, root = find_home(home.folder), root_key(home)
    from primum.app import rotating as rooms
    from primum.vault import rotating

    kept = rotating.finish
    try:
        rotating.finish = lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)  # killed once it is decided
        with pytest.raises(KeyboardInterrupt):
            rooms.rotate(found, root, vault.KeyFileGuard(new), lambda _: None, lambda *_: None)
    finally:
        rotating.finish = kept
    with pytest.raises(vault.RotationUnfinished):
        root_key(home)
    with RunningPrimum(home.folder, key_file=new) as running:
        assert running.cli("status").returncode == 0
    with pytest.raises(vault.WrongKeyFile):
        root_key(home)
