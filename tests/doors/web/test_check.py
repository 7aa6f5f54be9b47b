"""The state of the installation as a page: who sees it, what it says, and its signed files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from tests.doors import web_kit
from tests.doors.checking_kit import KEY, checking
from tests.doors.web.conftest import browser, form_token
from tests.doors.web_kit import Door, Somebody
from tests.unit.exposure.checks.kit import ago, but

from primum.exposure.checks.sources import Deletions, Host, Human
from primum.exposure.checks.verifying import verify_file
from primum.identity import Role, Scope


@pytest.fixture(scope="module")
def told():
    return but()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, told) -> Iterator[Door]:
    door = web_kit.build(tmp_path_factory.mktemp("check") / "home")
    door.checks = checking(door, told)  # type: ignore[attr-defined]
    with web_kit.serving(door):
        yield door


@pytest.fixture(scope="module")
def officer(place: Door) -> Somebody:
    return place.somebody("Dora Officer", Role.DPO)


def make(client, place: Door) -> str:
    """Press the button, wait for the check, return the page."""
    answer = client.post("/check", data={"form_token": form_token(client)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/check")
    for _ in range(600):
        if not client.get("/check/progress").json()["under_way"]:
            return client.get("/check").text
        place.checks._turn.acquire()  # type: ignore[attr-defined]
        place.checks._turn.release()  # type: ignore[attr-defined]
    raise AssertionError("the check did not end")


@pytest.fixture(scope="module")
def page(place: Door, officer: Somebody, told) -> str:
    """Two checks: the second finds something bad, and somebody without a second factor."""
    with browser(place) as client:
        assert client.post("/sign-in", data=officer.form()).status_code == 303
        assert "a encore été fait." in client.get("/check").text
        make(client, place)
        told.facts["deletions"] = Deletions(3, 2, 0, ago(days=95))
        told.facts["humans"] = [Human(officer.made.person.id, True, False, ("dpo",), ago(days=9), None)]
        told.facts["hosts"] = [Host("<i>.example.com", "<script>")]
        return make(client, place)


def test_the_page_gives_the_answer_the_difference_and_each_line_with_its_evidence(page, officer):
    assert "À corriger maintenant : 1." in page
    titles = re.findall(r'id="line-([a-z-]+)"><span class="check-state check-([a-z-]+)"', page)
    assert (len(titles), titles[0]) == (29, ("second-factor", "bad"))
    changes = page[page.index('id="changes"') : page.index('id="lines"')]
    assert changes.count("<li>") == 3
    assert "Effacements à décider : En ordre (none) &gt; À surveiller (undecided)" in changes
    assert "2 effacement(s) sur 3 attendent depuis 90 jours ou plus." in page
    assert "records.db, people, credentials" in page
    assert "SAN-2020-015 §20, 21, 49" in page
    assert "guide CNIL, fiche 17" in page
    assert "RGPD, article 32(1)(c) (à confirmer)" in page
    assert f"<code>{officer.login}</code>" in page, "whoever may read it is told who is meant"
    assert officer.made.person.id not in page


def test_what_comes_from_elsewhere_is_escaped(page):
    assert "&lt;i&gt;.example.com (&lt;script&gt;)" in page
    assert "<i>." not in page


def test_the_signed_files_verify_and_name_nobody(page, place, officer):
    run = re.search(r"/check/(chk_[a-z2-7]{26})/report", page)[1]
    with browser(place) as client:
        assert client.post("/sign-in", data=officer.form()).status_code == 303
        for kind in ("html", "pdf", "json"):
            answer = client.get(f"/check/{run}/report.{kind}")
            assert answer.headers["content-disposition"].startswith("attachment;")
            found = verify_file(answer.content, KEY.verifier_key)
            assert (found.kind, found.report["id"]) == (kind, run)
            assert officer.login.encode() not in answer.content
        assert run in page
        assert client.get("/check/chk_x/report.pdf").status_code == 404
        assert client.get("/check/chk_" + "a" * 26 + "/report.pdf").status_code == 404
        assert client.get("/check?run=../x").status_code == 404
        earlier = re.findall(r'href="(/check\?run=chk_[a-z2-7]{26})"', page)
        assert len(earlier) == 2
        assert "Premier contrôle" in client.get(earlier[-1]).text


@pytest.mark.parametrize("role", [Role.TECHNOLOGIST, Role.SECRETARY])
def test_who_may_not_read_checks_is_refused_and_that_is_written_down(place, role):
    who = place.somebody(f"Nobody {role}", role, scope=Scope.SITE)
    before = len(place.checks.runs())
    with browser(place) as client:
        assert client.post("/sign-in", data=who.form()).status_code == 303
        assert 'href="/check"' not in client.get("/").text
        for address in ("/check", "/check/progress", "/check/chk_" + "a" * 26 + "/report.html"):
            assert client.get(address).status_code == 403
        assert client.post("/check", data={"form_token": form_token(client)}).status_code == 403
    assert '"what":"check:read"' in [line for line in place.lines() if "person:action:refused" in line][-1]
    assert len(place.checks.runs()) == before


@pytest.mark.parametrize("role", [Role.PHYSICIAN, Role.DPO, Role.ADMINISTRATOR])
def test_who_may_read_them_finds_the_page(place, role):
    who = place.somebody(f"Somebody {role}", role)
    with browser(place) as client:
        assert client.post("/sign-in", data=who.form()).status_code == 303
        assert 'href="/check"' in client.get("/").text
        assert client.get("/check").status_code == 200


def test_a_stranger_sees_nothing_of_it(place, page):
    with browser(place) as client:
        for address in ("/check", "/check/progress", "/check/chk_" + "a" * 26 + "/report.html"):
            answer = client.get(address)
            assert answer.status_code in {303, 401}
            assert "check-line" not in answer.text
        assert client.post("/check", data={"form_token": "x"}).status_code in {303, 401, 403}
    assert page


def test_a_form_of_another_page_starts_nothing(place, officer):
    before = len(place.checks.runs())
    with browser(place) as client:
        assert client.post("/sign-in", data=officer.form()).status_code == 303
        assert client.post("/check", data={"form_token": "x" * 43}).status_code == 403
    assert len(place.checks.runs()) == before


def test_the_journal_tells_who_asked_for_each(place, officer, page):
    made = [json.loads(line[65:]) for line in place.lines() if '"check:made"' in line]
    bad = [one["details"]["bad"] for one in made if one["actor"] == officer.made.person.id]
    assert bad == [0, 1]
    assert page


def test_what_cannot_be_measured_is_declared_on_the_page_by_who_proved_their_identity_again(place, told, page):
    told.facts["hosts"] = [Host("s3.example.com", "backup")]
    doctor = place.somebody("Dr Anne Kerjean", Role.PHYSICIAN, scope=Scope.SITE)
    with browser(place) as client:
        assert client.post("/sign-in", data=doctor.form()).status_code == 303
        make(client, place)
        stale = client.get("/check").text
        assert "/step-up?then=%2Fcheck" in stale
        assert 'action="/check/declare"' not in stale
        wish = {"name": "third-parties", "subject": "s3.example.com", "value": "hds", "until": ""}
        assert client.post("/check/declare", data=wish | {"form_token": form_token(client)}).status_code in {303, 403}
        assert place.checks.declarations() == []
        password = {"password": doctor.made.password, "code": doctor.code(), "then": "/check"}
        assert client.post("/step-up", data=password | {"form_token": form_token(client)}).status_code == 303
        assert "<option>s3.example.com</option>" in client.get("/check").text
        wrong = client.post("/check/declare", data=wish | {"until": "2020-01-01", "form_token": form_token(client)})
        assert (wrong.status_code, "vérifier la date" in wrong.text) == (422, True)
        done = client.post("/check/declare", data=wish | {"form_token": form_token(client)})
        assert (done.status_code, done.headers["location"]) == (303, "/check?declared=yes")
        assert "compte à partir du prochain contrôle" in client.get("/check?declared=yes").text
        assert "certificat HDS, ou sa raison" in make(client, place)
    (one,) = place.checks.declarations()
    assert (one.name, one.subject, one.declared_by) == ("third-parties", "s3.example.com", doctor.made.person.id)
    assert page


def test_who_may_read_and_not_declare_sees_no_form(place, officer, page):
    with browser(place) as client:
        assert client.post("/sign-in", data=officer.form()).status_code == 303
        seen = client.get("/check").text
        assert "/step-up" not in seen
        wish = {"name": "homologation", "value": "homologated", "form_token": form_token(client)}
        assert client.post("/check/declare", data=wish).status_code == 403
    assert page
