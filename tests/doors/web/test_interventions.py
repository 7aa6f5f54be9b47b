"""Interventions and findings as pages: the real rooms behind them, a probe that says what a test wants."""

from __future__ import annotations

import html
from dataclasses import fields
from datetime import timedelta
from types import SimpleNamespace

import httpx
import pytest
from tests.doors import web_kit
from tests.doors.web.conftest import form_token
from tests.unit.exposure.runs_kit import closed, opened

from primum.app.exposed import Exposed
from primum.app.joints import Recorder
from primum.doors.worker.desk import Desk
from primum.doors.worker.verbs_interventions import interventions
from primum.exposure.findings.service import Findings
from primum.exposure.interventions.service import Interventions
from primum.exposure.station.service import Stations
from primum.identity import Role, Scope

TOLD = {"kind": "box", "author": "Yann <b>Le Tech</b>", "company": "Armor", "contract": "C-17", "purpose": "remplacer"}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    door = web_kit.build(tmp_path_factory.mktemp("interventions") / "home")
    records, record = door.indexer._records, Recorder(door.journal)
    findings = Findings(records, door.clock, record)
    rooms = Interventions(records, door.clock, record, findings, lambda _progress: door.says)
    worker = SimpleNamespace(
        rooms=SimpleNamespace(journal=door.journal, clock=door.clock), people=door.people,
        exposed=Exposed(None, findings, rooms, Stations(records, door.clock, record)),
    )  # fmt: skip
    desk = Desk(**{one.name: {"worker": worker}.get(one.name) for one in fields(Desk)})
    door.services.intake.verbs = {"interventions": lambda args, data: interventions(desk, args, data)}
    door.says, door.rooms = closed(0), rooms
    with web_kit.serving(door):
        yield door


@pytest.fixture(scope="module")
def secretary(place):
    return place.somebody("Sonia Secretary", Role.SECRETARY, scope=Scope.SITE)


@pytest.fixture(scope="module")
def dpo(place):
    return place.somebody("Dora Dpo", Role.DPO)


def said(answer: httpx.Response) -> str:
    return html.unescape(answer.text)


def post(client: httpx.Client, address: str, **form: str) -> httpx.Response:
    return client.post(address, data={"form_token": form_token(client), **form})


def test_from_the_form_to_the_difference(place, enter, secretary, anne):
    client = enter(secretary)
    answer = post(client, "/interventions", **TOLD)
    assert answer.status_code == 303
    here = answer.headers["location"]
    assert "avant en cours : rien n" in said(client.get(here))
    assert post(client, f"{here}/close").status_code == 409

    place.says = closed(0)
    place.rooms.sweep(place.clock.now())
    assert post(client, f"{here}/close").status_code == 303
    place.says = opened(1)
    place.rooms.sweep(place.clock.now())
    page = client.get(here)
    assert "Quelque chose est ouvert qui ne l" in said(page)
    assert "192.168.1.7:104" in page.text
    assert "Le Tech</b>" not in page.text

    page = said(enter(anne).get("/findings"))
    assert "PatientName" in page
    assert "entre le" in page


def test_the_written_report_is_attached_and_fetched_as_it_was(place, enter, secretary):
    client = enter(secretary)
    here = post(client, "/interventions", **TOLD).headers["location"]
    token = form_token(client)
    files = {
        "form_token": (None, token), "name": (None, "../compte rendu.html"),
        "document": ("x.html", b"<script>1</script>", "text/html"),
    }  # fmt: skip
    assert client.post(f"{here}/attach", files=files).status_code == 303
    page = client.get(here).text
    assert "compte rendu.html" in page
    link = page.split(f'href="{here}/reports/')[1].split('"')[0]
    answer = client.get(f"{here}/reports/{link}")
    assert answer.content == b"<script>1</script>"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")


def test_what_was_typed_wrong_is_said_and_kept(enter, secretary):
    answer = post(enter(secretary), "/interventions", **TOLD | {"contract": " "})
    assert answer.status_code == 422
    assert 'value="Armor"' in answer.text


def test_who_oversees_looks_and_is_offered_no_form(enter, dpo, place):
    client = enter(dpo)
    page = client.get("/interventions")
    assert page.status_code == 200
    assert '<form method="post" action="/interventions"' not in page.text
    assert post(client, "/interventions", **TOLD).status_code == 403


def test_a_secretary_does_not_see_findings(enter, secretary):
    client = enter(secretary)
    assert client.get("/findings").status_code == 403
    assert "/findings" not in client.get("/interventions").text


def test_one_that_is_late_is_marked(place, enter, secretary):
    client = enter(secretary)
    here = post(client, "/interventions", **TOLD).headers["location"]
    place.clock.ahead += timedelta(hours=25)
    client = enter(secretary)
    assert "aurait dû être close" in said(client.get(here))


def test_in_english_too(place, enter):
    client = enter(place.somebody("Edward English", Role.ADMINISTRATOR))
    assert post(client, "/account/language", language="en").status_code == 303
    assert "The difference is the proof." in said(client.get("/interventions"))


def test_there_is_no_other(enter, secretary):
    assert enter(secretary).get("/interventions/int_" + "a" * 26).status_code == 404
