import json
from datetime import timedelta

import pytest
from tests.unit.journal.scene import HOME, STARTED, STORED, VIEWED, a_journal, clock, files, only_chain

from primum.ground.clock import FixedClock
from primum.journal import Filter, JournalClosed, entries
from primum.journal.limits import Limits
from primum.journal.verify import verify


def write(folder, process="web", at=None, count=1):
    with a_journal(folder, process, at) as journal:
        for _ in range(count):
            journal.record(VIEWED)


def lines(path):
    return [json.loads(line[65:]) for line in path.read_bytes().splitlines()]


def opening(path):
    return lines(path)[0]["details"]


def codes(folder):
    report = verify(folder)
    return [one.code for one in report.illnesses], {one.code for one in report.information}


def test_a_chain_begins_by_saying_what_it_is(tmp_path):
    write(tmp_path)
    assert lines(tmp_path / "access/2026-10/web-1.chain")[0] == {
        "n": 0, "at": "2026-10-02T08:15:00.000Z", "kind": "chain:opened", "actor": "system", "subject": "",
        "details": {
            "after_chain": "", "after_hash": "0" * 64, "after_lines": 0, "after_state": "none",
            "chain": "access/2026-10/web-1", "format": 1, "home": HOME,
        },
    }  # fmt: skip


def test_files_can_be_read_by_their_owner_only(tmp_path):
    write(tmp_path)
    assert only_chain(tmp_path).stat().st_mode & 0o777 == 0o600


def test_the_next_run_goes_on_with_the_same_chain(tmp_path):
    write(tmp_path, count=2)
    write(tmp_path, count=2)
    assert [line["n"] for line in lines(only_chain(tmp_path))] == [0, 1, 2, 3, 4]


def test_each_process_and_each_ledger_has_its_own_chain(tmp_path):
    write(tmp_path, "web")
    write(tmp_path, "dimse")
    with a_journal(tmp_path, "web") as journal:
        journal.record(STARTED)
    assert list(files(tmp_path)) == [
        "access/2026-10/dimse-1.chain", "access/2026-10/web-1.chain", "account/2026/web-1.chain",
    ]  # fmt: skip


def test_a_run_that_overlaps_an_earlier_one_begins_a_chain_linked_to_it(tmp_path):
    with a_journal(tmp_path) as first:
        first.record(VIEWED)
        write(tmp_path)
        first.record(VIEWED)
    second = tmp_path / "access/2026-10/web-2.chain"
    assert opening(second)["after_chain"] == "access/2026-10/web-1"
    assert (opening(second)["after_lines"], opening(second)["after_state"]) == (2, "busy")
    assert codes(tmp_path)[0] == []


def test_a_new_month_ends_the_chain_and_begins_one_linked_to_it(tmp_path):
    at = clock()
    with a_journal(tmp_path, at=at) as journal:
        journal.record(VIEWED)
        at.advance(timedelta(days=30))
        journal.record(VIEWED)
    first, second = tmp_path / "access/2026-10/web-1.chain", tmp_path / "access/2026-11/web-2.chain"
    assert lines(first)[-1]["kind"] == "chain:closed"
    assert opening(second)["after_hash"] == first.read_bytes().splitlines()[-1][:64].decode()
    assert (opening(second)["after_state"], opening(second)["after_lines"]) == ("closed", 3)


def test_a_new_month_between_two_runs_does_the_same(tmp_path):
    at = clock()
    write(tmp_path, at=at)
    at.advance(timedelta(days=30))
    write(tmp_path, at=at)
    assert lines(tmp_path / "access/2026-10/web-1.chain")[-1]["kind"] == "chain:closed"
    assert opening(tmp_path / "access/2026-11/web-2.chain")["after_state"] == "closed"
    assert codes(tmp_path)[0] == []


def test_a_month_that_is_over_is_let_go_by_a_flush(tmp_path):
    """Or a process that records nothing for months would keep a segment from being pruned."""
    at = clock()
    with a_journal(tmp_path, at=at) as journal:
        journal.record(VIEWED)
        at.advance(timedelta(days=30))
        journal.flush()
        assert lines(only_chain(tmp_path))[-1]["kind"] == "chain:closed"
        journal.record(VIEWED)
    assert opening(tmp_path / "access/2026-11/web-2.chain")["after_lines"] == 3


def test_a_clock_set_back_does_not_reopen_a_past_month(tmp_path):
    at = clock()
    with a_journal(tmp_path, at=at) as journal:
        journal.record(VIEWED)
        at.advance(timedelta(days=30))
        journal.record(VIEWED)
        at.advance(timedelta(days=-30))
        journal.record(VIEWED)
    assert len(lines(tmp_path / "access/2026-11/web-2.chain")) == 3
    assert codes(tmp_path)[0] == []


def test_a_run_after_a_clock_was_set_back_goes_on_all_the_same(tmp_path):
    at = clock()
    at.advance(timedelta(days=400))
    write(tmp_path, at=at)
    at.advance(timedelta(days=-400))
    write(tmp_path, at=at)
    write(tmp_path, at=at)
    assert list(files(tmp_path)) == ["access/2026-10/web-2.chain", "access/2027-11/web-1.chain"]
    assert codes(tmp_path)[0] == []


