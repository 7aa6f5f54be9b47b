"""The daily job, the date that anyone may read, the secrets that nobody may."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.unit.app.backup.house import House, open_house

from primum.app.backup.destination import (
    Credentials,
    kept_credentials,
    parse_destination,
    read_credentials,
)
from primum.app.backup.refusals import CredentialsOpen, DemoStaysHere, NoDestination, StoreRefused
from primum.app.backup.service import Asked, Backups, Listener
from primum.app.backup.status import Standing, holding, read_standing, sentences, write_standing
from primum.app.joints import box
from primum.ground.disc import RealDisc
from primum.journal import Filter, entries
from primum.vault import Label

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def daily(house: House, to: Path) -> House:
    house.close()
    return open_house(house.folder, house.root, house.clock, backup_to=str(to))


def sweep(house: House) -> int:
    """Run the job as the clockwork does, and wait for the run that it started."""
    (job,) = house.backups.jobs()
    started = job.sweep(house.clock.now())
    for thread in threading.enumerate():
        if thread.name == "backup":
            thread.join(60)
    return started


def test_the_job_makes_one_backup_a_day_whenever_the_machine_runs(house: House, to: Path) -> None:
    there = daily(house, to)
    try:
        made = []
        for _ in range(26):
            made.append(sweep(there))
            there.clock.advance(timedelta(hours=1))
        assert (made[0], sum(made)) == (1, 2)
        assert len(there.backups.generations("")) == 2
    finally:
        there.close()


def test_without_the_setting_the_job_does_nothing(house: House) -> None:
    assert sweep(house) == 0
    with pytest.raises(NoDestination):
        house.backups.generations("")


def test_a_job_that_is_refused_is_recorded_and_tried_again(house: House, to: Path) -> None:
    there = daily(house, to / "not" / "there")
    try:
        assert (sweep(there), sweep(there)) == (1, 1)
        refused = list(entries(there.folder / "journal", Filter(kinds=("backup:refused",))))
        assert [one.details["reason"] for one in refused] == ["backup.destination-absent"] * 2
    finally:
        there.close()


def test_a_run_that_is_told_to_stop_stops_and_goes_on_later(house: House, to: Path) -> None:
    house.backups.stop()
    with pytest.raises(Exception, match="interrupted"):
        house.backup(to)
    later = open_house(house.folder, house.root, house.clock)
    try:
        later.backup(to)
    finally:
        later.close()


@pytest.mark.parametrize(
    ("standing", "expected", "made"),
    [
        (Standing(), False, "never (the setting backup_to is empty)"),
        (Standing(), True, "never - LATE"),
        (Standing(made_at="2026-03-02T07:00:00.000Z", to="/x"), True, "2026-03-02T07:00:00.000Z to /x"),
        (Standing(made_at="2026-02-28T20:00:00.000Z", to="/x"), True, "2026-02-28T20:00:00.000Z to /x"),
        (
            Standing(made_at="2026-02-27T07:00:00.000Z", to="/x"),
            True,
            "2026-02-27T07:00:00.000Z to /x - LATE by 1 d 13 h",
        ),
        (
            Standing(made_at="2026-03-01T07:00:00.000Z", to="/x", refused_at="T", refused="backup.key-missing"),
            True,
            "2026-03-01T07:00:00.000Z to /x; refused at T (backup.key-missing)",
        ),
        (
            Standing(made_at="2026-03-02T07:00:00.000Z", to="/x", illnesses=2),
            True,
            "2026-03-02T07:00:00.000Z to /x, 2 illnesses (primum vault check)",
        ),
    ],
)
def test_the_status_says_when_and_how_late(standing: Standing, *, expected: bool, made: str) -> None:
    assert sentences(standing, NOW, expected=expected)[0] == made


def test_the_status_says_when_a_restore_was_tested_and_how_much_of_it() -> None:
    assert sentences(Standing(), NOW, expected=False)[1] == "never"
    assert sentences(Standing(tested_at="T"), NOW, expected=False)[1] == "T"
    assert sentences(Standing(tested_at="T", tested_part=5), NOW, expected=False)[1] == "T (5 % of the studies)"


def test_who_still_holds_an_erased_key_is_known(house: House, to: Path, tmp_path: Path) -> None:
    """A certificate of erasure names the copies that are not reached yet (GDPR art. 17 and 5(2))."""
    other = tmp_path / "other"
    house.backup(to)
    erased_at = house.clock.now() + timedelta(minutes=1)
    house.clock.advance(timedelta(days=31))
    house.backup(other)
    assert holding(read_standing(house.folder), erased_at) == [str(to)]
    house.backup(to)
    house.clock.advance(timedelta(days=31))
    house.backup(to)
    assert holding(read_standing(house.folder), erased_at) == []


def test_a_home_whose_disc_refuses_is_a_refusal_with_its_reason(
    house: House, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("primum.app.backup.making.snapshot", refuse)
    with pytest.raises(StoreRefused) as refused:
        house.backup(to)
    assert refused.value.facts == {"place": "the home", "reason": "no space left on device"}
    assert house.kinds()[-1] == "backup:refused"


def test_what_a_killed_run_left_in_the_home_goes_with_the_next_one(house: House, to: Path) -> None:
    for left in ("restore-test/vault", "restic/x", "backup/stage"):
        (house.folder / "run" / left).mkdir(parents=True)
    house.backup(to)
    assert [one.name for one in (house.folder / "run").rglob("*") if one.name != "backup"] == []


def test_a_demo_home_does_not_dial(house: House) -> None:
    demo = replace(house.home, kind="demo")
    backups = Backups(replace(house.backups._source, home=demo), house.backups._means)
    with pytest.raises(DemoStaysHere):
        backups.make(Asked("s3://bucket-a"), Listener())


def test_a_standing_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    for content in (b"", b"[]", b'{"illnesses": {}}', b"{", b'{"destinations": 7}', b'{"oldest": [7]}'):
        (tmp_path / "backup.json").write_bytes(content)
        read_standing(tmp_path)
    write_standing(RealDisc(), tmp_path, Standing(to="/x", destinations=("/x",)))
    assert read_standing(tmp_path) == Standing(to="/x", destinations=("/x",))


def test_credentials_are_sealed_for_their_destination(house: House) -> None:
    house.backups.keep_credentials("s3://bucket-a", Credentials("secret-a", "key-a"))
    house.backups.keep_credentials("restic:/mnt/r", Credentials("pass-word"))
    content = (house.folder / "backup.sealed").read_bytes()
    assert b"secret-a" not in content
    assert b"pass-word" not in content
    secrets = box(house.root.derive(Label.SECRETS))
    kept = [kept_credentials(house.home, secrets, parse_destination(to)) for to in ("s3://bucket-a", "restic:/mnt/r")]
    assert kept == [Credentials("secret-a", "key-a"), Credentials("pass-word")]
    assert "secret" not in repr(kept)


def test_a_credentials_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    file.write_text("key-a\nsecret-a\n")
    file.chmod(0o644)
    with pytest.raises(CredentialsOpen):
        read_credentials(file, parse_destination("s3://bucket-a"))
    file.chmod(0o600)
    assert read_credentials(file, parse_destination("s3://bucket-a")) == Credentials("secret-a", "key-a")
    file.write_text("only one line\n")
    with pytest.raises(CredentialsOpen):
        read_credentials(file, parse_destination("s3://bucket-a"))
    assert read_credentials(file, parse_destination("restic:/r")) == Credentials("only one line")
