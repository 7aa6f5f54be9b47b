"""Acknowledged is durable: at each return of `store`, what had been synced holds the record, its key and its names."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from tests.twins.recording_disc import RecordingDisc
from tests.unit.vault.support import bytes_of, codes, facts, lay_out_for, open_at, positions, study_named

from primum import vault
from primum.ground.disc import Handle
from primum.vault.leases import Known

MIB = 1024 * 1024


def survivors(disc: RecordingDisc, into: Path, moment: int) -> vault.Vault:
    into.mkdir()
    disc.materialise(into, moment)
    return open_at(into)


def recorded(tmp_path: Path) -> tuple[RecordingDisc, Path]:
    home = tmp_path / "home"
    lay_out_for(home, study_named("a"), study_named("b"))
    return RecordingDisc(home), home


def test_each_record_acknowledged_is_readable_from_what_was_synced(tmp_path: Path) -> None:
    disc, home = recorded(tmp_path)
    one = open_at(home, disc)
    acknowledged = []
    with one.writer() as writer:
        for number, (uid, size) in enumerate([("a", 10), ("a", 70_000), ("b", 5), ("a", 3 * MIB), ("b", 9000)]):
            data = bytes_of(size, number)
            at = writer.store(one.study_ref("ctl_a", uid), facts(number), data, size // 2)
            acknowledged.append((at, data, disc.moment))
    for number, (at, data, moment) in enumerate(acknowledged):
        left = survivors(disc, tmp_path / f"left{number}", moment)
        assert left.open(at).data_set() == data
        assert positions(left, at.study)[-1] == at
        assert codes(left, left.open(at).tail) == []


def test_a_stream_acknowledged_is_readable_from_what_was_synced(tmp_path: Path) -> None:
    disc, home = recorded(tmp_path)
    one = open_at(home, disc)
    data = bytes_of(9 * MIB + 77)
    with one.writer() as writer:
        stream = writer.stream(one.study_ref("ctl_a", "a"), facts(), 1000)
        for start in range(0, len(data), 300_000):
            stream.append(data[start : start + 300_000])
        at = stream.finish(frames=vault.Frames.table([(1000, 5)]))
        moment = disc.moment
    assert survivors(disc, tmp_path / "left", moment).open(at).data_set() == data


def test_a_power_cut_at_any_moment_loses_nothing_acknowledged_and_is_no_damage(tmp_path: Path) -> None:
    disc, home = recorded(tmp_path)
    one = open_at(home, disc)
    acknowledged: list[tuple[vault.Position, int]] = []
    for turn in range(3):
        with open_at(home, disc).writer() as writer:
            for uid in "ab":
                at = writer.store(one.study_ref("ctl_a", uid), facts(turn), bytes_of(9000, turn))
                acknowledged.append((at, disc.moment))
            stream = writer.stream(one.study_ref("ctl_a", "b"), facts(turn))
            stream.append(bytes(5 * MIB))
            stream.abandon()
    for moment in range(disc.moment + 1):
        left = survivors(disc, tmp_path / f"left{moment}", moment)
        known = [at for at, when in acknowledged if when <= moment]
        for at in known:
            assert left.open(at).length == 9000
        tails = {at.pack: left.open(at).tail for at in known}
        assert [one for one in left.check(tails, deep=True) if one.severity == "damage"] == []


def test_a_writer_that_finds_a_key_not_yet_synced_by_another_syncs_it_itself(tmp_path: Path) -> None:
    disc, home = recorded(tmp_path)
    study = open_at(home).study_ref("ctl_a", "a")
    barrier, done = threading.Barrier(4), []

    def store(number: int) -> None:
        one = open_at(home, disc)
        with one.writer() as writer:
            barrier.wait()
            at = writer.store(study, facts(number), bytes([number]) * 100)
            done.append((at, number, disc.moment))

    threads = [threading.Thread(target=store, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 4
    for at, number, moment in done:
        left = survivors(disc, tmp_path / f"left{number}", moment)
        assert left.open(at).data_set() == bytes([number]) * 100


def test_the_twin_forgets_what_was_not_synced(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    disc = RecordingDisc(root)
    handle = disc.create(root / "a")
    disc.write_at(handle, b"one", 0)
    disc.sync(handle)
    disc.write_at(handle, b"two", 3)
    disc.make_folder(root / "f")
    moment = disc.moment
    disc.sync_folder(root)
    for name, when in (("before", moment), ("after", disc.moment)):
        (tmp_path / name).mkdir()
        disc.materialise(tmp_path / name, when)
    assert list((tmp_path / "before").iterdir()) == []
    assert (tmp_path / "after" / "a").read_bytes() == b"one"
    assert (tmp_path / "after" / "f").is_dir()
    disc.close(handle)
    with pytest.raises(FileExistsError):
        disc.make_folder(root / "f")


def test_the_folder_of_a_study_stored_anew_after_its_erasure_is_synced_whatever_inode_it_gets(tmp_path: Path) -> None:
    disc, folder = RecordingDisc(tmp_path), tmp_path / "study"
    folder.mkdir()
    known = Known(10)
    for key in (b"one", b"one", b"another"):
        known.settle(disc, folder, key)
    assert [one.what for one in disc.log] == ["sync-folder"] * 2


def test_a_replay_brings_what_it_tells_of_to_the_disc(tmp_path: Path) -> None:
    disc, home = recorded(tmp_path)
    one, seen = open_at(home, disc), []

    class Slow(RecordingDisc):
        """Lets somebody read before it syncs."""

        def write_at(self, handle: Handle, data: object, offset: int) -> None:
            handle.durable = False
            super().write_at(handle, data, offset)
            if handle.path.suffix == ".pack":
                seen.extend(positions(open_at(home, disc), one.study_ref("ctl_a", "a")))
                moments.append(disc.moment)
            self.sync(handle)

    disc.__class__, moments = Slow, []
    with one.writer() as writer:
        at = writer.store(one.study_ref("ctl_a", "a"), facts(), bytes(9000))
    assert seen == [at]
    assert survivors(disc, tmp_path / "left", moments[0]).open(at).length == 9000


def test_a_copy_of_the_keyring_has_its_name_on_disc(tmp_path: Path) -> None:
    disc, home = recorded(tmp_path)
    one = open_at(home, disc)
    with one.writer() as writer:
        writer.store(one.study_ref("ctl_a", "a"), facts(), b"x")
    one.export_keyring(home / "copies")
    survivors(disc, tmp_path / "left", disc.moment)
    assert len(vault.list_generations(tmp_path / "left" / "copies")) == 1
