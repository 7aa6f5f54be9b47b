"""A run copies what is new, in an order that holds while the archive runs, and refuses a keyring that lost a key."""

from __future__ import annotations

import os
import random
import signal
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.app.backup.house import (
    ACTOR,
    House,
    files,
    flip,
    key_file,
    open_house,
    pack_file,
    restore,
    sign,
    study_of,
)

from primum.app.backup import making, survey
from primum.app.backup.generations import generations, load, newest_sound
from primum.app.backup.refusals import (
    BadDestination,
    DestinationAbsent,
    KeyMissing,
    NoDestination,
    NotOurs,
    OtherHome,
    StopAsked,
    StoreRefused,
    UnderWay,
)
from primum.app.backup.service import Asked, Listener
from primum.app.backup.sinks import Pace, PieceSink
from primum.app.backup.status import read_standing
from primum.app.backup.stores.folder import FolderStore
from primum.ground.disc import RealDisc
from primum.imaging import Indexer
from primum.journal import Fact, Kind, verify_journal
from primum.vault import Label


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No erasure is being written in these tests while a backup waits for its fact."""
    monkeypatch.setattr(making, "_TAKES", 1)


def key(house: House) -> bytes:
    return house.root.derive(Label.BACKUP)


def check_restored(house: House, to: Path, place: Path) -> None:
    """Restore, open everything."""
    restore(to, key_file(house.folder.parent), place)
    there = open_house(place, house.root, house.clock)
    try:
        assert list(there.vault.check(there.expected(), deep=True)) == []
        assert there.dump()["instances"]
    finally:
        there.close()


# -- what is copied --


def test_a_second_backup_copies_only_what_is_new(house: House, to: Path) -> None:
    house.store(study=3, size=2_000_000)
    house.backup(to)
    pieces = files(to / "pieces")
    added = house.store(study=3, size=300_000)[0]
    made = house.backup(to)
    new = {name: data for name, data in files(to / "pieces").items() if name not in pieces}
    packs = [data for data in new.values() if data[:8] == b"PRIMUMRH"]
    assert [len(data) for data in packs] == [added.position.end - added.position.offset]
    # beside it: a snapshot of records.db and the journal's new lines
    assert made.sent < 300_000 + made.manifest.entries["records.db"].end + 100_000
    assert {name: data for name, data in files(to / "pieces").items() if name in pieces} == pieces


def test_a_pack_that_did_not_change_is_not_even_opened(house: House, to: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house.backup(to)
    opened: list[str] = []
    tail = house.vault.tail
    monkeypatch.setattr(house.vault, "tail", lambda study, pack: opened.append(pack) or tail(study, pack))
    added = house.store(study=2)[0]
    house.backup(to)
    assert opened == [added.position.pack]


def test_unfinished_bytes_of_a_writer_are_not_copied(house: House, to: Path, tmp_path: Path) -> None:
    """They may be cut off and others written in their place: a copy of them would contradict the pack ever after."""
    stored = house.store(study=3)[0]
    pack = pack_file(house.folder, stored)
    with pack.open("ab") as file:
        file.write(b"\x55" * 9000)
    made = house.backup(to)
    entry = next(one for one in made.manifest.entries.values() if one.pack == stored.position.pack)
    assert entry.end == stored.position.end
    check_restored(house, to, tmp_path / "again")


def test_what_can_be_made_again_is_not_copied(house: House, to: Path) -> None:
    house.vault.put_block(study_of(house.store(study=4)[0]), "series", b"derived" * 100)
    (house.folder / "primum.toml").write_text('language = "fr"\n')
    entries = house.backup(to).manifest.entries
    assert {"primum.toml", "records.db", "home.json", "certificates/web.sealed"} <= entries.keys()
    assert [path for path in entries if "index.db" in path or path.startswith("run/") or ".block" in path] == []


def test_a_file_that_is_none_of_ours_is_left_out_aloud(house: House, to: Path) -> None:
    (house.folder / "notes of Dr X.txt").write_bytes(b"mine")
    made = house.backup(to)
    assert "backup.left-out" in house.told
    assert [path for path in made.manifest.entries if path.startswith("notes")] == []


# -- while it runs --


def test_a_backup_while_studies_arrive_restores_whole(house: House, to: Path, tmp_path: Path) -> None:
    stop, stored = threading.Event(), []

    def send() -> None:
        second = open_house(house.folder, house.root, house.clock)
        number = 0
        try:
            while not stop.is_set() and number < 400:
                number += 1
                second.images = 1000 + number
                stored.extend(second.store(study=number % 5, size=number * 37))
        finally:
            second.close()

    sender = threading.Thread(target=send)
    house.journal.flush()
    sender.start()
    try:
        made = [house.backup(to) for _ in range(4)]
    finally:
        stop.set()
        sender.join()
    assert [one.manifest.illnesses for one in made] == [0, 0, 0, 0]
    assert len({one.manifest.size for one in made}) > 1  # it did arrive meanwhile
    for number, generation in enumerate(generations(FolderStore(to, RealDisc()))):
        place = tmp_path / f"again-{number}"
        restore(to, key_file(tmp_path), place, generation)
        there = open_house(place, house.root, house.clock)
        try:
            assert list(there.vault.check(there.expected(), deep=True)) == []
        finally:
            there.close()


def test_killed_at_any_point_it_goes_on_and_restores_whole(house: House, to: Path, tmp_path: Path) -> None:
    """SIGKILL after a random number of writes at the destination, until one run comes to its end."""
    for study in range(3, 9):
        house.store(study=study, images=2, size=60_000)
    house.close()
    killed, end, made = 0, -signal.SIGKILL, []
    # a run has its note to write and goes on with its pieces: with three writes and more each comes further
    while end == -signal.SIGKILL and not made and killed < 50:
        end = in_a_process_killed_after(house, to, random.randint(3, 7))
        made = generations(FolderStore(to, RealDisc()))
        killed += end == -signal.SIGKILL
    assert killed >= 2
    # killed at the last writes of all, it has made its generation: one that is there is whole, however its run ended
    assert end in {0, -signal.SIGKILL}
    assert len(made) == 1
    check_restored(house, to, tmp_path / "again")


def in_a_process_killed_after(house: House, to: Path, puts: int) -> int:
    """Back up in a process of its own, which dies before its write number `puts`; return how it ended."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    try:
        left, put = [puts], FolderStore.put

        def deadly(self: FolderStore, name: str, data: bytes) -> None:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            put(self, name, data)

        FolderStore.put = deadly  # type: ignore[method-assign]
        open_house(house.folder, house.root, house.clock).backup(to)
        os._exit(0)
    finally:
        os._exit(1)