def test_a_full_chain_is_followed_by_the_next(tmp_path):
    with a_journal(tmp_path, limits=Limits(chain=1000)) as journal:
        for _ in range(9):
            journal.record(VIEWED)
    assert len(files(tmp_path)) > 2
    assert len(list(entries(tmp_path))) == 9
    assert codes(tmp_path)[0] == []


@pytest.mark.parametrize("cut", [2, 30, 64, 65, 66, 100, 250])
def test_an_unfinished_last_line_is_closed_and_told_of(tmp_path, cut):
    write(tmp_path, count=3)
    path = only_chain(tmp_path)
    path.write_bytes(path.read_bytes()[:-cut])
    torn = path.read_bytes()
    write(tmp_path)
    after = path.read_bytes()
    assert after.startswith(torn + b"\n")
    told = json.loads(after[len(torn) + 1 :].splitlines()[0][65:])
    assert told["kind"] == "chain:recovered"
    assert told["n"] == 3
    assert codes(tmp_path) == ([], {"unfinished-write", "never-signed", "unsigned-tail"})


def test_a_last_line_that_lacks_only_its_end_is_given_it(tmp_path):
    write(tmp_path, count=3)
    path = only_chain(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    write(tmp_path)
    assert path.read_bytes().startswith(whole)
    assert codes(tmp_path) == ([], {"never-signed", "unsigned-tail"})
    assert len(list(entries(tmp_path))) == 4


def test_zeros_and_rubbish_after_a_crash_are_kept_and_told_of(tmp_path):
    write(tmp_path)
    path = only_chain(tmp_path)
    path.write_bytes(path.read_bytes() + bytes(5000) + b"\n\nrub\nbish")
    write(tmp_path)
    assert codes(tmp_path) == ([], {"unfinished-write", "never-signed", "unsigned-tail"})
    assert [one.kind for one in entries(tmp_path, Filter(chain_lines=True))].count("chain:illegible") >= 1


def test_a_crash_during_the_recovery_is_recovered_from(tmp_path):
    write(tmp_path)
    path = only_chain(tmp_path)
    path.write_bytes(path.read_bytes()[:-20])
    write(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"chain:recovered") + 40])
    write(tmp_path)
    assert codes(tmp_path)[0] == []
    assert len(list(entries(tmp_path))) == 1


def test_an_end_that_was_unfinished_when_a_month_ended_is_closed_too(tmp_path):
    at = clock()
    write(tmp_path, at=at)
    path = only_chain(tmp_path)
    path.write_bytes(path.read_bytes() + b"0123")
    at.advance(timedelta(days=30))
    write(tmp_path, at=at)
    assert [line[65:].count(b"chain:") for line in path.read_bytes().splitlines()[-2:]] == [1, 1]
    assert codes(tmp_path)[0] == []


def test_a_chain_damaged_before_its_end_is_left_as_evidence(tmp_path):
    write(tmp_path, count=3)
    path = only_chain(tmp_path)
    damaged = path.read_bytes().replace(b"viewed", b"vieved", 1)
    path.write_bytes(damaged)
    with a_journal(tmp_path, limits=Limits(unfinished=100)) as journal:
        journal.record(VIEWED)
    assert path.read_bytes() == damaged
    second = opening(tmp_path / "access/2026-10/web-2.chain")
    assert (second["after_state"], second["after_lines"]) == ("broken", 1)
    assert codes(tmp_path)[0] == ["line-changed"]


def test_a_crash_while_a_chain_was_begun_leaves_nothing_that_counts(tmp_path):
    folder = tmp_path / "access/2026-10"
    folder.mkdir(parents=True)
    (folder / ".web-1.77.new").write_bytes(b"half a li")
    write(tmp_path)
    assert list(files(tmp_path)) == ["access/2026-10/web-1.chain"]
    assert codes(tmp_path)[0] == []


def test_many_processes_of_one_name_never_share_a_chain(tmp_path):
    journals = [a_journal(tmp_path) for _ in range(5)]
    for journal in journals * 3:
        journal.record(STORED)
    for journal in journals:
        journal.close()
    assert len(files(tmp_path)) == 5
    assert len(list(entries(tmp_path))) == 15
    assert codes(tmp_path)[0] == []


def test_a_closed_journal_records_nothing(tmp_path):
    journal = a_journal(tmp_path)
    journal.close()
    journal.close()
    with pytest.raises(JournalClosed):
        journal.record(VIEWED)


@pytest.mark.parametrize("name", ["", "Web", "web-1", "../web", "w" * 17, "web1"])
def test_a_process_is_named_by_letters(tmp_path, name):
    with pytest.raises(ValueError, match="lower-case"):
        a_journal(tmp_path, name)


def test_the_clock_is_not_asked_for_more_than_the_time(tmp_path):
    at = FixedClock(clock().now() + timedelta(milliseconds=123))
    write(tmp_path, at=at)
    assert lines(only_chain(tmp_path))[1]["at"] == "2026-10-02T08:15:00.123Z"
