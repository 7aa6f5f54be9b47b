"""Files of breaches as pages: the real rooms behind them."""

from __future__ import annotations

import html
from dataclasses import fields, replace
from datetime import timedelta
from types import SimpleNamespace

import httpx
import pytest
from tests.doors import web_kit
from tests.doors.web.conftest import form_token
from tests.unit.incidents.kit import actor

from primum.app.incidents import OurHouse
from primum.app.joints import Recorder
from primum.doors.worker.desk import Desk
from primum.doors.worker.verbs_incident_pages import page
from primum.exposure.findings.service import Findings
from primum.identity import Role, Scope
from primum.incidents.model import Origin
from primum.incidents.opening.considering import Considering
from primum.incidents.service import Incidents
from primum.incidents.store import prepare_incidents


class House(OurHouse):
    """The house of a practice, until a test makes it a host's."""

    as_host = False

    def __init__(self, people):
        super().__init__(people, processor=False)

    @property
    def processor(self):
        return self.as_host


class Nobody:
    """A Primum of which nothing is here."""

    def is_here(self, _address):
        return False

    def grants(self, *_hole):
        return ()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    door = web_kit.build(tmp_path_factory.mktemp("incidents") / "home")
    records = door.indexer._records
    prepare_incidents(records)
    house = House(door.people)
    files = Incidents(records, door.clock, Recorder(door.journal), house)
    findings = Findings(records, door.clock, Recorder(door.journal))
    considering = Considering(files, findings, Nobody(), "fr")
    worker = SimpleNamespace(
        people=door.people, incidents=SimpleNamespace(files=files, considering=considering)
    )  # fmt: skip
    desk = Desk(**{one.name: {"worker": worker}.get(one.name) for one in fields(Desk)})
    door.services.intake.verbs = {"incidents": lambda args, data: page(desk, args, data)}
    door.files, door.findings, door.house = files, findings, house
    with web_kit.serving(door):
        yield door


@pytest.fixture(scope="module")
def secretary(place):
    return place.somebody("Sonia Secretary", Role.SECRETARY, scope=Scope.SITE)


def said(answer: httpx.Response) -> str:
    return html.unescape(answer.text)


def post(client: httpx.Client, address: str, **form: str) -> httpx.Response:
    return client.post(address, data={"form_token": form_token(client), **form})


@pytest.fixture(scope="module")
def doctor(place):
    return place.doctor()


def fresh(client: httpx.Client, who, address: str) -> None:
    """Give password and code again."""
    told = {"then": address, "password": who.made.password, "code": who.code()}
    assert post(client, "/step-up", **told).headers["location"] == address


@pytest.fixture
def here(place, anne):
    """Open a file as a person does; give the address of its page."""
    by = replace(actor(Role.PHYSICIAN), person_id=anne.made.person.id)
    made = place.files.open(by, Origin.PERSON, "portable <b>perdu</b>", place.controllers[0])
    return f"/incidents/{made.id}"


def test_a_countdown_is_right_after_a_reload_and_after_a_night(place, enter, anne, here):
    client = enter(anne)
    assert "il reste 2 j 23 h" in said(client.get(here))
    place.clock.ahead += timedelta(hours=9)
    assert "il reste 2 j 14 h" in said(enter(anne).get(here))
    place.clock.ahead += timedelta(hours=65)
    assert "en retard de 2 h" in said(enter(anne).get(here))


def test_what_was_typed_is_shown_as_text(enter, anne, here):
    page = enter(anne).get(here)
    assert "portable <b>perdu</b>" not in page.text
    assert "portable <b>perdu</b>" in said(page)


def test_questions_are_answered_and_not_knowing_is_an_answer(enter, anne, here):
    client = enter(anne)
    assert post(client, f"{here}/answer", key="people", count="1 200", how="about").status_code == 303
    assert post(client, f"{here}/answer", key="recipients", unknown="yes").status_code == 303
    assert (
        post(client, f"{here}/answer", key="harms", **{"choice-reputation": "yes", "choice-fraud": "yes"}).status_code
        == 303
    )
    page = said(client.get(here))
    assert "environ 1\N{NARROW NO-BREAK SPACE}200" in page
    assert "dit non connu" in page
    assert "fraude, atteinte à la réputation" in page


@pytest.mark.parametrize(
    "form",
    [
        {"key": "people", "count": "beaucoup"},
        {"key": "nature"},
        {"key": "no-such-fact", "value": "x"},
        {"key": "cause"},
    ],
)
def test_what_cannot_be_an_answer_is_refused_in_words(enter, anne, here, form):
    answer = post(enter(anne), f"{here}/answer", **form)
    assert answer.status_code == 422
    assert "Cela ne peut pas être écrit" in said(answer)


