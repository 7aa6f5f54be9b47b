from datetime import timedelta

import pytest
from hypothesis import given, strategies as st
from tests.unit.exposure import kit
from tests.unit.exposure.runs_kit import BEGIN, closed, opened, report

from primum.exposure.findings.model import Change, NoSuchFinding, Source
from primum.exposure.findings.service import Findings
from primum.exposure.probe.model import Place, Rung
from primum.identity import NotPermitted, Role

DPO = kit.actor(Role.DPO)


class Place_:  # noqa: N801 (what a test has at hand)
    def __init__(self, folder) -> None:
        self.told, self.handed = kit.Told(), []
        self.findings = Findings(kit.records(folder), kit.clock(), self.told, self.handed.append)

    def find(self):
        return next(one for one in self.findings.every(DPO) if one.hole and one.hole.rung is Rung.FIND)


@pytest.fixture
def place(tmp_path):
    return Place_(tmp_path)


def hour(number: int):
    return BEGIN + timedelta(hours=number)


def test_a_hole_is_recorded_once_with_what_was_seen_and_the_interval_in_which_it_began(place):
    place.findings.take(closed(0), Source.PROBE)
    taken = place.findings.take(opened(2), Source.PROBE)
    one = place.find()
    assert {found.hole.rung for found in taken.of(Change.RECORDED)} == {Rung.ASSOCIATE, Rung.FIND}
    assert (one.last_closed_at, one.first_open_at, one.closed_at) == (hour(0), hour(2), None)
    assert (one.readable, one.studies, one.product, one.place) == (("PatientName",), 12, "Horos", Place.INSIDE)
    assert place.told.kinds() == ["finding:recorded"] * 2


def test_the_same_hole_again_lasts_longer_and_is_recorded_once(place):
    for after in (1, 2, 3):
        place.findings.take(opened(after), Source.PROBE)
    one = place.find()
    assert (one.last_closed_at, one.first_open_at, one.last_open_at) == (None, hour(1), hour(3))
    assert len(place.findings.every(DPO)) == 2
    assert place.told.kinds() == ["finding:recorded"] * 2


def test_a_later_run_that_proves_it_closed_closes_it(place):
    place.findings.take(opened(1), Source.PROBE)
    place.findings.take(closed(2), Source.PROBE)
    assert place.find().closed_at == hour(2)
    assert place.told.kinds().count("finding:closed") == 2
    place.findings.take(opened(3), Source.PROBE)
    assert [one.closed_at for one in place.findings.every(DPO)].count(None) == 2


@pytest.mark.parametrize(
    "later", [report(after=2, absent=True), report(after=2, verdict="void"), closed(2, place="outside")]
)
def test_silence_or_another_place_closes_nothing(place, later):
    """What a stranger sees from outside is not told by a run from inside, nor the other way round."""
    place.findings.take(opened(1), Source.PROBE)
    place.findings.take(later, Source.PROBE)
    assert place.find().closed_at is None


def test_a_run_is_taken_once(place):
    place.findings.take(opened(1), Source.PROBE)
    assert place.findings.take(opened(1), Source.READ_BACK).changes == ()


def test_a_void_run_says_nothing(place):
    assert place.findings.take(opened(1, verdict="void"), Source.PROBE).changes == ()
    assert place.findings.every(DPO) == []


def test_a_view_that_is_read_back_late_is_put_where_it_belongs(place):
    place.findings.take(opened(5, place="outside"), Source.READ_BACK)
    place.findings.take(closed(3, place="outside"), Source.READ_BACK)
    assert place.find().last_closed_at == hour(3)
    place.findings.take(opened(4, place="outside"), Source.READ_BACK)
    assert (place.find().first_open_at, place.find().last_open_at) == (hour(4), hour(5))


def test_a_hole_that_was_closed_before_its_report_was_read_back_is_kept_as_over(place):
    place.findings.take(closed(5), Source.PROBE)
    place.findings.take(opened(3), Source.READ_BACK)
    assert place.find().closed_at == hour(5)


@given(st.permutations([("closed", 1), ("opened", 2), ("opened", 3), ("closed", 4)]))
def test_in_whatever_order_reports_come_the_interval_is_the_same(tmp_path_factory, order):
    place = Place_(tmp_path_factory.mktemp("order"))
    for what, after in order:
        place.findings.take({"opened": opened, "closed": closed}[what](after), Source.READ_BACK)
    one = place.find()
    assert (one.last_closed_at, one.closed_at) == (hour(1), hour(4))
    assert hour(2) <= one.first_open_at <= one.last_open_at <= hour(3)


def test_what_a_report_changes_is_handed_on_at_once_and_nothing_is_not(place):
    for told in (opened(1), opened(2), closed(3), closed(4)):
        place.findings.take(told, Source.PROBE)
    assert [[what for _, what in one] for one in place.handed] == [["recorded"] * 2, ["extended"] * 2, ["closed"] * 2]


def test_who_takes_findings_and_stumbles_loses_none_of_them(place, caplog):
    def stumble(_changes):
        raise OSError("no room")

    place.findings.handed_to(stumble)
    assert len(place.findings.take(opened(1), Source.PROBE).of(Change.RECORDED)) == 2
    assert len(place.findings.everything()) == 2
    assert "findings.not-handed-on" in caplog.text


def test_the_run_that_proved_something_is_found_by_when_it_ended(place):
    place.findings.take(closed(0), Source.PROBE)
    place.findings.take(opened(2), Source.PROBE)
    one = place.find()
    assert place.findings.run_that_ended(one.place, one.first_open_at).digest == one.run
    assert place.findings.run_that_ended(one.place, one.last_closed_at).holes == ()
    assert place.findings.run_that_ended(Place.HERE, one.first_open_at) is None


def test_a_line_of_a_check_is_a_finding_while_it_is_bad(place):
    for number, bad in enumerate([False, True, True, False]):
        place.findings.take_line("disc.swap", bad=bad, at=hour(number))
    (one,) = place.findings.every(DPO)
    assert (one.line, one.first_open_at, one.last_open_at, one.closed_at) == ("disc.swap", hour(1), hour(2), hour(3))
    assert place.told.kinds() == ["finding:recorded", "finding:closed"]


def test_who_may_look(place):
    with pytest.raises(NotPermitted):
        place.findings.every(kit.actor(Role.SECRETARY))
    with pytest.raises(NoSuchFinding):
        place.findings.one(DPO, "fnd_" + "a" * 26)


def test_the_last_run_of_a_place_is_told(place):
    place.findings.take(opened(1), Source.PROBE)
    place.findings.take(closed(2, place="outside"), Source.READ_BACK)
    digest, verdict, at, holes = place.findings.last_run(Place.INSIDE, Place.HERE)
    assert (verdict, at, holes) == ("open", hour(1), 2)
    assert place.findings.run(digest).verdict == "open"
    assert place.findings.last_run(Place.HERE) is None
