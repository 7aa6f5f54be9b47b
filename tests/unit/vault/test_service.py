from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from tests.unit.vault.support import (
    CLOCK,
    KEYS,
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
from primum.ground.clock import FixedClock
from primum.ground.disc import BLOCK, RealDisc

STUDY = study_named("a")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    lay_out_for(tmp_path, STUDY, study_named("b"))
    return tmp_path


def store(one: vault.Vault, *numbers: int, study: str = STUDY, size: int = 500) -> list[vault.Position]:
    with one.writer() as writer:
        return [writer.store(study, facts(number), bytes_of(size, number), 100) for number in numbers]


# -- reading --


def test_replay_from_a_known_position_yields_only_what_came_after(home: Path) -> None:
    one = open_at(home)
    stored = store(one, 1, 2, 3, 4)
    pack = stored[0].pack
    for number, at in enumerate(stored):
        assert list(one.replay(STUDY, pack, at.end)) == stored[number + 1 :]
        assert list(one.replay(STUDY, pack, at.offset)) == stored[number:]


def test_replay_while_a_writer_appends_sees_whole_records_only(home: Path) -> None:
    one = open_at(home)
    done = threading.Event()

    def write() -> None:
        store(open_at(home), *range(60), size=30_000)
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    seen: dict[str, list[vault.Position]] = {}
    while not done.is_set():
        for info in one.packs(STUDY):
            before = seen.setdefault(info.pack, [])
            for at in one.replay(STUDY, info.pack, before[-1].end if before else 0):
                if isinstance(at, vault.Position):
                    assert one.open(at).data_set() == bytes_of(30_000, int(one.open(at).facts.sop_instance_uid[9:]))
                    before.append(at)
                else:
                    assert at.severity == "information"
    thread.join()
    assert len(positions(one, STUDY)) == 60


def test_a_position_that_is_no_record_is_refused(home: Path) -> None:
    one = open_at(home)
    a, b = store(one, 1, 2)
    for wrong in (
        vault.Position(STUDY, a.pack, a.offset, b.end),
        vault.Position(STUDY, a.pack, b.offset, b.end + BLOCK),
        vault.Position(STUDY, a.pack, 0, BLOCK),
    ):
        with pytest.raises(vault.RecordAbsent):
            one.open(wrong)
    with pytest.raises(vault.RecordAbsent):
        one.open(vault.Position(STUDY, "a" * 26, a.offset, a.end))
    with pytest.raises(ValueError, match="outside"):
        one.open(a).read(0, 501)


def test_a_study_that_was_never_stored_has_no_key(home: Path) -> None:
    one = open_at(home)
    with pytest.raises(vault.MissingKey):
        one.open(vault.Position(STUDY, "a" * 26, BLOCK, 3 * BLOCK))
    assert list(one.studies()) == []
    assert one.packs(STUDY) == []


def test_frames_are_read_one_by_one(home: Path) -> None:
    one = open_at(home)
    data = bytes_of(1000)
    with one.writer() as writer:
        at = writer.store(STUDY, facts(), data, 100, vault.Frames.uniform(200, 100, 8))
    assert [one.open(at).frame(n) for n in range(8)] == [data[n : n + 100] for n in range(200, 1000, 100)]
    for missing in (8, -1):
        with pytest.raises(IndexError):
            one.open(at).frame(missing)


# -- check --


def test_the_tail_is_that_of_the_last_record(home: Path) -> None:
    one = open_at(home)
    stored = store(one, 1, 2, 3)
    assert one.tail(STUDY, stored[0].pack) == one.open(stored[-1]).tail
    assert one.open(stored[-1]).tail.count == 3


def test_a_whole_vault_has_no_illness_and_progress_is_told(home: Path) -> None:
    one = open_at(home)
    tails = [one.open(store(one, 1, 2, study=study)[-1]).tail for study in (STUDY, study_named("b"))]
    told: list[tuple[int, int]] = []
    assert list(one.check({t.pack: t for t in tails}, deep=True, progress=lambda *done: told.append(done))) == []
    assert told == [(1, 2), (2, 2)]


def test_a_pack_that_is_gone_is_missing_all_its_records(home: Path) -> None:
    one = open_at(home)
    tail = one.open(store(one, 1, 2)[-1]).tail
    pack_path(home, tail).unlink()
    assert codes(one, tail) == ["vault.records-missing"]
    assert codes(one) == []


def test_the_last_record_is_believed_torn_only_when_nobody_saw_it(home: Path) -> None:
    one = open_at(home)
    a, b = store(one, 1, 2)
    seen, before = one.open(b).tail, one.open(a).tail
    flip(pack_path(home, b), b.offset + 70)
    for deep in (True, False):
        assert codes(one, before, deep=deep) == ["vault.torn-tail"]
        assert codes(one, seen, deep=deep) == ["vault.flipped-bit"]


def test_a_flipped_trailer_of_the_last_record_is_named_and_the_record_missed(home: Path) -> None:
    one = open_at(home)
    a, b = store(one, 1, 2)
    tail = one.open(b).tail
    flip(pack_path(home, b), b.end - BLOCK + 80)
    assert codes(one, tail) == ["vault.flipped-bit", "vault.records-missing"]
    assert positions(one, STUDY) == [a]


def test_a_flipped_trailer_in_the_middle_is_named_and_the_rest_is_read(home: Path) -> None:
    one = open_at(home)
    a, b, c = store(one, 1, 2, 3)
    flip(pack_path(home, b), b.end - BLOCK + 80)
    assert codes(one, deep=False) == ["vault.flipped-bit"]
    assert positions(one, STUDY) == [a, c]
    with pytest.raises(vault.FlippedBit):
        one.open(b)


def test_a_damaged_head_costs_no_record(home: Path) -> None:
    one = open_at(home)
    stored = store(one, 1, 2, 3)
    for offset in (0, 20, 50):
        flip(pack_path(home, stored[1]), stored[1].offset + offset)
    assert positions(one, STUDY) == stored
    assert one.open(stored[1]).data_set() == bytes_of(500, 2)
    assert codes(one, deep=False) == ["vault.flipped-bit"]


@pytest.mark.parametrize("offset", [0, 20, 40, 50, 100, 4070])
def test_a_damaged_pack_header_costs_no_record_unless_it_names_another_place(home: Path, offset: int) -> None:
    one = open_at(home)
    stored = store(one, 1, 2)
    flip(pack_path(home, stored[0]), offset)
    found = codes(one)
    if offset in {20, 40}:
        assert found == ["vault.wrong-study"]
    else:
        assert found == ["vault.flipped-bit"]
        assert positions(one, STUDY) == stored


def test_a_record_copied_over_another_is_reordered(home: Path) -> None:
    one = open_at(home)
    a, b, c = store(one, 1, 2, 3)
    path = pack_path(home, a)
    raw = path.read_bytes()
    path.write_bytes(raw[: b.offset] + raw[a.offset : a.end] + raw[b.end :])
    assert codes(one, one.open(c).tail) == ["vault.reordered-record"]
    assert positions(one, STUDY) == [a, c]


def test_a_record_of_another_pack_does_not_pass(home: Path) -> None:
    one = open_at(home)
    with one.writer() as first, one.writer() as second:
        a = first.store(STUDY, facts(1), b"a")
        b = second.store(STUDY, facts(2), b"b")
    pack_path(home, a).write_bytes(pack_path(home, a).read_bytes()[:BLOCK] + pack_path(home, b).read_bytes()[BLOCK:])
    assert positions(one, STUDY) == [b]


def test_a_pack_under_another_name_is_in_the_wrong_place(home: Path) -> None:
    one = open_at(home)
    (a,) = store(one, 1)
    path = pack_path(home, a)
    path.rename(path.with_name("a" * 26 + ".pack"))
    assert codes(one) == ["vault.wrong-study"]
    assert [at.code for at in one.replay(STUDY, "a" * 26) if isinstance(at, vault.Illness)] == ["vault.wrong-study"]


def test_a_pack_of_a_lost_key_is_told_apart_from_a_damaged_one(home: Path) -> None:
    one = open_at(home)
    (a,) = store(one, 1)
    next((home / "keyring").glob("*/*.key")).unlink()
    assert codes(one) == ["vault.missing-key"]
    (b,) = store(open_at(home), 2)
    assert b.pack != a.pack
    assert codes(open_at(home)) == ["vault.missing-key"]


def test_a_key_file_that_does_not_open_is_told_so(home: Path) -> None:
    (a,) = store(open_at(home), 1)
    flip(next((home / "keyring").glob("*/*.key")), 60)
    one = open_at(home)
    assert codes(one) == ["vault.key-broken"]
    with pytest.raises(vault.KeyBroken):
        one.open(a)
    with pytest.raises(vault.SealBroken):
        store(one, 2)


def test_an_empty_or_zeroed_pack_is_what_a_crash_leaves(home: Path) -> None:
    one = open_at(home)
    (a,) = store(one, 1)
    folder = pack_path(home, a).parent
    for name, content in (("a", b""), ("b", bytes(3 * BLOCK)), ("c", b"x" * 100)):
        (folder / (name * 26 + ".pack")).write_bytes(content)
    assert set(codes(one, one.open(a).tail)) <= {"vault.torn-tail"}
    (b,) = store(open_at(home), 2)
    assert b.pack == a.pack


def test_illnesses_speak_of_our_own_ids_alone(home: Path) -> None:
    one = open_at(home)
    (a,) = store(one, 1)
    flip(pack_path(home, a), a.offset + 70)
    tail = vault.Tail(STUDY, a.pack, 1, "00" * 32, a.end)
    for illness in one.check({a.pack: tail}, deep=True):
        assert a.pack in str(illness)
        assert "2.25" not in str(illness) + illness.way_out() + repr(illness.facts)


# -- keys and erasure --


def test_an_erased_study_is_gone_and_may_come_back_under_a_new_key(home: Path) -> None:
    one, reader = open_at(home), open_at(home)
    stored = store(one, 1, 2)
    (kept,) = store(one, 3, study=study_named("b"))
    assert reader.open(stored[0]).length == 500
    key = next((home / "keyring").glob(f"*/{STUDY}.key")).read_bytes()
    erased = one.erase(STUDY)
    assert (erased.packs, erased.bytes) == (1, stored[-1].end)
    assert list(one.studies()) == [study_named("b")]
    with pytest.raises(vault.MissingKey):
        reader.open(stored[0])
    assert reader.open(kept).length == 500
    assert one.erase(STUDY).packs == 0
    (again,) = store(one, 4)
    assert again.pack != stored[0].pack
    assert next((home / "keyring").glob(f"*/{STUDY}.key")).read_bytes() != key
    assert reader.open(again).length == 500


def test_a_study_is_not_erased_while_it_is_being_stored(home: Path) -> None:
    one = open_at(home)
    with one.writer() as writer:
        at = writer.store(STUDY, facts(), b"a")
        with pytest.raises(vault.StudyInUse):
            open_at(home).erase(STUDY)
        assert one.open(at).data_set() == b"a"
    assert one.erase(STUDY).packs == 1


def test_an_interrupted_erasure_is_finished_by_repeating_it(home: Path) -> None:
    one = open_at(home)
    store(one, 1)
    key = next((home / "keyring").glob("*/*.key"))
    left = key.with_name(f".{STUDY}.{'a' * 26}.new")
    left.write_bytes(key.read_bytes())
    key.unlink()
    assert one.erase(STUDY).packs == 1
    assert not left.exists()
    assert list((home / "vault").glob("*/*")) == []


def test_all_processes_agree_on_one_key_however_they_race(home: Path) -> None:
    barrier, stored = threading.Barrier(8), []

    def first_store(number: int) -> None:
        one = open_at(home)
        barrier.wait()
        stored.extend(store(one, number))

    threads = [threading.Thread(target=first_store, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    one = open_at(home)
    assert sorted(one.open(at).facts.sop_instance_uid for at in stored) == [f"2.25.111.{n}" for n in range(8)]
    assert len(list((home / "keyring").glob("*/*"))) == 1
    assert list((home / "keyring").glob("*/.*")) == []
    assert codes(one) == []


KILLED = """
import sys
from pathlib import Path
from tests.unit.vault.support import bytes_of, facts, open_at
one = open_at(Path(sys.argv[1]))
number = 0
while True:
    with one.writer() as writer:
        for study in sys.argv[2:]:
            number += 1
            at = writer.store(study, facts(number), bytes_of(20000, number), 100)
            print(study, at.pack, at.offset, at.end, number, flush=True)
"""


def test_writers_killed_at_any_moment_lose_nothing_that_they_acknowledged(home: Path) -> None:
    acknowledged: list[str] = []
    for turn in range(4):
        studies = [STUDY, study_named("b")] if turn % 2 else [STUDY]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        children = [
            subprocess.Popen(
                [sys.executable, "-c", KILLED, str(home), *studies], stdout=subprocess.PIPE, env=environment
            )
            for _ in range(2)
        ]
        for child in children:
            assert child.stdout is not None
            acknowledged += [child.stdout.readline().decode() for _ in range(5 + turn)]
        for child in children:
            child.send_signal(signal.SIGKILL)
        for child in children:
            assert child.stdout is not None
            acknowledged += [line.decode() for line in child.stdout.readlines() if line.endswith(b"\n")]
            child.stdout.close()
            child.wait()
    one = open_at(home)
    assert len(acknowledged) >= 50
    for line in acknowledged:
        study, pack, offset, end, number = line.split()
        assert one.open(vault.Position(study, pack, int(offset), int(end))).data_set() == bytes_of(20000, int(number))
    assert [illness for illness in one.check({}, deep=True) if illness.severity == "damage"] == []


def test_the_keyring_is_copied_whole_and_opens_elsewhere(home: Path, tmp_path: Path) -> None:
    one = open_at(home)
    (at,) = store(one, 1)
    vault.create_root(RealDisc(), home / "keyring", [])
    generation = one.export_keyring(tmp_path / "backup")
    assert generation.files == 2
    assert vault.list_generations(tmp_path / "backup") == [generation]
    with pytest.raises(vault.ExportExists):
        one.export_keyring(tmp_path / "backup")
    elsewhere = vault.open_vault(home / "vault", generation.folder, KEYS, RealDisc(), CLOCK)
    assert elsewhere.open(at).length == 500


def test_generations_older_than_thirty_days_are_removed_but_never_the_newest(home: Path, tmp_path: Path) -> None:
    clock = FixedClock(CLOCK.now())
    one = vault.open_vault(home / "vault", home / "keyring", KEYS, RealDisc(), clock)
    made = []
    for days in (0, 20, 20):
        clock.advance(timedelta(days=days))
        made.append(one.export_keyring(tmp_path / "backup"))
    assert vault.prune_generations(RealDisc(), clock, tmp_path / "backup") == made[:1]
    clock.advance(timedelta(days=400))
    assert vault.prune_generations(RealDisc(), clock, tmp_path / "backup") == made[1:2]
    assert vault.list_generations(tmp_path / "backup") == made[2:]


# -- derived blocks --


def test_a_block_is_found_under_its_name_and_replaced(home: Path) -> None:
    one = open_at(home)
    store(one, 1)
    assert one.get_block(STUDY, "series 1") is None
    one.put_block(STUDY, "series 1", b"x" * 10_000)
    one.put_block(STUDY, "series 2", b"y")
    assert one.get_block(STUDY, "series 1") == b"x" * 10_000
    one.put_block(STUDY, "series 1", b"")
    assert one.get_block(STUDY, "series 1") == b""
    assert one.get_block(study_named("b"), "series 1") is None
    with pytest.raises(vault.MissingKey):
        one.put_block(study_named("b"), "series 1", b"")
    assert codes(one) == []


def test_a_damaged_or_inflating_block_reads_as_absent(home: Path) -> None:
    one = open_at(home, limits=vault.Limits(block=1000))
    store(one, 1)
    one.put_block(STUDY, "bomb", bytes(1001))
    assert one.get_block(STUDY, "bomb") is None
    one.put_block(STUDY, "series", bytes(1000))
    assert one.get_block(STUDY, "series") == bytes(1000)
    for path in (home / "vault").glob("*/*/*.block"):
        flip(path, path.stat().st_size - 3)
    assert one.get_block(STUDY, "series") is None


def test_the_layout_has_256_folders_of_each_and_making_it_again_is_harmless(tmp_path: Path) -> None:
    one = new_vault(tmp_path)
    store(one, 1)
    vault.create_layout(RealDisc(), tmp_path / "vault", tmp_path / "keyring")
    for name in ("vault", "keyring"):
        assert sorted(path.name for path in (tmp_path / name).iterdir()) == [f"{n:02x}" for n in range(256)]
    assert len(positions(one, STUDY)) == 1


def test_a_pack_whose_lease_is_held_elsewhere_is_left_alone(home: Path) -> None:
    (a,) = store(open_at(home), 1)
    with pack_path(home, a).open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        (b,) = store(open_at(home), 2)
    assert a.pack != b.pack


def test_a_first_write_of_which_only_the_header_was_torn_is_no_damage_and_its_record_is_kept(tmp_path: Path) -> None:
    one = new_vault(tmp_path)
    study = one.study_ref("ctl_a", "a")
    with one.writer() as writer:
        at = writer.store(study, facts(), b"x" * 9000)
    tail = one.open(at).tail
    with pack_path(tmp_path, at).open("r+b") as file:
        file.seek(512)
        file.write(bytes(4096 - 512))
    assert codes(one, tail) == ["vault.leftover"]
    assert positions(one, study) == [at]
    with one.writer() as writer:
        assert writer.store(study, facts(2), b"y").pack != at.pack
    flip(pack_path(tmp_path, at), 3)
    assert codes(one, tail) == ["vault.flipped-bit"]
