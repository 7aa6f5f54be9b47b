import shutil
from datetime import timedelta

import pytest
from tests.unit.journal.scene import (
    HOME,
    SEED,
    STARTED,
    VIEWED,
    CountingDisc,
    CrashDisc,
    a_journal,
    a_signer,
    clock,
    only_chain,
)

from primum.ground.disc import RealDisc
from primum.journal import Filter, HeadsDamaged, Signer, create_signer, entries, latest_root
from primum.journal.limits import LIMITS
from primum.journal.verify import verify


def kinds(folder):
    return [one.kind for one in entries(folder)]


def test_all_chains_are_signed_together(tmp_path):
    signer = a_signer(tmp_path)
    with a_journal(tmp_path, "web") as web, a_journal(tmp_path, "dimse") as dimse:
        web.record(VIEWED)
        dimse.record(VIEWED)
        dimse.record(STARTED)
        signed = signer.sign_heads()
    assert (signed.new, signed.size) == (3, 3)
    assert signed.note == latest_root(tmp_path)
    report = verify(tmp_path, signer.verifier_key, [signed.note])
    assert (report.illnesses, report.information, report.size) == ([], [], 3)


def test_nothing_is_signed_where_nothing_has_grown(tmp_path):
    signer = a_signer(tmp_path)
    with a_journal(tmp_path) as journal:
        journal.record(VIEWED)
        first = signer.sign_heads()
        again = signer.sign_heads()
    assert (again.new, again.note) == (0, first.note)


def test_every_checkpoint_ever_signed_stays_true(tmp_path):
    signer, notes = a_signer(tmp_path), []
    with a_journal(tmp_path) as journal:
        for _ in range(12):
            journal.record(VIEWED)
            notes.append(signer.sign_heads().note)
    assert verify(tmp_path, signer.verifier_key, notes).illnesses == []


def test_a_signer_that_starts_again_goes_on(tmp_path):
    with a_journal(tmp_path) as journal:
        for size in range(1, 4):
            journal.record(VIEWED)
            assert a_signer(tmp_path).sign_heads().size == size
    assert verify(tmp_path, a_signer(tmp_path).verifier_key).illnesses == []


def test_what_is_signed_survives_a_power_cut(tmp_path):
    """A signer may read what its writer has not synced: were it lost, its loss would look like a crime."""
    disc, folder = CrashDisc(), tmp_path / "journal"
    folder.mkdir()
    from tests.unit.journal.scene import STORED

    journal = a_journal(folder, disc=disc)
    signer = Signer(folder, SEED, HOME, clock(), disc)
    for number in range(3):
        journal.record(STORED)
        note = signer.sign_heads().note
        left = disc.after_power_cut(folder, tmp_path / str(number))
        assert verify(left, signer.verifier_key, [note]).illnesses == []
    journal.close()


@pytest.mark.parametrize(
    "left", [b"", b"2026-10-02T", b"2026-10-02T08:15:00.000Z access/2026-10/web-1 9 9 " + b"0" * 64 + b"\n"]
)
def test_leaves_that_no_note_covers_are_stated_anew(tmp_path, left):
    with a_journal(tmp_path) as journal:
        journal.record(VIEWED)
        a_signer(tmp_path).sign_heads()
        leaves, notes = tmp_path / "heads/leaves", tmp_path / "heads/notes"
        leaves.write_bytes(leaves.read_bytes() + left)
        notes.write_bytes(notes.read_bytes() + left[:9])
        journal.record(VIEWED)
        signer = a_signer(tmp_path)
        assert signer.sign_heads().size == 2
    assert verify(tmp_path, signer.verifier_key).illnesses == []


def test_a_chain_that_was_cut_is_not_signed_again_and_the_account_says_so_once(tmp_path):
    signer = a_signer(tmp_path)
    with a_journal(tmp_path, "web") as web:
        web.record(VIEWED)
    with a_journal(tmp_path, "worker") as worker:
        signer.sign_and_tell(worker)
        path = tmp_path / "access/2026-10/web-1.chain"
        path.write_bytes(path.read_bytes()[:-10])
        for _ in range(3):
            signed = signer.sign_and_tell(worker)
    assert [(one.chain, one.illness) for one in signed.ill] == [("access/2026-10/web-1", "tail-missing")]
    assert kinds(tmp_path).count("journal:chain:ill") == 1


def test_a_chain_that_was_rewritten_below_its_signed_head_is_not_signed_again(tmp_path):
    signer = a_signer(tmp_path)
    with a_journal(tmp_path) as journal:
        journal.record(VIEWED)
        signer.sign_heads()
        path = only_chain(tmp_path)
        data = path.read_bytes()
        last = data.splitlines()[-1]
        path.write_bytes(data.replace(last[:8], b"00000000"))
        journal.record(VIEWED)
        assert [one.illness for one in signer.sign_heads().ill] == ["fork"]


def test_a_chain_damaged_after_its_signed_head_is_not_signed_past_the_damage(tmp_path):
    signer = a_signer(tmp_path)
    with a_journal(tmp_path) as journal:
        journal.record(VIEWED)
        signer.sign_heads()
        path = only_chain(tmp_path)
        size = path.stat().st_size
        while path.stat().st_size < LIMITS.unfinished + 2 * size:
            journal.record(VIEWED)
        data = bytearray(path.read_bytes())
        data[size + 90] ^= 1
        path.write_bytes(data)
        (ill,) = signer.sign_heads().ill
    assert (ill.illness, ill.line) == ("line-changed", 2)


