import errno
import threading

import pytest
from tests.unit.journal.scene import STARTED, STORED, VIEWED, CountingDisc, CrashDisc, a_journal, clock, only_chain

from primum.journal import Filter, JournalUnwritable, entries
from primum.journal.limits import Limits
from primum.journal.verify import verify

FULL = OSError(errno.ENOSPC, "No space left on device")
FAILING = OSError(errno.EIO, "Input/output error")


def kinds(folder):
    return [one.kind for one in entries(folder)]


def test_a_durable_fact_survives_a_power_cut_the_moment_it_is_recorded(tmp_path):
    """No disclosure without its trace: on disc before the first byte leaves."""
    disc = CrashDisc()
    journal = a_journal(tmp_path / "journal", disc=disc)
    (tmp_path / "journal").mkdir()
    for count in range(1, 6):
        journal.record(VIEWED)
        left = disc.after_power_cut(tmp_path / "journal", tmp_path / f"after-{count}")
        assert kinds(left) == ["person:study:viewed"] * count


def test_what_came_before_a_durable_fact_is_on_disc_with_it(tmp_path):
    disc = CrashDisc()
    (tmp_path / "journal").mkdir()
    journal = a_journal(tmp_path / "journal", disc=disc)
    journal.record(STORED)
    journal.record(VIEWED)
    left = disc.after_power_cut(tmp_path / "journal", tmp_path / "after")
    assert kinds(left) == ["device:study:stored", "person:study:viewed"]


def test_other_facts_are_handed_to_the_system_at_once_and_synced_by_a_flush(tmp_path):
    disc = CrashDisc()
    (tmp_path / "journal").mkdir()
    journal = a_journal(tmp_path / "journal", disc=disc)
    journal.record(STORED)
    assert kinds(tmp_path / "journal") == ["device:study:stored"]  # a killed process loses nothing
    assert kinds(disc.after_power_cut(tmp_path / "journal", tmp_path / "before")) == []
    journal.flush()
    assert kinds(disc.after_power_cut(tmp_path / "journal", tmp_path / "after")) == ["device:study:stored"]


