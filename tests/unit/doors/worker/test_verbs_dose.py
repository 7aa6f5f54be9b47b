"""Doses and the reading list at the terminal: the real verbs on real rooms."""

from __future__ import annotations

from dataclasses import fields
from types import SimpleNamespace

import pytest
from tests.doors import web_kit
from tests.doors.web.test_dose import dosed
from tests.doors.web.test_to_read import complete, study

from primum.doors.worker.desk import Args, Asking, Desk
from primum.doors.worker.protocol import BadRequest
from primum.doors.worker.verbs_dose import VERBS
from primum.identity import NotPermitted, Role, Scope
from primum.imaging import NotHere


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    door = web_kit.build(tmp_path_factory.mktemp("verbs") / "home")
    dosed(door, 1, (7, 240), (9.25, 300))
    dosed(door, 2, (8, 260), controller=1)
    door.services.doses.sweep(door.clock.now())
    complete(door, study(door, 3, "Attente"))
    complete(door, study(door, 4, "Ailleurs"), 1)
    return door


@pytest.fixture(scope="module")
def ask(place):
    services = place.services
    rooms = SimpleNamespace(
        rooms=SimpleNamespace(journal=place.journal, clock=place.clock), people=place.people,
        archive=services.archive, doses=services.doses, to_read=services.to_read,
    )  # fmt: skip
    desk = Desk(**{one.name: {"worker": rooms}.get(one.name) for one in fields(Desk)})

    def call(who, verb, **args):
        session = place.people.sign_in(*who.form().values(), "127.0.0.1", "test")
        return VERBS[verb](desk, Asking(session, place.people.actor(session)), Args(args), lambda *_: None)

    return call


@pytest.fixture(scope="module")
def anne(place):
    return place.somebody("Dre Anne Kerjean", Role.PHYSICIAN, scope=Scope.SITE)


@pytest.fixture(scope="module")
def paul(place):
    return place.somebody("Dr Paul Narrow", Role.PHYSICIAN, scope=Scope.OWN)


@pytest.fixture(scope="module")
def secretary(place):
    return place.somebody("Sonia Secretary", Role.SECRETARY, scope=Scope.SITE)


def test_the_dose_of_a_study_and_who_asked(ask, anne, paul, secretary, place):
    uid = web_kit_uid(1)
    found = ask(anne, "dose_study", study=uid)
    assert found["totals"] == {"dlp": "540 mGy·cm"}
    assert (found["events"], found["doubts"], found["waiting"]) == (2, [], False)
    assert found["reports"][0]["events"][1]["amounts"]["ctdi_vol"] == [9.25, "mGy"]
    assert found["listed"][1] == {
        "no": "2", "protocol": "Thorax", "region": "Chest", "type": "Spiral Acquisition", "side": "",
        "length": "320 mm", "kvp": "120 kV", "ctdi_vol": "9.25 mGy", "dlp": "300 mGy·cm",
    }  # fmt: skip
    assert any('"person:dose:viewed"' in line and "terminal" in line for line in place.lines())
    with pytest.raises(NotPermitted):
        ask(secretary, "dose_study", study=uid)
    with pytest.raises(NotHere):
        ask(paul, "dose_study", study=web_kit_uid(2))


def web_kit_uid(number):
    from tests.doors.small import ROOT

    return f"{ROOT}.{number}"


def test_the_practice_as_far_as_grants_reach(ask, anne, paul, secretary):
    found = ask(anne, "dose_practice")
    (one,) = [line for line in found["lines"] if line["measure"] == "ctdi_vol"]
    assert (one["number"], one["median"], one["reference"], one["confidence"]) == ("3", "8", "9.5", "to-be-confirmed")
    assert ask(paul, "dose_practice")["studies"] == 1
    assert ask(anne, "dose_practice", until="2020-01-01")["lines"] == []
    with pytest.raises(NotPermitted):
        ask(secretary, "dose_practice")
    with pytest.raises(BadRequest):
        ask(anne, "dose_practice", since="tomorrow")


def test_what_waits_to_be_read_as_far_as_grants_reach(ask, anne, paul, secretary, place):
    found = ask(anne, "to_read_list")["studies"]
    assert len(found) == 2
    assert set(found[0]) == {"study", "modality", "station", "since", "urgent", "new", "reader"}
    assert "Attente" not in str(found)
    place.services.to_read.claim(anne.made.person.id, found[0]["study"])
    (mine,) = ask(paul, "to_read_list")["studies"]
    assert mine["reader"] == "Dre Anne Kerjean"
    assert ask(anne, "to_read_list", modality="MR")["studies"] == []
    with pytest.raises(NotPermitted):
        ask(secretary, "to_read_list")