def test_an_interrupted_run_leaves_a_note_and_no_generation(house: House, to: Path) -> None:
    house.store(study=3, size=1_000_000)
    store = FolderStore(to, RealDisc())

    def break_off(_done: int, _total: int) -> None:
        if (to / "pieces").exists() and len(files(to / "pieces")) > 3:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        house.backups.make(Asked(str(to), ACTOR), Listener(progress=break_off))
    assert generations(store) == []
    assert store.size("unfinished") is not None
    made = house.backup(to)
    assert store.size("unfinished") is None
    assert generations(store) == [made.manifest.generation]


def test_it_is_slowed_down_and_stopped(house: House, to: Path) -> None:
    waited: list[float] = []

    def stopped(seconds: float) -> bool:
        waited.append(seconds)
        return len(waited) > 2

    sink = PieceSink(FolderStore(to, RealDisc()), Pace(1 << 20, stopped), lambda _: None)
    sink.take_bytes("keyring", [b"a" * (1 << 20)])
    sink.take_bytes("keyring", [b"b" * (1 << 20)])
    with pytest.raises(StopAsked):
        sink.take_bytes("keyring", [b"c" * (1 << 20)])
    assert waited[0] < 0.1
    assert 0.8 < waited[1] <= 1.0
    assert 1.7 < waited[2] <= 2.0


def test_one_run_at_a_time(house: House, to: Path) -> None:
    codes = []

    def again(_done: int, _total: int) -> None:
        if not codes:
            with pytest.raises(UnderWay) as refused:
                house.backups.make(Asked(str(to)), Listener())
            codes.append(refused.value.code)

    house.backups.make(Asked(str(to)), Listener(progress=again))
    assert codes == ["backup.under-way"]


