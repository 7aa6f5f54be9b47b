"""Notifications as pages: their fields, previews, what is drawn up, receipts. The real rooms behind them."""

from __future__ import annotations

import html
import json
import re
from dataclasses import fields, replace
from datetime import timedelta
from types import SimpleNamespace

import httpx
import pytest
from tests.doors import web_kit
from tests.doors.web.conftest import form_token
from tests.unit.incidents.kit import actor
from tests.unit.incidents.notices.notices_kit import ANSWERS, FOUND, PROBED

from primum.app.incident_rooms import IncidentRooms
from primum.app.incidents import OurHouse
from primum.app.joints import Recorder
from primum.doors.worker.desk import Desk
from primum.doors.worker.verbs_incident_pages import page
from primum.ground.clock import to_text
from primum.identity import Role
from primum.incidents.model import SYSTEM, EntryKind, Origin, Which
from primum.incidents.notices.history import drawn
from primum.incidents.service import Incidents
from primum.incidents.store import prepare_incidents


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    door = web_kit.build(tmp_path_factory.mktemp("notices") / "home")
    records = door.indexer._records
    prepare_incidents(records)
    house = SimpleNamespace(controllers=OurHouse(door.people, processor=False).controllers, processor=False)
    files = Incidents(records, door.clock, Recorder(door.journal), house)
    worker = SimpleNamespace(
        people=door.people, incidents=SimpleNamespace(files=files), rooms=SimpleNamespace(journal=door.journal)
    )
    rooms = IncidentRooms(worker, lambda: None)
    desk = Desk(**{one.name: {"worker": worker, "breaches": rooms}.get(one.name) for one in fields(Desk)})
    door.services.intake.verbs = {"incidents": lambda args, data: page(desk, args, data)}
    door.files, door.house = files, house
    with web_kit.serving(door):
        yield door


def said(answer: httpx.Response) -> str:
    plain = html.unescape(answer.text).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return re.sub(r"[ \n]+", " ", plain)


def post(client: httpx.Client, address: str, **form: str) -> httpx.Response:
    return client.post(address, data={"form_token": form_token(client), **form})


def fresh(client: httpx.Client, who, address: str) -> None:
    told = {"then": address, "password": who.made.password, "code": who.code()}
    assert post(client, "/step-up", **told).headers["location"] == address


@pytest.fixture
def by(anne):
    return replace(actor(Role.PHYSICIAN), person_id=anne.made.person.id)


@pytest.fixture
def here(place):
    """A file as a probe opens it, an hour ago."""
    at = place.clock.now() - timedelta(hours=1)
    began = PROBED["began"] | {"not_before": to_text(at - timedelta(days=50)), "not_after": to_text(at)}
    measured = PROBED | {"began": began, "ended": PROBED["ended"] | {"at": to_text(at)}}
    with place.files.transaction() as tx:
        (made,) = place.files.open_files(
            tx, Origin.FINDING, "archive ouverte", place.controllers[:1], SYSTEM, findings=["fin_01"]
        )
        seen = {"which": "detected", "at": to_text(at), "reason": "vu par le sondage", "evidence": FOUND}
        place.files.write_within(tx, made, EntryKind.INSTANT, seen)
        for key, value in measured.items():
            body = {"key": key, "value": value, "standing": "measured", "evidence": FOUND}
            place.files.write_within(tx, made, EntryKind.FACT, body)
    return f"/incidents/{made.id}"


def file_of(here):
    return here.rpartition("/")[2]


def answered(place, by, here):
    for key, value in ANSWERS.items():
        place.files.answer(by, file_of(here), key, value)
    place.files.instant(by, file_of(here), Which.AWARE, place.clock.now() - timedelta(minutes=5), "rapport lu")


def receipt(client, here, notice, *, number="VIO-2026-77", at=None, letter=b"", **more):
    local = at.astimezone()
    told = {"form_token": form_token(client), "number": number, "at": f"{local:%Y-%m-%dT%H:%M:%S}",
            "offset": f"{local:%z}"[:3] + ":" + f"{local:%z}"[3:], **more}  # fmt: skip
    files = {"document": ("r.pdf", letter, "application/pdf")}
    return client.post(f"{here}/notice/{notice}/receipt", data=told, files=files)


def test_thirty_three_fields_with_standing_evidence_and_what_is_asked(enter, anne, here):
    page = said(enter(anne).get(here))
    section = page.partition('id="notice"')[2].partition("</section>")[0]
    assert "18 rubriques remplies sur 33, 15 à compléter." in section
    assert [f"{number}. " in section for number in range(1, 34)] == [True] * 33
    assert "relevé du sondage " + "5f" * 32 in section
    assert section.count('<span class="badge">à compléter</span>') == 15
    assert "Primum n'envoie rien" in section


@pytest.mark.parametrize("layout", ["cnil", "edpb"])
@pytest.mark.parametrize(("form", "begins"), [("html", b"<!doctype html>"), ("pdf", b"%PDF-1.7"), ("json", b"{")])
def test_a_preview_is_a_download_in_each_order_and_says_that_it_is_one(
    place, enter, anne, by, here, layout, form, begins
):
    answer = enter(anne).get(f"{here}/notice/preview", params={"type": "initial", "form": form, "layout": layout})
    assert answer.status_code == 200
    assert answer.content.lower().startswith(begins.lower())
    assert answer.headers["content-disposition"].startswith("attachment; ")
    if form == "html":
        assert "Aperçu" in said(answer)
        assert ("Blocs" in said(answer) or "CEPD" in said(answer)) is (layout == "edpb")
    if form == "json":
        assert json.loads(answer.content)["content"]["file"] == file_of(here)
    assert drawn(place.files.dossier(by, file_of(here))) == []


