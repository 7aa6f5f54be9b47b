"""The state of the installation with a keyboard, in a browser: made, followed, read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from tests.doors import web_kit
from tests.doors.browser.conftest import chromium
from tests.doors.browser.test_pages import UNLABELLED
from tests.doors.checking_kit import checking
from tests.doors.web_kit import Door
from tests.unit.exposure.checks.kit import ago, but

from primum.exposure.checks.sources import Deletions
from primum.identity import Role, Scope

pytestmark = [pytest.mark.programs("chromium"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    door = web_kit.build(tmp_path_factory.mktemp("checking") / "home")
    checking(door, but(copies=but().copies(), deletions=Deletions(3, 2, 0, ago(days=95)), guards=["passphrase"]))
    with web_kit.serving(door):
        yield door


def test_a_check_is_made_and_read_by_keyboard_alone(house, tmp_path_factory):
    doctor = house.somebody("Dr Anne Kerjean", Role.PHYSICIAN, scope=Scope.SITE)
    with chromium(house, tmp_path_factory.mktemp("profile")) as browser:
        page = browser.sign_in(doctor)
        page.locator("nav a[href='/check']").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/check")
        assert page.locator("h1").count() == 1
        page.locator("form[action='/check'] button").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(".check-answer")
        assert page.evaluate(UNLABELLED) == []
        assert page.locator(".check-line").count() == 29
        assert page.locator(".check-line .check-state").first.inner_text() == "À corriger"
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        page.locator("#line-homologation ~ p a[href^='/step-up']").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/step-up*")
        expect(page.locator("#password")).to_be_focused()
        page.keyboard.type(doctor.made.password)
        page.keyboard.press("Tab")
        page.keyboard.type(doctor.code())
        page.keyboard.press("Enter")
        page.wait_for_selector(".check-line")
        page.locator("#line-homologation ~ details summary").focus()
        page.keyboard.press("Enter")
        page.locator("#value-homologation").focus()
        assert page.input_value("#value-homologation") == "", "nothing is attested by default"
        page.keyboard.type("La d")
        assert page.input_value("#value-homologation") == "homologated"
        assert page.evaluate(UNLABELLED) == []
        page.locator("#line-homologation ~ details button").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("p.done")
        page.set_viewport_size({"width": 360, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert browser.complaints == []
        assert all(one.startswith((house.url, "data:")) for one in browser.requests)
