"""A breach told on a page, and what to do in the next hour: the real rooms behind them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from tests.doors import web_kit
from tests.doors.web.conftest import browser, form_token
from tests.doors.web.incident_kit import build, said, send

from primum.doors.http.headers import SHEET_POLICY
from primum.doors.http.limits import LIMITS as WEB
from primum.identity import Role, Scope
from primum.incidents.limits import LIMITS
from primum.incidents.model import EntryKind, Standing, Which
from primum.incidents.stories.book import STORIES

NOW = {"seen.now": "yes"}
LAPTOP = {
    **NOW, "device-power.value": "asleep", "seal.unknown": "yes", "data.choice-civil-status": "yes",
    "data.choice-contact": "yes", "people.count": "1 200", "people.how": "about",
}  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    door = build(tmp_path_factory.mktemp("stories") / "home")
    with web_kit.serving(door):
        yield door


@pytest.fixture(scope="module")
def secretary(place):
    return place.somebody("Sonia Secretary", Role.SECRETARY, scope=Scope.OWN)


@pytest.fixture(scope="module")
def clerk(place):
    return place.somebody("Site Clerk", Role.SECRETARY, scope=Scope.SITE)


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    door = build(tmp_path_factory.mktemp("host") / "home", hosts=True)
    with web_kit.serving(door):
        yield door


def own(place) -> dict[str, str]:
    """The box of one's own controller, as the form has it ticked."""
    return {f"controller-{place.controllers[0]}": "yes"}


def count(place) -> int:
    return len(place.files.all_living())


def newest(place):
    return max(place.files.all_living(), key=lambda one: one.entries[0].seq)


def local(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%dT%H:%M}"


def test_every_story_is_on_the_page_of_breaches_and_asks_its_questions(enter, secretary):
    client = enter(secretary)
    listed = said(client.get("/incidents"))
    for one in STORIES:
        if one.host:
            assert one.name not in listed
            assert client.get(f"/incidents/tell/{one.name}").status_code == 404
            continue
        assert f'href="/incidents/tell/{one.name}"' in listed
        page = said(client.get(f"/incidents/tell/{one.name}"))
        assert [each.asks["fr"] for each in one.asks if each.asks["fr"] not in page] == []
        assert one.when["fr"] in page
    assert client.get("/incidents/tell/shipwreck").status_code == 404


def test_no_story_has_more_fields_than_a_form_may_have(enter, clerk):
    client = enter(clerk)
    for one in STORIES:
        if not one.host:
            names = re.findall(
                r'<(?:input|select|textarea)[^>]* name="', client.get(f"/incidents/tell/{one.name}").text
            )
            assert len(names) < WEB.form_fields / 2


def test_ids_are_unique_on_every_form(enter, clerk):
    client = enter(clerk)
    for one in STORIES:
        if not one.host:
            found = re.findall(r' id="([^"]+)"', client.get(f"/incidents/tell/{one.name}").text)
            assert len(found) == len(set(found))


def test_a_laptop_told_by_a_physician_opens_the_file_with_the_answers(place, enter, anne):
    client = enter(anne)
    before = count(place)
    answer = send(client, "/incidents/tell/laptop", **LAPTOP, **own(place))
    read = newest(place)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/incidents/{read.file.id}")
    assert count(place) == before + 1
    assert {key: read.value(key) for key in ("device-power", "data", "people", "origin", "nature")} == {
        "device-power": "asleep", "data": ["civil-status", "contact"], "people": {"count": 1200, "approximate": True},
        "origin": ["lost-equipment"], "nature": ["confidentiality"],
    }  # fmt: skip
    assert read.facts["seal"].standing is Standing.UNKNOWN
    assert "cause" not in read.facts, "what was left empty is asked in the file"
    assert set(read.instants) == {Which.DETECTED}, "nobody was aware before somebody says so"
    assert "il reste 2 j 23 h 59 min" in said(client.get(answer.headers["location"]))


def test_a_secretary_lands_on_the_next_hour_with_the_deadline_and_reads_no_file(place, enter, secretary):
    client = enter(secretary)
    at = (place.clock.now() - timedelta(hours=3)).replace(second=0, microsecond=0)
    answer = send(client, "/incidents/tell/wrong-recipient", **{"seen.at": local(at), "minors.count": "0"})
    read = newest(place)
    assert answer.status_code == 303
    assert read.detected_first == at
    page = said(client.get(answer.headers["location"]))
    assert read.file.id in page
    assert STORIES.stories["wrong-recipient"].title["fr"] in page
    assert f"{(at + timedelta(hours=72)).astimezone():%H:%M}" in page
    assert client.get(f"/incidents/{read.file.id}").status_code == 403
    assert client.get(f"/incidents/{read.file.id}/hour.html").status_code == 403
    for kind in ("html", "pdf"):
        assert client.get(re.search(rf'href="([^"]+\.{kind}[^"]*)"', page)[1]).status_code == 200


