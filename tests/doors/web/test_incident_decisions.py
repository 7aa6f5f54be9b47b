"""Severity, decisions and the sanction's view as pages: the real rooms behind them."""

from __future__ import annotations

import html
import re
from dataclasses import fields, replace
from types import SimpleNamespace

import httpx
import pytest
from tests.doors import web_kit
from tests.doors.web.conftest import form_token
from tests.unit.incidents.kit import actor

from primum.app.incident_rooms import IncidentRooms
from primum.app.incidents import OurHouse
from primum.app.joints import Recorder
from primum.doors.worker.desk import Desk
from primum.doors.worker.verbs_incident_pages import page
from primum.identity import Role, Scope
from primum.incidents.model import Origin
from primum.incidents.service import Incidents
from primum.incidents.store import prepare_incidents

REASON = "Portable éteint, disque chiffré, phrase de passe jamais notée, document joint."
SEALED = {
    "origin": ["lost-equipment"], "nature": ["confidentiality"], "sensitive": ["health"], "data": ["civil-status"],
    "device-power": "off", "key-place": "elsewhere", "recovery-sheet-place": "none", "tested-copy": "yes",
}  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    door = web_kit.build(tmp_path_factory.mktemp("deciding") / "home")
    records = door.indexer._records
    prepare_incidents(records)
    files = Incidents(records, door.clock, Recorder(door.journal), OurHouse(door.people, processor=False))
    worker = SimpleNamespace(
        people=door.people, incidents=SimpleNamespace(files=files), rooms=SimpleNamespace(journal=door.journal)
    )
    rooms = IncidentRooms(worker, lambda: None)
    desk = Desk(**{one.name: {"worker": worker, "breaches": rooms}.get(one.name) for one in fields(Desk)})
    door.services.intake.verbs = {"incidents": lambda args, data: page(desk, args, data)}
    door.files, door.rooms = files, rooms
    with web_kit.serving(door):
        yield door


@pytest.fixture(scope="module")
def dpo(place):
    return place.somebody("Dominique Dpo", Role.DPO, scope=Scope.SITE)


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
def here(place, by):
    made = place.files.open(by, Origin.PERSON, "portable perdu", place.controllers[0])
    return f"/incidents/{made.id}"


def answers(place, by, here, told):
    for key, value in told.items():
        place.files.answer(by, here.rpartition("/")[2], key, value)


def dossier(place, by, here):
    return place.files.dossier(by, here.rpartition("/")[2])


def attached(place, by, here, name="attestation.pdf"):
    return place.files.attach(by, here.rpartition("/")[2], name, b"%PDF-1.7 sealed").id


# -- severity --


def test_nothing_is_chosen_beforehand_and_what_is_open_is_a_range(enter, anne, here):
    page = said(enter(anne).get(here))
    assert "de 0,25 à 6" in page
    assert "Ce qui manque pour un chiffre : types de données" in page
    assert " selected>" not in page.partition('action="' + here + '/assess"')[2].partition("</form>")[0]
    assert 'type="radio" checked' not in page


def test_a_severity_is_chosen_from_lists_and_read_back(place, enter, anne, by, here):
    client = enter(anne)
    chosen = {
        "data-sensitive": "3", "adjust-sensitive-low-nature": "yes", "complete": "yes", "identification": "maximum",
        "confidentiality": "known", "integrity": "not-concerned", "availability": "not-concerned", "malice": "no",
        "likelihood": "possible", "why-data": "un motif d'analyse <b>seulement</b>",
    }  # fmt: skip
    assert post(client, f"{here}/assess", **chosen).headers["location"] == f"{here}#decisions"
    assert dossier(place, by, here).value("assessment")["sensitive"] == "3 low-nature"
    page = client.get(here)
    assert "<strong>3,25</strong> · élevée" in said(page)
    assert "<b>seulement</b>" not in page.text
    assert 'id="adjust-sensitive-low-nature" name="adjust-sensitive-low-nature" value="yes" checked' in page.text
    assert post(client, f"{here}/assess").status_code == 303
    assert dossier(place, by, here).value("assessment") is None


def test_a_cell_off_its_base_says_what_adjusts_it(enter, anne, here):
    answer = post(enter(anne), f"{here}/assess", **{"data-sensitive": "2"})
    assert answer.status_code == 422
    assert "ce qui l'élève ou l'abaisse" in said(answer)


