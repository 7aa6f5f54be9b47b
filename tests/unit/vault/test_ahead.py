"""A record that is stored while it comes is the record that one write makes; until it is whole it is nothing."""

from __future__ import annotations

import errno
import hashlib
import itertools
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from tests.twins.recording_disc import RecordingDisc
from tests.unit.vault.support import bytes_of, codes, facts, lay_out_for, new_vault, open_at, positions, study_named

from primum import vault
from primum.ground.disc import Handle, RealDisc

KIB, MIB = 1024, 1024 * 1024
LIMITS = vault.Limits()
STUDY = study_named("2.25.333")


def counted() -> Callable[[int], bytes]:
    """Randomness that is the same each time."""
    numbers = itertools.count()
    return lambda size: hashlib.shake_256(f"{next(numbers)}".encode()).digest(size)


@contextmanager
def fresh(disc: RealDisc | RecordingDisc | None = None) -> Iterator[tuple[Path, vault.Vault]]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        lay_out_for(home, STUDY)
        yield home, open_at(home, disc, LIMITS, counted())


def store_ahead(writer: vault.Writer, data: bytes, split: int, cuts: list[int], number: int = 1) -> vault.Position:
    ahead = writer.ahead(STUDY, facts(number), len(data), split)
    assert ahead is not None
    view = memoryview(data)
    for cut in sorted(cuts):
        ahead.take(view[:cut])
    return ahead.finish(view, None, hashlib.sha256(data).digest())


def pack_bytes(home: Path) -> list[bytes]:
    return [one.read_bytes() for one in sorted(home.glob("vault/*/*/*.pack"))]


@settings(max_examples=25, deadline=None)
@given(
    size=st.one_of(st.integers(1, 5000), st.integers(200 * KIB, 3 * MIB)),
    part=st.floats(0, 1),
    cuts=st.lists(st.floats(0, 1), max_size=12),
)
def test_the_pack_is_byte_for_byte_that_of_one_write(size: int, part: float, cuts: list[float]) -> None:
    data = bytes_of(size)
    split, places = int(part * size), [int(cut * size) for cut in cuts]
    with fresh() as (home, one), one.writer() as writer:
        first = writer.store(STUDY, facts(1), data, split)
        second = writer.store(STUDY, facts(2), data, split)
        writer.close()
        whole = pack_bytes(home)
    with fresh() as (home, one), one.writer() as writer:
        assert store_ahead(writer, data, split, places, 1) == first
        assert store_ahead(writer, data, split, places, 2) == second
        writer.close()
        assert pack_bytes(home) == whole
        assert one.open(second).data_set() == data
        assert codes(one, one.open(second).tail) == []


def test_what_is_too_large_for_one_write_is_not_begun(tmp_path: Path) -> None:
    with new_vault(tmp_path).writer() as writer:
        assert writer.ahead(STUDY, facts(), 65 * KIB, 100) is None
        with pytest.raises(ValueError, match="pixel data"):
            writer.ahead(STUDY, facts(), 100, 101)


@pytest.mark.parametrize("first", [True, False])
def test_what_is_abandoned_leaves_the_pack_as_it_was(first: bool) -> None:  # noqa: FBT001
    data = bytes_of(MIB)
    with fresh() as (home, one), one.writer() as writer:
        stored = [] if first else [writer.store(STUDY, facts(1), b"a")]
        before = pack_bytes(home)
        ahead = writer.ahead(STUDY, facts(2), len(data), 100)
        assert ahead is not None
        ahead.take(memoryview(data)[: 600 * KIB])
        assert sum(map(len, pack_bytes(home))) > 512 * KIB
        ahead.abandon()
        assert pack_bytes(home) == (before or [b""])
        stored.append(writer.store(STUDY, facts(3), b"c"))
        assert positions(one, STUDY) == stored
        assert codes(one, one.open(stored[-1]).tail) == []


