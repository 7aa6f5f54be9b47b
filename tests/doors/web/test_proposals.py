"""What another system says of two patients: seen, compared, followed by the ordinary decision, or refused."""

from __future__ import annotations

import re

import pytest
from tests.doors.deciding_kit import deciding
from tests.doors.small import Study
from tests.doors.web.conftest import FIRST
from tests.doors.web.test_decisions import fresh, hidden, patient_page, post

from primum.identity import Role, Scope
from primum.imaging.orders import Identifier
from primum.imaging.orders.model import Merge

DEVICE = "dev_" + "a" * 26


@pytest.fixture(scope="module", autouse=True)
def worker(house):
    with deciding(house):
        yield


@pytest.fixture(scope="module")
def people(house):
    """Two patients of the first controller whom nobody else's test touches."""
    made = [
        Study(40 + number, name=name, patient_id=f"HIS-{number}", born="19710203", accession=f"H{number}")
        for number, name in enumerate(("Ydriss^Nour", "Ydriss^Noor"))
    ]
    for one in made:
        house.add(one.files(), 0)
    return made


def say(house, merge):
    orders = house.services.orders
    with orders.engine.begin() as connection:
        return orders.propose_merge(connection, DEVICE, house.controllers[0], merge)


def a40(house):
    return say(house, Merge(Identifier("HOP", "HIS-0"), Identifier("HOP", "HIS-1")))


def forms(page, verb):
    """The fields of each form of the page that asks for a verb."""
    found = []
    for form in re.findall(r'<form method="post" action="/decisions"[^>]*>(.*?)</form>', page, re.DOTALL):
        fields = dict(re.findall(r'<input type="hidden" name="([a-z0-9_]+)" value="([^"]*)">', form))
        if fields.get("verb") == verb:
            found.append(fields)
    return found


def test_a_merge_is_seen_everywhere_followed_and_leaves_the_list(house, sign_in, doctor, people):
    client = fresh(sign_in, doctor)
    proposal = a40(house)
    assert 'href="/patients/proposals"' in client.get("/").text
    assert 'href="/patients/proposals"' in client.get("/orders").text
    address = patient_page(client, "HIS-0")
    assert proposal in client.get(address).text
    page = client.get("/patients/proposals").text
    assert "Ydriss Nour" in page
    (form,) = forms(page, "patient_merge")
    assert form["proposal"] == proposal
    shown = client.post("/decisions", data=form)
    assert "Ydriss^Noor" in shown.text
    assert proposal in client.get("/patients/proposals").text, "nothing is done before it is confirmed"
    done = client.post("/decisions", data=hidden(shown.text))
    assert (done.status_code, done.headers["location"]) == (303, "/patients/proposals")
    assert proposal not in client.get("/patients/proposals").text
    history = client.get(address).text
    assert re.search(r"A40 \d{4}-\d\d-\d\d", history)
    assert "autre logiciel" in history
    lines = [line for line in house.lines() if proposal in line]
    assert [word for word in ("merge:proposed", "merge:decided") if any(word in line for line in lines)] == [
        "merge:proposed", "merge:decided",
    ]  # fmt: skip
    again = client.post("/decisions", data=hidden(shown.text))
    assert again.status_code == 404
    undone = forms(history, "patient_undo")[-1]
    assert client.post("/decisions", data=hidden(client.post("/decisions", data=undone).text)).status_code == 303


def test_a_merge_is_refused_for_a_reason_and_nothing_is_merged(house, sign_in, doctor, people):
    client = fresh(sign_in, doctor)
    proposal = a40(house)
    (form,) = forms(client.get("/patients/proposals").text, "patient_refuse_proposal")
    assert client.post("/decisions", data=form | {"reason": "because"}).status_code == 400
    shown = client.post("/decisions", data=form | {"reason": "two-people"})
    assert "deux personnes" in shown.text
    assert client.post("/decisions", data=hidden(shown.text)).status_code == 303
    assert proposal not in client.get("/patients/proposals").text
    assert any(proposal in line and "two-people" in line for line in house.lines())


def test_a_correction_is_followed_with_what_the_message_said(house, sign_in, doctor, people):
    client = fresh(sign_in, doctor)
    same = Identifier("HOP", "HIS-1")
    told = {"name": "Ydriss^Noor", "birth_date": "19710204", "sex": "F"}
    proposal = say(house, Merge(same, same, kind="correction", facts=told))
    (form,) = forms(client.get("/patients/proposals").text, "patient_correct")
    assert form["birth_date"] == "19710204"
    assert "name" not in form
    shown = client.post("/decisions", data=form)
    assert client.post("/decisions", data=hidden(shown.text)).status_code == 303
    page = client.get(patient_page(client, "HIS-1")).text
    assert "19710204" in page
    assert proposal not in page


def test_who_may_not_decide_is_told_so_and_refused(house, sign_in, narrow, administrator, people):
    proposal = a40(house)
    client = fresh(sign_in, administrator)
    assert client.get("/patients/proposals").status_code == 403
    refused = post(client, verb="patient_refuse_proposal", proposal=proposal, reason="other", sure="yes", back="/")
    assert refused.status_code in {403, 404}
    others = house.somebody("Odile Others", Role.PHYSICIAN, controller=1, scope=Scope.OWN)
    theirs = fresh(sign_in, others)
    assert proposal not in theirs.get("/patients/proposals").text
    refused = post(theirs, verb="patient_refuse_proposal", proposal=proposal, reason="other", sure="yes", back="/")
    assert refused.status_code == 404
    assert proposal in fresh(sign_in, narrow).get("/patients/proposals").text


def test_a_decision_about_somebody_else_does_not_follow_a_proposal(house, sign_in, doctor, people):
    client = fresh(sign_in, doctor)
    proposal = a40(house)
    other = patient_page(client, FIRST.patient_id).rpartition("/")[2]
    mine = patient_page(client, "HIS-0").rpartition("/")[2]
    asked = {"verb": "patient_merge", "patient": mine, "gone": other, "proposal": proposal, "sure": "yes", "back": "/"}
    assert post(client, **asked).status_code == 404
    assert proposal in client.get("/patients/proposals").text
