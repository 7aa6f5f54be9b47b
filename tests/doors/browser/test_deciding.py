"""The pages of patients and decisions in a browser: labels, headings, keyboard, and nothing that complains."""

from __future__ import annotations

import os

import pytest
from tests.doors.browser.conftest import chromium
from tests.doors.browser.test_pages import UNLABELLED
from tests.doors.deciding_kit import deciding

pytestmark = [pytest.mark.programs("chromium"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def browser(house, tmp_path_factory):
    with deciding(house), chromium(house, tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def seen(page, name):
    """Every field has a label, there is one heading, and nothing is wider than the window."""
    assert page.evaluate(UNLABELLED) == []
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    if folder := os.environ.get("PRIMUM_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_a_patient_is_corrected_with_the_keyboard_alone(browser, doctor):
    page = browser.sign_in(doctor)
    page.locator("td.id a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#correct-name")
    seen(page, "patient")
    page.locator("main [role=note] a").focus()
    page.keyboard.press("Enter")
    page.fill("#password", doctor.made.password)
    page.fill("#code", doctor.code())
    page.keyboard.press("Enter")
    page.wait_for_selector("#correct-name")
    page.fill("#correct-name", "CORRIGÉE^Ève")
    page.keyboard.press("Enter")
    page.wait_for_selector("input[name=sure]", state="attached")
    seen(page, "confirm")
    # the birth date of this patient is no date at all: nobody touched it, and so it is not part of the decision
    assert page.locator("main tbody tr").count() == 1
    page.locator("main button.primary").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#correct-name")
    assert "CORRIGÉE" in page.inner_text("h1")
    page.locator("section[aria-labelledby=studies] a").first.click()
    page.wait_for_selector("#reject-code")
    seen(page, "study")


def test_nothing_complains(browser):
    assert browser.complaints == []
