"""Deciding about erasures with a keyboard, in a browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.doors.browser.conftest import chromium
from tests.doors.browser.test_pages import UNLABELLED

from primum.identity import Role

pytestmark = [pytest.mark.programs("chromium"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def browser(house, tmp_path_factory):
    with chromium(house, tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def test_a_study_is_held_and_proposed_by_keyboard_alone(browser, doctor, house):
    house.somebody("Dora Officer", Role.DPO)
    page = browser.sign_in(doctor)
    page.locator("a[href^='/retention/']").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/retention/*")
    assert page.evaluate(UNLABELLED) == []
    page.locator("a[href^='/step-up']").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/step-up*")
    assert page.evaluate(UNLABELLED) == []
    expect(page.locator("#password")).to_be_focused()
    page.keyboard.type(doctor.made.password)
    page.keyboard.press("Tab")
    page.keyboard.type(doctor.code())
    page.keyboard.press("Enter")
    # back where it was asked
    page.wait_for_url("**/retention/*")
    assert page.evaluate(UNLABELLED) == []
    page.locator("#erase-reason").focus()
    page.keyboard.type(page.locator("#erase-reason option[value=wrong-patient]").inner_text()[:5])
    page.locator("#erase-note").fill("envoyé deux fois")
    page.keyboard.press("Enter")
    page.wait_for_url("**/erasures")
    assert page.locator("h1").count() == 1
    assert page.locator("#waiting ~ table tbody tr").count() == 1
    assert page.locator("nav a[href='/erasures'] .count").inner_text() == "1"
    page.locator("#waiting ~ table button").last.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#waiting ~ p")
    assert browser.complaints == []
