"""A backup and a check run inside the worker, which lives for months: what they hold must not grow with the archive."""

from __future__ import annotations

import errno
import functools
import gc
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.app.backup.house import House, study_of

from primum.app.backup import keeper
from primum.app.backup.generations import load
from primum.app.backup.limits import Limits
from primum.app.backup.manifest import write_manifest
from primum.app.backup.refusals import StoreRefused
from primum.app.backup.sinks import PieceSink
from primum.app.backup.stores.folder import FolderStore
from primum.ground.disc import RealDisc
from primum.ground.discmap import CodedMap
from primum.imaging import tails_on_disc
from primum.vault import Label

FEW, MANY = 60, 600
A_STUDY = 500
"""Bytes that a study more may cost: what the interpreter keeps of tuples fills up meanwhile. A manifest took 3 400."""


@pytest.fixture
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut records.db of a few hundred studies into as many pieces as that of a large archive."""
    monkeypatch.setattr(keeper, "PieceSink", functools.partial(PieceSink, limits=Limits(part=16 << 10)))


def most_held(work: Callable[[], object]) -> int:
    """Return how much a work holds at most, done again: what is loaded, and what caches hold, is there by then."""
    for _ in range(3):
        work()
    gc.collect()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.usefixtures("_small_parts")
def test_a_backup_and_a_check_of_ten_times_the_studies_hold_no_more(house: House, to: Path) -> None:
    for fan in range(256):
        for folder in ("vault", "keyring"):
            (house.folder / folder / f"{fan:02x}").mkdir(mode=0o700, exist_ok=True)

    def check() -> None:
        assert list(house.vault.check(tails_on_disc(house.records, house.folder / "run"))) == []

    backups, checks = [], []
    for first, last in ((3, FEW), (FEW, MANY)):
        for study in range(first, last):
            house.store(study=study)
        backups.append(most_held(lambda: house.backup(to)))  # nothing is new
        checks.append(most_held(check))
    assert house.told == []
    for few, many in (backups, checks):
        assert (many - few) / (MANY - FEW) < A_STUDY


def test_a_manifest_in_any_order_is_gone_on_from(house: House, to: Path) -> None:
    """Those of earlier versions are in the order of their run: nothing relies on one."""
    house.store(study=3)
    generation = house.backup(to).manifest.generation
    former = load(FolderStore(to, RealDisc()), generation)
    turned = replace(former, entries=dict(reversed(former.entries.items())))
    with (to / "generations" / f"{generation}.manifest").open("wb") as file:
        write_manifest(turned, house.root.derive(Label.BACKUP), file)
    made = house.backup(to)
    packs = {path: entry for path, entry in former.entries.items() if entry.study}
    assert {path: entry for path, entry in made.manifest.entries.items() if entry.study} == packs
    assert made.manifest.illnesses == 0


def test_studies_and_packs_are_counted(house: House, to: Path) -> None:
    doomed = house.store(study=3)[0]
    made = house.backup(to)
    assert (made.studies, made.packs) == (3, 3)
    house.erase(study_of(doomed))
    made = house.backup(to)
    assert (made.studies, made.packs) == (2, 2)


def test_a_disc_that_is_full_is_no_altered_manifest(
    house: House, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """A sound generation would be passed over, and an older one be gone on from."""
    house.backup(to)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(CodedMap, "__setitem__", full)
    with pytest.raises(StoreRefused) as refused:
        house.backup(to)
    assert refused.value.facts == {"place": "the home", "reason": "no space left on device"}
    assert house.told == []
