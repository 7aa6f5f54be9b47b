"""A home is born demo or real, closed to others, and never silently replaced."""

import json
from datetime import UTC, datetime

import pytest

from primum.ground.clock import FixedClock
from primum.ground.disc import RealDisc
from primum.ground.home import HomeExists, HomeOpenToOthers, HomeUnreadable, NoHome, create_home, find_home

CLOCK = FixedClock(datetime(2026, 11, 21, tzinfo=UTC))


def test_a_new_home_is_found_again(tmp_path):
    home = create_home(RealDisc(), tmp_path / "home", "demo", CLOCK)
    assert find_home(tmp_path / "home") == home
    assert home.demo
    assert (tmp_path / "home").stat().st_mode & 0o077 == 0


def test_a_home_is_not_made_over_anything(tmp_path):
    (tmp_path / "letter.txt").write_text("x")
    with pytest.raises(HomeExists):
        create_home(RealDisc(), tmp_path, "real", CLOCK)


def test_no_home_says_how_to_make_one(tmp_path):
    with pytest.raises(NoHome) as refusal:
        find_home(tmp_path)
    assert refusal.value.way_out().endswith("init")


def test_a_home_that_others_may_read_is_refused(tmp_path):
    create_home(RealDisc(), tmp_path / "home", "real", CLOCK)
    (tmp_path / "home").chmod(0o750)
    with pytest.raises(HomeOpenToOthers, match="0750"):
        find_home(tmp_path / "home")


@pytest.mark.parametrize("change", [{"kind": "other"}, {"format": 2}, {"id": "../x"}])
def test_a_home_of_another_kind_is_refused(tmp_path, change):
    create_home(RealDisc(), tmp_path / "home", "real", CLOCK)
    file = tmp_path / "home" / "home.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(HomeUnreadable):
        find_home(tmp_path / "home")