def test_awareness_is_a_persons_and_leaves_the_prudent_deadline_where_it_was(place, enter, anne, here):
    client = enter(anne)
    before = said(client.get(here)).partition("échéance prudente : ")[2][:40]
    local = (place.clock.now() - timedelta(minutes=1)).astimezone()
    told = {"which": "aware", "at": f"{local:%Y-%m-%dT%H:%M}", "offset": f"{local:%z}"[:3] + ":" + f"{local:%z}"[3:]}
    assert post(client, f"{here}/instant", **told, reason="vu ce matin").status_code == 303
    page = said(client.get(here))
    assert "vu ce matin" in page
    assert page.partition("échéance prudente : ")[2][:40] == before
    assert post(client, f"{here}/instant", which="aware", at="2999-01-01T00:00", reason="demain").status_code == 422
    assert post(client, f"{here}/instant", which="aware", at="hier", reason="hier").status_code == 422


def test_a_secretary_reports_and_sees_no_file(enter, secretary, here):
    client = enter(secretary)
    assert client.get("/incidents").status_code == 200
    assert "perdu</b>" not in said(client.get("/incidents"))
    assert client.get(here).status_code == 403


def test_a_document_comes_back_as_a_download(enter, anne, here):
    client = enter(anne)
    sent = client.post(
        f"{here}/attach", data={"form_token": form_token(client), "name": "plainte.pdf"},
        files={"document": ("x.pdf", b"%PDF-1.7 plainte", "application/pdf")},
    )  # fmt: skip
    assert sent.status_code == 303, sent.text
    address = client.get(here).text.partition("/documents/")[2].partition('"')[0]
    answer = client.get(f"{here}/documents/{address}")
    assert (answer.content, answer.headers["content-type"]) == (b"%PDF-1.7 plainte", "application/octet-stream")


def test_notes_merging_and_closing_stay_in_the_history(place, enter, anne, here):
    client = enter(anne)
    assert post(client, f"{here}/note", text="la box a été photographiée").status_code == 303
    assert "photographiée" in said(client.get(here))
    step_up = post(client, f"{here}/close", reason="terminé", back=here)
    assert step_up.headers["location"] == f"/step-up?then={here.replace('/', '%2F')}"
    fresh(client, anne, here)
    assert post(client, f"{here}/close", reason="terminé").headers["location"] == f"{here}#history"
    assert post(client, f"{here}/answer", key="people", count="3").status_code == 409


def test_a_finding_that_opened_no_file_is_given_one_by_a_person(place, enter, anne):
    place.findings.take_line("swap", bad=True, at=place.clock.now())
    (found,) = place.findings.everything()
    client = enter(anne)
    here = post(client, "/incidents/open", finding=found.id).headers["location"]
    assert "swap" in said(client.get(here))
    assert post(client, "/incidents/open", finding=found.id).headers["location"] == here
    assert post(client, "/incidents/open", finding="fnd_nothing").status_code == 404


def test_a_host_alerts_the_controller_and_writes_down_that_it_did(place, enter, anne, here):
    client = enter(anne)
    assert 'id="alert"' not in client.get(here).text
    assert post(client, f"{here}/alert", host="Hébergeur", contact="dpo@hote.example").status_code == 409
    place.house.as_host = True
    try:
        by = replace(actor(Role.PHYSICIAN), person_id=anne.made.person.id)
        made = place.files.open(by, Origin.PROCESSOR, "serveur ouvert", place.controllers[0])
    finally:
        place.house.as_host = False
    its = f"/incidents/{made.id}"
    assert 'id="alert"' in client.get(its).text
    drawn = post(client, f"{its}/alert", host="Hébergeur", contact="dpo@hote.example")
    assert (drawn.content[:5], drawn.headers["content-type"]) == (b"%PDF-", "application/pdf")
    at = (place.clock.now() - timedelta(minutes=2)).astimezone()
    told = {"at": f"{at:%Y-%m-%dT%H:%M}", "offset": f"{at:%z}"[:3] + ":" + f"{at:%z}"[3:], "about": "par courriel"}
    assert post(client, f"{its}/alerted", **told).status_code == 303
    assert "par courriel" in said(client.get(its))
    assert post(client, f"{its}/alerted", **told | {"at": "hier"}).status_code == 422


def test_a_file_that_is_not_there_is_not_found(enter, anne):
    client = enter(anne)
    assert client.get("/incidents/inc_" + "a" * 26).status_code == 404
    assert client.get("/incidents/elsewhere").status_code == 404
