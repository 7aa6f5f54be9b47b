"""Telling people of a breach by a browser: the real rooms, and mail by a twin that refuses and falls silent."""

from __future__ import annotations

import html
import json
from dataclasses import fields, replace
from types import SimpleNamespace

import httpx
import pytest
from tests.doors import web_kit
from tests.doors.web.conftest import form_token
from tests.twins.faulty_smtp import FaultySmtp
from tests.unit.incidents.kit import actor
from tests.unit.incidents.telling.kit import DRAFT, ENGLISH, FRENCH, SOURCE, a_list, quick, way_to

from primum.app.incidents import OurHouse
from primum.app.joints import Recorder
from primum.doors.worker.desk import Desk
from primum.doors.worker.verbs_incident_pages import page
from primum.identity import Role, Scope
from primum.incidents.model import EntryKind, Origin
from primum.incidents.service import Incidents
from primum.incidents.store import prepare_incidents
from primum.incidents.telling.letter import ITEMS
from primum.incidents.telling.service import Telling
from primum.incidents.telling.store import prepare_telling

LIST = a_list(
    "P1;Ann Canari;ann@example.org;1 rue A;29200;Brest;", "P2;Bob Canari;bob@example.org;;;;en",
    "P3;Zoé Canari;;2 rue B;29200;Brest;", "P4;Max Canari;;;;;", "P5;Eve Canari;eve@example.org;;;;",
)  # fmt: skip
SILENT = {"bob@example.org": ["taken-mute"], "eve@example.org": ["rcpt-5"]}


@pytest.fixture(scope="module")
def twin(tmp_path_factory):
    with FaultySmtp(tmp_path_factory.mktemp("smtp"), SILENT) as one:
        yield one


@pytest.fixture(scope="module")
def place(tmp_path_factory, twin):
    door = web_kit.build(tmp_path_factory.mktemp("telling") / "home")
    records = door.indexer._records
    prepare_incidents(records)
    prepare_telling(records)
    files = Incidents(records, door.clock, Recorder(door.journal), OurHouse(door.people, processor=False))
    door.files, door.telling = files, Telling(files, records, door.clock, way_to(twin), quick())
    worker = SimpleNamespace(people=door.people, incidents=SimpleNamespace(files=files))
    given = {"worker": worker, "breaches": SimpleNamespace(telling=door.telling)}
    desk = Desk(**{one.name: given.get(one.name) for one in fields(Desk)})
    door.services.intake.verbs = {"incidents": lambda args, data: page(desk, args, data)}
    with web_kit.serving(door):
        yield door


@pytest.fixture(scope="module")
def doctor(place):
    return place.somebody("Dr Doris Doctor", Role.PHYSICIAN, scope=Scope.SITE)


@pytest.fixture(scope="module")
def officer(place):
    return place.somebody("Dora Officer", Role.DPO, scope=Scope.SITE)


def opened(place, doctor, files=None) -> str:
    by = replace(actor(Role.PHYSICIAN), person_id=doctor.made.person.id)
    made = (files or place.files).open(by, Origin.PERSON, "portable perdu", place.controllers[0])
    return f"/incidents/{made.id}"


@pytest.fixture
def here(place, doctor):
    return opened(place, doctor)


def decide(place, doctor, here: str) -> None:
    by = replace(actor(Role.PHYSICIAN), person_id=doctor.made.person.id)
    body = {"about": "tell", "choice": "tell", "reason": "risque élevé pour les personnes concernées"}
    place.files.write(by, here.rpartition("/")[2], EntryKind.DECISION, body)


def said(answer: httpx.Response) -> str:
    return html.unescape(answer.text)


def post(client: httpx.Client, address: str, **form: str) -> httpx.Response:
    return client.post(address, data={"form_token": form_token(client), **form})


def send(client: httpx.Client, address: str, body: bytes = b"", **form: str) -> httpx.Response:
    """Send a form with a file in it, as a browser does: an empty one where nobody chose any."""
    files = {"document": ("x.csv" if body else "", body, "application/octet-stream")}
    return client.post(address, data={"form_token": form_token(client), **form}, files=files)


def fresh(client: httpx.Client, who, address: str) -> None:
    told = {"then": address, "password": who.made.password, "code": who.code()}
    assert post(client, "/step-up", **told).headers["location"] == address


def letter(**other: str) -> dict[str, str]:
    """Give the letter's form, filled."""
    form = {"contact-name": DRAFT.name, "contact-email": DRAFT.mail, "contact-phone": DRAFT.phone}
    for language, words in (("fr", FRENCH), ("en", ENGLISH)):
        form[f"{language}-nature"] = words.nature
        form |= {f"{language}-{one}": "\r\n\r\n".join(getattr(words, one)) for one in ITEMS}
    return form | other


