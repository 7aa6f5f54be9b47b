"""Letters, orders, the control pack and the register as pages; the real rooms behind them."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.doors import web_kit
from tests.doors.web.conftest import form_token
from tests.doors.web.incident_rooms_kit import build, post, said, send
from tests.unit.incidents.kit import actor

from primum.ground.zones import PARIS
from primum.identity import Role, Scope
from primum.incidents.model import Origin


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    door = build(tmp_path_factory.mktemp("incidents") / "home")
    with web_kit.serving(door):
        yield door


@pytest.fixture(scope="module")
def secretary(place):
    return place.somebody("Sonia Secretary", Role.SECRETARY, scope=Scope.SITE)


@pytest.fixture
def here(place, anne):
    by = replace(actor(Role.PHYSICIAN), person_id=anne.made.person.id)
    return f"/incidents/{place.files.open(by, Origin.AUTHORITY, 'courrier de la CNIL', place.controllers[0]).id}"


def when(place, **ago) -> dict[str, str]:
    local = (place.clock.now() - timedelta(**ago)).astimezone()
    return {"at": f"{local:%Y-%m-%dT%H:%M}", "offset": f"{local:%z}"[:3] + ":" + f"{local:%z}"[3:]}


def day(place, **ago) -> str:
    """A day as the rules count it: it ends at midnight where the practice is."""
    return f"{(place.clock.now() - timedelta(**ago)).astimezone(ZoneInfo(PARIS)):%Y-%m-%d}"


def letter_of(page: str) -> str:
    """The letter that may be answered, as the form has it."""
    return page.partition('name="answers"')[2].split('<option value="ent_')[1].partition('"')[0]


def test_what_a_letter_asks_is_due_answered_in_part_and_late(place, enter, anne, here):
    client = enter(anne)
    received = {"what": "received", "other": "cnil", "about": "demande d'informations", "reference": "CNIL-7",
                "asked": "la volumétrie\n\nle registre\nles mesures", "due": day(place, days=3)}  # fmt: skip
    assert send(client, f"{here}/authority/letter", b"%PDF-1.7 lettre", name="lettre.pdf", **received,
                **when(place, days=10)).headers["location"] == f"{here}/authority#authority"  # fmt: skip
    page = said(client.get(f"{here}/authority"))
    assert page.count("en retard, ") == 3
    assert "2. le registre" in page
    document = re.search(rf"{here}/documents/doc_[a-z2-7]{{26}}", page)
    assert document is not None
    assert client.get(document.group()).content == b"%PDF-1.7 lettre"
    sent = {"what": "sent", "other": "cnil", "about": "première réponse", "answers": f"ent_{letter_of(page)}"}
    assert send(client, f"{here}/authority/letter", parts="1, 3", **sent, **when(place, days=1)).status_code == 303
    assert said(client.get(here)).count("en retard, ") == 1  # what is still waiting, on the file's page
    more = {"what": "more-time", "about": "délai accordé", "answers": sent["answers"], "due": day(place, days=-8)}
    assert send(client, f"{here}/authority/letter", **more, **when(place, hours=2)).status_code == 303
    page = said(client.get(f"{here}/authority"))
    assert "en attente" in page
    assert "remplacé par un autre" in page


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"at": "2999-01-01T00:00"}, "Cela ne peut pas être écrit"),
        ({"due": "2001-01-01"}, "Cela ne peut pas être écrit"),
        ({"other": "nobody"}, "Cela ne peut pas être écrit"),
        ({"due": "demain"}, "Cela ne peut pas être écrit"),
        ({"parts": "0"}, "Cela ne peut pas être écrit"),
        ({"at": "hier"}, "est pas un jour et une heure"),
    ],
)  # fmt: skip
def test_a_letter_that_cannot_be_is_refused_in_words_and_what_was_typed_stays(
    place, enter, anne, here, wrong, sentence
):
    told = {"what": "received", "other": "cnil", "about": "contrôle sur pièces", "asked": "le registre"}
    answer = send(enter(anne), f"{here}/authority/letter", **{**told, **when(place, days=1), **wrong})
    assert answer.status_code == 422
    assert sentence in said(answer)
    assert 'value="contrôle sur pièces"' in said(answer)


def test_an_order_shows_arithmetic_that_says_it_is_one_until_compliance_is_shown(place, enter, anne, here):
    client = enter(anne)
    ordered = {"what": "order", "reference": "MED-2026-1", "about": "fermer l'accès", "daily": "500",
               "ceiling": "20000", "procedure": "ordinary", "due": day(place, days=4)}  # fmt: skip
    assert send(client, f"{here}/authority/order", **ordered, **when(place, days=30)).status_code == 303
    for address in (here, f"{here}/authority"):
        page = said(client.get(address))
        assert "au plus 2000 EUR si elle est liquidée : 4 jour(s)" in page
        assert "Ce n'est pas une prévision" in page
        assert "à confirmer par votre DPO" in page
    order = page.partition('name="order"')[2].partition('<option value="')[2].partition('"')[0]
    done = {"what": "compliance", "order": order, "about": "règle retirée, sondage joint", "complete": "yes"}
    assert send(client, f"{here}/authority/order", b"rapport", name="sondage.pdf", **done,
                **when(place, days=1)).status_code == 303  # fmt: skip
    page = said(client.get(f"{here}/authority"))
    assert "fait, en retard" in page
    assert "si elle est liquidée" not in page
    over = {"what": "closed", "order": order, "other": "cnil", "about": "clôture"}
    assert send(client, f"{here}/authority/order", **over, **when(place, hours=1)).status_code == 303
    assert "close le" in said(client.get(f"{here}/authority"))
    assert send(client, f"{here}/authority/order", **{**ordered, "daily": "cinq"},
                **when(place, days=1)).status_code == 422  # fmt: skip


def test_a_control_pack_holds_letters_checks_and_history(place, enter, anne, here):
    client = enter(anne)
    told = {"what": "received", "other": "cnil", "about": "contrôle"}
    assert send(client, f"{here}/authority/letter", b"%PDF-1.7 cnil", name="cnil.pdf", **told,
                **when(place, hours=3)).status_code == 303  # fmt: skip
    sent = client.post(f"{here}/attach", data={"form_token": form_token(client), "name": "devis.pdf"},
                       files={"document": ("x", b"devis", "application/pdf")})  # fmt: skip
    assert sent.status_code == 303
    answer = post(client, f"{here}/authority/pack", documents="authority")
    assert answer.headers["content-type"] == "application/zip"
    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert {"index.html", "index.pdf", "register/register.ods", "SHA256SUMS"} <= set(names)
    assert any(one.endswith("cnil.pdf") for one in names)
    assert not any(one.endswith("devis.pdf") for one in names)
    assert "extra/configuration/history.jsonl" in names
    assert any(one.startswith("extra/checks/chk_") for one in names)
    (devis,) = re.findall(r'name="(with-doc_[a-z2-7]{26})" value="yes"> <label for="[^"]+">devis.pdf', said(
        client.get(f"{here}/authority")
    ))  # fmt: skip
    for among in ({"documents": "all"}, {"documents": "chosen", devis: "yes"}):
        pack = post(client, f"{here}/authority/pack", **among)
        assert any(one.endswith("devis.pdf") for one in zipfile.ZipFile(io.BytesIO(pack.content)).namelist())
    assert post(client, f"{here}/authority/pack", documents="chosen", **{"with-doc_other": "yes"}).status_code == 422


def test_a_letter_and_an_order_stand_in_the_place_of_others(place, enter, anne, here):
    client = enter(anne)
    told = {"what": "received", "other": "cnil", "about": "contrôle", "asked": "la volumétrie"}
    assert send(client, f"{here}/authority/letter", **told, **when(place, days=9)).status_code == 303
    first = letter_of(said(client.get(f"{here}/authority")))
    mended = {**told, "asked": "le registre des traitements", "corrects": f"ent_{first}"}
    assert send(client, f"{here}/authority/letter", **mended, **when(place, days=9)).status_code == 303
    page = said(client.get(f"{here}/authority"))
    assert "remplacé par un autre" in page
    assert "la volumétrie" not in page.partition('id="orders"')[0]
    ordered = {"what": "order", "reference": "MED-1", "about": "fermer", "procedure": "ordinary", "due": day(place)}
    assert send(client, f"{here}/authority/order", **ordered, **when(place, days=3)).status_code == 303
    (order,) = re.findall(r'<option value="(ent_[a-z2-7]{26})">MED-1<', page_of_orders(client, here))
    again = {**ordered, "reference": "MED-2", "corrects": order}
    assert send(client, f"{here}/authority/order", **again, **when(place, days=3)).status_code == 303
    assert "MED-1" not in page_of_orders(client, here)
    assert "MED-2" in page_of_orders(client, here)


def page_of_orders(client, here) -> str:
    """The choice of orders that may be corrected."""
    return said(client.get(f"{here}/authority")).partition('id="order-corrects"')[2].partition("</select>")[0]


@pytest.mark.parametrize(("kind", "begins"), [("ods", b"PK"), ("pdf", b"%PDF"), ("jsonld", b"{")])
def test_the_register_is_exported_by_who_may_list_and_nobody_else(enter, anne, secretary, here, kind, begins):
    answer = enter(anne).get(f"/incidents/register.{kind}")
    assert answer.status_code == 200
    assert answer.content.startswith(begins)
    assert 'filename="breach-register-' in answer.headers["content-disposition"]
    assert enter(secretary).get(f"/incidents/register.{kind}").status_code == 403


def test_no_other_export_is_there(enter, anne):
    assert enter(anne).get("/incidents/register.xlsx").status_code == 404
