"""Evidence and emergency measures as pages: frozen first, done, seen, reopened; the real rooms behind them."""

from __future__ import annotations

import io
import re
import threading
from dataclasses import replace

import pytest
from tests.doors import web_kit
from tests.doors.web.incident_rooms_kit import build, fresh, post, said
from tests.unit.incidents.kit import actor

from primum.app.incident_work import IncidentWork, WorkUnderWay
from primum.doors.web.language import say
from primum.ground.clock import SystemClock
from primum.identity import Role, Scope
from primum.incidents.containment.model import Outcome, What
from primum.incidents.evidence.reading import read_bundle
from primum.incidents.model import EntryKind, Origin


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    door = build(tmp_path_factory.mktemp("incidents") / "home")
    with web_kit.serving(door):
        yield door


@pytest.fixture(scope="module")
def officer(place):
    return place.somebody("Dora Officer", Role.DPO, scope=Scope.SITE)


@pytest.fixture
def by(place, anne):
    return replace(actor(Role.PHYSICIAN), person_id=anne.made.person.id)


@pytest.fixture
def here(place, by):
    return f"/incidents/{place.files.open(by, Origin.PERSON, 'Orthanc ouvert', place.controllers[0]).id}"


@pytest.fixture
def evidence_refuses(place, monkeypatch):
    def refuse():
        raise OSError(28, "no space left")

    monkeypatch.setattr(place.rooms.house, "sign_heads", refuse)


def acts(place, by, here):
    dossier = place.files.dossier(by, here.rpartition("/")[2])
    return [(one.body["what"], one.body["outcome"]) for one in dossier.of_kind(EntryKind.ACTION)]


def test_what_a_page_froze_is_verified_with_a_key_alone(place, enter, anne, here):
    client = enter(anne)
    assert "Aucune preuve figée depuis la détection" in said(client.get(here))
    assert post(client, f"{here}/freeze").headers["location"] == f"{here}/contain"
    page = said(client.get(f"{here}/contain"))
    bundle = re.search(rf"{here}/bundles/(ent_[a-z2-7]{{26}})", page)
    assert bundle is not None
    taken = post(client, bundle.group())
    key = place.rooms.house.signer.verifier_key
    assert key in page
    found = read_bundle(io.BytesIO(taken.content), key)
    assert found.digest in page
    assert f"/incidents/{found.manifest['file']}" == here
    assert "Des preuves ont été figées" in said(client.get(here))


def test_doors_are_closed_after_a_bundle_seen_on_every_page_and_reopened_with_a_reason(place, enter, anne, by, here):
    client = enter(anne)
    page = client.get(f"{here}/contain").text
    assert "close-doors" in page
    assert "/step-up?then=" in page
    fresh(client, anne, f"{here}/contain")
    assert post(client, f"{here}/contain", what="close-doors").status_code == 303
    assert acts(place, by, here) == [("close-doors", "begun"), ("close-doors", "done")]
    assert place.told == ["doors"]
    for address in ("/", "/incidents", here):
        assert "Les portes sont fermées depuis le" in said(client.get(address))
    page = said(client.get(f"{here}/contain"))
    assert f'href="{here}/contain">Voir pourquoi, ou rouvrir' in page
    assert "Fermer toutes les portes : fait" in page
    assert 'value="close-doors"' not in page
    assert post(client, f"{here}/contain", what="reopen-doors", reason=" ").status_code == 422
    assert post(client, f"{here}/contain", what="reopen-doors", reason="redirection retirée").status_code == 303
    page = said(client.get(f"{here}/contain"))
    assert "Les portes sont fermées" not in page
    assert "demandé, pas vu" in page  # nothing listens for DICOM in this process
    assert post(client, f"{here}/contain", what="reopen-doors", reason="encore").status_code == 409


def test_a_device_is_revoked_and_sessions_end_but_those_of_nobody_by_mistake(place, enter, anne, paul, by, here):
    client, other = enter(anne), enter(paul)
    fresh(client, anne, f"{here}/contain")
    device = place.devices.find("ct-1")
    assert post(client, f"{here}/contain", what="revoke-device", subject=device.id).status_code == 303
    assert place.devices.revoked == [device.id]
    assert f'value="{device.id}"' not in client.get(f"{here}/contain").text
    assert post(client, f"{here}/contain", what="end-sessions", subject="").status_code == 422
    assert post(client, f"{here}/contain", what="revoke-device", subject="").status_code == 422
    assert other.get("/incidents").status_code == 200
    assert post(client, f"{here}/contain", what="end-sessions", subject=paul.made.person.id).status_code == 303
    assert other.get("/incidents").headers["location"] == "/sign-in"
    assert post(client, f"{here}/contain", what="end-tokens", subject="everybody").status_code == 303
    assert post(client, f"{here}/contain", what="rotate-root").status_code == 303
    page = said(client.get(f"{here}/contain"))
    assert "à faire au terminal" in page
    assert [one for one, _ in acts(place, by, here)][::2] == [
        "revoke-device", "end-sessions", "end-tokens", "rotate-root",
    ]  # fmt: skip