@pytest.mark.parametrize("query", ["", "?type=later", "?type=initial&form=exe", "?type=initial&layout=mine"])
def test_a_preview_of_nothing_that_we_make_is_not_found(enter, anne, here, query):
    assert enter(anne).get(f"{here}/notice/preview{query}").status_code == 404


def test_one_is_drawn_up_given_as_a_file_and_has_its_receipt(place, enter, anne, by, here):
    client = enter(anne)
    assert "/step-up" in post(client, f"{here}/notice/draw", type="initial", back=here).headers["location"]
    fresh(client, anne, here)
    assert post(client, f"{here}/notice/draw", type="initial").headers["location"] == f"{here}#notice"
    (made,) = drawn(place.files.dossier(by, file_of(here)))
    assert "Aucun récépissé : pour l'horloge, rien n'est encore notifié." in said(client.get(here))
    given = client.get(f"{here}/notice/{made.entry.id}", params={"form": "json", "layout": "cnil"})
    assert given.json()["digest"] == made.entry.body["digest"]
    answer = receipt(client, here, made.entry.id, at=place.clock.now(), letter=b"%PDF-1.7 receipt")
    assert answer.headers["location"] == f"{here}#notice"
    page = said(client.get(here))
    assert "Récépissé VIO-2026-77" in page
    address = page.partition("Récépissé VIO-2026-77")[2].partition('href="')[2].partition('"')[0]
    assert client.get(address).content == b"%PDF-1.7 receipt"
    assert "une notification est déjà déposée" in page  # no second initial one


def test_a_receipt_is_corrected_and_both_stay(place, enter, anne, by, here):
    client = enter(anne)
    fresh(client, anne, here)
    post(client, f"{here}/notice/draw", type="initial")
    (made,) = drawn(place.files.dossier(by, file_of(here)))
    receipt(client, here, made.entry.id, number="VIO-1", at=place.clock.now())
    (first,) = drawn(place.files.dossier(by, file_of(here)))[0].receipts
    assert receipt(
        client, here, made.entry.id, number="VIO-2", at=place.clock.now(), corrects=first.id
    ).status_code == 303  # fmt: skip
    (one,) = drawn(place.files.dossier(by, file_of(here)))
    assert one.number == "VIO-2"
    assert len(place.files.dossier(by, file_of(here)).of_kind(EntryKind.RECEIPT)) == 2
    assert receipt(client, here, made.entry.id, number=" ", at=place.clock.now()).status_code == 422
    ahead = place.clock.now() + timedelta(days=2)
    assert receipt(client, here, made.entry.id, at=ahead).status_code == 422
    assert receipt(client, here, "ent_" + "a" * 26, at=place.clock.now()).status_code == 404


def test_a_complete_one_waits_for_every_answer_and_a_correction_for_a_change(place, enter, anne, by, here):
    client = enter(anne)
    fresh(client, anne, here)
    page = said(client.get(here))
    assert "15 questions sont sans réponse" in page
    assert "rien n'a été établi avant" in page
    assert post(client, f"{here}/notice/draw", type="complete").status_code == 409
    answered(place, by, here)
    assert post(client, f"{here}/notice/draw", type="complete").status_code == 303
    assert "rien n'a changé depuis la version précédente" in said(client.get(here))
    place.files.answer(by, file_of(here), "people", {"count": 301})
    assert post(client, f"{here}/notice/draw", type="correction").status_code == 409
    assert post(client, f"{here}/notice/draw", type="correction", reason="recompté").status_code == 303
    page = said(client.get(here))
    assert "notification rectificative, version 2" in page
    assert "rubriques changées · recompté" in page
    assert post(client, f"{here}/notice/draw", type="later").status_code == 400


def test_past_the_deadline_the_reason_comes_first(place, enter, anne, by, here):
    place.clock.ahead += timedelta(hours=80)
    client = enter(anne)
    fresh(client, anne, here)
    assert "répondez d'abord au motif du retard" in said(client.get(here))
    answer = post(client, f"{here}/notice/draw", type="initial")
    assert (answer.status_code, "dites d'abord pourquoi" in said(answer)) == (409, True)
    place.files.answer(by, file_of(here), "lateness", "découvert un vendredi soir")
    assert post(client, f"{here}/notice/draw", type="initial").status_code == 303


def test_a_processor_alerts_and_is_offered_nothing_else(place, enter, anne, by):
    place.house.processor = True
    try:
        made = place.files.open(by, Origin.PERSON, "serveur hébergé ouvert", place.controllers[0])
    finally:
        place.house.processor = False
    page = said(enter(anne).get(f"/incidents/{made.id}"))
    section = page.partition('id="notice"')[2].partition("</section>")[0]
    assert "Alerte au responsable du traitement" in section
    assert 'value="initial"' not in section
    assert "ne notifie pas en votre nom" in section


def test_what_somebody_typed_is_shown_as_text(place, enter, anne, by, here):
    place.files.answer(by, file_of(here), "measures-after", "<script>alert(1)</script>")
    page = enter(anne).get(here)
    assert "<script>alert(1)" not in page.text
    assert "<script>alert(1)" in said(page)


def test_who_does_not_see_the_file_gets_no_file_of_it(place, enter, here):
    other = place.somebody("Dr Paule Ailleurs", Role.PHYSICIAN, controller=1)
    client = enter(other)
    assert client.get(f"{here}/notice/preview?type=initial&form=pdf").status_code == 403
    assert client.get(f"{here}/notice/ent_{'a' * 26}").status_code == 403
