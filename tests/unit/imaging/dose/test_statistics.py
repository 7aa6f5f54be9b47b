"""Doses of a practice, worked by hand."""

from datetime import date
from statistics import median, quantiles

import pytest
from hypothesis import given, strategies as st

from primum.imaging.dose.combining import combine
from primum.imaging.dose.limits import Limits
from primum.imaging.dose.model import Event, Kind, Region, Report
from primum.imaging.dose.rules import every_set, levels_in_force
from primum.imaging.dose.statistics import Dosed, age_group, practice, summary
from primum.imaging.dose.units import Amount, Unit

CHEST = Region("SCT", "816094009", "Chest")
LEVELS = levels_in_force(date(2026, 1, 1))


def dosed(uid, ctdi=7.0, *, day="20260115", born="19700101", region=CHEST, phantom="113691", localizer=False):
    amounts = {"ctdi_vol": Amount(ctdi, "mGy"), "dlp": Amount(ctdi * 30, "mGy·cm")}
    event = Event(uid, Kind.CT, "Thorax", region, phantom=phantom, localizer=localizer, amounts=amounts)
    one = Report(f"s{uid}", Kind.CT, day, "", (), {"dlp": Amount(ctdi * 30, "mGy·cm")}, 1, (event,))
    return Dosed(f"stu_{uid}", day, born, combine([one]))


def line(found, measure, level="event"):
    (one,) = [one for one in found.lines if one.key.measure == measure and one.key.level == level]
    return one


def test_a_median_stands_beside_the_level_of_the_same_region_and_age():
    found = practice([dosed("1", 6.0), dosed("2", 8.0), dosed("3", 12.0, day="20260203")], LEVELS)
    one = line(found, "ctdi_vol")
    assert (one.all.count, one.all.low, one.all.median, one.all.three_quarters, one.all.high) == (3, 6, 8, 10, 12)
    assert {month: kept.count for month, kept in one.months.items()} == {"202601": 2, "202602": 1}
    assert (one.beside.name, one.beside.value, one.few) == ("fr-2019.ct.chest.ctdi-vol", 9.5, True)
    assert line(found, "dlp", "study").beside is None
    assert line(found, "dlp", "study").all.median == 240


@pytest.mark.parametrize(
    "other", [{"born": "20150101"}, {"born": ""}, {"region": None}, {"phantom": "113690"},
              {"region": Region("SCT", "1", "Chest")}],
)  # fmt: skip
def test_no_level_stands_beside_what_it_is_not_of(other):
    assert line(practice([dosed("1", **other)], LEVELS), "ctdi_vol").beside is None


def test_a_projection_has_a_level_only_where_its_view_is_known():
    def chest(view):
        event = Event("1", Kind.PROJECTION, "Poumon", CHEST, view=view, amounts={"dap": Amount(0.15, "Gy·cm²")})
        return Dosed("s", "20260101", "19700101", combine([Report("r", Kind.PROJECTION, "", "", (), {}, 1, (event,))]))

    beside = [line(practice([chest(view)], LEVELS), "dap").beside for view in ("", "272479007", "399173006")]
    assert [one and (one.name, one.value) for one in beside] == [
        None, ("fr-2019.xr.chest-pa.dap", 0.2), ("fr-2019.xr.chest-lateral.dap", 0.55),
    ]  # fmt: skip


def test_scouts_are_in_no_line_and_say_no_dose():
    found = practice([dosed("1", localizer=True)], LEVELS)
    assert [one.key.level for one in found.lines] == ["study"]


def test_an_event_that_two_studies_have_counts_once():
    first, again = dosed("1"), dosed("1")
    found = practice([first, again], LEVELS)
    assert {one.all.count for one in found.lines} == {1}
    assert (found.studies, found.without) == (2, 1)


def test_children_are_apart():
    found = practice([dosed("1"), dosed("2", born="20150101")], LEVELS)
    assert {one.key.age for one in found.lines} == {"adult", "child"}


def test_more_lines_than_are_shown_is_said():
    found = practice([dosed("1"), dosed("2", born="20150101")], LEVELS, Limits(groups=2))
    assert (len(found.lines), found.cut) == (2, True)


@pytest.mark.parametrize(
    ("born", "day", "group"),
    [("20080115", "20260115", "adult"), ("20080116", "20260115", "child"), ("", "20260115", ""),
     ("20270101", "20260115", ""), ("19991399", "20260115", "")],
)  # fmt: skip
def test_an_adult_is_eighteen_on_the_day(born, day, group):
    assert age_group(born, day) == group


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=40))
def test_quartiles_are_those_of_the_textbook(values):
    found = summary(values)
    low, middle, high = quantiles(values, n=4, method="inclusive")
    assert found.median == pytest.approx(median(values))
    assert (found.quarter, middle, found.three_quarters) == pytest.approx((low, found.median, high))
    assert found.low <= found.quarter <= found.median <= found.three_quarters <= found.high or found.count > 1


def test_each_level_says_its_source_and_how_sure_it_is():
    (found,) = every_set()
    assert found.in_force == date(2019, 7, 1)
    assert levels_in_force(date(2019, 6, 30)) == ()
    for one in found.levels:
        assert one.confidence in {"primary", "secondary", "to-be-confirmed"}
        assert one.source.startswith("Arrêté du 23 mai 2019")
        assert one.unit in set(Unit)
        assert one.value > 0
        assert one.regions
    assert len({one.name for one in found.levels}) == len(found.levels)