def test_without_evidence_nothing_is_done_unless_a_reason_is_written(place, enter, anne, by, here, evidence_refuses):
    client = enter(anne)
    fresh(client, anne, f"{here}/contain")
    answer = post(client, f"{here}/contain", what="end-tokens", subject="everybody")
    assert answer.status_code == 409
    assert "pas pu être figées d" in said(answer)
    assert acts(place, by, here) == []
    told = {"what": "end-tokens", "subject": "everybody", "override": "disque plein, des données partent"}
    assert post(client, f"{here}/contain", **told).status_code == 303
    assert "sans preuves : disque plein, des données partent" in said(client.get(f"{here}/contain"))


def test_who_may_not_contain_reads_and_has_no_button(place, enter, officer, paul, here):
    client = enter(officer)
    page = said(client.get(f"{here}/contain"))
    assert 'value="close-doors"' not in page
    assert "Figer les preuves maintenant" in page
    assert "ct-1" not in page
    assert post(client, f"{here}/contain", what="close-doors").status_code == 403
    place.devices.add("mr-3", place.controllers[0])
    narrow = said(enter(paul).get(f"{here}/contain"))
    assert "mr-3" in narrow
    assert "us-2" not in narrow
    assert 'value="everybody"' not in narrow
    assert 'value="rotate-root"' not in narrow


def test_what_to_keep_first_is_told_for_the_product_of_the_file(place, enter, anne, by, here):
    file_id = here.rpartition("/")[2]
    place.files.answer(by, file_id, "system", {"product": "Orthanc"})
    page = said(enter(anne).get(f"{here}/contain"))
    assert "<details open><summary>Orthanc</summary>" in page
    assert page.index("Orthanc</summary>") < page.index("Box de l'opérateur</summary>")
    assert "statistics" in page


def test_a_page_follows_what_takes_longer_than_it_waits(place, enter, anne, here, monkeypatch):
    waits, client = threading.Event(), enter(anne)
    signed = place.rooms.house.sign_heads

    def slow():
        assert waits.wait(20)
        return signed()

    monkeypatch.setattr(place.rooms, "work", IncidentWork(place.files.now, patience=0.05))
    monkeypatch.setattr(place.rooms.house, "sign_heads", slow)
    assert post(client, f"{here}/freeze").status_code == 303
    page = said(client.get(f"{here}/contain"))
    assert "Gel des preuves, depuis le" in page
    assert 'action="' + here + '/freeze"' not in page
    told = client.get(f"{here}/contain/progress").json()
    assert told["under_way"]
    assert "Mio figés" in told["says"]
    assert post(client, f"{here}/freeze").status_code == 409
    waits.set()
    while client.get(f"{here}/contain/progress").json()["under_way"]:
        pass
    assert "Des preuves ont été figées" in said(client.get(here))


def test_work_that_fails_later_is_told_to_who_comes_back():
    waits = threading.Event()

    def act(tell):
        tell(5 << 20, "journal/account")
        assert waits.wait(20)
        raise WorkUnderWay

    work = IncidentWork(SystemClock().now, patience=0.05)
    assert not work.begin("inc_a", "freeze", act)
    while (found := work.standing("inc_a")) is None or found.size != 5 << 20:
        pass
    assert work.standing("inc_b") is None
    waits.set()
    while not (found := work.standing("inc_a")) or not found.over:
        pass
    assert found.refused == "incident.under-way"
    assert IncidentWork(SystemClock().now, patience=20).begin("inc_a", "freeze", lambda _tell: None)


def test_each_measure_has_its_words_in_both_languages():
    for language in ("fr", "en"):
        for one in What:
            assert say(language, f"incident_evidence.what_{one.replace('-', '_')}")
        for one in Outcome:
            assert say(language, f"incident_evidence.outcome_{one}")