def test_every_adjuster_and_every_reason_fit_in_one_form(place, enter, anne, by, here):
    """Were one field too many for the door, a careful person would be refused."""
    chosen = {f"data-{one}": "2" for one in ("simple", "behavioural", "financial", "sensitive")}
    for kind in ("simple", "behavioural", "financial", "sensitive"):
        for adjuster in ("volume", "controller", "vulnerable", "invalid", "public", "low-nature"):
            chosen[f"adjust-{kind}-{adjuster}"] = "yes"
    parts = ("identification", "confidentiality", "integrity", "availability", "malice", "likelihood")
    words = ("maximum", "known", "altered", "lost", "no", "likely")
    whys = ("why-data", "why-identification", "why-circumstances", "why-likelihood")
    chosen |= dict(zip(parts, words, strict=True)) | dict.fromkeys(whys, "dit") | {"complete": "no"}
    chosen |= {"credentials-open": "sensitive"}
    assert post(enter(anne), f"{here}/assess", **chosen).status_code == 303
    assert dossier(place, by, here).value("assessment")["simple"].split()[0] == "2"


# -- what "sealed" is worth --


def test_what_is_missing_of_a_seal_is_asked_and_a_document_may_show_the_answer(place, enter, anne, by, here):
    answers(place, by, here, SEALED)
    document = attached(place, by, here)
    client = enter(anne)
    page = client.get(here)
    assert "pas d'exemption : tout n'est pas encore dit" in said(page)
    assert page.text.count('id="v-seal"') == 1
    told = {"key": "seal", "value": "disc-passphrase", "evidence": f"document:{document}"}
    assert post(client, f"{here}/answer", **told).status_code == 303
    assert "l'exemption peut être envisagée" in said(client.get(here))
    elsewhere = {"key": "seal", "value": "disc-passphrase", "evidence": "document:doc_elsewhere"}
    assert post(client, f"{here}/answer", **elsewhere).status_code == 422


def test_no_id_comes_twice_on_the_page(place, enter, anne, by, here):
    answers(place, by, here, SEALED)
    attached(place, by, here)
    page = enter(anne).get(here).text
    ids = [one.partition('"')[0] for one in page.split(' id="')[1:]]
    assert len(ids) == len(set(ids)), [one for one in ids if ids.count(one) > 1]
    labels = {one.partition('"')[0] for one in page.split(' for="')[1:]}
    assert labels <= set(ids)


# -- decisions --


def decided(client, here, about, choice, *, reason=REASON, proposed="", **more):
    told = {"about": about, "decided": choice, "reason": reason, "proposed": proposed, "back": here, **more}
    return post(client, f"{here}/decide", **told)


def test_a_decision_is_signed_with_what_was_proposed_then(place, enter, anne, by, here):
    client = enter(anne)
    answer = decided(client, here, "notify", "notify", proposed="notify")
    assert answer.headers["location"] == f"/step-up?then={here.replace('/', '%2F')}"
    fresh(client, anne, here)
    assert decided(client, here, "notify", "notify", proposed="notify").headers["location"] == f"{here}#decisions"
    (entry,) = (one for one in dossier(place, by, here).entries if one.kind == "decision")
    assert (entry.body["proposed"], entry.body["reason"]) == ("notify", REASON)
    page = said(client.get(here))
    assert "<dt>Proposé alors</dt><dd>notifier</dd>" in page
    assert REASON in page


def test_a_ground_that_lacks_something_cannot_be_chosen_and_says_what(place, enter, anne, by, here):
    client = enter(anne)
    fresh(client, anne, here)
    page = client.get(here).text
    radio = page.partition('value="register-only/trusted-recipient-certified-deletion"')[2].partition(">")[0]
    assert " disabled" in radio
    assert "son attestation d'effacement" in said(client.get(here))
    answer = decided(client, here, "notify", "register-only/no-personal-data", proposed="notify")
    assert answer.status_code == 422
    assert "Il manque : zéro personne" in said(answer)


@pytest.mark.parametrize(
    ("about", "choice", "more", "sentence"),
    [
        ("notify", "later", {}, "Choisissez une des décisions"),
        ("notify", "register-only", {}, "Choisissez une des décisions"),
        ("close", "done", {}, "Choisissez une des décisions"),
        ("notify", "notify", {"proposed": "register-only"}, "propose autre chose"),
        ("notify", "notify", {"reason": " "}, "a son motif"),
        ("tell", "not-tell/risk-removed", {"proposed": "weigh"}, "des mesures prises depuis"),
    ],
)
def test_what_cannot_be_decided_is_refused_in_words(enter, anne, here, about, choice, more, sentence):
    client = enter(anne)
    fresh(client, anne, here)
    answer = decided(client, here, about, choice, **{"proposed": "notify", **more})
    assert answer.status_code == 422
    assert sentence in said(answer)


