"""The pages in a browser: what scripts add to them."""

from __future__ import annotations

import pytest
from tests.doors.browser.conftest import chromium

pytestmark = [pytest.mark.programs("chromium"), pytest.mark.timeout(300)]

UNLABELLED = """[...document.querySelectorAll("input:not([type=hidden]), select, textarea")]
  .filter((one) => !one.labels.length).map((one) => one.outerHTML)"""


@pytest.fixture(scope="module")
def browser(house, tmp_path_factory):
    with chromium(house, tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def test_a_session_that_nobody_uses_locks_by_itself_in_every_tab(browser, doctor, house):
    other = browser.sign_in(doctor)
    page = browser.context.new_page()
    page.clock.install()
    page.goto(house.url + "/")
    page.clock.fast_forward("16:00")
    page.wait_for_selector('form[action="/unlock"]')
    other.wait_for_selector('form[action="/unlock"]')
    page.fill("#password", doctor.made.password)
    page.click("button.primary")
    page.wait_for_selector("table.studies")


def test_every_field_of_every_page_has_a_label(browser, doctor, house):
    page = browser.sign_in(doctor)
    for path in ("/", "/orders", "/orders/new", "/account", "/notices", "/about"):
        page.goto(house.url + path)
        assert page.evaluate(UNLABELLED) == []
        assert page.locator("h1").count() == 1
    page.goto(house.url + "/")
    page.locator('a[href^="/print/"]').first.click()
    page.wait_for_selector("#most")
    assert page.evaluate(UNLABELLED) == []


def test_the_list_is_walked_and_searched_by_keyboard(browser, doctor):
    page = browser.sign_in(doctor)
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "name"
    with page.expect_response("**/search"):
        page.keyboard.type("zephy", delay=20)
    page.wait_for_selector("#results table.studies")
    page.keyboard.press("ArrowDown")
    assert "open" in page.evaluate("document.activeElement.className")
    assert page.url.endswith("/")


def test_the_search_never_shows_in_the_address(browser, doctor, house):
    page = browser.sign_in(doctor)
    page.fill("#name", "zephy")
    page.click(".search .primary")
    page.wait_for_timeout(600)
    assert page.url == house.url + "/"


def test_nothing_complains(browser):
    assert browser.complaints == []
