"""Deciding by a browser what is erased, held, kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import httpx
import pytest
from tests.doors import web_kit
from tests.doors.small import Study
from tests.doors.web.conftest import browser, form_token
from tests.doors.web_kit import Door, Somebody

from primum.app.joints import Recorder
from primum.identity import Role, Scope
from primum.imaging.retention.erasing import Eraser
from primum.imaging.retention.model import State

OLD = Study(7, name="Vieux^Canari", patient_id="CANARI-7", born="19300101", date="19990105", description="Genou")
YOUNG = Study(8, name="Jeune^Canari", patient_id="CANARI-8", born="19900101", date="20250105", description="Coude")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    door = web_kit.build(tmp_path_factory.mktemp("erasures") / "home")
    door.add([*OLD.files(), *YOUNG.files()], 0)
    with web_kit.serving(door):
        yield door


@pytest.fixture(scope="module")
def anne(place: Door) -> Somebody:
    return place.somebody("Dre Anne Kerjean", Role.PHYSICIAN, scope=Scope.SITE)


@pytest.fixture(scope="module")
def officer(place: Door) -> Somebody:
    return place.somebody("Dora Officer", Role.DPO)


@pytest.fixture(scope="module")
def secretary(place: Door) -> Somebody:
    return place.somebody("Sonia Secretary", Role.SECRETARY, scope=Scope.SITE)


@pytest.fixture
def enter(place: Door) -> Iterator[Callable[..., httpx.Client]]:
    opened: list[httpx.Client] = []

    def sign_in(who: Somebody, *, fresh: bool = True) -> httpx.Client:
        client = browser(place)
        opened.append(client)
        assert client.post("/sign-in", data=who.form()).status_code == 303
        if fresh:
            form = {"form_token": token_of(client), "then": "/erasures", "password": who.made.password}
            assert client.post("/step-up", data=form | {"code": who.code()}).headers["location"] == "/erasures"
        return client

    yield sign_in
    for client in opened:
        client.close()


def token_of(client: httpx.Client) -> str:
    return form_token(client)


def work(place: Door) -> int:
    eraser = Eraser(
        place.services.retention._records, place.services.retention._index, place.vault, place.clock,  # type: ignore[attr-defined]
        Recorder(place.journal), lambda step: step(place.indexer) and None,
    )  # fmt: skip
    return eraser.carry_out(place.clock.now()) + eraser.note_returned(place.clock.now())


def post(client: httpx.Client, address: str, **form: str) -> httpx.Response:
    return client.post(address, data={"form_token": token_of(client), **form})


def keeping_of(client: httpx.Client, name: str) -> str:
    row = next(one for one in client.get("/").text.split("<tr>") if name in one)
    return re.search(r'href="(/retention/2\.25\.[0-9]+)"', row)[1]


def proposed(place: Door) -> str:
    from primum.imaging.retention import store
    from primum.imaging.store import reading

    with reading(place.services.retention._records) as tx:  # type: ignore[attr-defined]
        return next(one.id for one in store.live(tx) if one.state is State.WAITING)


def test_only_who_may_decide_finds_the_page(enter, secretary, anne):
    client = enter(secretary, fresh=False)
    assert "/erasures" not in client.get("/").text
    assert "/retention/" not in client.get("/").text
    assert client.get("/erasures").status_code == 403
    assert '<a href="/erasures"' in enter(anne, fresh=False).get("/").text


def test_a_study_says_how_long_it_is_kept_and_its_address_says_nothing(enter, anne, secretary):
    client = enter(anne, fresh=False)
    address = keeping_of(client, "Jeune")
    page = client.get(address)
    assert page.status_code == 200
    assert "05/01/2045" in page.text
    assert "r1112-7.twenty-years" in page.text
    # not fresh: a way to become so, and no form
    assert f"/step-up?then={address.replace('/', '%2F')}" in page.text
    assert '<form method="post" action="/retention' not in page.text
    assert client.get("/retention/2.25.123").status_code == 404
    answer = post(client, f"{address}/hold", reason="litigation", back=address)
    assert answer.headers["location"] == f"/step-up?then={address.replace('/', '%2F')}"


def test_a_hold_stops_a_proposal_until_it_is_released(enter, anne):
    client = enter(anne)
    address = keeping_of(client, "Jeune")
    assert post(client, f"{address}/hold", reason="litigation", note="lettre").headers["location"] == "/erasures"
    refused = post(client, f"{address}/erase", reason="wrong-patient")
    assert refused.status_code == 409
    assert "gelé" in refused.text
    page = client.get("/erasures").text
    assert "lettre" in page
    (hold,) = re.findall(r'value="(hld_[a-z2-7]+)"', page)
    assert post(client, "/erasures/release", id=hold).status_code == 303
    assert "hld_" not in client.get("/erasures").text
    below = post(client, f"{address}/erase", reason="no-longer-needed")
    assert below.status_code == 409
    assert "05/01/2045" in below.text or "2045-01-05" in below.text
    assert post(client, f"{address}/erase", reason="nonsense").status_code == 422


def test_two_people_erase_and_a_certificate_says_so(place, enter, anne, officer):
    doctor, dpo = enter(anne), enter(officer)
    assert post(doctor, f"{keeping_of(doctor, 'Jeune')}/erase", reason="wrong-patient").status_code == 303
    erasure = proposed(place)
    page = doctor.get("/erasures").text
    assert "Jeune" in page
    # her own: to be taken back, not to be approved
    assert 'value="approve"' not in page
    assert post(doctor, "/erasures/decide", id=erasure, action="approve").status_code == 403
    seen = dpo.get("/erasures").text
    assert "Jeune" not in seen
    assert "CANARI" not in seen
    assert erasure in seen
    assert post(dpo, "/erasures/decide", id=erasure, action="approve").status_code == 303
    assert work(place) == 1
    assert "Jeune" not in doctor.get("/").text
    certificate = dpo.get(f"/erasures/{erasure}")
    assert certificate.status_code == 200
    assert "Dora Officer" in certificate.text
    assert "Canari" not in certificate.text
    made = dpo.get(f"/erasures/{erasure}/certificate.json")
    assert made.json()["why"]["reason"] == "wrong-patient"
    assert dpo.get("/erasures/ers_" + "a" * 26).status_code == 404
    # sent again: out of every list, and somebody is told
    place.add(YOUNG.files(), 0)
    work(place)
    assert "Jeune" not in doctor.get("/").text
    assert "revenus" in doctor.get("/").text
    (back,) = re.findall(r'value="(ret_[a-z2-7]+)"', doctor.get("/erasures").text)[:1]
    assert post(doctor, "/erasures/return", id=back, action="keep").status_code == 303
    work(place)
    assert "Jeune" in doctor.get("/").text


def test_what_the_rules_propose_waits_for_somebody_and_says_so_after_ninety_days(place, enter, anne):
    assert place.services.retention.sweep(place.clock.now()) == 1  # type: ignore[attr-defined]
    client = enter(anne)
    erasure = proposed(place)
    page = client.get("/erasures").text
    assert "durées de conservation" in page
    assert "Vieux" in page
    assert post(client, "/erasures/decide", id=erasure, action="refuse").status_code == 303
    assert erasure not in client.get("/erasures").text
    again = post(client, "/erasures/decide", id=erasure, action="approve")
    assert again.status_code == 404
    assert 'role="alert"' in again.text


def test_a_form_of_another_site_decides_nothing(enter, anne):
    client = enter(anne)
    assert client.post("/erasures/decide", data={"id": "ers_" + "a" * 26, "action": "approve"}).status_code == 403