def test_a_register_only_has_ground_reason_and_evidence_and_tells_when_it_no_longer_holds(place, enter, anne, by, here):
    answers(place, by, here, SEALED)
    shown = f"document:{attached(place, by, here)}"
    client = enter(anne)
    fresh(client, anne, here)
    assert post(client, f"{here}/answer", key="seal", value="disc-passphrase", evidence=shown).status_code == 303
    ground = "register-only/unintelligible-with-key-evidence"
    short = decided(client, here, "notify", ground, reason="chiffré", proposed="weigh")
    assert "30 caractères au moins" in said(short)
    assert ">chiffré</textarea>" in short.text  # what was typed is not lost
    assert "cochez-en une" in said(decided(client, here, "notify", ground, proposed="weigh"))
    made = decided(client, here, "notify", ground, proposed="weigh", **{"evidence-1": shown})
    assert made.headers["location"] == f"{here}#decisions"
    assert dossier(place, by, here).decisions["notify"].ground == "unintelligible-with-key-evidence"
    assert "ne tient plus" not in said(client.get(here))
    answers(place, by, here, {"recovery-sheet-place": "with-device"})
    page = said(client.get(here))
    assert "Cette décision ne tient plus : il manque maintenant le scellement et la place de la clé" in page
    assert "le dossier propose aujourd'hui : notifier" in page


def test_a_certificate_of_deletion_is_attached_as_one(place, enter, anne, by, here):
    client = enter(anne)
    sent = client.post(
        f"{here}/certificate", data={"form_token": form_token(client), "name": "attestation.pdf"},
        files={"document": ("x.pdf", b"%PDF-1.7 deleted", "application/pdf")},
    )  # fmt: skip
    assert sent.status_code == 303, sent.text
    told = {"origin": ["wrong-recipient"], "nature": ["confidentiality"], "recipients": "Dr Confrère",
            "trusted-recipient": "yes"}  # fmt: skip
    answers(place, by, here, told)
    radio = client.get(here).text.partition('value="register-only/trusted-recipient-certified-deletion"')[2]
    assert " disabled" not in radio.partition(">")[0]


def test_who_may_not_decide_reads_and_is_shown_no_form_for_it(enter, dpo, here):
    client = enter(dpo)
    page = client.get(here).text
    assert f'action="{here}/decide"' not in page
    assert f'action="{here}/assess"' in page
    assert decided(client, here, "notify", "notify", proposed="notify").status_code == 403


# -- what an authority would look at --


def test_the_sanctions_page_shows_for_and_against_and_no_amount_of_this_file(place, enter, anne, by, here):
    answers(place, by, here, {
        **SEALED, "people": {"count": 1234, "approximate": True}, "measures-after": "port fermé",
        "cause": "internal-accidental",
    })  # fmt: skip
    client = enter(anne)
    page = said(client.get(f"{here}/sanction"))
    assert "Personnes : environ 1234." in page
    assert "à charge" in page
    assert "à décharge" in page
    assert page.count("rien au dossier") >= 2  # e and j are a person's to bring
    assert "10\N{NARROW NO-BREAK SPACE}000\N{NARROW NO-BREAK SPACE}000 €" in page
    assert "aucun montant n'est calculé pour ce dossier" in page
    assert "SAN-" in page
    assert f'href="{here}/sanction"' in client.get(here).text


def test_the_amounts_of_the_sanctions_page_are_of_the_law_or_of_others(place, enter, anne, by, here):
    """Whatever the file holds, the page names the same amounts or fewer: none is computed."""
    from primum.doors.web.incident_sanction import money
    from primum.incidents.sanction.ceilings import CEILINGS
    from primum.incidents.sanction.decisions import RULINGS

    answers(place, by, here, {**SEALED, "people": {"count": 987654}, "organisation-size": "self-employed"})
    amounts = {one.fine_eur for one in RULINGS} | {one.penalty_eur_a_day for one in RULINGS}
    amounts |= {one.eur for one in CEILINGS} | {one.eur_a_day for one in CEILINGS}
    known = {money("fr", one) for one in amounts if one is not None}
    page = said(enter(anne).get(f"{here}/sanction"))
    digits = set("0123456789\N{NARROW NO-BREAK SPACE}")
    shown = set()
    for before in page.split(" €")[:-1]:
        start = len(before)
        while start and before[start - 1] in digits:
            start -= 1
        shown.add(before[start:])
    assert shown
    assert shown <= known


def test_a_stranger_to_the_file_sees_no_sanctions_page(place, enter, here):
    other = place.somebody("Dr Paule Ailleurs", Role.PHYSICIAN, controller=1, scope=Scope.OWN)
    assert enter(other).get(f"{here}/sanction").status_code == 403


# -- entries against the journal --


def test_what_pages_wrote_is_what_the_journal_tells(place, enter, anne, here):
    post(enter(anne), f"{here}/note", text="relu")
    found = place.rooms.verification.verify()
    assert found.differences == ()
    assert found.entries == found.lines > 2
