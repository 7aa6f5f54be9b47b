from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from pathlib import Path

import pytest
from blake3 import blake3
from hypothesis import given, settings, strategies as st
from tests.unit.vault.support import (
    bytes_of,
    codes,
    facts,
    flip,
    lay_out_for,
    new_vault,
    open_at,
    pack_path,
    positions,
    study_named,
)

from primum import vault
from primum.ground.disc import BLOCK, Handle, RealDisc

MIB = 1024 * 1024
STUDY = "ctl_a", "2.25.333"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, vault.Vault]:
    home = tmp_path_factory.mktemp("shared")
    return home, new_vault(home, limits=vault.Limits(single_write=MIB, pack=256 * MIB))


def sizes() -> st.SearchStrategy[int]:
    edges = [n * MIB + d for n in (1, 2) for d in (-17, -16, -1, 0, 1)]
    return st.one_of(st.integers(0, 9000), st.sampled_from(edges))


@given(size=sizes(), seed=st.integers(0, 3), data=st.data())
@settings(max_examples=60, deadline=None)
def test_what_is_stored_is_read_back_whole_and_in_any_slice(
    shared: tuple[Path, vault.Vault], size: int, seed: int, data: st.DataObject
) -> None:
    _, one = shared
    plain = bytes_of(size, seed)
    pixels_at = data.draw(st.one_of(st.none(), st.integers(0, size), st.just(size)))
    frames = data.draw(
        st.one_of(
            st.none(),
            st.just(vault.Frames.uniform(0, size, 1)),
            st.just(vault.Frames.table([(n, size - n) for n in range(0, size, 1000)])),
        )
    )
    with one.writer() as writer:
        at = writer.store(one.study_ref(*STUDY), facts(seed), plain, pixels_at, frames)
    record = one.open(at)
    assert record.data_set() == plain
    assert b"".join(record.chunks()) == plain
    assert record.digest == ("blake3", blake3(plain).digest())
    assert record.digest_by("sha256") == hashlib.sha256(plain).digest()
    assert record.facts == facts(seed)
    assert record.pixels_at == pixels_at
    assert record.frames == frames
    assert record.header() == plain[:pixels_at]
    start = data.draw(st.integers(0, size))
    stop = data.draw(st.integers(start, size))
    assert record.read(start, stop) == plain[start:stop]
    assert at.offset % BLOCK == at.end % BLOCK == 0


