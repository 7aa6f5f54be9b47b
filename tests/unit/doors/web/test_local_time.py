from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from primum.doors.web.local_time import Unclear, read_local

PARIS = ZoneInfo("Europe/Paris")


def test_an_hour_is_of_the_zone_where_it_was_typed():
    assert read_local("2026-11-24T23:40", PARIS) == datetime(2026, 11, 24, 22, 40, tzinfo=UTC)
    assert read_local("2026-07-14T23:40", PARIS) == datetime(2026, 7, 14, 21, 40, tzinfo=UTC)
    assert read_local("2026-11-24T23:40+04:00", PARIS) == datetime(2026, 11, 24, 19, 40, tzinfo=UTC)


@pytest.mark.parametrize("typed", ["2026-10-25T02:30", "2026-03-29T02:30"])
def test_an_hour_that_comes_twice_or_never_is_asked_again(typed):
    with pytest.raises(Unclear):
        read_local(typed, PARIS)


def test_an_offset_says_which_of_two_hours_it_was():
    assert read_local("2026-10-25T02:30", PARIS, "+02:00") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert read_local("2026-10-25T02:30", PARIS, "+01:00") == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("typed", ["", "hier", "2026-02-30T10:00"])
def test_what_is_no_instant_is_refused(typed):
    with pytest.raises(ValueError, match=r".*"):
        read_local(typed, PARIS)
