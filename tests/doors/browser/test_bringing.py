"""A folder brought in by a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.doors.browser.conftest import Watched, chromium
from tests.doors.small import Study
from tests.doors.web_kit import Door, Somebody

pytestmark = [pytest.mark.programs("chromium"), pytest.mark.timeout(300)]
BROUGHT = Study(31, name="Porteau^Lucie", patient_id="BRG-31")


def fresh(page, house: Door, who: Somebody, path: str) -> None:
    """Give password and code again, and come back to a page."""
    page.goto(house.url + path)
    page.click("a.button")
    page.fill("#password", who.made.password)
    page.fill("#code", who.code())
    page.click("button.primary")
    page.wait_for_selector("#folder")


def test_a_folder_is_sent_and_found_and_no_file_name_leaves(house: Door, doctor: Somebody, tmp_path: Path) -> None:
    folder = tmp_path / "PORTEAU LUCIE"
    folder.mkdir()
    for number, data in enumerate(BROUGHT.files()):
        (folder / f"PORTEAU-{number}").write_bytes(data)
    (folder / "autorun.inf").write_text("[autorun]")
    (folder / "broken.dcm").write_bytes(bytes(128) + b"DICM" + bytes(40))
    with chromium(house, tmp_path / "profile") as browser:
        page = sent(browser, house, doctor, folder)
        text = page.inner_text("#said")
        assert text.startswith(f"Terminé : {len(BROUGHT.files())} images enregistrées")
        assert "1 ont été refusées" in text
        assert "1 ne sont pas du DICOM" in text
        assert not browser.complaints
        page.goto(house.url + "/")
        assert BROUGHT.patient_id in page.inner_text("table.studies")


def sent(browser: Watched, house: Door, doctor: Somebody, folder: Path):
    page = browser.sign_in(doctor)
    fresh(page, house, doctor, "/bring")
    bodies: list[bytes] = []
    page.on("request", lambda one: bodies.append(one.post_data_buffer or b"") if "studies" in one.url else None)
    page.set_input_files("#folder", str(folder))
    page.locator("#said", has_text="Terminé").wait_for()
    assert not any(b"PORTEAU-" in one or b"PORTEAU LUCIE" in one for one in bodies)
    return page
