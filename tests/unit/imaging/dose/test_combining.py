"""Several reports of one study, of which no radiation counts twice."""

from dataclasses import replace

from hypothesis import given, strategies as st

from primum.imaging.dose.combining import combine
from primum.imaging.dose.model import Event, Kind, Report
from primum.imaging.dose.units import Amount


def report(sop, *uids, at="1", dlp=None, replaces=()):
    events = tuple(Event(one, Kind.CT, amounts={"dlp": Amount(10.0, "mGy·cm")}) for one in uids)
    added = Amount(10.0 * len(uids) if dlp is None else dlp, "mGy·cm")
    return Report(sop, Kind.CT, at, "", tuple(replaces), {"dlp": added}, len(uids), events)


def test_two_reports_of_different_events_add_up():
    found = combine([report("a", "1", "2"), report("b", "3", at="2")])
    assert found.totals["dlp"].value == 30
    assert (len(found.reports), len(found.events), found.left_out) == (2, 3, 0)


def test_a_report_that_was_replaced_does_not_count():
    found = combine([report("a", "1", "2", dlp=999), report("b", "1", "2", at="2", replaces=["a"])])
    assert (found.totals["dlp"].value, found.left_out) == (20, 1)


def test_a_report_cannot_replace_itself():
    assert combine([report("a", "1", replaces=["a"])]).left_out == 0


def test_a_later_report_of_the_same_events_and_more_stands_for_the_earlier_one():
    found = combine([report("a", "1"), report("b", "1", "2", at="2")])
    assert (found.totals["dlp"].value, found.left_out, found.overlapping) == (20, 1, False)


def test_reports_that_share_some_events_are_counted_by_event():
    found = combine([report("a", "1", "2"), report("b", "2", "3", at="2")])
    assert (found.totals["dlp"].value, len(found.events), found.overlapping) == (30, 3, True)


def test_no_total_is_made_up_where_an_event_has_no_value():
    first = report("a", "1", "2")
    bare = replace(first, events=(first.events[0], replace(first.events[1], amounts={})))
    assert combine([bare, report("b", "1", "3", at="2")]).totals == {}


def test_totals_of_different_units_are_not_added():
    other = replace(report("b", "3", at="2"), totals={"dlp": Amount(1.0, "R.cm")})
    assert combine([report("a", "1"), other]).totals == {}


def test_a_study_without_reports():
    found = combine([])
    assert (found.totals, found.events, found.reports) == ({}, (), ())


reports = st.builds(
    lambda sop, uids, at: report(sop, *uids, at=at),
    st.sampled_from("abcdef"), st.sets(st.sampled_from("123456"), min_size=1), st.sampled_from("12345"),
)  # fmt: skip


@given(st.lists(reports, max_size=5, unique_by=lambda one: one.sop_uid))
def test_each_event_counts_once_whatever_the_reports_and_their_order(made):
    found, other = combine(made), combine(reversed(made))
    every = {event.uid for one in made for event in one.events}
    assert sorted(one.uid for one in found.events) == sorted(every)
    assert found.totals == other.totals
    assert not every or found.totals["dlp"].value == 10 * len(every)