@given(size=sizes(), data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_stream_gives_the_same_record_however_it_is_cut(
    shared: tuple[Path, vault.Vault], size: int, data: st.DataObject
) -> None:
    _, one = shared
    plain = bytes_of(size)
    pixels_at = data.draw(st.one_of(st.none(), st.integers(0, size)))
    cuts = sorted(data.draw(st.lists(st.integers(0, size), max_size=6)))
    frames = vault.Frames.table([(0, size), (size, 0)])
    with one.writer() as writer:
        stream = writer.stream(one.study_ref(*STUDY), facts(), pixels_at)
        for start, stop in zip([0, *cuts], [*cuts, size], strict=True):
            stream.append(memoryview(plain)[start:stop])
        at = stream.finish(frames=frames)
    record = one.open(at)
    assert record.data_set() == plain
    assert record.header() == plain[:pixels_at]
    assert record.frames == frames
    if size:
        assert (
            record.read(size // 3, size // 2 + 1 if size > 1 else 1)
            == plain[size // 3 : size // 2 + 1 if size > 1 else 1]
        )


@given(size=st.sampled_from([0, 1, 500, 5000, MIB + 5]), where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
@settings(max_examples=80, deadline=None)
def test_a_flipped_bit_anywhere_in_a_record_is_never_good_data_and_is_always_found(
    size: int, where: float, bit: int
) -> None:
    with tempfile.TemporaryDirectory() as name:
        flip_and_look(Path(name), size, where, bit)


def flip_and_look(home: Path, size: int, where: float, bit: int) -> None:
    plain, study = bytes_of(size), study_named("flipped")
    lay_out_for(home, study)
    one = open_at(home)
    with one.writer() as writer:
        at = writer.store(study, facts(), plain, size // 2, vault.Frames.table([(0, size)]))
    tail = one.open(at).tail
    offset = at.offset + int(where * (at.end - at.offset))
    flip(pack_path(home, at), offset, 1 << bit)
    try:
        with_bad = one.open(at)
        assert with_bad.facts == facts()
        assert with_bad.data_set() == plain
        assert with_bad.frames == vault.Frames.table([(0, size)])
    except (vault.Illness, vault.RecordAbsent):
        pass
    assert codes(one, tail)[0] == "vault.flipped-bit"
    flip(pack_path(home, at), offset, 1 << bit)
    assert codes(one, tail) == []


def test_records_of_a_study_come_back_in_the_order_of_arrival(tmp_path: Path) -> None:
    one = new_vault(tmp_path)
    study = one.study_ref(*STUDY)
    with one.writer() as writer:
        stored = [writer.store(study, facts(n), bytes_of(n * 700)) for n in range(1, 8)]
    assert positions(one, study) == stored
    assert [one.open(at).sequence for at in stored] == list(range(1, 8))
    assert codes(one, one.open(stored[-1]).tail) == []


def test_two_controllers_who_hold_one_study_have_two_references(tmp_path: Path) -> None:
    one = new_vault(tmp_path)
    assert one.study_ref("ctl_a", "2.25.1") != one.study_ref("ctl_b", "2.25.1")
    assert one.study_ref("ctl_a", "2.25.1") == one.study_ref("ctl_a", "2.25.1")


def test_writers_of_one_study_each_have_a_pack_and_a_later_one_goes_on_in_theirs(tmp_path: Path) -> None:
    one = new_vault(tmp_path)
    study = one.study_ref(*STUDY)
    with one.writer() as first, one.writer() as second:
        a, b = first.store(study, facts(1), b"a"), second.store(study, facts(2), b"b")
        assert a.pack != b.pack
    with one.writer() as third:
        c = third.store(study, facts(3), b"c")
    assert c.pack in {a.pack, b.pack}
    assert c.offset == a.end
    assert len(positions(one, study)) == 3


def test_another_process_goes_on_after_the_last_good_record(tmp_path: Path) -> None:
    study = new_vault(tmp_path).study_ref(*STUDY)
    with open_at(tmp_path).writer() as writer:
        a = writer.store(study, facts(1), b"a")
    with open_at(tmp_path).writer() as writer:
        b = writer.store(study, facts(2), b"b")
    assert (a.pack, a.end) == (b.pack, b.offset)
    assert codes(open_at(tmp_path)) == []


def test_a_torn_tail_is_left_alone_and_appended_after(tmp_path: Path) -> None:
    one = new_vault(tmp_path)
    study = one.study_ref(*STUDY)
    with one.writer() as writer:
        a = writer.store(study, facts(1), b"a")
        b = writer.store(study, facts(2), bytes_of(9000))
    os.truncate(pack_path(tmp_path, a), b.end - BLOCK - 100)
    assert codes(one, one.open(a).tail) == ["vault.torn-tail"]
    with open_at(tmp_path).writer() as writer:
        c = writer.store(study, facts(3), b"c")
    assert (c.pack, c.offset) == (a.pack, b.end - BLOCK)
    assert positions(one, study) == [a, c]
    assert codes(one, one.open(c).tail) == ["vault.leftover"]


def test_a_last_record_whose_write_was_torn_inside_is_not_believed_and_its_pack_is_closed(tmp_path: Path) -> None:
    one = new_vault(tmp_path)
    study = one.study_ref(*STUDY)
    with one.writer() as writer:
        a = writer.store(study, facts(1), b"a")
        b = writer.store(study, facts(2), bytes_of(9000))
    with pack_path(tmp_path, a).open("r+b") as file:
        file.seek(b.offset + BLOCK)
        file.write(bytes(BLOCK))
    assert positions(one, study) == [a]
    assert codes(one, one.open(a).tail) == ["vault.torn-tail"]
    with open_at(tmp_path).writer() as writer:
        c = writer.store(study, facts(3), b"c")
    assert c.pack != a.pack


def test_an_abandoned_stream_leaves_nothing_and_the_pack_goes_on(tmp_path: Path) -> None:
    one = new_vault(tmp_path)
    study = one.study_ref(*STUDY)
    with one.writer() as writer:
        a = writer.store(study, facts(1), b"a")
        stream = writer.stream(study, facts(2))
        stream.append(bytes(7 * MIB))
        stream.abandon()
        assert pack_path(tmp_path, a).stat().st_size == a.end
        b = writer.store(study, facts(3), b"b")
    assert b.offset == a.end
    assert codes(one, one.open(b).tail) == []


def test_a_stream_cut_by_a_crash_is_skipped_and_named_information(tmp_path: Path) -> None:
    one = new_vault(tmp_path)
    study = one.study_ref(*STUDY)
    with one.writer() as writer:
        a = writer.store(study, facts(1), b"a")
        stream = writer.stream(study, facts(2), 100)
        stream.append(bytes_of(7 * MIB))
        left = pack_path(tmp_path, a).read_bytes()
        stream.abandon()
    pack_path(tmp_path, a).write_bytes(left)
    assert len(left) > a.end + MIB
    assert codes(one, one.open(a).tail) == ["vault.torn-tail"]
    with open_at(tmp_path, limits=vault.Limits()).writer() as writer:
        c = writer.store(study, facts(3), b"c")
    assert c.pack == a.pack
    assert positions(one, study) == [a, c]
    assert codes(one, one.open(c).tail) == ["vault.leftover"]


def test_a_pack_that_is_long_enough_gives_way_to_the_next(tmp_path: Path) -> None:
    one = new_vault(tmp_path, limits=vault.Limits(single_write=MIB, pack=64 * 1024))
    study = one.study_ref(*STUDY)
    with one.writer() as writer:
        stored = [writer.store(study, facts(n), bytes_of(20_000, n)) for n in range(6)]
    assert len({at.pack for at in stored}) == 3
    assert sorted(positions(one, study)) == sorted(stored)


def test_a_writer_holds_no_more_packs_than_its_limit(tmp_path: Path) -> None:
    one = new_vault(tmp_path, limits=vault.Limits(open_packs=2))
    before = len(list(Path("/proc/self/fd").iterdir()))
    with one.writer() as writer:
        for turn in range(3):
            for n in range(5):
                writer.store(one.study_ref("ctl_a", f"2.25.{n}"), facts(turn), b"x")
        assert len(list(Path("/proc/self/fd").iterdir())) <= before + 4
    assert [len(positions(one, one.study_ref("ctl_a", f"2.25.{n}"))) for n in range(5)] == [3] * 5
    assert len(list((tmp_path / "vault").glob("*/*/*.pack"))) == 5


def test_facts_that_are_too_long_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    one = new_vault(tmp_path)
    long = vault.RecordFacts(**dict.fromkeys(vault.RecordFacts._fields, "x" * 256) | {"kind": "instance"})
    with one.writer() as writer:
        with pytest.raises(vault.FactsTooLong) as refused:
            writer.store(one.study_ref(*STUDY), long, b"")
        with pytest.raises(vault.FactsTooLong):
            writer.stream(one.study_ref(*STUDY), long)
    assert "xxx" not in str(refused.value)
    assert list(one.studies()) == []


def test_the_longest_facts_fit_in_a_trailer(tmp_path: Path) -> None:
    one = new_vault(tmp_path)
    long = vault.RecordFacts(**dict.fromkeys(vault.RecordFacts._fields, "é" * 127) | {"kind": "amendment"})
    with one.writer() as writer:
        at = writer.store(one.study_ref(*STUDY), long, b"abc")
    assert one.open(at).facts == long


@pytest.mark.parametrize(
    "frames", [vault.Frames.uniform(0, 11, 1), vault.Frames.table([(5, 6)]), vault.Frames.uniform(-1, 1, 1)]
)
def test_frames_outside_of_the_data_set_are_refused(tmp_path: Path, frames: vault.Frames) -> None:
    one = new_vault(tmp_path)
    with one.writer() as writer, pytest.raises(vault.BadFrames):
        writer.store(one.study_ref(*STUDY), facts(), bytes(10), 5, frames)


def test_a_stream_beyond_the_limit_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    one = new_vault(tmp_path, limits=vault.Limits(record=3 * MIB))
    with one.writer() as writer:
        stream = writer.stream(one.study_ref(*STUDY), facts())
        stream.append(bytes(3 * MIB))
        with pytest.raises(vault.TooLarge):
            stream.append(b"x")
        assert not stream.open
    assert positions(one, one.study_ref(*STUDY)) == []


class FullDisc(RealDisc):
    """A disc on which a write stops half-way when it is told to."""

    error = 0

    def write_at(self, handle: Handle, data: object, offset: int) -> None:
        if not self.error:
            super().write_at(handle, data, offset)  # type: ignore[arg-type]
            return
        half = memoryview(data).cast("B")  # type: ignore[arg-type]
        super().write_at(handle, half[: len(half) // 2 // BLOCK * BLOCK], offset)
        raise OSError(self.error, "refused")


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("size", [20_000, 6 * MIB])
def test_a_full_disc_refuses_and_the_pack_stays_usable(tmp_path: Path, first: bool, size: int) -> None:  # noqa: FBT001
    disc = FullDisc()
    one = new_vault(tmp_path, disc)
    study = one.study_ref(*STUDY)
    stored = []
    with one.writer() as writer:
        if not first:
            stored.append(writer.store(study, facts(1), b"a"))
        disc.error = errno.ENOSPC
        with pytest.raises(vault.DiscFull):
            writer.store(study, facts(2), bytes_of(size))
        disc.error = 0
        stored.append(writer.store(study, facts(3), b"c"))
    assert positions(one, study) == stored
    assert len({at.pack for at in stored}) == 1
    assert codes(one, one.open(stored[-1]).tail) == []


def test_a_disc_that_breaks_refuses_and_another_pack_is_opened(tmp_path: Path) -> None:
    disc = FullDisc()
    one = new_vault(tmp_path, disc)
    study = one.study_ref(*STUDY)
    with one.writer() as writer:
        a = writer.store(study, facts(1), b"a")
        disc.error = errno.EIO
        with pytest.raises(vault.WriteRefused) as refused:
            writer.store(study, facts(2), bytes_of(9000))
        assert "EIO" in str(refused.value)
        disc.error = 0
        writer.store(study, facts(3), b"c")
    assert one.open(a).data_set() == b"a"
    assert len(positions(one, study)) == 2


def test_a_study_reference_from_outside_never_becomes_a_path(tmp_path: Path) -> None:
    one = new_vault(tmp_path)
    for evil in ("../../etc", "", "a" * 26 + "/", "A" * 26, "0" * 26):
        with pytest.raises(vault.BadReference):
            one.packs(evil)
        with one.writer() as writer, pytest.raises(vault.BadReference):
            writer.store(evil, facts(), b"")


def test_nothing_of_the_facts_or_the_data_is_in_clear_on_disc(tmp_path: Path) -> None:
    one = new_vault(tmp_path)
    study = one.study_ref(*STUDY)
    with one.writer() as writer:
        writer.store(study, facts(), b"DUPONT^HELENE" * 1000, 500)
    one.put_block(study, "series 2.25.222", b"DUPONT^HELENE" * 100)
    for path in tmp_path.rglob("*"):
        assert "2.25" not in str(path)
        if path.is_file():
            assert not {b"DUPONT", b"2.25.", b"SCANNER", b"ctl_"} & {
                w for w in (b"DUPONT", b"2.25.", b"SCANNER", b"ctl_") if w in path.read_bytes()
            }
            assert path.stat().st_mode & 0o077 == 0


def test_a_repr_shows_neither_keys_nor_uids() -> None:
    assert "2.25" not in repr(facts())
    assert "kkk" not in repr(vault.VaultKeys(b"k" * 32, b"n" * 32))
