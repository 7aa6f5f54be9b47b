"""Patients and studies, corrected by a browser: before and after first, then the decision, and a way back from it."""

from __future__ import annotations

import re
from dataclasses import fields
from types import SimpleNamespace

import pytest
from tests.doors.web.conftest import FIRST, SECOND, form_token

from primum.doors.worker.desk import Desk
from primum.doors.worker.verbs_patients import decide
from primum.imaging import Archive
from primum.imaging.corrections import Corrections
from primum.imaging.patient_view import Patients


class Turns:
    """The indexer's turn, where there is no other."""

    def in_turn(self, step):
        return step()


@pytest.fixture(scope="module", autouse=True)
def worker(house):
    """Give the door a worker: the real verbs on the real rooms of this house."""
    index, records = house.indexer._index, house.indexer._records
    rooms = SimpleNamespace(
        rooms=SimpleNamespace(journal=house.journal, home=SimpleNamespace(demo=True)),
        people=house.people,
        corrections=Corrections(index, records, house.vault, house.clock, house.indexer),
        patients=Patients(index, records),
    )
    at_hand = {"worker": rooms, "intake": Turns()}
    desk = Desk(**{one.name: at_hand.get(one.name) for one in fields(Desk)})
    house.services.intake.verbs = {"decide": lambda args, data: decide(desk, args, data)}
    yield Archive(index, house.vault)
    house.services.intake.verbs = {}


def fresh(sign_in, who):
    client = sign_in(who)
    form = {"form_token": form_token(client), "then": "/", "password": who.made.password, "code": who.code()}
    assert client.post("/step-up", data=form).status_code == 303
    return client


def study_page(client, patient_id):
    page = client.post("/search", data={"form_token": form_token(client), "patient_id": patient_id}).text
    (address,) = re.findall(r'href="(/studies/2\.25\.[0-9]+)/patient"', page)
    return address


def patient_page(client, patient_id):
    return client.get(study_page(client, patient_id) + "/patient").headers["location"]


def hidden(page):
    return dict(re.findall(r'<input type="hidden" name="([a-z0-9_]+)" value="([^"]*)">', page.partition("<main")[2]))


def post(client, **form):
    return client.post("/decisions", data={"form_token": form_token(client)} | form)


def test_a_correction_is_shown_before_and_after_then_made_then_undone(house, sign_in, doctor):
    client = fresh(sign_in, doctor)
    address = patient_page(client, FIRST.patient_id)
    page = client.get(address)
    assert page.status_code == 200
    alias = address.rpartition("/")[2]
    form = {
        "verb": "patient_correct",
        "patient": alias,
        "back": address,
        "name": "CORRIGÉ^Ève",
        "reason": "typing-error",
    }
    shown = post(client, **form)
    assert shown.status_code == 200
    assert "CORRIGÉ^Ève" in shown.text
    assert "CORRIGÉ" not in client.get(address).text, "nothing is done before it is confirmed"
    sure = hidden(shown.text)
    assert sure["sure"] == "yes"
    done = client.post("/decisions", data=sure)
    assert (done.status_code, done.headers["location"]) == (303, address)
    page = client.get(address).text
    assert "CORRIGÉ Ève" in page
    decision = re.findall(r'name="decision" value="(act_[a-z2-7]+)"', page)[-1]
    undoing = hidden(post(client, verb="patient_undo", patient=alias, back=address, decision=decision).text)
    assert client.post("/decisions", data=undoing).status_code == 303
    assert "CORRIGÉ Ève" not in client.get(address).text
    again = client.post("/decisions", data=undoing)
    assert again.status_code == 409
    assert 'role="alert"' in again.text


def test_a_study_is_moved_rejected_and_both_are_undone(house, sign_in, doctor):
    client = fresh(sign_in, doctor)
    target = re.findall(r"pat_[a-z2-7]{26}", client.get(patient_page(client, SECOND.patient_id)).text)[0]
    study = study_page(client, FIRST.patient_id)
    address, alias = f"{study}/decisions", study.rpartition("/")[2]
    assert client.get(address).status_code == 200
    for form, word in (
        ({"verb": "study_move", "patient": target, "reason": "wrong-patient"}, "Zéphyrin"),
        ({"verb": "study_reject", "code": "quality", "reason": "other"}, "qualité"),
        ({"verb": "study_correct", "accession": "NEW-1", "reason": "typing-error"}, "NEW-1"),
    ):
        shown = post(client, study=alias, back=address, **form)
        assert shown.status_code == 200
        assert word in shown.text
        assert client.post("/decisions", data=hidden(shown.text)).status_code == 303
        decision = re.findall(r'name="decision" value="([a-z]{3}_[a-z2-7]+)"', client.get(address).text)[-1]
        undoing = hidden(post(client, verb="study_undo", study=alias, back=address, decision=decision).text)
        assert client.post("/decisions", data=undoing).status_code == 303
    assert study_page(client, FIRST.patient_id) == study


def test_who_is_not_fresh_is_asked_for_password_and_code(house, sign_in, doctor):
    client = sign_in(doctor)
    address = patient_page(client, FIRST.patient_id)
    assert "/step-up?then=" in client.get(address).text
    form = {
        "verb": "patient_correct",
        "patient": address.rpartition("/")[2],
        "back": address,
        "name": "X^Y",
        "sure": "yes",
    }
    answer = post(client, **form)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/step-up?then=")
    assert "X Y" not in client.get(address).text


def test_who_may_not_sees_no_form_and_is_refused(house, sign_in, doctor, narrow, secretary, administrator):
    client = fresh(sign_in, secretary)
    study = study_page(client, FIRST.patient_id)
    page = client.get(f"{study}/decisions").text
    assert 'value="study_reject"' not in page
    assert 'value="study_correct"' in page
    form = {"verb": "study_reject", "study": study.rpartition("/")[2], "code": "quality", "back": "/", "sure": "yes"}
    assert post(client, **form).status_code == 403
    # out of reach is not there
    other = fresh(sign_in, doctor)
    target = re.findall(r"pat_[a-z2-7]{26}", other.get(patient_page(other, "B-1")).text)[0]
    mine = sign_in(narrow)
    assert post(mine, verb="patient_merge", patient=target, gone=target, back="/").status_code == 404
    assert sign_in(administrator).get(f"/patients/{target}").status_code == 404


@pytest.mark.parametrize(
    "form",
    [
        {"verb": "find"},
        {"verb": ""},
        {"verb": "study_reject", "study": "2.25.1", "code": "x"},
        {"verb": "patient_undo", "patient": "x"},
    ],
)
def test_what_no_page_sends_is_refused(client, form):
    assert post(client, back="/", **form).status_code in {400, 404}


def test_the_way_back_never_leaves_this_origin(house, sign_in, doctor):
    client = fresh(sign_in, doctor)
    address = patient_page(client, FIRST.patient_id)
    form = {
        "verb": "patient_correct",
        "patient": address.rpartition("/")[2],
        "issuer": "HOSP",
        "back": "//evil.example",
    }
    page = post(client, **form).text
    assert "evil" not in page


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_word_is_there_in_both_languages(house, sign_in, doctor, language):
    client = sign_in(doctor)
    client.post("/account/language", data={"form_token": form_token(client), "language": language})
    address = study_page(client, FIRST.patient_id)
    assert client.get(address + "/decisions").status_code == 200
    assert client.get(patient_page(client, FIRST.patient_id)).status_code == 200
    client.post("/account/language", data={"form_token": form_token(client), "language": "fr"})
