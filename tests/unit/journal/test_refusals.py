from datetime import timedelta

import pytest
from tests.unit.journal.scene import VIEWED, CountingDisc, a_journal, clock

from primum.journal import FactRefused, Filter, JournalUnwritable, Kind, Refusals, entries
from primum.journal.limits import LIMITS


def told(folder):
    return [
        (one.details["address"], one.details["reason"], one.details["count"], one.details["minute"])
        for one in entries(folder, Filter(kinds=("stranger:",)))
    ]


def test_strangers_are_counted_by_source_reason_and_minute(tmp_path):
    at = clock()
    with a_journal(tmp_path, "dimse", at) as journal:
        refusals = Refusals(journal)
        for _ in range(500):
            refusals.count("no-certificate", "203.0.113.9")
        refusals.count("unknown-device", "203.0.113.9")
        assert told(tmp_path) == []
        at.advance(timedelta(minutes=1))
        refusals.count("no-certificate", "203.0.113.9")
        refusals.close()
    assert told(tmp_path) == [
        ("203.0.113.9", "no-certificate", 500, "2026-10-02T08:15Z"),
        ("203.0.113.9", "unknown-device", 1, "2026-10-02T08:15Z"),
        ("203.0.113.9", "no-certificate", 1, "2026-10-02T08:16Z"),
    ]


def test_a_sweep_tells_of_the_minutes_that_are_over_and_no_other(tmp_path):
    at = clock()
    with a_journal(tmp_path, "web", at) as journal:
        refusals = Refusals(journal, Kind.STRANGER_REQUEST)
        refusals.count("no-session", "198.51.100.3")
        refusals.sweep()
        assert told(tmp_path) == []
        at.advance(timedelta(minutes=2))
        refusals.sweep()
        refusals.sweep()
    assert told(tmp_path) == [("198.51.100.3", "no-session", 1, "2026-10-02T08:15Z")]


def test_a_crowd_of_sources_takes_bounded_room(tmp_path):
    with a_journal(tmp_path, "dimse") as journal:
        refusals = Refusals(journal)
        for number in range(LIMITS.sources + 300):
            refusals.count("no-certificate", f"2001:db8::{number:x}")
        refusals.close()
    counts = {address: count for address, _, count, _ in told(tmp_path)}
    assert len(counts) == LIMITS.sources + 1
    assert counts["others"] == 300


def test_nothing_is_forgotten_while_the_journal_cannot_be_written(tmp_path):
    at, disc = clock(), CountingDisc()
    disc.refuse = OSError(28, "No space left on device")
    journal = a_journal(tmp_path, "dimse", at, disc)
    refusals = Refusals(journal)
    refusals.count("no-certificate", "203.0.113.9")
    at.advance(timedelta(minutes=1))
    with pytest.raises(JournalUnwritable):
        refusals.sweep()
    disc.refuse = None
    journal.record(VIEWED)
    refusals.close()
    journal.close()
    assert told(tmp_path) == [("203.0.113.9", "no-certificate", 1, "2026-10-02T08:15Z")]


def test_a_reason_is_a_word_and_a_wrong_one_does_not_block_the_others(tmp_path):
    with a_journal(tmp_path, "dimse") as journal:
        refusals = Refusals(journal)
        with pytest.raises(FactRefused):
            refusals.count("Some Reason", "203.0.113.9")
        refusals.count("no-certificate", "203.0.113.9")
        refusals.close()
    assert len(told(tmp_path)) == 1
