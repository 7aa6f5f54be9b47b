from datetime import UTC, datetime, timedelta

import pytest
from tests.unit.journal.scene import HOME, PERSON, STORED, VIEWED, a_journal, a_signer, clock, files

from primum.journal import Fact, Filter, Kind, Pruned, entries, prune
from primum.journal.pruning import is_due
from primum.journal.verify import verify

HOLD = "hld_ffffffffffffffffffffffffff"


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("months", "last_day_kept", "first_day_gone"),
    [(12, "2027-09-30", "2027-10-01"), (7, "2027-04-30", "2027-05-01"), (6, "2027-04-30", "2027-05-01")],
)
def test_no_fact_is_kept_longer_than_the_setting_nor_less_than_six_months(months, last_day_kept, first_day_gone):
    """CNIL deliberation 2021-122: six months to a year; the month of October goes whole."""
    assert not is_due("2026-10", at(last_day_kept) + timedelta(hours=23), months)
    assert is_due("2026-10", at(first_day_gone), months)


class Archive:
    """A year of a house that sees one study a month."""

    def __init__(self, folder, months=12):
        self.folder, self.clock = folder, clock()
        self.web, self.worker = a_journal(folder, "web", self.clock), a_journal(folder, "worker", self.clock)
        self.signer = a_signer(folder, self.clock)
        for _ in range(months):
            self.web.record(VIEWED)
            self.web.record(STORED)
            self.clock.advance(timedelta(days=31))
        self.web.flush()

    def prune(self):
        return prune(self.worker, self.signer, self.clock.now(), 12)

    def report(self):
        return verify(self.folder, self.signer.verifier_key)

    def close(self):
        self.web.close()
        self.worker.close()


def test_a_month_that_is_over_goes_whole_and_leaves_its_root_in_the_account(tmp_path):
    house = Archive(tmp_path)
    assert house.prune() == Pruned(("2026-10",), ())
    assert not (tmp_path / "access/2026-10").exists()
    (told,) = entries(tmp_path, Filter(kinds=("segment:pruned",)))
    assert (told.details["segment"], told.details["lines"], told.details["chains"]) == ("2026-10", 4, 1)
    found = house.report()
    assert found.illnesses == []
    assert [one.code for one in found.information if one.place == "access/2026-10"] == ["pruned-by-rule"]
    house.close()


def test_pruning_twice_does_no_more(tmp_path):
    house = Archive(tmp_path)
    house.prune()
    before = files(tmp_path)
    assert house.prune() == Pruned((), ())
    assert files(tmp_path) == before
    house.close()


def test_an_open_hold_freezes_every_segment_until_it_is_released(tmp_path):
    house = Archive(tmp_path)
    house.worker.record(Fact(Kind.HOLD_OPENED, PERSON, HOLD, {"reason": "incident"}))
    assert house.prune() == Pruned((), (("2026-10", "hold"),))
    house.worker.record(Fact(Kind.HOLD_RELEASED, PERSON, HOLD, {"reason": "closed"}))
    assert house.prune().segments == ("2026-10",)
    house.close()


def test_a_segment_that_somebody_still_writes_waits(tmp_path):
    house = Archive(tmp_path)
    old = clock()
    with a_journal(tmp_path, "dimse", old) as late:
        late.record(STORED)
        assert house.prune() == Pruned((), (("2026-10", "busy"),))
    assert house.prune().segments == ("2026-10",)
    assert house.report().illnesses == []
    house.close()


def test_an_ill_segment_is_kept_as_evidence(tmp_path):
    house = Archive(tmp_path)
    path = tmp_path / "access/2026-10/web-1.chain"
    house.signer.sign_heads()
    path.write_bytes(path.read_bytes()[:-30])
    assert house.prune() == Pruned((), (("2026-10", "ill"),))
    assert path.exists()
    house.close()


def test_an_unfinished_write_does_not_keep_a_segment_for_ever(tmp_path):
    house = Archive(tmp_path)
    old = clock()
    with a_journal(tmp_path, "dimse", old) as late:
        late.record(STORED)
    path = tmp_path / "access/2026-10/dimse-1.chain"
    path.write_bytes(path.read_bytes() + b"0123")
    assert house.prune().segments == ("2026-10",)
    assert house.report().illnesses == []
    house.close()


def test_the_account_is_never_pruned(tmp_path):
    house = Archive(tmp_path, months=40)
    house.worker.record(Fact(Kind.HOME_CREATED, "system", HOME, {"home_kind": "real"}))
    house.prune()
    house.clock.advance(timedelta(days=4000))
    house.prune()
    assert "home:created" in [one.kind for one in entries(tmp_path)]
    assert house.report().illnesses == []
    house.close()


def test_a_crash_between_the_statement_and_the_deletion_is_finished_by_the_next_run(tmp_path):
    house = Archive(tmp_path)
    kept = (tmp_path / "access/2026-10/web-1.chain").read_bytes()
    house.prune()
    (tmp_path / "access/2026-10").mkdir()
    (tmp_path / "access/2026-10/web-1.chain").write_bytes(kept)
    assert {one.code for one in house.report().information} >= {"pruning-unfinished"}
    assert house.report().illnesses == []
    house.prune()
    assert not (tmp_path / "access/2026-10").exists()
    assert house.report().illnesses == []
    house.close()
