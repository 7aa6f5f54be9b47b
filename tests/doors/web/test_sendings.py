"""Studies sent by a browser: asked once, followed in words, withdrawn, sent again; rules made by whom it is let."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from tests.doors.deciding_kit import deciding
from tests.doors.dimse.library import shelf
from tests.doors.web.conftest import FIRST, OTHERS, SECOND, form_token
from tests.doors.web.test_decisions import fresh, hidden, study_page
from tests.programs import free_port

from primum.doors.http.aliases import Aliases
from primum.doors.http.tokens import COOKIE
from primum.ground.ids import new_id
from primum.identity import Service
from primum.imaging.sendings.model import State


@pytest.fixture(scope="module")
def outbox(house):
    with deciding(house) as joined:
        yield joined


@pytest.fixture(scope="module")
def pacs(outbox):
    """A storage SCP of pynetdicom, enrolled."""
    with shelf("PACS") as kept:
        outbox.enrol("pacs", kept.port)
        yield kept


@pytest.fixture(scope="module")
def gone(outbox):
    """A device that is switched off."""
    return outbox.enrol("gone", free_port())


def address_of(client, study=FIRST):
    return study_page(client, study.patient_id) + "/sendings"


def ask(client, device, study=FIRST, **more):
    """Fill the form of the page, and press once."""
    address = address_of(client, study)
    return client.post(address, data=form_of(client, address) | {"device": device, "series": "", **more})


def form_of(client, address):
    return hidden("<main" + client.get(address).text.partition('id="send"')[2])


def committed(outbox, client, failing=0):
    """Have a study sent, and its destination answer."""
    assert ask(client, "pacs").status_code == 303
    outbox.settle()
    outbox.answer(failing=failing)


def to(outbox, device):
    return [one for one in outbox.sendings.recent(10_000) if one.destination_id == device]


def press(client, what, page, nth=0):
    """Press a button of the list."""
    parts = re.findall(rf'<form method="post" action="/sendings/{what}">.*?</form>', page, re.DOTALL)
    return client.post(f"/sendings/{what}", data=hidden("<main" + parts[nth]))


def test_a_study_is_sent_once_however_often_the_button_is_pressed(outbox, pacs, sign_in, doctor):
    client = fresh(sign_in, doctor)
    address = address_of(client)
    form, before = form_of(client, address), len(outbox.sendings.recent())
    for _ in range(2):
        answer = client.post(address, data={**form, "device": "pacs", "series": ""})
        assert (answer.status_code, answer.headers["location"]) == (303, address)
    outbox.settle()
    assert len(outbox.sendings.recent()) == before + 1
    assert pacs.received
    page = client.get(address).text
    assert "Envoyé, réponse de conservation attendue" in page
    assert "Dr Maël Kervella" in page
    outbox.answer(failing=0)
    page = client.get(address).text
    assert "Conservé et engagé par pacs, le " in page
    assert "Conservé et engagé par pacs" in client.get(address.replace("/sendings", "/decisions")).text
    lines = "".join(outbox.house.lines())
    assert "study:sent" in lines
    assert FIRST.uid not in lines


def test_one_series_goes_alone(outbox, pacs, sign_in, doctor):
    client = fresh(sign_in, doctor)
    page = client.get(address_of(client, SECOND)).text
    series = re.findall(r'<option value="([0-9.]+)"', page)
    pacs.received.clear()
    assert ask(client, "pacs", SECOND, series=series[0]).status_code == 303
    outbox.settle()
    assert pacs.received
    assert ask(client, "pacs", SECOND, series="1.2.3.4").status_code == 404


def test_what_the_destination_does_not_answer_for_is_said_and_sent_again(outbox, pacs, sign_in, doctor):
    client = fresh(sign_in, doctor)
    committed(outbox, client, failing=2)
    page = client.get("/sendings?state=not-committed").text
    assert "2 images non engagées par pacs" in page
    pacs.received.clear()
    assert press(client, "again", page).status_code == 303
    outbox.settle()
    assert len(pacs.received) == 2


def test_a_failure_is_said_in_words_with_the_next_try_withdrawn_and_sent_again(outbox, sign_in, doctor):
    gone = outbox.enrol("off", free_port())
    client = fresh(sign_in, doctor)
    assert ask(client, "off").status_code == 303
    outbox.settle()
    page = client.get("/sendings?device=off").text
    assert "La destination ne répond pas à son adresse." in page
    assert "Prochain essai : " in page
    assert press(client, "again", page).status_code == 303
    outbox.settle()
    (sending,) = to(outbox, gone)
    assert (sending.attempts, sending.state) == (2, State.WAITING)
    assert press(client, "cancel", page).status_code == 303
    assert outbox.sendings.one(sending.id).state is State.CANCELLED
    again = press(client, "cancel", page)
    assert again.status_code == 409
    assert "Cet envoi est déjà terminé." in again.text
    assert "sending:cancelled" in "".join(outbox.house.lines())
    page = client.get("/sendings?state=cancelled&device=off").text
    for _ in range(2):
        assert press(client, "again", page).status_code == 303
    outbox.settle()
    assert len(to(outbox, gone)) == 2


def test_what_was_given_up_is_found_among_the_failed(outbox, gone, sign_in, doctor):
    client = fresh(sign_in, doctor)
    assert ask(client, "gone", SECOND).status_code == 303
    outbox.settle()
    sending = next(one for one in to(outbox, gone) if one.state is State.WAITING)
    outbox.sendings.ended(sending.id, State.GIVEN_UP, "outbound.unreachable")
    assert "Échec, abandonné" in client.get("/sendings?state=failed&device=gone").text
    assert "Échec, abandonné" not in client.get("/sendings?state=sent").text


def test_a_plain_session_is_led_to_its_password_and_nothing_is_queued(outbox, pacs, client):
    before = len(outbox.sendings.recent())
    answer = ask(client, "pacs")
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/step-up")
    assert len(outbox.sendings.recent()) == before
    assert "/step-up?" in client.get(address_of(client)).text


def test_refusals_are_sentences_and_what_was_chosen_stays(outbox, pacs, sign_in, doctor):
    outbox.enrol("mute", free_port(), may=(Service.STORE,))
    outbox.enrol("theirs", free_port(), controller=1)
    client = fresh(sign_in, doctor)
    page = client.get(address_of(client)).text
    assert "<option>pacs" in page
    assert "mute" not in page
    assert "theirs" not in page
    for device, sentence in (("mute", "pas le droit"), ("theirs", "pas le droit"), ("nobody", "plus inscrit")):
        answer = ask(client, device)
        assert answer.status_code == 409
        assert sentence in answer.text


def test_a_number_of_another_sending_or_none_of_ours_sends_nothing(outbox, pacs, sign_in, doctor):
    client = fresh(sign_in, doctor)
    committed(outbox, client)
    before = outbox.sendings.recent()
    assert ask(client, "pacs", SECOND, id=before[0].id).status_code == 404
    assert ask(client, "pacs", id="1' OR 1").status_code == 400
    unknown = {"form_token": form_token(client), "sending": new_id("snd")}
    assert client.post("/sendings/cancel", data=unknown).status_code == 404
    assert client.post("/sendings/again", data=unknown).status_code == 404
    assert outbox.sendings.recent() == before


def test_what_arrived_whole_is_not_sent_again(outbox, pacs, sign_in, doctor):
    client = fresh(sign_in, doctor)
    committed(outbox, client)
    done = next(one.id for one in outbox.sendings.recent() if one.state is State.DONE)
    answer = client.post("/sendings/again", data={"form_token": form_token(client), "sending": done})
    assert answer.status_code == 409
    assert "plus rien à renvoyer" in answer.text


def test_a_secretary_follows_and_sends_nothing(outbox, pacs, sign_in, secretary, doctor):
    committed(outbox, fresh(sign_in, doctor))
    client = fresh(sign_in, secretary)
    page = client.get(address_of(client)).text
    assert "Conservé et engagé par pacs" in page
    assert 'id="send-device"' not in page
    assert client.post(address_of(client), data={"form_token": form_token(client), "device": "pacs"}).status_code == 404
    page = client.get("/sendings").text
    assert FIRST.name.partition("^")[0] in page
    assert "/sendings/cancel" not in page
    assert 'id="rules"' not in page


def test_who_does_not_reach_a_study_is_told_no_name(outbox, pacs, sign_in, doctor, administrator, narrow):
    committed(outbox, fresh(sign_in, doctor))
    client = sign_in(administrator)
    page = client.get("/sendings").text
    assert FIRST.name.partition("^")[0] not in page
    assert outbox.sendings.recent()[0].study_ref in page
    outside = fresh(sign_in, narrow)
    others = outbox.house.vault.study_ref(outbox.house.controllers[1], OTHERS.uid)
    alias = Aliases(outside.cookies[COOKIE]).cover(others)
    form = {"form_token": form_token(outside), "device": "pacs", "series": ""}
    assert outside.get(f"/studies/{alias}/sendings").status_code == 404
    assert outside.post(f"/studies/{alias}/sendings", data=form).status_code == 404


def test_a_rule_is_made_once_listed_and_removed(outbox, pacs, sign_in, doctor, administrator):
    client = fresh(sign_in, doctor)
    form = {"form_token": form_token(client), "to": "pacs", "source": "", "modality": "CT", "back": "/sendings"}
    assert client.post("/sendings/rules", data=form).status_code == 303
    twice = client.post("/sendings/rules", data=form)
    assert twice.status_code == 409
    assert "Cette règle existe déjà." in twice.text
    assert client.post("/sendings/rules", data=form | {"modality": "ct"}).status_code == 422
    page = sign_in(administrator).get("/sendings").text
    assert "<td>CT</td>" in page
    assert "/sendings/rules/remove" not in page
    assert 'id="rule-to"' not in page
    page = client.get("/sendings").text
    parts = re.findall(r'<form method="post" action="/sendings/rules/remove">.*?</form>', page, re.DOTALL)
    gone_now = client.post("/sendings/rules/remove", data=hidden("<main" + parts[0]))
    assert gone_now.status_code == 303
    assert outbox.completions.rules() == []
    assert client.post("/sendings/rules/remove", data=hidden("<main" + parts[0])).status_code == 404
    lines = "".join(outbox.house.lines())
    assert "forward:added" in lines
    assert "forward:removed" in lines


def test_odd_addresses_are_the_plain_list(outbox, pacs, client):
    for query in ("page=0", "page=x", "page=٣", "page=99999", "state=nothing", "device=" + "x" * 100, "page=998"):
        assert client.get(f"/sendings?{query}").status_code == 200


def test_the_queue_is_shown_page_by_page(outbox, gone, client):
    ref = outbox.house.vault.study_ref(outbox.house.controllers[0], FIRST.uid)
    now = outbox.house.clock.now() + timedelta(days=1)
    made = [outbox.sendings.add(ref, outbox.house.controllers[0], gone, "system", "forward", ["1.2"], now)
            for _ in range(60)]  # fmt: skip
    first = client.get("/sendings?state=waiting").text
    assert first.count("<td>gone</td>") == 50
    assert "page=2" in first
    second = client.get("/sendings?state=waiting&page=2").text
    assert second.count("<td>gone</td>") >= 10
    assert "Règle d" in second
    for one in made:
        outbox.sendings.cancel(one.id)


def test_a_stranger_and_a_form_of_elsewhere_get_nothing(outbox, stranger, client):
    assert stranger.get("/sendings").headers["location"] == "/sign-in"
    assert client.post("/sendings/cancel", data={"form_token": "wrong", "sending": "x"}).status_code == 403
