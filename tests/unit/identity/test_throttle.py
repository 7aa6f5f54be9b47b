from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st

from primum.identity.rules import rules_in_force
from primum.identity.throttle import BUCKETS, bucket, next_try_at, wait_after

RULE = rules_in_force().tries
AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def test_five_tries_are_free_then_waits_grow_then_it_locks_for_a_day() -> None:
    waits = [wait_after(failures, RULE).total_seconds() for failures in range(12)]
    assert waits == [0, 0, 0, 0, 0, 90, 180, 360, 720, 1440, 86400, 86400]


def test_after_five_failures_every_wait_is_more_than_a_minute() -> None:
    """CNIL 2022-100, case with restriction: growing delay, more than one minute after five failures."""
    assert all(wait_after(failures, RULE) > timedelta(minutes=1) for failures in range(5, 200))


@given(st.integers(0, 60))
def test_no_day_has_more_than_ten_tries_whoever_hurries(already: int) -> None:
    """At most ten before the lock (CNIL 2022-100), and ten in any 24 hours afterwards."""
    failures, at, heard = already, AT, []
    if already:
        at = next_try_at(failures, at, RULE)
    while at < AT + timedelta(days=3):
        heard.append(at)
        failures += 1
        at = next_try_at(failures, at, RULE)
    for first in heard:
        assert sum(first <= one < first + timedelta(days=1) for one in heard) <= 10


@given(st.text(max_size=80))
def test_unknown_logins_share_a_bounded_number_of_counts(login: str) -> None:
    assert 0 <= int(bucket(login).removeprefix("bucket-")) < BUCKETS
