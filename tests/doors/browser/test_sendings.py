"""The pages of sendings in a browser: a study sent, followed and withdrawn, a rule made, with the keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.doors.browser.conftest import chromium
from tests.doors.browser.test_deciding import seen
from tests.doors.deciding_kit import deciding
from tests.doors.dimse.library import shelf
from tests.programs import free_port

pytestmark = [pytest.mark.programs("chromium"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def outbox(house):
    with deciding(house) as joined:
        yield joined


@pytest.fixture(scope="module")
def browser(outbox, house, tmp_path_factory):
    with chromium(house, tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def test_a_study_is_sent_followed_and_withdrawn_with_the_keyboard_alone(outbox, browser, doctor):
    with shelf("PACS") as kept:
        outbox.enrol("pacs", kept.port)
        outbox.enrol("off", free_port())
        page = browser.sign_in(doctor)
        page.locator("td.id a").first.focus()
        page.keyboard.press("Enter")
        page.locator("section[aria-labelledby=studies] a").first.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("#send-device")
        seen(page, "study-sent")
        page.locator('section[aria-labelledby=sent] a[href$="/sendings"]').focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/sendings")
        page.locator("main [role=note] a").focus()
        page.keyboard.press("Enter")
        page.fill("#password", doctor.made.password)
        page.fill("#code", doctor.code())
        page.keyboard.press("Enter")
        for device in ("pacs", "off"):
            page.wait_for_selector("#send-device")
            page.locator("#send-device").focus()
            page.keyboard.type(device)
            page.keyboard.press("Tab")
            page.keyboard.press("Tab")
            page.keyboard.press("Enter")
            expect(page.locator("tbody th", has_text=device)).to_have_count(1)
            outbox.settle()
        page.reload()
        seen(page, "send")
        expect(page.locator("tr", has_text="pacs")).to_contain_text("Envoyé")
        expect(page.locator("tr", has_text="off")).to_contain_text("ne répond pas à son adresse")
        assert kept.received
    page.locator('nav a[href="/sendings"]').focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#state")
    seen(page, "sendings")
    page.locator('form[action="/sendings/cancel"] button').focus()
    page.keyboard.press("Enter")
    expect(page.locator("tr", has_text="off").first).to_contain_text("Annulé")
    page.locator("#rule-to").focus()
    page.keyboard.type("pacs")
    page.locator("#rule-modality").fill("CT")
    page.keyboard.press("Enter")
    expect(page.locator("section[aria-labelledby=rules] tbody tr")).to_have_count(1)
    seen(page, "rule")
    page.select_option("#state", "cancelled")
    page.locator("form.search button").press("Enter")
    page.wait_for_url("**state=cancelled**")
    expect(page.locator("main > .sheet tbody tr")).to_have_count(1)


def test_a_narrow_window_shows_it_all(browser, doctor, house):
    page = browser.sign_in(doctor)
    page.set_viewport_size({"width": 380, "height": 800})
    page.goto(house.url + "/sendings")
    seen(page, "sendings-narrow")


def test_nothing_complains(browser):
    assert browser.complaints == []