def test_a_journal_that_is_signed_while_it_is_copied_verifies(
    house: House, to: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A head that was copied before its chain never says more than the chain that was copied after it."""
    end_of_lines = survey.end_of_lines

    def sign_first(path: Path) -> int:
        house.journal.record(Fact(Kind.VAULT_CHECKED, ACTOR, "", {"studies": 1}))
        sign(house)
        return end_of_lines(path)

    monkeypatch.setattr(survey, "end_of_lines", sign_first)
    house.backup(to)
    restore(to, key_file(tmp_path), tmp_path / "again")
    key = (house.folder / "journal" / "signer.pub").read_text().strip()
    assert verify_journal(tmp_path / "again" / "journal", key).illnesses == []


def test_a_journal_that_was_altered_is_copied_as_it_is(house: House, to: Path, tmp_path: Path) -> None:
    """It is evidence: the older generations have it as it was."""
    house.backup(to)
    chain = next((house.folder / "journal" / "account").rglob("*.chain"))
    flip(chain, chain.stat().st_size - 20)
    altered = chain.read_bytes()
    house.backup(to)
    restore(to, key_file(tmp_path), tmp_path / "again")
    assert (tmp_path / "again" / chain.relative_to(house.folder)).read_bytes()[: len(altered)] == altered


# -- keys --


def test_a_key_that_vanished_is_refused_and_nothing_is_lost(house: House, to: Path, tmp_path: Path) -> None:
    stored = house.store(study=3)[0]
    first = house.backup(to).manifest.generation
    next((house.folder / "keyring").glob(f"*/{study_of(stored)}.key")).unlink()
    with pytest.raises(KeyMissing) as refused:
        house.backup(to)
    assert (refused.value.facts["count"], refused.value.facts["study"]) == (1, study_of(stored))
    assert generations(FolderStore(to, RealDisc())) == [first]
    assert house.kinds()[-1] == "backup:refused"
    assert read_standing(house.folder).refused == "backup.key-missing"
    check_restored(house, to, tmp_path / "again")


def test_a_key_that_vanished_is_refused_at_the_first_backup_too(house: House, to: Path) -> None:
    stored = house.store(study=3)[0]
    next((house.folder / "keyring").glob(f"*/{study_of(stored)}.key")).unlink()
    with pytest.raises(KeyMissing):
        house.backup(to)


def test_a_key_that_vanished_with_its_packs_and_rows_is_refused(house: House, to: Path) -> None:
    """All of a study is gone, as after an erasure, but nobody wrote that it was erased."""
    stored = house.store(study=3)[0]
    house.backup(to)
    house.erase(study_of(stored), fact=False)
    with pytest.raises(KeyMissing):
        house.backup(to)
    house.journal.record(Fact(Kind.STUDY_ERASED, ACTOR, study_of(stored), {"packs": 1}))
    house.backup(to)


def test_a_key_that_does_not_open_is_a_key_that_vanished(house: House, to: Path) -> None:
    stored = house.store(study=3)[0]
    flip(next((house.folder / "keyring").glob(f"*/{study_of(stored)}.key")), 40)
    with pytest.raises(KeyMissing):
        house.backup(to)


def test_an_erased_study_leaves_the_next_generation(house: House, to: Path) -> None:
    stored = house.store(study=3)[0]
    assert study_of(stored) in studies_in(house.backup(to).manifest)
    house.erase(study_of(stored))
    made = house.backup(to).manifest
    assert study_of(stored) not in studies_in(made)
    assert study_of(stored) in dict(made.erased)
    assert made.illnesses == 0


def studies_in(manifest: object) -> set[str]:
    return {entry.study for entry in manifest.entries.values()}  # type: ignore[attr-defined]


def test_a_study_erased_while_the_backup_runs_is_not_in_it(house: House, to: Path, tmp_path: Path) -> None:
    stored = house.store(study=3, size=500_000)[0]
    done: list[bool] = []

    def erase_now(_done: int, _total: int) -> None:
        if not done:
            done.append(True)
            house.erase(study_of(stored))

    made = house.backups.make(Asked(str(to), ACTOR), Listener(progress=erase_now))
    assert done
    assert study_of(stored) not in studies_in(made.manifest)
    check_restored(house, to, tmp_path / "again")


def test_a_study_erased_in_part_leaves_the_next_generation_in_part(house: House, to: Path, tmp_path: Path) -> None:
    first, second = house.store(study=3, images=2)
    house.backup(to)
    kept = house.vault.open(second.position).facts.sop_instance_uid
    house.vault.erase_part(study_of(first), lambda facts: facts.sop_instance_uid == kept)
    Indexer(house.index, house.records, house.vault, house.clock).renew(study_of(first))
    house.journal.record(Fact(Kind.STUDY_ERASED, ACTOR, study_of(first), {"level": "instance", "instances": 1}))
    made = house.backup(to)
    assert made.manifest.illnesses == 0
    former = {first.position.pack, second.position.pack}
    assert former.isdisjoint(entry.pack for entry in made.manifest.entries.values())
    check_restored(house, to, tmp_path / "again")
    packs = list((tmp_path / "again" / "vault").glob(f"*/{study_of(first)}/*.pack"))
    assert [pack.stem for pack in packs] == [one.pack for one in house.vault.packs(study_of(first))]


def test_a_study_rewritten_while_the_backup_runs_is_in_it_as_it_is_now(house: House, to: Path, tmp_path: Path) -> None:
    """Erased in part: its former packs and key are gone, the rest stands in another pack under another key."""
    stored = house.store(study=3, size=500_000)[0]
    later = []

    def rewrite_now(_done: int, _total: int) -> None:
        if not later:
            house.erase(study_of(stored))
            later.extend(house.store(study=3))

    made = house.backups.make(Asked(str(to), ACTOR), Listener(progress=rewrite_now))
    assert made.manifest.illnesses == 0
    packs = {entry.pack for entry in made.manifest.entries.values() if entry.study == study_of(stored)}
    assert packs == {later[0].position.pack}
    check_restored(house, to, tmp_path / "again")


# -- good bytes are never replaced by others --


def test_a_pack_cut_short_keeps_its_former_bytes(house: House, to: Path, tmp_path: Path) -> None:
    house.store(study=3)
    stored = house.store(study=3)[0]
    pack = pack_file(house.folder, stored)
    whole = pack.read_bytes()
    house.backup(to)
    os.truncate(pack, stored.position.offset)
    made = house.backup(to)
    assert made.manifest.illnesses == 1
    assert house.told == ["backup.pack-differs"]
    restore(to, key_file(tmp_path), tmp_path / "again")
    assert pack_file(tmp_path / "again", stored).read_bytes() == whole


def test_a_pack_that_is_gone_keeps_its_former_bytes(house: House, to: Path, tmp_path: Path) -> None:
    stored = house.store(study=3)[0]
    pack = pack_file(house.folder, stored)
    whole = pack.read_bytes()
    house.backup(to)
    pack.unlink()
    for _ in range(2):
        assert house.backup(to).manifest.illnesses == 1
    restore(to, key_file(tmp_path), tmp_path / "again")
    assert pack_file(tmp_path / "again", stored).read_bytes() == whole


def test_a_pack_with_another_history_keeps_its_former_bytes(house: House, to: Path, tmp_path: Path) -> None:
    """An older copy was put back and gone on with: its records are authentic, and not those that were backed up."""
    first = house.store(study=3)[0]
    pack = pack_file(house.folder, first)
    older = pack.read_bytes()
    house.store(study=3, size=8)
    house.backup(to)
    whole = pack.read_bytes()
    pack.write_bytes(older)
    house.close()
    later = open_house(house.folder, house.root, house.clock)
    try:
        later.images = 900
        later.store(study=3, images=2, size=8)
        assert pack.stat().st_size > len(whole)
        assert later.backup(to).manifest.illnesses == 1
    finally:
        later.close()
    restore(to, key_file(tmp_path), tmp_path / "again")
    assert pack_file(tmp_path / "again", first).read_bytes() == whole


def test_a_loss_that_was_there_before_the_first_backup_is_not_hidden_by_a_restore(
    house: House, to: Path, tmp_path: Path
) -> None:
    stored = house.store(study=3)[0]
    pack_file(house.folder, stored).unlink()
    assert house.backup(to).manifest.illnesses == 1
    restore(to, key_file(tmp_path), tmp_path / "again")
    there = open_house(tmp_path / "again", house.root, house.clock)
    try:
        found = [illness.code for illness in there.vault.check(there.expected(), deep=True)]
        assert found == ["vault.records-missing"]
    finally:
        there.close()


def test_a_damaged_last_record_is_counted_in_every_backup(house: House, to: Path) -> None:
    stored = house.store(study=3, images=2, size=30_000)[1]
    flip(pack_file(house.folder, stored), stored.position.offset + 20_000)
    assert [house.backup(to).manifest.illnesses for _ in range(3)] == [1, 1, 1]


def test_a_younger_generation_that_is_not_sound_is_said_and_passed_over(house: House, to: Path) -> None:
    first = house.backup(to).manifest.generation
    second = house.backup(to).manifest.generation
    flip(to / "generations" / f"{second}.manifest", 60)
    made = house.backup(to)
    assert house.told == ["backup.manifest-altered"]
    assert made.manifest.previous == first
    newest, wrong = newest_sound(FolderStore(to, RealDisc()), key(house))
    assert newest is not None
    assert newest.generation == made.manifest.generation
    assert wrong == []


# -- destinations --


def test_a_destination_of_another_home_is_refused(house: House, to: Path) -> None:
    (to / "primum-backup.json").write_text('{"format": 1, "home": "hom_zzzzzzzzzzzzzzzzzzzzzzzzzz"}')
    with pytest.raises(OtherHome):
        house.backup(to)


def test_a_folder_with_other_files_is_refused(house: House, to: Path) -> None:
    (to / "holidays.jpg").write_bytes(b"mine")
    with pytest.raises(NotOurs):
        house.backup(to)


def test_a_disc_that_is_not_mounted_is_not_taken_for_an_empty_one(house: House, to: Path, tmp_path: Path) -> None:
    house.backup(to)
    to.rename(tmp_path / "unplugged")
    to.mkdir()
    with pytest.raises(DestinationAbsent):
        house.backup(to)
    assert list(to.iterdir()) == []
    house.backup(to, new=True)


def test_a_folder_is_made_where_its_parent_is_there_and_nowhere_else(house: House, tmp_path: Path) -> None:
    house.backup(tmp_path / "new")
    with pytest.raises(DestinationAbsent):
        house.backup(tmp_path / "mnt" / "new")


def test_a_folder_in_the_home_is_refused(house: House) -> None:
    with pytest.raises(BadDestination):
        house.backup(house.folder / "backup")


def test_without_a_destination_there_is_no_backup(house: House) -> None:
    with pytest.raises(NoDestination):
        house.backup("")


def test_a_full_disc_is_a_refusal_that_is_recorded(house: House, to: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("primum.app.backup.stores.folder.write_durably", full)
    with pytest.raises(StoreRefused) as refused:
        house.backup(to)
    assert refused.value.facts["reason"] == "no space left on device"
    assert house.kinds()[-1] == "backup:refused"


def test_what_was_made_is_in_the_account(house: House, to: Path) -> None:
    import hashlib

    from primum.journal import Filter, entries

    made = house.backup(to)
    fact = list(entries(house.folder / "journal", Filter(kinds=("backup:made",))))[-1]
    manifest = (to / "generations" / f"{made.manifest.generation}.manifest").read_bytes()
    assert fact.actor == ACTOR
    assert fact.details["root"] == hashlib.sha256(manifest).hexdigest()
    assert (fact.details["what"], fact.details["studies"], fact.details["illnesses"]) == ("folder", 2, 0)


def test_the_manifest_names_the_pieces_of_what_is_there(house: House, to: Path) -> None:
    made = house.backup(to).manifest
    read = load(FolderStore(to, RealDisc()), made.generation)
    read.verify(key(house))
    assert replace(read, digest=b"", mac=b"") == made
