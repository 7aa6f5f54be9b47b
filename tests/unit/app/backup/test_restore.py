"""What is restored is what was there: byte for byte, row for row; and what was erased stays erased."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select
from tests.unit.app.backup.house import House, files, flip, key_file, open_house, pack_file, restore, sign, study_of

from primum import vault
from primum.app.backup.manifest import write_manifest
from primum.app.backup.refusals import ManifestAltered, NoGeneration, PieceAltered, RestoreElsewhere
from primum.ground.clock import to_text
from primum.identity.tables import CONTROLLERS, INVITATIONS, PEOPLE, SESSIONS
from primum.imaging.restored import settle_tails
from primum.journal import verify_journal


@contextmanager
def again(house: House, source: Path, place: Path, generation: str = "") -> Iterator[House]:
    """Restore into place/again, and open it."""
    restore(source, key_file(house.folder.parent), place / "again", generation)
    one = open_house(place / "again", house.root, house.clock)
    try:
        yield one
    finally:
        one.close()


def packs(folder: Path) -> dict[str, bytes]:
    return {path: data for path, data in files(folder / "vault").items() if path.endswith(".pack")}


def test_a_restored_home_has_every_pack_key_row_and_line(house: House, to: Path, tmp_path: Path) -> None:
    sign(house)
    assert house.backup(to).manifest.illnesses == 0
    with again(house, to, tmp_path) as there:
        assert packs(there.folder) == packs(house.folder)
        assert files(there.folder / "keyring") == files(house.folder / "keyring")
        assert files(there.folder / "certificates") == files(house.folder / "certificates")
        assert there.dump() == house.dump()
        assert there.expected() == house.expected()
        assert list(there.vault.check(there.expected(), deep=True)) == []


def test_the_recovery_key_on_paper_is_enough(house: House, to: Path, tmp_path: Path) -> None:
    house.backup(to)
    restore(to, vault.RecoveryGuard(house.recovery_key), tmp_path / "again")
    assert (tmp_path / "again" / "home.json").read_bytes() == house.home.identity_bytes()


def test_the_journal_goes_on_and_says_so(house: House, to: Path, tmp_path: Path) -> None:
    sign(house)
    house.backup(to)
    with again(house, to, tmp_path) as there:
        key = (house.folder / "journal" / "signer.pub").read_text().strip()
        assert verify_journal(there.folder / "journal", key).illnesses == []
        assert there.kinds()[-1] == "home:restored"
        sign(there)
        assert verify_journal(there.folder / "journal", key).illnesses == []


def test_an_old_generation_comes_back_as_it_was(house: House, to: Path, tmp_path: Path) -> None:
    first = house.backup(to).manifest.generation
    then = packs(house.folder)
    house.store(study=1, images=2)
    house.store(study=3)
    house.backup(to)
    with again(house, to, tmp_path, first) as there:
        assert packs(there.folder) == then
        assert list(there.vault.check(there.expected(), deep=True)) == []


def test_a_study_erased_since_does_not_come_back(house: House, to: Path, tmp_path: Path) -> None:
    """GDPR art. 17: an erasure that a restore undoes in silence was none."""
    doomed, kept = house.store(study=7)[0], house.store(study=8)[0]
    old = house.backup(to).manifest.generation
    house.clock.advance(timedelta(days=1))
    house.erase(study_of(doomed))
    house.backup(to)
    told = restore(to, key_file(tmp_path), tmp_path / "again", old)
    assert "1 studies were erased since, and were not restored" in told
    there = open_house(tmp_path / "again", house.root, house.clock)
    try:
        assert study_of(doomed) not in list(there.vault.studies())
        assert study_of(kept) in list(there.vault.studies())
        assert not list((there.folder / "keyring").glob(f"*/{study_of(doomed)}.key"))
        assert doomed.position.pack not in there.expected()
        assert list(there.vault.check(there.expected(), deep=True)) == []
    finally:
        there.close()


def test_a_study_sent_again_after_its_erasure_comes_back_without_its_former_bytes(
    house: House, to: Path, tmp_path: Path
) -> None:
    former = house.store(study=7)[0]
    house.backup(to)
    house.clock.advance(timedelta(hours=1))
    house.erase(study_of(former))
    house.clock.advance(timedelta(hours=1))
    later = house.store(study=7)[0]
    assert house.backup(to).manifest.illnesses == 0
    with again(house, to, tmp_path) as there:
        assert [one.pack for one in there.vault.packs(study_of(later))] == [later.position.pack]
        assert list(there.vault.check(there.expected(), deep=True)) == []


def test_an_old_generation_takes_a_study_that_was_rewritten_since_from_the_newest(
    house: House, to: Path, tmp_path: Path
) -> None:
    """Part of a study is erased by rewriting the rest under a new key: to a backup, as if it were sent again."""
    former = house.store(study=7, images=2)[0]
    old = house.backup(to).manifest.generation
    house.clock.advance(timedelta(days=1))
    house.erase(study_of(former))
    house.clock.advance(timedelta(hours=1))
    later = house.store(study=7)[0]
    house.backup(to)
    told = restore(to, key_file(tmp_path), tmp_path / "again", old)
    assert any("1 studies were erased in part since" in line for line in told)
    there = open_house(tmp_path / "again", house.root, house.clock)
    try:
        assert [one.pack for one in there.vault.packs(study_of(later))] == [later.position.pack]
        assert list(there.vault.check(there.expected(), deep=True)) == []
        key = next((house.folder / "keyring").glob(f"*/{study_of(later)}.key"))
        assert (there.folder / key.relative_to(house.folder)).read_bytes() == key.read_bytes()
    finally:
        there.close()


def test_tombstones_do_not_go_back_with_the_data(house: House, to: Path, tmp_path: Path) -> None:
    """A study that was erased since, and is sent again to the restored home, must still be known as erased."""
    old = house.backup(to).manifest.generation
    row = ("a" * 26, "", "study", "ctl_a", "era_a", "2026-03-02T10:00:00.000Z")
    with house.records.begin() as connection:
        connection.exec_driver_sql("INSERT INTO tombstones VALUES (?, ?, ?, ?, ?, ?)", row)
    house.backup(to)
    with again(house, to, tmp_path, old) as there, there.records.connect() as connection:
        assert connection.exec_driver_sql("SELECT * FROM tombstones").fetchall() == [row]
        assert list((there.folder / "run").glob("newest*")) == []


def test_what_cannot_be_known_of_erasures_is_said(house: House, to: Path, tmp_path: Path) -> None:
    house.backup(to)
    told = restore(to, key_file(tmp_path), tmp_path / "again")
    assert any("compare with your register of erasures" in line for line in told)


def test_a_younger_generation_that_is_not_sound_is_said(house: House, to: Path, tmp_path: Path) -> None:
    old = house.backup(to).manifest.generation
    young = house.backup(to).manifest.generation
    flip(to / "generations" / f"{young}.manifest", 40)
    told = restore(to, key_file(tmp_path), tmp_path / "again", old)
    assert any("1 younger generations are not sound" in line for line in told)


def test_appending_to_a_restored_pack_uses_no_nonce_twice(house: House, to: Path, tmp_path: Path) -> None:
    """The old home and the restored one go on from the same record, with other bytes: every salt is another one."""
    stored = house.store(study=5)[0]
    house.backup(to)
    with again(house, to, tmp_path) as there:
        there.images = house.images
        ours, theirs = house.store(study=5, size=8)[0], there.store(study=5, size=16)[0]
        assert ours.position.pack == theirs.position.pack == stored.position.pack
        salts = [
            pack_file(folder, stored).read_bytes()[at.position.offset + 16 : at.position.offset + 48]
            for folder, at in ((house.folder, ours), (there.folder, theirs), (there.folder, stored))
        ]
        assert len(set(salts)) == 3
        assert list(there.vault.check(there.expected(), deep=True)) == []


def test_a_key_of_another_home_opens_nothing_and_leaves_no_home(house: House, to: Path, tmp_path: Path) -> None:
    house.backup(to)
    (tmp_path / "other").mkdir()
    other = key_file(tmp_path / "other")
    other.path.write_bytes(b"x" * 32)
    with pytest.raises(vault.WrongKeyFile):
        restore(to, other, tmp_path / "again")
    assert not (tmp_path / "again" / "home.json").exists()


def test_a_flipped_bit_in_any_file_of_a_backup_is_seen(house: House, to: Path, tmp_path: Path) -> None:
    house.backup(to)
    pieces = [one for folder in ("pieces", "keyring", "generations") for one in (to / folder).rglob("*")]
    for number, piece in enumerate(one for one in pieces if one.is_file()):
        sound = piece.read_bytes()
        flip(piece, len(sound) // 2)
        with pytest.raises((PieceAltered, ManifestAltered)):
            restore(to, key_file(tmp_path), tmp_path / f"again-{number}")
        assert not (tmp_path / f"again-{number}" / "home.json").exists()
        piece.write_bytes(sound)


def test_a_manifest_of_another_home_is_refused(house: House, to: Path, tmp_path: Path) -> None:
    made = house.backup(to).manifest
    with (to / "generations" / f"{made.generation}.manifest").open("wb") as forged:
        write_manifest(replace(made, entries={}), b"another key of thirty-two bytes!", forged)
    with pytest.raises(ManifestAltered):
        restore(to, key_file(tmp_path), tmp_path / "again")


def test_an_interrupted_restore_goes_on(house: House, to: Path, tmp_path: Path) -> None:
    made = house.backup(to).manifest
    victim = next(one for one in made.entries.values() if one.path.startswith("journal/account"))
    piece = to / "pieces" / victim.pieces[0].sha256[:2] / victim.pieces[0].sha256
    sound = piece.read_bytes()
    piece.unlink()
    with pytest.raises(PieceAltered):
        restore(to, key_file(tmp_path), tmp_path / "again")
    inodes = {path: (tmp_path / "again" / "vault" / path).stat().st_ino for path in packs(tmp_path / "again")}
    assert inodes
    piece.write_bytes(sound)
    with again(house, to, tmp_path) as there:
        assert packs(there.folder) == packs(house.folder)
        assert {path: (there.folder / "vault" / path).stat().st_ino for path in inodes} == inodes


def test_a_folder_that_holds_something_else_is_left_alone(house: House, to: Path, tmp_path: Path) -> None:
    house.backup(to)
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / "thesis.odt").write_bytes(b"mine")
    with pytest.raises(RestoreElsewhere):
        restore(to, key_file(tmp_path), tmp_path / "again")
    assert [one.name for one in (tmp_path / "again").iterdir()] == ["thesis.odt"]


def test_a_generation_that_is_not_there_is_refused(house: House, to: Path, tmp_path: Path) -> None:
    house.backup(to)
    for name in ("20200101t000000000z", "../../etc/passwd"):
        with pytest.raises(NoGeneration):
            restore(to, key_file(tmp_path), tmp_path / "again", name)


def test_nobody_is_signed_in_after_a_restore_and_no_link_is_left(house: House, to: Path, tmp_path: Path) -> None:
    """A link that was used after the backup, or a session that was closed since, would open again."""
    sign_in_and_invite(house)
    house.backup(to)
    assert open_things(house) == (1, 1)
    with again(house, to, tmp_path) as there:
        assert open_things(there) == (0, 0)


def sign_in_and_invite(house: House) -> None:
    at = to_text(house.clock.now())
    with house.records.begin() as connection:
        connection.execute(insert(CONTROLLERS).values(id="ctl_a", name="A", created_at=at))
        person = {"full_name": "A", "controller_id": "ctl_a", "mail": "", "language": "fr", "invited_at": at}
        connection.execute(insert(PEOPLE).values(id="per_a", login="a", state="enrolled", **person))
        session = {"opened_at": at, "used_at": at, "ends_at": at, "address": "", "agent": ""}
        connection.execute(insert(SESSIONS).values(id="ses_a", person_id="per_a", token_hash="t", **session))
        link = {"made_by": "per_a", "made_at": at, "expires_at": at, "loopback": False, "totp_sealed": b"", "tries": 0}
        connection.execute(insert(INVITATIONS).values(token_hash="l", person_id="per_a", **link))


def open_things(house: House) -> tuple[int, int]:
    with house.records.connect() as connection:
        sessions = connection.execute(select(SESSIONS).where(SESSIONS.c.closed_at.is_(None))).fetchall()
        links = connection.execute(select(INVITATIONS).where(INVITATIONS.c.used_at.is_(None))).fetchall()
    return len(sessions), len(links)


def test_tails_ahead_of_the_packs_are_set_back_and_others_stay(house: House) -> None:
    before = house.expected()
    pack, tail = next(iter(before.items()))
    back = vault.Tail(tail.study, pack, 0, "0" * 64, 4096)
    assert settle_tails(house.records, {**before, pack: back}) == 1
    assert house.expected() == {**before, pack: back}
    assert settle_tails(house.records, {pack: back}) == len(before) - 1
    assert house.expected() == {pack: back}
