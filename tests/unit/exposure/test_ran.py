import copy

import pytest
from hypothesis import given, strategies as st
from tests.unit.exposure import runs_kit
from tests.unit.exposure.runs_kit import HOST, closed, opened, report, service

from primum.exposure.probe.model import Hole, Identity, Mode, Place, Rung
from primum.exposure.ran import BadRun, kept, read_kept, read_report

FIND = Hole(HOST, 104, Mode.PLAIN, Identity.KNOWN, Rung.FIND)


def one(told):
    return read_report(told)[0]


def test_holes_are_those_of_its_services():
    assert set(one(opened()).holes) == {FIND, Hole(HOST, 104, Mode.PLAIN, Identity.NOBODY, Rung.ASSOCIATE)}


def test_what_is_kept_is_read_as_it_was():
    ran = one(opened())
    again = read_kept(kept(ran))
    assert (again, again.digest, again.holes) == (ran, ran.digest, ran.holes)


def test_views_from_elsewhere_are_runs_of_their_own():
    own, view = read_report(closed(views=(opened(place="outside"),)))
    assert (own.place, own.holes, view.place, len(view.holes)) == (Place.INSIDE, (), Place.OUTSIDE, 2)


@pytest.mark.parametrize(
    "told",
    [
        closed(),
        report(),  # nothing answers on a port that was asked
        report(service(("plain", "nobody", "associate", "refused"))),  # refused at the door
    ],
)
def test_a_proof_that_it_is_closed(told):
    assert one(told).settles_closed(FIND)


@pytest.mark.parametrize(
    "told",
    [
        opened(),
        report(asked=((1, 80),)),
        report(absent=True),
        report(verdict="void"),
        report(gaps=((HOST, 104),)),
        report(gaps=((HOST, 0),)),
        closed(gaps=((HOST, 104),)),
        report(service(("plain", "nobody", "associate", "refused"), ("plain", "known", "find", "not-tried"))),
        report(service(("plain", "nobody", "associate", "refused"), ("plain", "known", "find", "silent"))),
        report(service(("plain", "nobody", "associate", "open"), ("plain", "nobody", "find", "undetermined"))),
        report(service(("plain", "nobody", "associate", "open"))),  # it was not tried at all
        report(service(("tls", "nobody", "associate", "refused"))),  # in another mode
        report(service(("plain", "nobody", "find", "open"))),  # granted to somebody else now
    ],
)
def test_silence_is_no_proof(told):
    assert not one(told).settles_closed(FIND)


@pytest.mark.parametrize("name", ["kind", "version", "verdict", "began_at", "vantage", "services", "addresses"])
@pytest.mark.parametrize("value", [None, [], "x", 7, {}])
def test_what_is_no_report_is_refused(name, value):
    if (name, value) in [("services", []), ("addresses", [])]:
        return
    told = copy.deepcopy(opened())
    told[name] = value
    with pytest.raises(BadRun):
        read_report(told)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("address", "host"), ("port", 70_000), ("port", True), ("family", "x"), ("product", "x\ny"),
        ("product", "x" * 500), ("studies", -1), ("readable", ["PatientName"] * 65), ("steps", [{}]),
    ],
)  # fmt: skip
def test_a_service_that_is_none_is_refused(name, value):
    told = copy.deepcopy(opened())
    told["services"][0][name] = value
    with pytest.raises(BadRun):
        read_report(told)


@given(st.dictionaries(st.sampled_from([*runs_kit.opened(), "x"]), st.none() | st.text() | st.lists(st.integers())))
def test_no_object_makes_the_reader_break(told):
    with pytest.raises(BadRun):
        read_report(told)