def test_threads_that_record_at_once_share_a_sync(tmp_path):
    class SlowDisc(CountingDisc):
        """The first sync of a shared chain waits until all the others have queued behind it."""

        def sync(self, handle):
            if self.armed.is_set():
                everyone.wait(10)
                self.armed.clear()
            super().sync(handle)

    disc = SlowDisc()
    disc.armed, everyone = threading.Event(), threading.Event()
    journal = a_journal(tmp_path, disc=disc)
    journal.record(VIEWED)
    before = disc.syncs
    disc.armed.set()
    threads = [threading.Thread(target=journal.record, args=(VIEWED,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    writer = journal._ledgers[VIEWED.kind.ledger]
    while writer._last.lines < 10:
        threading.Event().wait(0.001)
    everyone.set()
    for thread in threads:
        thread.join(10)
    assert disc.syncs - before == 2  # the leader's own, and one for the seven others
    assert len(kinds(tmp_path)) == 9
    journal.close()


def test_many_threads_leave_a_sound_chain_with_every_fact_once(tmp_path):
    journal = a_journal(tmp_path)

    def work():
        for turn in range(50):
            journal.record(VIEWED if turn % 3 else STORED)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    journal.close()
    report = verify(tmp_path)
    assert report.illnesses == []
    assert report.lines == 1 + 300


@pytest.mark.parametrize("where", ["refuse", "refuse_sync"])
@pytest.mark.parametrize("error", [FULL, FAILING])
def test_a_disclosure_that_cannot_be_written_down_is_refused(tmp_path, where, error):
    disc = CountingDisc()
    journal = a_journal(tmp_path, disc=disc)
    journal.record(VIEWED)
    setattr(disc, where, error)
    with pytest.raises(JournalUnwritable) as refused:
        journal.record(VIEWED)
    assert refused.value.ledger == "access"
    setattr(disc, where, None)
    journal.record(STORED)
    journal.flush()
    journal.close()
    report = verify(tmp_path)
    assert report.illnesses == []
    assert report.lines == 4  # opening, two views (the refused one is written by the next attempt), one store


def test_a_write_that_got_half_way_is_written_anew_from_the_same_place(tmp_path):
    class HalfDisc(CountingDisc):
        def write_at(self, handle, data, offset):
            if self.refuse:
                super(CountingDisc, self).write_at(handle, data[: len(data) // 2], offset)
            super().write_at(handle, data, offset)

    disc = HalfDisc()
    journal = a_journal(tmp_path, disc=disc)
    journal.record(VIEWED)
    disc.refuse = FULL
    with pytest.raises(JournalUnwritable):
        journal.record(VIEWED)
    disc.refuse = None
    journal.record(VIEWED)
    journal.close()
    assert verify(tmp_path).illnesses == []
    assert len(kinds(tmp_path)) == 3


def test_storing_goes_on_within_a_reserve_and_no_further(tmp_path):
    disc = CountingDisc()
    journal = a_journal(tmp_path, disc=disc, limits=Limits(reserve=3000))
    journal.record(VIEWED)
    disc.refuse = FULL
    recorded = 1
    while len(journal._ledgers[STORED.kind.ledger]._queue) < 3000:
        journal.record(STORED)
        recorded += 1
    with pytest.raises(JournalUnwritable, match="reserve"):
        journal.record(STORED)
    assert 5 < recorded < 20
    disc.refuse = None
    journal.record(VIEWED)
    journal.close()
    assert len(kinds(tmp_path)) == recorded + 1
    assert verify(tmp_path).illnesses == []


def test_a_flush_says_when_it_could_not(tmp_path):
    disc = CountingDisc()
    journal = a_journal(tmp_path, disc=disc)
    journal.record(STORED)
    disc.refuse_sync = FAILING
    with pytest.raises(JournalUnwritable):
        journal.flush()
    disc.refuse_sync = None
    journal.flush()
    journal.close()


def test_a_disc_that_refuses_from_the_start_is_told_of(tmp_path):
    disc = CountingDisc()
    disc.refuse = FULL
    journal = a_journal(tmp_path, disc=disc)
    with pytest.raises(JournalUnwritable):
        journal.record(VIEWED)
    disc.refuse = None
    journal.record(VIEWED)
    journal.close()
    assert kinds(tmp_path) == ["person:study:viewed"]


def test_a_disc_that_refuses_at_the_turn_of_the_month_loses_nothing(tmp_path):
    from datetime import timedelta

    at, disc = clock(), CountingDisc()
    journal = a_journal(tmp_path, at=at, disc=disc)
    journal.record(VIEWED)
    at.advance(timedelta(days=30))
    disc.refuse = FULL
    with pytest.raises(JournalUnwritable):
        journal.record(VIEWED)
    disc.refuse = None
    journal.record(VIEWED)
    journal.close()
    assert verify(tmp_path).illnesses == []
    assert len(kinds(tmp_path)) == 2


def test_no_write_is_longer_than_what_a_recovery_may_close(tmp_path):
    longest = 0

    class MeasuringDisc(CountingDisc):
        def write_at(self, handle, data, offset):
            nonlocal longest
            longest = max(longest, len(data))
            super().write_at(handle, data, offset)

    disc = MeasuringDisc()
    journal = a_journal(tmp_path, disc=disc, limits=Limits(write=2000))
    journal.record(VIEWED)
    disc.refuse = FULL
    for _ in range(40):
        journal.record(STORED)
    disc.refuse, longest = None, 0
    journal.flush()
    assert 1000 < longest <= 2000
    for _ in range(40):
        journal.record(STORED)
    assert longest <= 2000
    journal.close()
    assert verify(tmp_path).illnesses == []
    assert len(list(entries(tmp_path, Filter()))) == 81


def test_lines_are_numbered_without_a_hole(tmp_path):
    with a_journal(tmp_path) as journal:
        for _ in range(20):
            journal.record(STORED)
    numbers = [line[65:].split(b",", 1)[0] for line in only_chain(tmp_path).read_bytes().splitlines()]
    assert numbers == [b'{"n":%d' % n for n in range(21)]


def test_a_ledger_that_cannot_be_closed_does_not_keep_the_other_one_open(tmp_path):
    disc = CountingDisc()
    journal = a_journal(tmp_path, disc=disc)
    journal.record(STARTED)
    journal.record(STORED)
    disc.refuse_sync = FAILING
    with pytest.raises(JournalUnwritable):
        journal.close()
    disc.refuse_sync = None
    with a_journal(tmp_path) as again:  # the chains were given back: no second chain is begun
        again.record(VIEWED)
        again.record(STARTED)
    assert len(list(tmp_path.rglob("*.chain"))) == 2
    assert verify(tmp_path).illnesses == []
