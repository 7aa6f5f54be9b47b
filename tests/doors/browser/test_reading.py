"""A doctor signs in, opens a CT in OHIF, scrolls, signs out; and the browser keeps nothing of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.doors.browser.conftest import CHEST, SLICES, WINDOW, chromium
from tests.doors.browser.screen import CANVAS, shown
from tests.twins.clear_text import search

pytestmark = [pytest.mark.programs("chromium"), pytest.mark.timeout(600), pytest.mark.slow]


def expected(slice_number: int, canvas: np.ndarray) -> tuple[np.ndarray, tuple[slice, slice]]:
    """What the truth looks like on that canvas, and where: whole, centred, windowed (PS3.3 C.11.2.1.2)."""
    hounsfield = CHEST.pixels(slice_number).astype(float) - 1024
    level, width = WINDOW
    grey = np.clip(((hounsfield - (level - 0.5)) / (width - 1) + 0.5) * 255, 0, 255)
    height, across = canvas.shape
    side = min(height, across)
    at = (np.arange(side) + 0.5) / side * 512 - 0.5
    near = np.clip(np.round(at).astype(int), 0, 511)
    top, left = (height - side) // 2, (across - side) // 2
    return grey[np.ix_(near, near)], (slice(top, top + side), slice(left, left + side))


def difference(slice_number: int, canvas: np.ndarray) -> float:
    """The mean difference of grey levels between the truth and the canvas."""
    truth, where = expected(slice_number, canvas)
    return float(np.abs(truth - canvas[where]).mean())


def wait_for_slice(page, slice_number: int) -> np.ndarray:
    """Wait until the canvas shows this slice better than any other; return it."""
    for _ in range(60):
        canvas = shown(page)
        if canvas.size and canvas.max() > 0:
            differences = [difference(number, canvas) for number in range(1, len(SLICES) + 1)]
            if differences[slice_number - 1] == min(differences) and min(differences) < 12:
                return canvas
        page.wait_for_timeout(500)
    raise AssertionError(f"slice {slice_number} is not shown; differences {differences}")


@pytest.fixture(scope="module")
def visit(house, doctor, tmp_path_factory):
    """One whole visit; what each step saw."""
    profile = tmp_path_factory.mktemp("profile")
    seen = {}
    with chromium(house, profile) as browser:
        page = browser.sign_in(doctor)
        seen["rows"] = page.locator("table.studies tbody tr").count()
        page.fill("#name", "menardiere")
        with page.expect_response("**/search"):
            page.press("#name", "Enter")
        page.wait_for_selector("#results table.studies")
        seen["found"] = page.locator(".family").all_inner_texts()
        with browser.context.expect_page() as opened:
            page.keyboard.press("ArrowDown")
            page.keyboard.press("Enter")
        viewer = opened.value
        viewer.wait_for_selector(CANVAS)
        seen["address"] = viewer.url
        seen["first"] = wait_for_slice(viewer, 1)
        viewer.mouse.move(800, 430)
        viewer.mouse.wheel(0, 100)
        seen["second"] = wait_for_slice(viewer, 2)
        seen["title"] = viewer.title()
        seen["standing"] = viewer.locator(".primum-standing").inner_text()
        seen["text"] = viewer.locator("body").inner_text()
        seen["storages"] = viewer.evaluate(
            "[localStorage, sessionStorage].map((one) => Object.prototype.toString.call(one))"
        )
        seen["stored"] = viewer.evaluate(
            "[typeof indexedDB, typeof caches, typeof navigator.serviceWorker, document.cookie]"
        )
        page.bring_to_front()
        page.click('form[action="/sign-out"] button')
        page.wait_for_selector("#login")
        viewer.wait_for_selector("#login")
        seen["after"] = viewer.url
        page.go_back()
        page.wait_for_load_state()
        seen["back"] = page.locator("body").inner_text()
        seen["requests"], seen["complaints"], seen["failures"] = browser.requests, browser.complaints, browser.failures
    seen["profile"] = profile
    return seen


def test_the_list_and_its_search_show_the_study(visit):
    assert visit["rows"] == 1
    assert visit["found"] == ["Ménardière"]


@pytest.mark.parametrize(("step", "number"), [("first", 1), ("second", 2)])
def test_the_canvas_holds_the_phantom(visit, step, number):
    canvas = visit[step]
    assert difference(number, canvas) < 6
    truth, where = expected(number, canvas)
    assert np.corrcoef(truth.ravel(), canvas[where].astype(float).ravel())[0, 1] > 0.99


def test_no_request_leaves_the_origin(house, visit):
    allowed = (house.url + "/", "data:", "blob:" + house.url)
    assert [one for one in visit["requests"] if not one.startswith(allowed)] == []
    assert any("/frames/1" in one for one in visit["requests"])


def test_no_policy_is_violated_and_nothing_fails(visit):
    assert visit["complaints"] == []
    assert visit["failures"] == []


def test_the_viewer_says_what_it_is_for_and_is_french(visit):
    assert "Démonstration : données fictives" in visit["standing"]
    assert "Ne convient pas au diagnostic primaire" in visit["standing"]
    assert "Études" in visit["text"]


def test_the_viewer_s_address_and_title_say_nothing_of_the_study(visit, canary):
    assert canary.uid_root not in visit["address"]
    assert visit["title"] == "Visionneuse · Primum"


def test_the_viewer_has_nowhere_to_keep_anything(visit):
    assert visit["storages"] == ["[object Object]"] * 2
    assert visit["stored"] == ["undefined"] * 3 + [""]


def test_signing_out_in_one_tab_leaves_the_viewer_in_the_other(house, visit):
    assert visit["after"] == house.url + "/sign-in"
    assert "Ménardière" not in visit["back"]


def test_the_profile_holds_no_canary(visit, canary):
    found = set(search([visit["profile"]], canary))
    assert found == set()
    history = next(Path(visit["profile"]).rglob("History")).read_bytes()
    assert b"/ohif/viewer?StudyInstanceUIDs=2.25." in history


def test_the_same_search_finds_what_a_careless_page_leaves(house, doctor, tmp_path, canary):
    """A page whose address and title name the patient: history keeps both."""
    with chromium(house, tmp_path) as browser:
        page = browser.sign_in(doctor)
        page.goto(f"{house.url}/studies/{canary.uid_root}?id={canary.patient_id}")
        page.evaluate(
            f"document.title = '{canary.name.split('^')[0]}'; localStorage.setItem('born', '{canary.birth_date}')"
        )
        page.wait_for_timeout(1000)
    found = {what for _, what in search([tmp_path], canary)}
    assert {"uid root in utf-8", "patient id in utf-8", "birth date in utf-8"} <= found
