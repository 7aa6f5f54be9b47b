"""A restic repository holds the same generations, in the same order of copying, and gives them back."""

from __future__ import annotations

import os
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from tests.twins.processes import said_to_the_machine
from tests.unit.app.backup.house import House, files, key_file, open_house, study_of

from primum.app.backup import restic
from primum.app.backup.destination import Credentials, S3Service, parse_destination
from primum.app.backup.recovery import recover
from primum.app.backup.refusals import DestinationAbsent, NoCredentials, ResticRefused

pytestmark = pytest.mark.programs("restic")
PASSWORD = "six words drawn at random"


@pytest.fixture
def where(house: House, tmp_path: Path) -> str:
    to = f"restic:{tmp_path / 'repository'}"
    house.backups.keep_credentials(to, Credentials(PASSWORD))
    return to


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What each restic shows to who lists processes: its arguments, and its environment."""
    listed = []
    started = subprocess.Popen

    def look(*arguments: object, **more: object) -> subprocess.Popen[bytes]:
        process = started(*arguments, **more)  # type: ignore[call-overload]
        listed.append(said_to_the_machine(process.pid))
        assert set(more["env"]) == {"PATH", "HOME", "LC_ALL", "TMPDIR"}
        return process  # type: ignore[no-any-return]

    monkeypatch.setenv("RESTIC_REPOSITORY", "/elsewhere")
    monkeypatch.setattr(restic.subprocess, "Popen", look)
    return listed


def restored(house: House, where: str, place: Path, generation: str = "", password: str = PASSWORD) -> list[str]:
    return recover(
        parse_destination(where), S3Service(), Credentials(password), key_file(house.folder.parent), place, generation,
        lambda *_: None,
    )  # fmt: skip


def test_generations_go_in_come_back_and_are_forgotten(
    house: House, where: str, tmp_path: Path, shown: list[bytes]
) -> None:
    """One test for a whole life: each call of restic takes half a second, to make guessing dear."""
    doomed = house.store(study=3, size=20_000)[0]
    first = house.backup(where).manifest.generation
    house.erase(study_of(doomed))
    house.store(study=1, size=40_000)
    house.backup(where)
    assert not (house.folder / "run" / "backup" / "stage").exists()
    told = restored(house, where, tmp_path / "again", first)
    assert "1 studies were erased since, and were not restored" in told
    there = open_house(tmp_path / "again", house.root, house.clock)
    try:
        assert list(there.vault.check(there.expected(), deep=True)) == []
        assert study_of(doomed) not in list(there.vault.studies())
        assert not (there.folder / ".restic").exists()
        assert there.kinds()[-1] == "home:restored"
    finally:
        there.close()

    house.clock.advance(timedelta(days=31))
    made = house.backup(where)
    assert made.pruned.generations == 2
    assert house.backups.generations(where) == [made.manifest.generation]

    with pytest.raises(ResticRefused):
        restored(house, where, tmp_path / "nothing", password="a wrong one")
    (tmp_path / "repository").rename(tmp_path / "unplugged")
    with pytest.raises(DestinationAbsent):
        house.backup(where)

    assert len(shown) > 10
    assert [one for one in shown if PASSWORD.encode() in one or b"/elsewhere" in one] == []


def test_without_a_password_and_without_restic_it_is_refused(
    house: House, where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NoCredentials):
        house.backup(f"restic:{tmp_path / 'other'}")
    monkeypatch.setattr(os, "environ", {**os.environ, "PATH": str(tmp_path)})
    with pytest.raises(ResticRefused) as refused:
        house.backup(where)
    assert refused.value.facts["reason"] == "it is not installed"
    assert files(tmp_path / "other") == {}