def batch_on(client: httpx.Client, here: str) -> str:
    """Name the last batch that the page shows."""
    return "bat_" + client.get(f"{here}/people").text.rpartition('<h3 id="bat_')[2][:26]


def ready(place, enter, doctor, here: str) -> httpx.Client:
    """Take the list, decide, confirm, approve."""
    client = enter(doctor)
    assert send(client, f"{here}/people/list", LIST, source=SOURCE).headers["location"] == f"{here}/people#list"
    decide(place, doctor, here)
    fresh(client, doctor, f"{here}/people")
    approved = send(client, f"{here}/people/letter", do="approve", **letter())
    assert approved.headers["location"] == f"{here}/people#letter", said(approved)
    return client


def test_a_list_is_taken_with_its_source_and_the_page_has_counts_and_no_name(enter, doctor, here):
    client = enter(doctor)
    assert "Aucune liste de personnes" in said(client.get(here))
    assert send(client, f"{here}/people/list", LIST, source=SOURCE).status_code == 303
    for address in (here, f"{here}/people"):
        page = said(client.get(address))
        assert f"({SOURCE}) : 5 personnes, dont 3 avec un courriel, 1 par la poste seulement, 1 sans adresse" in page
        assert "Canari" not in page
        assert "example.org" not in page


def test_a_list_that_cannot_be_read_is_refused_line_by_line_and_without_its_values(enter, doctor, here):
    client = enter(doctor)
    answer = send(client, f"{here}/people/list", LIST + b"P6;Durand;bad;;;;\r\n;Martin;;;;;\r\n", source=SOURCE)
    assert answer.status_code == 422
    page = said(answer)
    assert "ligne 7 : le courriel n’est pas une adresse" in page  # noqa: RUF001 (as it is written)
    assert "ligne 8 : pas de numéro de patient" in page
    assert "Durand" not in page
    assert "la première ligne ne nomme pas" in said(send(client, f"{here}/people/list", b"a;b\r\n1;2\r\n", source="x"))
    assert "Aucune liste de personnes" in said(client.get(here))


def test_a_letter_that_says_nothing_is_shown_again_with_what_each_field_lacks(enter, doctor, here):
    client = enter(doctor)
    vague = letter(
        **{"fr-advice": "Soyez vigilant.", "en-done": "We did an MRI of the practice <b> and told everybody."}
    )
    answer = send(client, f"{here}/people/letter", do="preview", **vague)
    assert answer.status_code == 422
    assert 'aria-describedby="wrong-fr-advice-1 "' in answer.text
    assert "ce texte ne dit rien de concret" in said(answer)
    assert "<b>" not in answer.text
    assert FRENCH.nature in said(answer), "what was typed is still there"


