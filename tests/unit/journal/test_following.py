from datetime import UTC, datetime, timedelta

from primum.ground.clock import FixedClock
from primum.ground.disc import RealDisc
from primum.ground.ids import new_id
from primum.journal import Fact, Journal, Kind
from primum.journal.following import Follower

BEGIN = datetime(2026, 10, 31, 23, tzinfo=UTC)
PERSON = new_id("per")


def refused(address: str) -> Fact:
    return Fact(Kind.SESSION_REFUSED, PERSON, "", {"reason": "wrong", "address": address})


def test_each_fact_is_given_once_over_the_end_of_a_month_and_no_other_kind(tmp_path):
    clock = FixedClock(BEGIN)
    journal = Journal(tmp_path, "web", clock, RealDisc(), new_id("hom"))
    follower = Follower(tmp_path, (Kind.SESSION_REFUSED, Kind.CHAIN_ILL), BEGIN)
    seen = []
    for number in range(4):
        journal.record(refused(f"192.0.2.{number}"))
        journal.record(Fact(Kind.SESSION_OPENED, PERSON, "", {"address": "192.0.2.9"}))
        seen.append([one.details["address"] for one in follower.new()])
        clock.advance(timedelta(minutes=40))
    assert seen == [[f"192.0.2.{number}"] for number in range(4)]
    assert follower.new() == []


def test_what_is_older_than_where_one_begins_is_not_given_and_half_a_line_waits(tmp_path):
    clock = FixedClock(BEGIN)
    journal = Journal(tmp_path, "web", clock, RealDisc(), new_id("hom"))
    journal.record(refused("192.0.2.1"))
    clock.advance(timedelta(minutes=10))
    follower = Follower(tmp_path, (Kind.SESSION_REFUSED,), clock.now())
    journal.record(refused("192.0.2.2"))
    (chain,) = (tmp_path / "access").rglob("*.chain")
    whole = chain.read_bytes()
    chain.write_bytes(whole[:-40])
    assert follower.new() == []
    chain.write_bytes(whole)
    assert [one.details["address"] for one in follower.new()] == ["192.0.2.2"]
