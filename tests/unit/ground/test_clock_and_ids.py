"""Instants are aware; ids are random, safe in a path, and read back."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, strategies as st

from primum.ground import clock, ids


def test_an_instant_is_written_in_utc_with_milliseconds():
    at = datetime(2026, 11, 21, 9, 30, tzinfo=timezone(timedelta(hours=1)))
    assert clock.to_text(at) == "2026-11-21T08:30:00.000Z"


@given(st.datetimes(timezones=st.just(UTC)))
def test_an_instant_reads_back_to_the_millisecond(at):
    assert abs(clock.from_text(clock.to_text(at)) - at) < timedelta(milliseconds=1)


def test_an_instant_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        clock.from_text("2026-11-21T08:30:00")


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_an_instant_outside_the_calendar_is_refused(text):
    with pytest.raises(ValueError, match="calendar"):
        clock.from_text(text)


def test_the_fixed_clock_moves_only_when_told():
    twin = clock.FixedClock(datetime(2026, 1, 1, tzinfo=UTC))
    assert twin.now() == twin.now()
    twin.advance(timedelta(hours=72))
    assert twin.now() == datetime(2026, 1, 4, tzinfo=UTC)


@given(st.binary(min_size=16, max_size=16))
def test_a_token_reads_back(raw):
    assert ids.token128_bytes(ids.token128(raw)) == raw


@given(st.text(max_size=40))
def test_what_is_not_a_token_is_refused(text):
    try:
        raw = ids.token128_bytes(text)
    except ValueError:
        return
    assert ids.token128(raw) == text


def test_ids_are_of_their_kind_only():
    one = ids.new_id("per")
    assert ids.is_id(one, "per")
    assert not ids.is_id(one, "dev")
    assert not ids.is_id("per_../../etc/passwd", "per")
