"""The pages of reports in a browser: written, validated and followed with the keyboard alone; the PDF in a tab."""

from __future__ import annotations

import pytest
from tests.doors.browser.conftest import chromium
from tests.doors.browser.test_deciding import seen
from tests.doors.deciding_kit import deciding
from tests.unit.imaging.reports.conftest import PDF

pytestmark = [pytest.mark.programs("chromium"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def browser(house, tmp_path_factory):
    with deciding(house), chromium(house, tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def test_a_report_is_written_validated_and_followed_with_the_keyboard_alone(browser, doctor, tmp_path):
    page = browser.sign_in(doctor)
    page.locator('td a[href$="/reports"]').first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#write-findings")
    seen(page, "reports")
    page.locator("#write-findings").focus()
    page.keyboard.type("Opacité ronde.")
    page.keyboard.press("Tab")
    page.keyboard.type("ACR 2.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#change-findings")
    seen(page, "draft")
    page.locator("main [role=note] a").focus()
    page.keyboard.press("Enter")
    page.fill("#password", doctor.made.password)
    page.fill("#code", doctor.code())
    page.keyboard.press("Enter")
    page.wait_for_selector('form[action$="/validate"]')
    page.locator('form[action$="/validate"] button').focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#follow-findings")
    seen(page, "validated")
    assert page.locator('form[action$="/change"], form[action$="/validate"]').count() == 0
    file = tmp_path / "cr.pdf"
    file.write_bytes(PDF)
    page.select_option("#follow-pdf-relation", "version")
    page.set_input_files("#follow-document", file)
    page.locator("#follow-document").locator("xpath=ancestor::form").locator("button").press("Enter")
    page.wait_for_selector('a[href$="/report.pdf"]')
    seen(page, "pdf")
    assert page.locator('form[action$="/validate"]').count() == 1


def test_nothing_complains(browser):
    assert browser.complaints == []