@pytest.mark.parametrize("harm", ["leaf", "note", "short", "key", "gone"])
def test_a_signer_refuses_to_go_on_from_damaged_heads(tmp_path, harm):
    with a_journal(tmp_path, "worker") as worker:
        worker.record(VIEWED)
        a_signer(tmp_path).sign_and_tell(worker)
    leaves, notes = tmp_path / "heads/leaves", tmp_path / "heads/notes"
    if harm == "leaf":
        leaves.write_bytes(leaves.read_bytes().replace(b"worker", b"wurker"))
    elif harm == "note":
        notes.write_bytes(notes.read_bytes().replace(b"\n1\n", b"\n2\n"))
    elif harm == "short":
        leaves.write_bytes(b"")
    elif harm == "gone":
        shutil.rmtree(tmp_path / "heads")
    with pytest.raises(HeadsDamaged):
        a_signer(tmp_path, seed=b"\x08" * 32 if harm == "key" else SEED)


def test_the_account_keeps_one_root_a_day(tmp_path):
    at = clock()
    signer = a_signer(tmp_path, at)
    with a_journal(tmp_path, "worker", at) as worker:
        for _ in range(6):
            worker.record(STARTED)
            signer.sign_and_tell(worker)
            at.advance(timedelta(hours=12))
        signer = a_signer(tmp_path, at)
        signer.sign_and_tell(worker)
    told = list(entries(tmp_path, Filter(kinds=("heads:signed",))))
    assert [one.at[:10] for one in told] == ["2026-10-02", "2026-10-03", "2026-10-04", "2026-10-05"]
    assert verify(tmp_path, signer.verifier_key).illnesses == []


def test_an_idle_house_does_not_sign_its_own_signing_for_ever(tmp_path):
    at = clock()
    signer = a_signer(tmp_path, at)
    with a_journal(tmp_path, "worker", at) as worker:
        worker.record(STARTED)
        sizes = [signer.sign_and_tell(worker).size for _ in range(20)]
    assert sizes[-1] == 2


def test_a_new_home_publishes_its_verifier_key(tmp_path):
    key = create_signer(RealDisc(), tmp_path, SEED, HOME)
    assert (tmp_path / "signer.pub").read_text() == key + "\n"
    assert a_signer(tmp_path).verifier_key == key
    assert key.startswith(f"journal.primum.invalid/{HOME}+")


def test_there_is_no_root_before_the_first_signing(tmp_path):
    assert latest_root(tmp_path) == ""


def test_a_note_that_the_disc_refused_is_written_by_the_next_signing(tmp_path):
    class NoNotes(CountingDisc):
        def write_at(self, handle, data, offset):
            if handle.path.name == "notes" and self.refuse:
                raise self.refuse
            RealDisc.write_at(self, handle, data, offset)

    disc = NoNotes()
    signer = Signer(tmp_path, SEED, HOME, clock(), disc)
    with a_journal(tmp_path) as journal:
        journal.record(VIEWED)
    disc.refuse = OSError(28, "No space left on device")
    with pytest.raises(OSError, match="space"):
        signer.sign_heads()
    disc.refuse = None
    assert signer.sign_heads().size == 1
    assert verify(tmp_path, signer.verifier_key).illnesses == []


def test_a_note_cut_or_torn_at_any_byte_is_stated_anew(tmp_path):
    signer = a_signer(tmp_path)
    with a_journal(tmp_path) as journal:
        journal.record(VIEWED)
        first = signer.sign_heads().note
        journal.record(VIEWED)
        signer.sign_heads()
        file = tmp_path / "heads" / "notes"
        whole = file.read_bytes()
        last = len(whole) // 2
        torn = [whole[:cut] for cut in range(last, len(whole), 7)]
        torn += [whole[:cut] + bytes(len(whole) - cut) for cut in range(last, len(whole), 7)]
        torn += [whole[:last] + bytes(cut - last) + whole[cut:] for cut in range(last + 1, len(whole), 7)]
        for data in torn:
            file.write_bytes(data)
            assert latest_root(tmp_path) == first
            assert verify(tmp_path, signer.verifier_key, [first]).illnesses == []
            journal.record(VIEWED)
            again = a_signer(tmp_path).sign_heads()
            assert again.ill == ()
            assert verify(tmp_path, signer.verifier_key, [first, again.note]).illnesses == []


def test_who_goes_on_with_what_a_dead_process_left_syncs_its_names(tmp_path):
    """A process may die between naming a chain, or the files of heads, and syncing their folders."""
    journal, disc = tmp_path / "journal", CrashDisc()
    journal.mkdir()
    with a_journal(journal) as one:
        one.record(VIEWED)
    before = a_signer(journal).sign_heads().note
    with a_journal(journal, disc=disc) as one:
        one.record(VIEWED)
        after = Signer(journal, SEED, HOME, clock(), disc).sign_heads().note
        left = disc.after_power_cut(journal, tmp_path / "left")
    assert kinds(left).count(VIEWED.kind.value.name) == 2
    shutil.copy(journal / "heads" / "leaves", left / "heads")  # this disc does not know of what others had synced
    assert latest_root(left) == after != before
