"""A lost laptop, told in a browser to a Primum that runs: form, countdown, reload, keyboard, small screen."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page

from primum.ground.zones import PARIS
from tests.doors.browser.conftest import Watched, chromium
from tests.doors.browser.test_pages import UNLABELLED
from tests.doors.e2e.conftest import Practice
from tests.running import Person

pytestmark = [pytest.mark.programs("chromium"), pytest.mark.timeout(300)]

TITLE = "J'ai perdu mon ordinateur portable, ou on me l'a volé"
SEEN = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=2, minutes=3)
"""When it was seen that the laptop was gone."""
SHOTS = os.environ.get("PRIMUM_TEST_SHOTS", "")
"""A folder for pictures of every page, for who wants to look; none are made without it."""
TWICE = (
    """[...document.querySelectorAll("[id]")].map((one) => one.id).filter((one, at, all) => all.indexOf(one) !== at)"""
)
NAMELESS = """[...document.querySelectorAll("a[href], button, summary")]
  .filter((one) => !(one.textContent.trim() || one.getAttribute("aria-label"))).map((one) => one.outerHTML)"""
LEVELS = """[...document.querySelectorAll("h1, h2, h3, h4")].map((one) => Number(one.tagName[1]))"""
DANGLING = """[...document.querySelectorAll("[aria-labelledby], [aria-describedby], label[for]")]
  .flatMap((one) => ["aria-labelledby", "aria-describedby", "for"].map((name) => one.getAttribute(name) || ""))
  .flatMap((one) => one.split(/ +/)).filter(Boolean).filter((one) => !document.getElementById(one))"""
UNGROUPED = """[...document.querySelectorAll("fieldset")].filter((one) => !one.querySelector("legend")).length"""
TOO_WIDE = """document.documentElement.scrollWidth > document.documentElement.clientWidth
  ? [...document.querySelectorAll("main *")].filter((one) => !one.closest(".sheet")
      && one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .map((one) => one.outerHTML.slice(0, 120)).slice(-3).concat("too wide") : []"""
"""What sticks out, where the page is wider than the window; tables scroll in a frame of their own."""


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody at the door of a page."""

    person: Person

    def form(self) -> dict[str, str]:
        return {"login": self.person.login, "password": self.person.password, "code": self.person.code()}


@pytest.fixture(scope="module")
def browser(practice: Practice, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """A browser; at the end nothing complained in it, and nothing was asked of anybody else."""
    with chromium(practice.primum, tmp_path_factory.mktemp("profile")) as opened:
        yield opened
        assert [one for one in opened.complaints if "422" not in one] == []
        assert all(one.startswith((practice.primum.url, "data:")) for one in opened.requests)


@pytest.fixture(scope="module")
def page(practice: Practice, browser: Watched) -> Page:
    return browser.sign_in(Who(practice.person))


@pytest.fixture(scope="module")
def laptop(practice: Practice, page: Page) -> str:
    """Tell of a lost laptop; give the address of its file."""
    page.goto(practice.primum.url + "/incidents/tell/laptop")
    page.fill("#seen-at", f"{in_paris(SEEN):%Y-%m-%dT%H:%M}")
    page.click("form.story button.primary")
    page.wait_for_selector(".countdown")
    return page.url


def sound(page: Page) -> None:
    """Nothing that a reader with a screen reader, or a small screen, would stumble over."""
    assert page.evaluate(UNLABELLED) == []
    assert page.evaluate(TWICE) == []
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate(DANGLING) == []
    assert page.evaluate(UNGROUPED) == 0
    assert page.evaluate("document.documentElement.lang") == "fr"
    levels = page.evaluate(LEVELS)
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    for width in (400, 1280):
        page.set_viewport_size({"width": width, "height": 860})
        assert page.evaluate(TOO_WIDE) == [], f"{page.url} is wider than {width}"
        if SHOTS:
            name = re.sub(r"\W+", "-", page.url.partition("://")[2].partition("/")[2].partition("?")[0]) or "home"
            page.screenshot(path=str(Path(SHOTS) / f"{name[:60]}-{width}.png"), full_page=True)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    page.set_viewport_size({"width": 400, "height": 860})
    assert page.evaluate(TOO_WIDE) == [], f"{page.url}, unfolded, is wider than 400"
    page.set_viewport_size({"width": 1280, "height": 860})


def walk_to(page: Page, wanted: str, most: int = 120) -> None:
    """Press the tabulator until what has the focus is the one that is wanted."""
    for _ in range(most):
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", wanted):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{wanted} is not reached by keyboard")


def countdown(page: Page) -> timedelta:
    """What is left, as the page says it."""
    said = page.locator(".countdown strong").inner_text()
    left = re.fullmatch(r"il reste (?:(\d+) j )?(?:(\d+) h )?(\d+) min", said)
    assert left is not None, said
    days, hours, minutes = (int(one or 0) for one in left.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)


def in_paris(at: datetime) -> datetime:
    """The practice's hour, whatever zone this machine is in."""
    return at.astimezone(ZoneInfo(PARIS))


def early_in_a_minute() -> datetime:
    """Now, with time enough before the next minute for two readings of a page to fall into the same one."""
    while (now := datetime.now().astimezone()).second > 45:
        time.sleep(0.2)
    return now


def type_instant(page: Page, field: str, at: datetime) -> None:
    """Type a day and an hour, in whichever order this browser's own language has day and month."""
    for order in ("%m%d%Y", "%d%m%Y"):
        page.focus(field)
        page.keyboard.type(f"{at:{order}}")
        page.keyboard.press("Tab")
        page.keyboard.type(f"{at:%I%M%p}")
        if page.input_value(field) == f"{at:%Y-%m-%dT%H:%M}":
            return
        page.fill(field, "")
    pytest.fail(f"{field} cannot be typed into")


def test_a_lost_laptop_is_told_by_keyboard_alone(practice: Practice, page: Page):
    page.goto(practice.primum.url + "/")
    walk_to(page, "nav a[href='/incidents']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/incidents")
    sound(page)
    walk_to(page, "a[href='/incidents/tell/laptop']")
    page.keyboard.press("Enter")
    page.wait_for_selector("form.story")
    assert page.locator("h1").inner_text() == TITLE
    sound(page)

    # sent without an hour: nothing is opened, what was typed is still there, and the problem is beside its question
    walk_to(page, "#u-seal")
    page.keyboard.press("Space")
    walk_to(page, "#v-people")
    page.keyboard.type("190")
    walk_to(page, "button.primary")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    assert page.locator("#q-seen .problem").count() == 1
    assert page.input_value("#v-people") == "190"
    assert page.is_checked("#u-seal")
    sound(page)

    walk_to(page, "#seen-at")
    type_instant(page, "#seen-at", in_paris(SEEN))
    walk_to(page, "#v-device-power")
    page.keyboard.type("en v")
    assert page.input_value("#v-device-power") == "asleep"
    walk_to(page, "button.primary")
    page.keyboard.press("Enter")
    page.wait_for_selector(".countdown")
    assert re.fullmatch(re.escape(practice.primum.url) + r"/incidents/inc_[a-z2-7]{26}", page.url)
    assert page.locator("h1").inner_text() == TITLE
    sound(page)


def test_the_countdown_is_the_same_to_the_minute_after_a_reload(page: Page, laptop: str):
    page.goto(laptop)
    now = early_in_a_minute()
    page.reload()
    first = countdown(page)
    due = SEEN + timedelta(hours=72)
    assert abs((due - now) - first) < timedelta(minutes=1)
    page.reload()
    assert countdown(page) == first
    assert f"{in_paris(due):%H:%M}" in page.locator(".countdown").inner_text()


def test_a_question_that_is_left_is_reached_and_answered_by_keyboard_alone(page: Page, laptop: str):
    page.goto(laptop)
    rows = page.locator("section:has(> #facts) tbody tr")
    before = rows.count()
    walk_to(page, "details:has(#v-cause) > summary", 300)
    page.keyboard.press("Enter")
    walk_to(page, "#v-cause")
    page.keyboard.type("acte ext")
    assert page.input_value("#v-cause") == "external-malicious"
    walk_to(page, "form:has(#v-cause) button")
    page.keyboard.press("Enter")
    page.wait_for_url("**#asked")
    assert rows.count() == before + 1


def test_the_countdown_goes_on_while_the_server_is_stopped(practice: Practice, page: Page, laptop: str):
    page.goto(laptop)
    before, then = countdown(page), datetime.now().astimezone()
    practice.primum.stop()
    practice.primum.start()
    practice.primum.wait_ready()
    page.goto(laptop)
    gone = datetime.now().astimezone() - then
    assert timedelta(0) <= before - countdown(page) <= gone + timedelta(minutes=1)


def test_the_next_hour_is_read_and_printed_on_one_page(practice: Practice, page: Page, laptop: str):
    page.goto(practice.primum.url + "/incidents/hour/laptop")
    sound(page)
    page.goto(laptop)
    page.locator("a[href$='/hour.html']").click()
    page.wait_for_url("**/hour.html")
    assert page.locator(".clock li").count() >= 2
    assert page.evaluate("getComputedStyle(document.querySelector('.never')).borderLeftWidth") == "4px", "its style"
    sound(page)
    printed = page.pdf(format="A4", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1


def test_every_other_story_is_sound_too(practice: Practice, page: Page):
    page.goto(practice.primum.url + "/incidents")
    told = page.evaluate("[...document.querySelectorAll('#tell ~ ul a')].map((one) => one.href)")
    assert len(told) >= 12
    for address in told:
        page.goto(address)
        sound(page)


def test_a_letter_is_told_of_at_the_terminal_and_the_next_hour_is_written(practice: Practice, tmp_path: Path):
    primum, letter, out = practice.primum, tmp_path / "courrier.pdf", tmp_path / "hour.pdf"
    letter.write_bytes(b"%PDF-1.7 courrier")
    primum.sign_in(practice.person)
    at = (datetime.now().astimezone() - timedelta(days=1)).isoformat(timespec="minutes")
    told = ["incident", "tell", "authority", "--at", at, "--letter", str(letter), "--letter-about", "online control"]
    refused = primum.cli(*told, "--answer", 'authority-wrote="2999-01-01T00:00+00:00"', check=False)
    assert (refused.returncode, "[incident.bad-answer]" in refused.stderr) == (1, True)
    assert primum.cli(*told, "--answer", "people", check=False).stderr.startswith("primum: error: An answer is given")
    made = json.loads(primum.cli(*told, "--answer", 'authority-told-this-breach="yes"', "--json").stdout)
    (one,) = made["files"]
    assert one["readable"]
    shown = json.loads(primum.cli("incident", "show", one["id"], "--json").stdout)
    assert [each["name"] for each in shown["documents"]] == ["courrier.pdf"]
    assert datetime.fromisoformat(made["detected_at"]) == datetime.fromisoformat(at)
    said = primum.cli("incident", "hour", one["id"]).stdout
    assert "The supervisory authority writes to me" in said
    primum.cli("incident", "hour", "laptop", "--out", str(out))
    assert out.read_bytes().startswith(b"%PDF")
    stopped = primum.cli("incident", "hour", "laptop", "--out", str(out), check=False)
    assert "[cli.system]" in stopped.stderr, "nothing is written over"
    asked = primum.cli("incident", "tell", "colleague", "--ask", typed=["colleague", "", "on purpose", "", "", "~12"])
    assert "prudent deadline" in asked.stdout
    assert "What to do in the next hour".lower() in asked.stdout.lower()
