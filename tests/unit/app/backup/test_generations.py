"""Generations are kept for their time; with the last one that has it, an erased study's key is gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from tests.unit.app.backup.house import House, files, flip, key_file, restore, study_of

from primum.app.backup import generations as at
from primum.app.backup.refusals import StoreRefused
from primum.app.backup.stores.folder import FolderStore
from primum.ground.disc import RealDisc
from primum.journal import Filter, entries
from primum.vault import Label


@given(st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001 (made aware below)
def test_a_generation_is_named_by_its_instant(instant: datetime) -> None:
    aware = instant.replace(tzinfo=UTC, microsecond=instant.microsecond // 1000 * 1000)
    assert at.instant_of(at.generation_at(aware)) == aware


def held(to: Path) -> bytes:
    """All that anyone can read at a destination."""
    return b"".join(files(to).values())


def key_text(house: House, study: str) -> bytes:
    """Return what the bundle says of a study's key."""
    return study.encode() + b".key"


def test_an_erased_key_is_gone_with_the_last_generation_that_has_it(house: House, to: Path, tmp_path: Path) -> None:
    """GDPR art. 17 and 5(1)(e): the copies too, on a day that is known."""
    doomed = house.store(study=3, size=50_000)[0]
    pack = next((house.folder / "vault").glob(f"*/{study_of(doomed)}/*.pack")).read_bytes()
    house.backup(to)
    house.erase(study_of(doomed))
    house.backup(to)
    assert key_text(house, study_of(doomed)) in held(to)
    house.clock.advance(timedelta(days=31))
    made = house.backup(to)
    assert made.pruned.generations == 2
    assert key_text(house, study_of(doomed)) not in held(to)
    assert pack[4096:8192] not in held(to)
    fact = list(entries(house.folder / "journal", Filter(kinds=("backup:pruned",))))[-1]
    assert fact.details == {"count": 2, "generation": made.manifest.generation, "what": "folder"}
    restore(to, key_file(tmp_path), tmp_path / "again")


def test_the_newest_generation_is_kept_for_ever(house: House, to: Path) -> None:
    made = house.backup(to)
    store, key = FolderStore(to, RealDisc()), house.root.derive(Label.BACKUP)
    later = house.clock.now() + timedelta(days=4000)
    assert at.prune(store, key, later, timedelta(days=30), to.parent).generations == 0
    assert at.generations(store) == [made.manifest.generation]


def test_pieces_of_generations_that_are_kept_stay(house: House, to: Path, tmp_path: Path) -> None:
    house.backup(to)
    house.clock.advance(timedelta(days=31))
    house.store(study=4)
    house.backup(to)
    restore(to, key_file(tmp_path), tmp_path / "again")


def test_no_piece_goes_while_a_kept_manifest_cannot_be_read(house: House, to: Path) -> None:
    """It may be a transient fault of the disc, and the manifest be readable again tomorrow."""
    house.backup(to)
    house.clock.advance(timedelta(days=31))
    house.store(study=5)
    altered = house.backup(to).manifest.generation
    flip(to / "generations" / f"{altered}.manifest", 50)
    house.clock.advance(timedelta(days=20))
    before = set(files(to / "pieces"))
    young = house.backup(to).manifest.generation
    house.clock.advance(timedelta(days=10, hours=-3))
    store, key = FolderStore(to, RealDisc()), house.root.derive(Label.BACKUP)
    assert at.generations(store) == [altered, young]
    (to / "generations" / "20200101t000000000z.manifest").write_bytes(b"old")
    pruned = at.prune(store, key, house.clock.now(), timedelta(days=30), to.parent)
    assert (pruned.generations, pruned.pieces) == (1, 0)
    assert before <= set(files(to / "pieces"))


def test_pieces_that_nobody_names_go_with_the_next_pruning(house: House, to: Path) -> None:
    house.backup(to)
    orphan = to / "pieces" / "00" / ("0" * 64)
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"left by an interrupted run")
    house.clock.advance(timedelta(days=31))
    house.backup(to)
    assert not orphan.exists()


def test_a_destination_that_lets_nothing_be_removed_is_said_and_the_backup_stands(
    house: House, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key pair that may only put: the answer to a worker that was taken over (docs/design/backup.md §9)."""

    def refuse(self: FolderStore, _name: str) -> None:
        raise StoreRefused(place=self.place, reason="AccessDenied")

    house.backup(to)
    house.clock.advance(timedelta(days=31))
    monkeypatch.setattr(FolderStore, "remove", refuse)
    made = house.backup(to)
    assert made.pruned.refused
    assert len(at.generations(FolderStore(to, RealDisc()))) == 2