@pytest.mark.parametrize(
    ("name", "form", "beside"),
    [
        ("laptop", {}, "compte de là"),
        ("laptop", {**NOW, "seen.at": "2026-01-01T10:00"}, "instant » et une heure"),
        ("laptop", {"seen.at": "2999-01-01T10:00"}, "avenir."),
        ("laptop", {"seen.at": "1990-01-01T10:00"}, "vingt ans"),
        ("laptop", {"seen.at": "vendredi"}, "pas un jour et une heure"),
        ("laptop", {**NOW, "people.count": "beaucoup"}, "nombre entier"),
        ("laptop", {**NOW, "people.count": "12", "people.unknown": "yes"}, "un des deux"),
        ("laptop", {**NOW, "began.not_before": "2026-01-02T10:00", "began.not_after": "2026-01-01T10:00"}, "au moins"),
        ("laptop", {**NOW, "began.not_before": "2026-01-02T10:00"}, "Dites au moins quand"),
        ("mailbox", {**NOW, "ended.state": "ended"}, "et vu quand"),
        ("mailbox", {**NOW, "attack-known.at": "2999-01-01T10:00"}, "avenir."),
        ("laptop", {**NOW, "cause.value": "magie"}, "ne peut pas être gardée"),
        ("authority", {"seen.at": "2026-01-02T10:00", "authority-wrote.at": "2026-01-03T10:00"}, "avez appris"),
        ("authority", {**NOW, "letter.reference": "MED-1"}, "de quoi parle le courrier"),
        ("authority", {**NOW, "letter.about": "x", "letter.due": "demain"}, "date de réponse"),
        ("authority", {**NOW, "letter.about": "x", "letter.asked": "\n".join("abcdefghijk")}, "Dix demandes"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_said_beside_its_question_and_nothing_is_opened(
    place, enter, secretary, name, form, beside
):
    before = count(place)
    answer = send(enter(secretary), f"/incidents/tell/{name}", **form)
    assert answer.status_code == 422
    assert beside in said(answer)
    assert count(place) == before


def test_what_was_typed_is_still_there_after_a_problem(enter, secretary):
    page = send(enter(secretary), "/incidents/tell/wrong-recipient", **{
        "recipients.value": "un <b>confrère</b>", "people.count": "3", "people.how": "exactly",
        "data.choice-contact": "yes", "minors.unknown": "yes",
    }).text  # fmt: skip
    assert "un &lt;b&gt;confrère&lt;/b&gt;</textarea>" in page
    assert re.search(r'name="people.count"[^>]* value="3"', page)
    assert '<option value="exactly" selected>' in page
    assert re.search(r'name="data.choice-contact" value="yes" checked', page)
    assert re.search(r'name="minors.unknown" value="yes" checked', page)


def test_a_letter_of_the_authority_is_kept_as_received_and_shows_what_is_taken_from_it(place, enter, secretary):
    answer = send(
        enter(secretary), "/incidents/tell/authority", b"%PDF-1.7 courrier",
        **{
            **NOW, "authority-wrote.at": local(place.clock.now() - timedelta(days=3)),
            "letter.about": "contrôle en ligne", "letter.asked": "la volumétrie\r\nle registre\r\n",
            "letter.due": local(place.clock.now() + timedelta(days=9)), "letter.reference": "CTX-1",
            "letter.name": "courrier.pdf", "authority-told-this-breach.value": "yes",
        },
    )  # fmt: skip
    assert answer.status_code == 303, said(answer)
    read = newest(place)
    (letter,) = read.of_kind(EntryKind.CORRESPONDENCE)
    assert (letter.body["direction"], letter.body["other"]) == ("received", "cnil")
    assert letter.body["asked"] == ["la volumétrie", "le registre"]
    assert {one.kind for one in read.facts["authority-told-this-breach"].evidence} == {"person", "document"}
    assert read.instants[Which.AUTHORITY_WROTE].at < read.detected_first


def test_a_letter_without_a_word_of_what_it_is_about_is_asked_for(place, enter, secretary):
    before = count(place)
    answer = send(enter(secretary), "/incidents/tell/processor", b"%PDF-1.7", **NOW)
    assert answer.status_code == 422
    assert "Le document est à choisir de nouveau" in said(answer)
    assert count(place) == before


def test_a_person_of_one_controller_tells_for_that_one_and_for_no_other(place, enter, secretary):
    client = enter(secretary)
    assert "controller-" not in client.get("/incidents/tell/laptop").text
    other = {f"controller-{place.controllers[1]}": "yes"}
    assert send(client, "/incidents/tell/laptop", **NOW, **other).status_code == 303
    assert newest(place).file.controller_id == place.controllers[0]


def test_several_controllers_get_a_file_each_on_one_record(place, enter, anne):
    client = enter(anne)
    page = client.get("/incidents/tell/open-share").text
    assert re.findall(r'name="controller-(\w+)" value="yes" checked', page) == [place.controllers[0]], "one's own"
    both = {f"controller-{one}": "yes" for one in place.controllers}
    shared = {"system.field-product": "NAS", "ended.unknown": "yes"}
    refused = send(client, "/incidents/tell/open-share", **NOW, **both, **shared, **{"people.count": "12"})
    assert refused.status_code == 422
    assert "chaque dossier le demandera" in said(refused)
    before = count(place)
    answer = send(client, "/incidents/tell/open-share", **NOW, **both, **shared)
    assert (answer.status_code, answer.headers["location"]) == (303, "/incidents")
    two = sorted(place.files.all_living(), key=lambda one: one.entries[0].seq)[-2:]
    assert count(place) == before + 2
    assert {one.file.controller_id for one in two} == set(place.controllers)
    assert two[0].file.case_id == two[1].file.case_id
    assert send(client, "/incidents/tell/open-share", **NOW).status_code == 422, "none was ticked"


def test_a_host_tells_for_its_controllers_and_is_asked_whose_data_they_are(host):
    who = host.somebody("Hélène Host", Role.ADMINISTRATOR)
    with browser(host) as client:
        assert client.post("/sign-in", data=who.form()).status_code == 303
        page = client.get("/incidents/tell/hosted").text
        assert len(re.findall(r'name="controller-(\w+)"', page)) == 2
        assert not re.search(r'name="controller-\w+" value="yes" checked', page)
        both = {f"controller-{one}": "yes" for one in host.controllers}
        assert send(client, "/incidents/tell/hosted", **NOW, **both).status_code == 303
    assert [one.file.role.value for one in host.files.all_living()] == ["processor", "processor"]


def test_the_page_of_the_next_hour_needs_no_file_and_prints_with_one_style(enter, secretary):
    client = enter(secretary)
    for one in ("laptop", "authority", "finding", "other"):
        for kind, begins in (("html", b"<!doctype html>"), ("pdf", b"%PDF")):
            answer = client.get(f"/incidents/hour/{one}.{kind}")
            assert answer.status_code == 200
            assert answer.content.startswith(begins)
    answer = client.get("/incidents/hour/laptop.html")
    assert answer.headers["content-security-policy"] == SHEET_POLICY
    assert client.get("/incidents/hour/shipwreck.html").status_code == 404


@pytest.mark.parametrize(
    "query", ["at=demain", "at=2999-01-01T00:00:00.000Z", "at=2026-99-99T00:00:00.000Z", "file=<b>"]
)
def test_a_query_that_we_did_not_write_says_nothing(enter, secretary, query):
    client = enter(secretary)
    plain, odd = (client.get(f"/incidents/hour/laptop?{one}") for one in ("", query))
    assert odd.status_code == 200
    assert "<b>" not in odd.text
    assert said(odd) == said(plain)


def test_the_sheet_of_a_file_says_what_was_done(place, enter, anne):
    client = enter(anne)
    where = send(client, "/incidents/tell/laptop", **NOW, **own(place)).headers["location"]
    assert "Aucune preuve" in said(client.get(f"{where}/hour.html"))
    assert client.get(f"{where}/hour.pdf").content.startswith(b"%PDF")
    assert f'href="{where}/hour.html"' in client.get(where).text
    assert client.get("/incidents/inc_" + "a" * 26 + "/hour.html").status_code == 404


def test_an_answer_as_long_as_one_may_be_is_taken(enter, secretary, anne, place):
    long = "é" * LIMITS.text
    answer = send(enter(secretary), "/incidents/tell/wrong-recipient", **NOW, **{"recipients.value": long})
    assert answer.status_code == 303
    read = newest(place)
    assert read.value("recipients") == long
    client = enter(anne)
    told = {"form_token": form_token(client), "key": "measures-after", "value": long}
    assert client.post(f"/incidents/{read.file.id}/answer", data=told).status_code == 303
