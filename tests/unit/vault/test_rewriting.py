"""Erasing part of a study: what stays is whole under a new key, what goes is gone, whenever the power does (§12)."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from tests.twins.dying_disc import DyingDisc, Killed
from tests.twins.recording_disc import RecordingDisc
from tests.twins.refusing_disc import MODES, Mode, Refusal, RefusingDisc
from tests.unit.vault.support import (
    bytes_of,
    codes,
    facts,
    flip,
    lay_out_for,
    open_at,
    pack_path,
    positions,
    study_named,
)

from primum import vault
from primum.ground.disc import RealDisc

MIB = 1024 * 1024
STUDY = study_named("a")
SIZES = (10, 9000, 70_000, 2 * MIB + 5, 300)


def fill(one: vault.Vault, sizes: tuple[int, ...] = SIZES) -> list[vault.Position]:
    with one.writer() as writer:
        return [
            writer.store(STUDY, facts(number), bytes_of(size, number), size // 2, vault.Frames.table([(size // 2, 2)]))
            for number, size in enumerate(sizes)
        ]  # fmt: skip


def only(*numbers: int):
    wanted = {facts(number).sop_instance_uid for number in numbers}
    return lambda one: one.sop_instance_uid in wanted


def held(one: vault.Vault) -> dict[str, bytes]:
    """What a study holds, by SOP Instance UID."""
    records = [one.open(at) for at in positions(one, STUDY)]
    return {record.facts.sop_instance_uid: record.data_set() for record in records}


def expected(*numbers: int) -> dict[str, bytes]:
    return {facts(number).sop_instance_uid: bytes_of(SIZES[number], number) for number in numbers}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    lay_out_for(folder, STUDY)
    return folder


def test_what_stays_is_the_same_and_what_goes_is_gone(home: Path):
    one = open_at(home)
    before = fill(one)
    key = next((home / "keyring").glob("*/*.key")).read_bytes()
    done = one.erase_part(STUDY, only(1, 3))
    assert (done.kept, done.dropped) == (2, 3)
    assert held(one) == expected(1, 3)
    kept = [one.open(at) for at in positions(one, STUDY)]
    assert [(record.facts, record.pixels_at, record.frames) for record in kept] == [
        (facts(number), SIZES[number] // 2, vault.Frames.table([(SIZES[number] // 2, 2)])) for number in (1, 3)
    ]
    assert codes(one, kept[-1].tail) == []
    assert next((home / "keyring").glob("*/*.key")).read_bytes() != key
    for at in before:
        with pytest.raises(vault.RecordAbsent):
            one.open(at)
    assert sorted(path.name for path in (home / "keyring").glob("*/.*")) == []


def test_the_old_key_opens_nothing_of_what_is_left(home: Path, tmp_path: Path):
    one = open_at(home)
    fill(one)
    shutil.copytree(home / "keyring", tmp_path / "copy")
    one.erase_part(STUDY, only(0))
    shutil.rmtree(home / "keyring")
    shutil.copytree(tmp_path / "copy", home / "keyring")
    assert codes(open_at(home)) == ["vault.missing-key"]


def test_rewriting_again_does_nothing(home: Path):
    one = open_at(home)
    fill(one)
    one.erase_part(STUDY, only(0, 4))
    packs = one.packs(STUDY)
    assert one.erase_part(STUDY, only(0, 4)) == vault.Rewritten(STUDY, 2, 0, 0)
    assert one.packs(STUDY) == packs


def test_where_nothing_stays_the_study_is_erased(home: Path):
    one = open_at(home)
    fill(one)
    assert one.erase_part(STUDY, only()).kept == 0
    assert one.packs(STUDY) == []
    assert list((home / "keyring").glob("*/*.key")) == []


def test_a_study_that_is_being_stored_into_is_refused(home: Path):
    one = open_at(home)
    fill(one)
    with one.writer() as writer:
        writer.store(STUDY, facts(9), b"x")
        with pytest.raises(vault.StudyInUse):
            one.erase_part(STUDY, only(1))
    one.erase_part(STUDY, only(1))
    assert held(one) == expected(1)


@pytest.mark.parametrize("where", ["trailer", "segment"])
def test_a_damaged_study_is_refused_and_left_as_it_was(home: Path, where: str):
    one = open_at(home)
    before = fill(one)
    at = before[1]
    flip(pack_path(home, at), at.end - 3000 if where == "trailer" else at.offset + 100)
    with pytest.raises(vault.RewriteRefused):
        one.erase_part(STUDY, only(0, 1))
    assert not list((home / "vault").glob("*/*/*.next"))
    assert [path.name for path in (home / "keyring").glob("*/.*")] == []
    assert positions(one, STUDY) == before


def test_a_writer_goes_on_under_the_new_key(home: Path):
    one = open_at(home)
    fill(one)
    one.erase_part(STUDY, only(0))
    with one.writer() as writer:
        writer.store(STUDY, facts(1), bytes_of(SIZES[1], 1))
    assert held(one) == expected(0, 1)
    assert codes(one) == []


def test_derived_blocks_go_with_the_old_key(home: Path):
    one = open_at(home)
    fill(one)
    one.put_block(STUDY, "metadata", b"of what is erased")
    one.erase_part(STUDY, only(0))
    assert one.get_block(STUDY, "metadata") is None
    assert not list((home / "vault").glob("*/*/*.block"))


def whole(home: Path) -> None:
    """Settle, as the job does, and look: the old study or the new one, and nothing else."""
    one = open_at(home)
    one.erase_part(STUDY, only(1, 3))
    assert held(one) == expected(1, 3)
    assert codes(one) == []
    assert not [path for path in home.rglob("*") if path.suffix == ".next" or path.name.startswith(".")]


def test_a_process_killed_at_any_operation_leaves_the_old_study_or_the_new_one(home: Path, tmp_path: Path):
    fill(open_at(home))
    seen = set()
    for last in range(200):
        copy = tmp_path / f"copy{last}"
        shutil.copytree(home, copy)
        try:
            open_at(copy, DyingDisc(last)).erase_part(STUDY, only(1, 3))
        except Killed:
            at_once = held(open_at(copy)).keys()
            seen.add(len(at_once))
            whole(copy)
            shutil.rmtree(copy)
        else:
            break
    else:
        pytest.fail("the rewriting never came to its end")
    # old and whole; committed and not yet visible; partly visible; new and whole
    assert {5, 0, 2} <= seen


def test_a_power_cut_at_any_operation_leaves_the_old_study_or_the_new_one(home: Path, tmp_path: Path):
    fill(open_at(home))
    disc = RecordingDisc(home)
    open_at(home, disc).erase_part(STUDY, only(1, 3))
    for moment in range(disc.moment + 1):
        left = tmp_path / f"left{moment}"
        left.mkdir()
        disc.materialise(left, moment)
        whole(left)
        shutil.rmtree(left)


class ForgetfulDisc(RealDisc):
    """Brings a new name to the disc at once, and forgets a removed one only when its folder is synced."""

    def __init__(self, kept: Path) -> None:
        self._kept = kept
        self._back: dict[Path, Path] = {}

    def unlink(self, path: Path) -> None:
        aside = self._kept / f"{len(self._back)}-{path.name}"
        aside.hardlink_to(path)
        self._back[path] = aside
        super().unlink(path)

    def sync_folder(self, path: Path) -> None:
        super().sync_folder(path)
        self._back = {name: aside for name, aside in self._back.items() if name.parent != path}

    def cut(self) -> int:
        """What a power cut brings back; how many."""
        for path, aside in self._back.items():
            path.hardlink_to(aside)
        return len(self._back)


def test_a_power_cut_may_bring_a_removed_pack_back_beside_the_copies(home: Path, tmp_path: Path):
    """No order between names is promised: the copies' last names may be there before the old packs' are gone."""
    fill(open_at(home))
    came_back = 0
    for last in range(200):
        copy, aside = tmp_path / f"copy{last}", tmp_path / f"aside{last}"
        shutil.copytree(home, copy)
        aside.mkdir()
        disc = ForgetfulDisc(aside)
        try:
            open_at(copy, DyingDisc(last, disc)).erase_part(STUDY, only(1, 3))
        except Killed:
            came_back += disc.cut()
            whole(copy)
            shutil.rmtree(copy)
        else:
            break
    assert came_back > 0


def test_killed_then_a_power_cut_brings_a_removed_pack_back_beside_the_copies(home: Path, tmp_path: Path):
    """Who settles sees that the old packs are gone; that they are gone from the disc, nobody has told it."""
    fill(open_at(home))
    came_back = 0
    for first in range(12, 40):
        for last in range(14):
            copy, aside = tmp_path / f"copy{first}-{last}", tmp_path / f"aside{first}-{last}"
            shutil.copytree(home, copy)
            aside.mkdir()
            disc = ForgetfulDisc(aside)
            with contextlib.suppress(Killed):
                open_at(copy, DyingDisc(first, disc)).erase_part(STUDY, only(1, 3))
            with contextlib.suppress(Killed):
                open_at(copy, DyingDisc(last, disc)).erase_part(STUDY, only(1, 3))
            came_back += disc.cut()
            whole(copy)
            shutil.rmtree(copy)
    assert came_back > 0


def test_killed_then_the_power_goes_while_settling(home: Path, tmp_path: Path):
    """Two accidents in a row: what the second process sees of the first may not be on disc yet."""
    fill(open_at(home))
    for first in range(12, 40):
        copy = tmp_path / f"copy{first}"
        shutil.copytree(home, copy)
        disc = RecordingDisc(copy, DyingDisc(first))
        try:
            open_at(copy, disc).erase_part(STUDY, only(1, 3))
        except Killed:
            disc.revive()
        else:
            break
        begun = disc.moment
        open_at(copy, disc).erase_part(STUDY, only(1, 3))
        for moment in range(begun, min(disc.moment, begun + 9)):
            left = tmp_path / f"left{first}-{moment}"
            left.mkdir()
            disc.materialise(left, moment)
            whole(left)
            shutil.rmtree(left)


def test_an_erasure_after_a_crash_in_the_middle_takes_everything(home: Path, tmp_path: Path):
    fill(open_at(home))
    for last in range(200):
        copy = tmp_path / f"copy{last}"
        shutil.copytree(home, copy)
        try:
            open_at(copy, DyingDisc(last)).erase_part(STUDY, only(1, 3))
        except Killed:
            open_at(copy).erase(STUDY)
            assert [path for path in copy.rglob("*") if path.is_file()] == []
            shutil.rmtree(copy)
        else:
            break


@settings(max_examples=15, deadline=None)
@given(
    sizes=st.lists(st.sampled_from([0, 1, 4096, 33_000, 70_000]), min_size=1, max_size=6),
    data=st.data(),
)
def test_any_choice_keeps_exactly_what_was_chosen(tmp_path_factory: pytest.TempPathFactory, sizes, data):
    folder = tmp_path_factory.mktemp("rewriting")
    lay_out_for(folder, STUDY)
    one = open_at(folder)
    with one.writer() as writer:
        for number, size in enumerate(sizes):
            writer.store(STUDY, facts(number), bytes_of(size, number), data.draw(st.sampled_from([None, size // 2])))
    chosen = data.draw(st.sets(st.integers(0, len(sizes) - 1)))
    one.erase_part(STUDY, only(*chosen))
    wanted = {facts(number).sop_instance_uid: bytes_of(sizes[number], number) for number in chosen}
    assert held(one) == wanted
    assert codes(one) == []
    shutil.rmtree(folder)


@pytest.mark.parametrize("mode", MODES)
def test_a_disc_that_refuses_any_operation_leaves_the_old_study_or_the_new_one(home: Path, tmp_path: Path, mode: Mode):
    fill(open_at(home))
    for first in range(200):
        copy = tmp_path / f"copy{first}"
        shutil.copytree(home, copy)
        disc = RefusingDisc(Refusal(first, mode=mode))
        try:
            open_at(copy, disc).erase_part(STUDY, only(1, 3))
        except (vault.WriteRefused, OSError):
            whole(copy)
            shutil.rmtree(copy)
        if disc.calls <= first:
            break
    else:
        pytest.fail("the rewriting never came to its end")