def test_a_preview_shows_mail_and_letter_to_nobody_and_keeps_nothing(place, enter, doctor, here):
    client = enter(doctor)
    page = said(send(client, f"{here}/people/letter", do="preview", **letter()))
    assert "AQUÍ" not in page
    assert "CE QUI S'EST PASSÉ" in page
    assert "WHAT HAPPENED" in page
    pdf = send(client, f"{here}/people/letter", do="pdf", **letter())
    assert (pdf.headers["content-type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    assert not place.files.read(here.rpartition("/")[2]).of_kind(EntryKind.LETTER)


def test_a_letter_is_signed_by_who_confirmed_and_its_text_waits_for_them(place, enter, doctor, officer, here):
    client = enter(doctor)
    answer = send(client, f"{here}/people/letter", do="approve", **letter())
    assert answer.status_code == 403
    assert "Rien n’est signé encore" in said(answer)  # noqa: RUF001 (as it is written)
    assert FRENCH.nature in said(answer)
    fresh(client, doctor, f"{here}/people")
    assert send(client, f"{here}/people/letter", do="approve", **letter()).status_code == 303
    assert "Une lettre est approuvée" in said(client.get(f"{here}/people"))
    page = enter(officer).get(f"{here}/people").text
    assert 'value="approve"' not in page, "an officer reads and prepares"
    assert 'value="preview"' in page


def test_nothing_leaves_without_a_decision(enter, doctor, here):
    client = enter(doctor)
    send(client, f"{here}/people/list", LIST, source=SOURCE)
    fresh(client, doctor, f"{here}/people")
    send(client, f"{here}/people/letter", do="approve", **letter())
    assert "Rien ne peut partir" in said(client.get(f"{here}/people"))
    assert post(client, f"{here}/people/send", channel="mail").status_code == 409
    assert post(client, f"{here}/people/send", channel="pigeon").status_code == 422


def test_mail_leaves_and_what_is_in_doubt_is_settled_by_who_may_decide(place, enter, doctor, officer, twin, here):
    client = ready(place, enter, doctor, here)
    assert post(client, f"{here}/people/send", channel="mail").headers["location"] == f"{here}/people#batches"
    assert place.telling.send_due(place.clock.now()) == 3
    page = said(client.get(f"{here}/people"))
    assert "prises par le serveur : 1" in page
    assert "refusées par le serveur : 1" in page
    assert "incertaines : une personne décide : 1" in page
    address = f"{here}/people/{batch_on(client, here)}"
    page = said(client.get(address))
    assert "Bob Canari" in page
    assert "Eve Canari" in page
    assert "Ann Canari" not in page, "whose letter was taken waits for nobody"
    assert enter(officer).get(address).status_code == 403
    assert (
        post(client, f"{address}/settle", fate="uncertain", choice="taken", numbers="99", reason="x").status_code == 422
    )
    number = page.partition("Bob Canari")[0].rpartition('scope="row">')[2].partition("<")[0]
    settled = post(
        client, f"{address}/settle", fate="uncertain", choice="taken", numbers=number, reason="elle a répondu"
    )
    assert settled.status_code == 303
    page = said(client.get(f"{here}/people"))
    assert "prises par le serveur : 2" in page
    assert "elle a répondu" in page
    assert twin.attempts["bob@example.org"] == 1, "nothing is sent twice by itself"


def test_letters_are_printed_counted_and_said_to_be_posted_with_a_proof(place, enter, doctor, here):
    client = ready(place, enter, doctor, here)
    assert post(client, f"{here}/people/send", channel="post").status_code == 303
    address = f"{here}/people/{batch_on(client, here)}"
    pdf = post(client, f"{address}/print")
    assert (pdf.headers["content-type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    day = place.clock.now().date().isoformat()
    wrong = send(client, f"{address}/posted", count="2", on=day)
    assert wrong.status_code == 422, "a count that is not the file's"
    assert send(client, f"{address}/posted", count="beaucoup", on=day).status_code == 422
    done = send(client, f"{address}/posted", b"bordereau", count="1", on=day, name="bordereau.pdf")
    assert done.status_code == 303, said(done)
    page = said(client.get(f"{here}/people"))
    assert "1 lettres postées" in page
    proofs = [one.partition('"')[0] for one in page.split("/documents/")[1:3]]
    shown, summary = (client.get(f"{here}/documents/{one}").content for one in proofs)
    assert shown == b"bordereau"
    assert json.loads(summary)["counts"]["posted"] == 1
    returned = {"batch": address.rpartition("/")[2], "numbers": "1"}
    assert post(client, f"{here}/people/returned", **returned).status_code == 303
    assert "revenues" in said(client.get(f"{here}/people"))


def test_a_batch_is_stopped_with_its_reason(place, enter, doctor, here):
    client = ready(place, enter, doctor, here)
    post(client, f"{here}/people/send", channel="mail")
    address = f"{here}/people/{batch_on(client, here)}"
    assert post(client, f"{address}/stop", reason="une faute dans la lettre").status_code == 303
    assert "arrêtées avant de partir : 3" in said(client.get(f"{here}/people"))
    assert place.telling.send_due(place.clock.now()) == 0


def test_the_public_notice_says_where_it_stands_and_for_how_many(place, enter, doctor, here):
    client = ready(place, enter, doctor, here)
    page = said(client.get(f"{here}/people"))
    assert "informe les personnes concernées" in page
    local = place.clock.now().astimezone()
    told = {"where": "porte du cabinet", "since": f"{local:%Y-%m-%dT%H:%M}"}
    assert send(client, f"{here}/people/publish", **told).headers["location"] == f"{here}/people#notice"
    page = said(client.get(f"{here}/people"))
    assert "Avis public, pour 1 personnes hors d’atteinte : porte du cabinet" in page  # noqa: RUF001 (as it is written)
    assert send(client, f"{here}/people/publish", where="x", since="2999-01-01T00:00").status_code == 422


def test_of_an_exercise_nothing_leaves_and_the_page_says_so(place, enter, doctor):
    house = OurHouse(place.people, processor=False)
    drill = Incidents(place.indexer._records, place.clock, Recorder(place.journal), house, exercise=True)
    here = opened(place, doctor, drill)
    client = ready(place, enter, doctor, here)
    page = said(client.get(f"{here}/people"))
    assert "C’est un exercice : aucun courriel ne part" in page  # noqa: RUF001 (as it is written)
    assert 'value="mail"' not in page
    assert post(client, f"{here}/people/send", channel="mail").status_code == 409


def test_who_may_not_read_the_file_sees_no_count_of_it(place, enter, here):
    client = enter(place.somebody("Sonia Secretary", Role.SECRETARY, scope=Scope.SITE))
    assert client.get(f"{here}/people").status_code == 403
    assert client.get(f"{here}/people/bat_" + "a" * 26).status_code == 403


def test_a_batch_that_is_not_there_is_not_found(enter, doctor, here):
    client = enter(doctor)
    assert client.get(f"{here}/people/bat_" + "a" * 26).status_code == 404
    assert client.get(f"{here}/people/elsewhere").status_code == 404
