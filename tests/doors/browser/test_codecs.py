"""Every compression that a scanner may send is drawn, though one worker alone may make functions of text."""

from __future__ import annotations

import io
import re

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.uid import generate_uid
from tests.doors.browser.conftest import chromium
from tests.doors.browser.screen import CANVAS, shown

pytestmark = [pytest.mark.programs("chromium"), pytest.mark.timeout(600), pytest.mark.slow]

SAME_PIXELS = (
    "MR_small.dcm",
    "MR_small_RLE.dcm",
    "MR_small_jp2klossless.dcm",
    "MR_small_jpeg_ls_lossless.dcm",
    "MR_small_bigendian.dcm",
)
"""One image of pydicom's, kept in these ways without loss."""
DRAWN = ("JPGExtended.dcm", "SC_rgb_jpeg_gdcm.dcm", "examples_palette.dcm", "image_dfl.dcm")
"""Lossy, colour, palette (whose tables are bulk data), deflated."""


def renamed(name: str) -> bytes:
    """The file as a study of its own, of a patient named after it."""
    made = pydicom.dcmread(get_testdata_file(name, download=False))
    made.StudyInstanceUID, made.SeriesInstanceUID, made.SOPInstanceUID = (generate_uid() for _ in range(3))
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.PatientName, made.PatientID = re.sub(r"\W", "", name), name[:60]
    buffer = io.BytesIO()
    made.save_as(buffer)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def screens(house, doctor, tmp_path_factory):
    """What the canvas holds for each file."""
    names = (*SAME_PIXELS, *DRAWN)
    house.add(renamed(name) for name in names)
    seen, complaints = {}, []
    with chromium(house, tmp_path_factory.mktemp("profile")) as browser:
        page = browser.sign_in(doctor)
        rows = page.locator("table.studies tbody tr").filter(has=page.locator("a.open"))
        found = {row.locator(".id").inner_text(): row.locator("a.open").get_attribute("href") for row in rows.all()}
        for name in names:
            page.goto(house.url + found[name[:60]])
            page.wait_for_selector(CANVAS)
            seen[name] = settled(page)
        complaints = browser.complaints
    return seen, complaints


def settled(page) -> np.ndarray:
    """Wait until the canvas holds an image, and the same one twice."""
    before = np.zeros((0, 0), np.uint8)
    for _ in range(60):
        page.wait_for_timeout(500)
        now = shown(page)
        if now.size and now.std() > 2 and now.shape == before.shape and np.array_equal(now, before):
            return now
        before = now
    return before


@pytest.mark.parametrize("name", SAME_PIXELS[1:])
def test_the_same_image_is_drawn_whatever_it_was_compressed_with(screens, name):
    seen, _ = screens
    assert seen["MR_small.dcm"].std() > 20
    assert np.abs(seen[name].astype(int) - seen["MR_small.dcm"]).mean() < 0.5


@pytest.mark.parametrize("name", DRAWN)
def test_an_image_is_drawn(screens, name):
    seen, _ = screens
    assert seen[name].std() > 5


def test_no_policy_is_violated(screens):
    _, complaints = screens
    assert [one for one in complaints if "Content Security Policy" in one or "unsafe-eval" in one] == []
