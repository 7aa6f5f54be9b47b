"""Evidence and emergency measures with a keyboard, in a browser: frozen while one watches, closed, reopened."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import expect
from tests.doors import web_kit
from tests.doors.browser.conftest import chromium
from tests.doors.browser.test_pages import UNLABELLED
from tests.doors.web.incident_rooms_kit import build
from tests.doors.web_kit import Door
from tests.unit.incidents.kit import actor

from primum.app.incident_work import IncidentWork
from primum.identity import Role, Scope
from primum.incidents.model import Origin

pytestmark = [pytest.mark.programs("chromium"), pytest.mark.timeout(300)]
WIDE = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
TWICE = "[...document.querySelectorAll('[id]')].map(one => one.id).filter((id, at, all) => all.indexOf(id) !== at)"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    door = build(tmp_path_factory.mktemp("containing") / "home")
    with web_kit.serving(door):
        yield door


def test_what_is_frozen_is_followed_and_doors_are_closed_and_reopened_by_keyboard(house, tmp_path_factory, monkeypatch):
    doctor, waits, signed = house.doctor(), threading.Event(), house.rooms.house.sign_heads
    by = replace(actor(Role.PHYSICIAN), person_id=doctor.made.person.id)
    here = f"/incidents/{house.files.open(by, Origin.PERSON, 'Orthanc ouvert', house.controllers[0]).id}"

    def slow():
        assert waits.wait(60)
        return signed()

    monkeypatch.setattr(house.rooms.house, "sign_heads", slow)
    monkeypatch.setattr(house.rooms, "work", IncidentWork(house.files.now, patience=0.05))
    with chromium(house, tmp_path_factory.mktemp("profile")) as browser:
        page = browser.sign_in(doctor)
        page.goto(f"{house.url}{here}")
        assert page.evaluate(TWICE) == []
        page.locator(f"a[href='{here}/contain']").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/contain")
        page.locator("form[action$='/freeze'] button").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("#under-way")
        waits.set()
        page.wait_for_selector("#freeze ~ .sheet .digest")  # shown by itself once it is over
        house.rooms.work = IncidentWork(house.files.now, patience=30)
        page.locator("a[href^='/step-up']").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/step-up*")
        expect(page.locator("#password")).to_be_focused()
        page.keyboard.type(doctor.made.password)
        page.keyboard.press("Tab")
        page.keyboard.type(doctor.code())
        page.keyboard.press("Enter")
        page.wait_for_url("**/contain")
        for width in (1280, 400):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate(UNLABELLED) == []
            assert page.evaluate(TWICE) == []
            assert page.evaluate(WIDE), width
        page.locator("form:has([value='close-doors']) button").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("p.closed")
        page.locator("#reopen-why").focus()
        page.keyboard.type("redirection retirée")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_selector("form:has([value='close-doors']) button")
        assert page.locator("p.closed").count() == 0


def test_the_page_of_letters_has_labels_and_fits_a_small_screen(house, tmp_path_factory):
    who = house.somebody("Dr Ana Ferec", Role.PHYSICIAN, scope=Scope.SITE)
    by = replace(actor(Role.PHYSICIAN), person_id=who.made.person.id)
    here = f"/incidents/{house.files.open(by, Origin.AUTHORITY, 'la CNIL a écrit', house.controllers[0]).id}"
    with chromium(house, tmp_path_factory.mktemp("profile")) as browser:
        page = browser.sign_in(who)
        page.goto(f"{house.url}{here}/authority")
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        for width in (1280, 400):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate(UNLABELLED) == []
            assert page.evaluate(TWICE) == []
            assert page.evaluate(WIDE), width