def test_a_writer_that_closes_abandons_it_and_an_empty_pack_goes() -> None:
    data = bytes_of(MIB)
    with fresh() as (home, one):
        with one.writer() as writer:
            ahead = writer.ahead(STUDY, facts(), len(data), 100)
            assert ahead is not None
            ahead.take(memoryview(data)[: 600 * KIB])
            with pytest.raises(RuntimeError):
                writer.store(STUDY, facts(2), b"meanwhile")
        assert not ahead.open
        assert pack_bytes(home) == []
        with pytest.raises(RuntimeError):
            ahead.take(memoryview(data))


def test_another_length_or_a_frame_table_is_refused() -> None:
    data = memoryview(bytes_of(400 * KIB))
    digest = hashlib.sha256(data).digest()
    with fresh() as (_, one), one.writer() as writer:
        ahead = writer.ahead(STUDY, facts(), len(data), 100)
        assert ahead is not None
        for given_, frames in ((data[:-1], None), (data, vault.Frames.table([(100, 10)]))):
            with pytest.raises(ValueError, match="foretold"):
                ahead.finish(given_, frames, digest)
        with pytest.raises(vault.BadFrames):
            ahead.finish(data, vault.Frames.uniform(0, len(data), 2), digest)
        assert not ahead.open
        assert positions(one, STUDY) == []


class FailingDisc(RealDisc):
    """A disc of which one operation fails when it is told to: the n-th write, or the next sync."""

    error = writes = 0
    on_sync = False

    def write_at(self, handle: Handle, data: object, offset: int) -> None:
        self.writes -= 1
        if self.error and not self.on_sync and self.writes < 0:
            raise OSError(self.error, "refused")
        super().write_at(handle, data, offset)  # type: ignore[arg-type]

    def sync(self, handle: Handle) -> None:
        if self.error and self.on_sync:
            raise OSError(self.error, "refused")
        super().sync(handle)


@pytest.mark.parametrize(("writes", "on_sync"), [(0, False), (1, False), (9, True)])
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("first", [True, False])
def test_a_disc_that_refuses_on_the_way_keeps_what_was_and_takes_what_comes(
    tmp_path: Path, first: bool, error: int, writes: int, on_sync: bool  # noqa: FBT001
) -> None:  # fmt: skip
    disc = FailingDisc()
    one = new_vault(tmp_path, disc, LIMITS)
    data = bytes_of(MIB)
    with one.writer() as writer:
        stored = [] if first else [writer.store(STUDY, facts(1), b"a")]
        disc.error, disc.writes, disc.on_sync = error, writes, on_sync
        with pytest.raises((vault.DiscFull, vault.WriteRefused)):
            store_ahead(writer, data, 100, [600 * KIB], 2)
        disc.error = 0
        stored.append(writer.store(STUDY, facts(3), b"c"))
    assert sorted(positions(one, STUDY)) == sorted(stored)
    assert codes(one, *(one.open(at).tail for at in stored)) == []


def test_after_a_power_cut_it_is_there_whole_or_not_at_all_and_once_acknowledged_it_is_there() -> None:
    data = bytes_of(700 * KIB)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        lay_out_for(home, STUDY)
        disc = RecordingDisc(home)
        one = open_at(home, disc, LIMITS)
        with one.writer() as writer:
            kept = writer.store(STUDY, facts(1), b"before")
            begun = disc.moment
            at = store_ahead(writer, data, 100, [300 * KIB, 600 * KIB], 2)
            done = disc.moment
        writes = [op for op in disc.log[begun:done] if op.what == "write"]
        assert len(writes) > 2
        for moment in range(begun, done + 1):
            after = Path(folder) / f"after{moment}"
            after.mkdir()
            disc.materialise(after, moment)
            again = open_at(after, limits=LIMITS)
            found = positions(again, STUDY)
            assert found == ([kept, at] if moment == done else [kept])
            if moment == done:
                assert again.open(at).data_set() == data
            with again.writer() as writer:
                writer.store(STUDY, facts(3), b"goes on")
            assert not any(illness.severity == "damage" for illness in again.check({}, deep=True))
