"""The secretary's pages: an order for somebody, homonyms shown, nothing beyond reach."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from tests.doors.web.conftest import form_token

from primum.identity import Role, Scope
from primum.imaging.orders import Code, Identifier, OrderFacts, PatientFacts, StepFacts
from primum.imaging.orders.model import Merge

TOMORROW = (datetime.now(UTC).astimezone() + timedelta(days=1)).date().isoformat()


def post(client, path, **fields):
    return client.post(path, data={"form_token": form_token(client), **fields})


def typed(**changes):
    return {
        "family": "Garçonnet", "given": "Chloé", "birth_date": "2019-02-12", "sex": "F", "procedure": "Thorax de face",
        "modality": "DX", "date": TOMORROW, "time": "09:15", "referrer": "Édith Brissac", "priority": "ROUTINE",
    } | changes  # fmt: skip


def entries(house, controllers=None):
    day = datetime.fromisoformat(TOMORROW).date()
    return house.services.orders.days(controllers, day - timedelta(days=1), day)


@pytest.fixture
def desk(sign_in, house):
    made = house.somebody(f"Zoé Desk{len(house.people.list())}", Role.SECRETARY, scope=Scope.OWN)
    return sign_in(made)


def family(page):
    return re.findall(r'class="family">([^<]+)</span>', page)


def test_an_order_is_placed_and_is_on_the_schedule_of_its_day(desk, house):
    answer = post(desk, "/orders/place", **typed(family="Premier"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/orders")
    page = desk.get("/orders").text
    assert "Premier" in family(page)
    assert "Thorax de face" in page
    entry = next(one for one in entries(house) if one.patient.name == "Premier^Chloé")
    assert entry.order.facts.referrer == "Brissac^Édith"
    assert re.fullmatch(r"\d{8}", entry.order.facts.accession)
    assert re.fullmatch(r"P\d{6}", entry.patient.identifier.value)
    assert entry.order.controller_id == house.controllers[0]


@pytest.mark.parametrize(
    ("field", "value"),
    [("birth_date", ""), ("birth_date", "12/02/2019"), ("family", " "), ("procedure", ""), ("modality", "ZZ z"),
     ("date", ""), ("time", "25:00"), ("sex", "X"), ("station", "A\\B"), ("family", "A^B"),
     ("controller", "ctl_" + "z" * 26)],
)  # fmt: skip
def test_what_is_missing_or_wrong_is_said_and_nothing_that_was_typed_is_lost(desk, house, field, value):
    before = len(entries(house))
    answer = post(desk, "/orders/place", **typed(**{"family": "Perdu", field: value}))
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert "Thorax de face" in answer.text or field == "procedure"
    assert len(entries(house)) == before


def test_who_is_alike_is_shown_before_somebody_new_is_made(desk, house):
    post(desk, "/orders/place", **typed(family="Jumeau"))
    first = next(one.patient for one in entries(house) if one.patient.name == "Jumeau^Chloé")
    again = post(desk, "/orders/place", **typed(family="JUMEAU", given="Chloe", birth_date="2020-01-01"))
    assert again.status_code == 200
    assert first.identifier.value in again.text
    assert sum(one.patient.name.lower().startswith("jumeau") for one in entries(house)) == 1
    alone = post(desk, "/orders/place", **typed(family="JUMEAU", given="Chloe", birth_date="2020-01-01", alone="yes"))
    assert alone.status_code == 303
    numbers = {one.patient.identifier.value for one in entries(house) if one.patient.name.lower().startswith("jumeau")}
    assert len(numbers) == 2
    assert desk.get("/orders").text.count("Homonyme</span>") >= 2


def test_somebody_known_by_images_is_found_and_chosen(desk, house):
    found = post(desk, "/orders/patient", name="zephyrin").text
    assert family(found)
    first = found[found.index('<form method="post" action="/orders/draft"') :].partition("</form>")[0]
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', first))
    draft = post(
        desk, "/orders/draft", **{name: unescape(value) for name, value in hidden.items() if name != "form_token"}
    )
    assert "Zéphyrin" in draft.text
    assert 'name="known" value="yes"' in draft.text


def test_an_order_is_changed_and_cancelled(desk, house):
    post(desk, "/orders/place", **typed(family="Changeant"))
    entry = next(one for one in entries(house) if one.patient.name == "Changeant^Chloé")
    path = f"/orders/{entry.order.id}"
    page = desk.get(path)
    assert 'value="Changeant"' in page.text
    assert any("person:order:viewed" in line and entry.order.id in line for line in house.lines())
    post(desk, f"{path}/change", **typed(family="Changeant", time="11:30"))
    (after,) = house.services.orders.order(entry.order.id, None)
    assert (after.step.time, after.order.facts.accession) == ("1130", entry.order.facts.accession)
    assert after.step.id == entry.step.id
    post(desk, f"{path}/cancel")
    assert house.services.orders.order(entry.order.id, None)[0].order.state.value == "cancelled"
    assert "disabled" in desk.get(path).text
    assert post(desk, f"{path}/change", **typed(family="Changeant")).status_code == 409


def test_another_controllers_order_does_not_exist(desk, house):
    order = house.services.orders.place(
        "system", house.controllers[1], PatientFacts(Identifier("", "X1"), "Ailleurs^Paul", "19700101"),
        _facts(), what="demo",
    )  # fmt: skip
    assert desk.get(f"/orders/{order.id}").status_code == 404
    assert post(desk, f"/orders/{order.id}/cancel").status_code == 404
    assert "Ailleurs" not in desk.get("/orders").text
    assert post(desk, "/orders/patient", name="Ailleurs").text.count("X1") == 0
    answer = post(desk, "/orders/place", **typed(family="Voisin", controller=house.controllers[1]))
    assert answer.status_code == 422


def _facts():
    return OrderFacts((StepFacts("CT", TOMORROW.replace("-", "") + "0800"),), Code(text="Scanner"))


def test_who_may_not_is_told_so_and_sees_no_link(sign_in, administrator):
    client = sign_in(administrator)
    assert "Votre rôle ne donne pas accès au programme" in client.get("/orders").text
    assert 'href="/orders"' not in client.get("/").text
    assert client.get("/orders/new").status_code == 403
    assert post(client, "/orders/place", **typed()).status_code == 403


def test_a_proposal_about_two_patients_is_said_and_leads_to_where_it_is_decided(desk, house):
    orders = house.services.orders
    with orders.engine.begin() as connection:
        merge = Merge(Identifier("HOP", "4711"), Identifier("HOP", "4710"))
        orders.propose_merge(connection, "dev_" + "a" * 26, house.controllers[0], merge)
    page = desk.get("/orders").text
    assert "4711" in page
    assert "a été fusionné" in page
    assert 'href="/patients/proposals"' in page


def test_a_list_and_a_search_are_in_the_journal_without_a_name(desk, house):
    post(desk, "/orders/place", **typed(family="Secretissime"))
    desk.get("/orders")
    post(desk, "/orders/patient", name="Secretissime")
    lines = "\n".join(house.lines())
    for kind in ("person:orders:listed", "person:patients:searched", "order:placed"):
        assert kind in lines
    assert "Secretissime" not in lines
    assert not re.search("2019-?02-?12", lines)


def test_a_day_may_be_chosen(desk):
    assert post(desk, "/orders/day", day="2031-05-06").text.count("06/05/2031") >= 1
    assert post(desk, "/orders/day", day="<script>").status_code == 200


def test_nothing_is_chosen_by_itself_and_what_another_system_wrote_stays(desk, house):
    draft = post(desk, "/orders/draft", family="Dupont").text
    assert '<option value="" selected></option>' in draft
    order = house.services.orders.place(
        "system", house.controllers[0], PatientFacts(Identifier("", "X2"), "Densité^Osée", "19500101"),
        replace(_facts(), steps=(StepFacts("BMD", TOMORROW.replace("-", "")),), priority="LOW"), what="demo",
    )  # fmt: skip
    page = desk.get(f"/orders/{order.id}").text
    assert '<option value="BMD" selected>BMD</option>' in page
    assert '<option value="LOW" selected>Basse</option>' in page


def test_the_pages_can_be_walked_with_a_keyboard(desk):
    page = post(desk, "/orders/draft", family="Dupont Jean").text
    fields = set(re.findall(r'<(?:input|select) id="(\w+)"', page))
    labels = set(re.findall(r'<label for="(\w+)"', page))
    assert fields == labels
    assert {"family", "birth_date", "procedure", "modality", "date"} <= fields
    assert 'value="Dupont"' in page
    assert "<script" not in page.partition("<main")[2]
