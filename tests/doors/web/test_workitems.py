"""UPS-RS over HTTPS: by a program with a token, within its reach."""

import json

import httpx
import pytest
from tests.doors.web.conftest import browser, form_token
from tests.doors.web.test_stow import token_of
from tests.unit.imaging.orders.kit import an_order, someone
from tests.unit.imaging.orders.test_performers import MINE, given, to

from primum.identity import Role, Scope
from primum.imaging.orders.values import element

ROOT = "/dicom-web/workitems"
TYPE = {"Content-Type": "application/dicom+json"}


@pytest.fixture(scope="module")
def clerk(house):
    return house.somebody("Rémi Clerk", Role.TECHNOLOGIST, scope=Scope.OWN)


def program(house, who, *may):
    headers = {"Authorization": "Bearer " + token_of(house, who, *may)}
    return httpx.Client(base_url=house.url, verify=False, headers=headers, timeout=30, trust_env=False)


@pytest.fixture
def station(house, clerk):
    with program(house, clerk, "order:list", "order:write") as client:
        yield client


def send(client, method, path, body):
    return client.request(method, path, content=json.dumps(body), headers=TYPE)


def test_a_station_claims_and_completes_what_it_created(house, station):
    made = send(station, "POST", ROOT, [given()])
    assert made.status_code == 201
    address = made.headers["location"]
    (told,) = station.get(address).json()
    assert told["00741000"]["Value"] == ["SCHEDULED"]
    assert send(station, "PUT", f"{address}/state", [to("IN PROGRESS")]).status_code == 200
    assert send(station, "PUT", f"{address}/state", [to("COMPLETED", "1.2.3.7")]).status_code == 400
    assert send(station, "PUT", f"{address}/state", [to("IN PROGRESS")]).status_code == 409
    progress = {"00741002": {"vr": "SQ"}, "00081195": element("UI", MINE)}
    assert send(station, "POST", address, progress).status_code == 200
    assert send(station, "PUT", f"{address}/state", [to("COMPLETED")]).status_code == 200
    again = send(station, "PUT", f"{address}/state", [to("COMPLETED")])
    assert (again.status_code, "already" in again.headers["warning"]) == (200, True)
    assert station.post(f"{address}/cancelrequest").status_code == 409
    lines = "\n".join(house.lines())
    assert "order:step:changed" in lines
    assert "person:order:viewed" in lines
    assert "Lef" not in lines


def test_a_search_is_within_reach(house, station):
    house.services.orders.place(
        "system", house.controllers[0], someone("W1", "Proche^Ana"), an_order("209901010800"), what="demo"
    )
    house.services.orders.place(
        "system", house.controllers[1], someone("W2", "Loin^Ana"), an_order("209901010800"), what="demo"
    )
    day = {"ScheduledProcedureStepStartDateTime": "20990101"}
    found = station.get(ROOT, params=day)
    assert found.headers["content-type"] == "application/dicom+json"
    assert [one["00100020"]["Value"] for one in found.json()] == [["W1"]]
    assert station.get(ROOT, params={**day, "limit": "0"}).json() == []
    assert station.get(ROOT, params={"PatientWeight": "70"}).status_code == 400


def test_what_does_not_exist_and_what_is_not_a_workitem(station):
    assert station.get(f"{ROOT}/1.2.3").status_code == 404
    assert station.post(f"{ROOT}/1.2.3/cancelrequest").status_code == 404
    for body in (b"[", b"[1]", b"[[]]", b"[" * 5000, b'{"a":' * 40 + b"1" + b"}" * 40, b"x" * 300_000):
        answer = station.post(ROOT, content=body, headers=TYPE)
        assert (answer.status_code, answer.json()["code"]) == (400, "web.body-unreadable")
    assert station.post(ROOT, content=b"{}", headers={"Content-Type": "text/plain"}).status_code == 400
    assert send(station, "POST", ROOT, {}).status_code == 422


def test_a_token_that_only_lists_changes_nothing(house, clerk):
    with program(house, clerk, "order:list") as reader:
        assert reader.get(ROOT).status_code == 200
        assert send(reader, "POST", ROOT, [given()]).status_code == 403


def test_a_browser_needs_its_form_token(house, clerk, sign_in):
    client = sign_in(clerk)
    assert send(client, "POST", ROOT, [given()]).status_code == 403
    client.headers["X-Primum-Form"] = form_token(client)
    assert send(client, "PUT", f"{ROOT}/1.2.3/state", to("IN PROGRESS")).status_code in {403, 404}


def test_a_stranger_is_told_nothing(house):
    with browser(house) as stranger:
        for method, path in (("GET", ROOT), ("POST", ROOT), ("GET", f"{ROOT}/1.2"), ("PUT", f"{ROOT}/1.2/state")):
            assert stranger.request(method, path, headers={"Accept": "application/dicom+json"}).status_code == 401
