"""A test of a restore finds what a restore would lose, and leaves nothing behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.unit.app.backup.house import ACTOR, House, flip, pack_file, study_of

from primum.app.backup.refusals import NoRoom, PieceAltered, RestoreDiffers
from primum.app.backup.service import Asked, Listener
from primum.app.backup.status import read_standing
from primum.app.backup.trial import Trial
from primum.journal import Filter, entries


def tried(house: House, to: Path, percent: int = 100, generation: str = "", scratch: str = "") -> Trial:
    return house.backups.test(Asked(str(to), ACTOR), scratch, generation, percent, Listener())


def test_a_sound_backup_passes_and_its_date_is_kept(house: House, to: Path) -> None:
    generation = house.backup(to).manifest.generation
    trial = tried(house, to)
    assert (trial.studies, trial.instances, trial.differences) == (2, 3, [])
    standing = read_standing(house.folder)
    assert (standing.tested_generation, standing.tested_part) == (generation, 100)
    assert json.loads((to / "last.json").read_bytes())["tested_generation"] == generation
    fact = list(entries(house.folder / "journal", Filter(kinds=("backup:tested",))))[-1]
    assert (fact.details["instances"], fact.details["illnesses"]) == (3, 0)


def test_nothing_is_left_behind(house: House, to: Path, tmp_path: Path) -> None:
    house.backup(to)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    tried(house, to, scratch=str(scratch))
    assert list(scratch.iterdir()) == []


def test_studies_that_arrived_or_were_erased_since_are_no_difference(house: House, to: Path) -> None:
    doomed = house.store(study=3)[0]
    house.backup(to)
    house.store(study=1)
    house.store(study=9)
    house.erase(study_of(doomed))
    assert tried(house, to).differences == []


def test_an_older_generation_can_be_tested(house: House, to: Path) -> None:
    first = house.backup(to).manifest.generation
    house.store(study=1, images=2)
    house.backup(to)
    assert tried(house, to, generation=first).instances == 3


def test_a_sample_is_said_to_be_one(house: House, to: Path) -> None:
    house.backup(to)
    assert tried(house, to, percent=50).studies == 1
    assert read_standing(house.folder).tested_part == 50


def test_a_flipped_bit_in_a_piece_is_found(house: House, to: Path) -> None:
    made = house.backup(to).manifest
    piece = next(one.pieces[0] for one in made.entries.values() if one.study)
    flip(to / "pieces" / piece.sha256[:2] / piece.sha256, 5000)
    with pytest.raises(PieceAltered):
        tried(house, to)
    assert read_standing(house.folder).tested_at == ""
    assert read_standing(house.folder).refused == "backup.piece-altered"
    assert not (house.folder / "run" / "restore-test").exists()


def test_a_bit_that_was_flipped_before_the_backup_is_found(house: House, to: Path) -> None:
    """The copy is faithful to a pack that is ill: only opening every segment tells."""
    stored, _ = house.store(study=3, images=2, size=30_000)
    flip(pack_file(house.folder, stored), stored.position.offset + 20_000)
    house.backup(to)
    with pytest.raises(RestoreDiffers) as refused:
        tried(house, to)
    assert refused.value.facts["first"] == "vault.flipped-bit"
    fact = list(entries(house.folder / "journal", Filter(kinds=("backup:tested",))))[-1]
    assert int(fact.details["illnesses"]) >= 1


def test_a_guard_that_was_added_since_is_a_difference(house: House, to: Path) -> None:
    house.backup(to)
    (house.folder / "keyring" / "guard-passphrase.json").write_bytes(b"{}")
    with pytest.raises(RestoreDiffers) as refused:
        tried(house, to)
    assert refused.value.facts["first"] == "guard"


def test_a_record_that_the_living_index_has_and_the_copy_has_not_is_a_difference(house: House, to: Path) -> None:
    house.backup(to)
    with house.index.begin() as connection:
        connection.exec_driver_sql("UPDATE instances SET stop = stop - 1 WHERE start > 4096")
    with pytest.raises(RestoreDiffers):
        tried(house, to)


def test_without_room_it_is_refused_before_anything_is_written(
    house: House, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.backup(to)
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1 << 20})())
    with pytest.raises(NoRoom):
        tried(house, to)
    assert not (house.folder / "run" / "restore-test").exists()
