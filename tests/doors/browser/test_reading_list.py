"""Doses, and the list of what is to be read, with a keyboard, in a browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.doors import web_kit
from tests.doors.browser.conftest import chromium
from tests.doors.browser.test_pages import UNLABELLED
from tests.doors.web.test_dose import dosed
from tests.doors.web.test_to_read import complete, study

pytestmark = [pytest.mark.programs("chromium"), pytest.mark.timeout(300)]

UNNAMED = """[...document.querySelectorAll("button, a[href], [role=region], svg[role=img], table")].filter((one) =>
  !(one.getAttribute("aria-label") || one.textContent.trim() || one.getAttribute("aria-labelledby"))
).map((one) => one.outerHTML)"""
IDS = """[...document.querySelectorAll("[id]")].map((one) => one.id)"""
WIDE = """[...document.querySelectorAll("body *")].filter((one) => !one.closest(".sheet") &&
  one.getBoundingClientRect().right > document.documentElement.clientWidth + 1
).map((one) => one.outerHTML.slice(0, 100))"""


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A house of its own, which needs no viewer."""
    door = web_kit.build(tmp_path_factory.mktemp("reading") / "home")
    dosed(door, 1, (7, 240), (9.25, 300))
    door.services.doses.sweep(door.clock.now())
    complete(door, study(door, 2, "Attente"))
    with web_kit.serving(door):
        yield door


@pytest.fixture(scope="module")
def doctor(house):
    return house.doctor()


@pytest.fixture(scope="module")
def browser(house, tmp_path_factory):
    with chromium(house, tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def well_formed(page):
    """What a reader of pages aloud needs: one heading, names, labels, ids that are one each."""
    assert page.evaluate(UNLABELLED) == []
    assert page.evaluate(UNNAMED) == []
    assert page.locator("h1").count() == 1
    ids = page.evaluate(IDS)
    assert len(ids) == len(set(ids))


def test_the_practice_is_looked_at_by_keyboard_alone(browser, doctor, house):
    page = browser.sign_in(doctor)
    page.locator("nav a[href='/dose']").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/dose")
    well_formed(page)
    expect(page.locator("svg.plot circle.median")).to_have_count(1)
    expect(page.locator("svg.plot line.level")).to_have_count(1)
    page.locator("#kind").focus()
    page.keyboard.type("Scan")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/dose?*kind=ct*")
    well_formed(page)
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate(WIDE) == []
    page.set_viewport_size({"width": 1280, "height": 860})


def test_a_study_is_taken_and_read_by_keyboard_alone(browser, doctor, house):
    page = browser.sign_in(doctor)
    page.locator("nav a[href='/to-read']").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/to-read")
    well_formed(page)
    page.locator("button.primary[aria-label^='Je le lis']").focus()
    page.keyboard.press("Enter")
    expect(page.locator("tbody .decision")).to_contain_text("Vous le lisez")
    well_formed(page)
    page.locator("button[aria-label^='Lu, sans compte rendu']").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".empty")).to_contain_text("attend d")
    assert browser.complaints == []
