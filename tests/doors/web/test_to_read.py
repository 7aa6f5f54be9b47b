"""Reading what waits, by a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from tests.doors import web_kit
from tests.doors.small import Study
from tests.doors.web.conftest import form_token
from tests.doors.web_kit import Door, Somebody

from primum.app.toread import facts_of
from primum.identity import Role, Scope
from primum.imaging import EVERYTHING
from primum.imaging.orders.model import Code, Identifier, OrderFacts, PatientFacts, StepFacts
from primum.imaging.toread.model import Facts


def study(place: Door, number: int, family: str, **more: object) -> Study:
    on = f"{place.clock.now():%Y%m%d}"
    return Study(number, name=f"{family}^Canari", patient_id=f"CANARI-{number}", date=on, **more)


def complete(place: Door, one: Study, controller: int = 0) -> str:
    """Bring a study, and complete it as the worker does."""
    place.add(one.files(), controller)
    archive = place.services.archive.archive
    entry = archive.locate_study(one.uid, EVERYTHING)
    fresh = [one.sop_uid(number) for number in range(1, one.slices + 1)]
    place.services.to_read.completed(entry.ref, facts_of(archive, place.services.orders, entry, fresh))
    return entry.ref


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    door = web_kit.build(tmp_path_factory.mktemp("reading") / "home")
    complete(door, study(door, 1, "Premier", extra={"StationName": "CT1"}))
    complete(door, study(door, 2, "Second", extra={"StationName": "CT2"}))
    complete(door, study(door, 3, "Ailleurs"), 1)
    hidden = complete(door, study(door, 4, "Discret"))
    door.indexer.mark_confidential(hidden, confidential=True)
    with web_kit.serving(door):
        yield door


@pytest.fixture(scope="module")
def technologist(place: Door) -> Somebody:
    return place.somebody("Théo Technologist", Role.TECHNOLOGIST, scope=Scope.SITE)


STAYING = ("Premier", "Second", "Ailleurs", "Discret")
"""Studies that no test touches: tests run in any order, and bring what they change themselves."""


def listed(page: str, among: tuple[str, ...] = STAYING) -> list[str]:
    return [one for one in re.findall(r'<span class="family">([^<]+)</span>', page) if one in among]


def row_of(client: httpx.Client, family: str) -> str:
    return next(one for one in client.get("/to-read").text.split("<tr>") if f">{family}<" in one)


def act(client: httpx.Client, family: str, action: str) -> httpx.Response:
    alias = re.search(r'name="study" value="([^"]+)"', row_of(client, family))[1]
    return client.post("/to-read/act", data={"form_token": form_token(client), "study": alias, "action": action})


def test_only_who_reads_finds_the_page(enter, technologist, anne, place):
    client = enter(technologist)
    assert 'href="/to-read"' not in client.get("/").text
    assert listed(client.get("/to-read").text) == []
    assert 'href="/to-read"' in enter(anne).get("/").text


def test_one_sees_what_one_may_see_the_longest_waiting_first(enter, anne, paul, place):
    assert listed(enter(anne).get("/to-read").text) == ["Premier", "Second", "Ailleurs"]
    assert listed(enter(paul).get("/to-read").text) == ["Premier", "Second"]


def test_the_list_is_narrowed_by_what_is_in_it(enter, anne):
    client = enter(anne)
    assert listed(client.get("/to-read", params={"station": "CT2"}).text) == ["Second"]
    assert listed(client.get("/to-read", params={"modality": "MR"}).text) == []
    assert listed(client.get("/to-read", params={"page": "x", "modality": "CT"}).text)[0] == "Premier"
    assert listed(client.get("/to-read", params={"page": "999"}).text) == []


def test_a_long_list_is_walked_and_entries_whose_study_is_not_there_are_left_out(enter, anne, place):
    for number in range(150):
        uid = f"2.25.{10**57 + number}"
        kinds = frozenset({"XA"})
        facts = Facts(place.controllers[0], uid, kinds, kinds, frozenset({"XA1"}), frozenset(), "", "STAT")
        place.services.to_read.completed(f"gone{number:03}", facts)
    page = enter(anne).get("/to-read").text
    assert listed(page) == ["Premier", "Second", "Ailleurs"]
    assert listed(enter(anne).get("/to-read", params={"modality": "XA"}).text) == []


def test_a_page_has_so_many_lines_and_leads_to_the_next(enter, anne, monkeypatch):
    monkeypatch.setattr("primum.doors.web.to_read._ROWS", 2)
    client = enter(anne)
    seen, address = [], "/to-read?station=CT1"
    for _ in range(9):
        page = client.get(address).text
        seen += listed(page)
        following = re.findall(r'href="(/to-read\?[^"]*page=[0-9]+)">Suivants?', page)
        if not following:
            break
        address = following[0].replace("&amp;", "&")
    assert seen == ["Premier"]
    first, second = (client.get("/to-read", params={"page": number}).text for number in (1, 2))
    assert len(re.findall('<span class="family">', first)) == 2
    assert set(re.findall('name="study" value="([^"]+)"', first)).isdisjoint(
        re.findall('name="study" value="([^"]+)"', second)
    )


def test_its_addresses_say_nothing_of_a_patient(enter, anne, place):
    page = enter(anne).get("/to-read").text
    refs = set(place.vault.studies())
    uids = {study(place, number, "x").uid for number in (1, 2, 3)}
    for address in re.findall(r'(?:href|value)="([^"]*)"', page):
        assert not any(one in address for one in refs | uids | {"CANARI", "Premier"})


def test_two_doctors_do_not_read_the_same(enter, anne, paul, place):
    complete(place, study(place, 5, "Disputé"))
    first, second = enter(anne), enter(paul)
    assert act(first, "Disputé", "claim").headers["location"] == "/to-read"
    assert "Vous le lisez" in row_of(first, "Disputé")
    assert "Dre Anne Kerjean le lit" in row_of(second, "Disputé")
    for action in ("claim", "read"):
        answer = act(second, "Disputé", action)
        assert answer.status_code == 409
        assert "a pris cet examen entre-temps" in answer.text
    assert act(second, "Disputé", "release").status_code == 303
    assert act(second, "Disputé", "claim").status_code == 303
    assert act(second, "Disputé", "read").status_code == 303
    assert ">Disputé<" not in first.get("/to-read").text
    ref = place.services.archive.archive.locate_study(study(place, 5, "").uid, EVERYTHING).ref
    told = [line for line in place.lines() if ref in line and '"kind":"study:read' in line]
    assert len(told) == 4


def test_new_images_bring_a_study_back(enter, anne, place):
    complete(place, study(place, 6, "Revenu"))
    client = enter(anne)
    assert act(client, "Revenu", "read").status_code == 303
    assert ">Revenu<" not in client.get("/to-read").text
    complete(place, study(place, 6, "Revenu", slices=5))
    assert "Nouvelles images depuis" in row_of(client, "Revenu")


@pytest.mark.parametrize("by", ["uid", "accession"])
def test_a_study_whose_order_is_urgent_comes_first(enter, anne, place, by):
    one = study(place, 7 if by == "uid" else 8, f"Pressé-{by}", accession=f"ACC-{by}")
    step = StepFacts("CT", f"{place.clock.now():%Y%m%d}0900")
    known = {"study_uid": one.uid} if by == "uid" else {"accession": f"ACC-{by}"}
    facts = OrderFacts((step,), Code("CT", "99", "Scanner"), priority="STAT", **known)
    patient = PatientFacts(Identifier("", one.patient_id), one.name, one.born)
    place.services.orders.place("system", place.controllers[0], patient, facts, what="form")
    complete(place, one)
    page = enter(anne).get("/to-read").text
    names = re.findall(r'<span class="family">([^<]+)</span>', page)
    assert names.index(one.name.split("^")[0]) < names.index("Premier")
    assert "Urgent" in row_of(enter(anne), one.name.split("^")[0])


def test_one_who_may_not_read_a_study_cannot_take_it(enter, technologist, anne, place):
    client, other = enter(technologist), enter(anne)
    found = client.get("/").text
    alias = re.search(r"StudyInstanceUIDs=([0-9.]+)", found)[1]
    token = form_token(client)
    answer = client.post("/to-read/act", data={"form_token": token, "study": alias, "action": "claim"})
    assert answer.status_code == 403
    assert any('"person:action:refused"' in line and "study:read" in line for line in place.lines())
    theirs = re.search(r'name="study" value="([^"]+)"', other.get("/to-read").text)[1]
    answer = client.post("/to-read/act", data={"form_token": token, "study": theirs, "action": "claim"})
    assert answer.status_code == 404


@pytest.mark.parametrize("action", ["", "erase", "claimed"])
def test_acts_that_are_none_are_refused(enter, anne, action):
    assert act(enter(anne), "Ailleurs", action).status_code in {400, 422}


def test_a_study_that_waits_long_says_how_long(enter, anne, place):
    from primum.doors.web.to_read import write_wait

    assert [write_wait("en", timedelta(minutes=one)) for one in (-5, 7, 125, 3 * 24 * 60)] == [
        "0 min", "7 min", "2 h 05 min", "3 days",
    ]  # fmt: skip
    assert re.search(r'[0-9] min <span class="minor">', row_of(enter(anne), "Ailleurs"))
