"""A real browser on a real web door: Chromium, its own profile, a software rasteriser."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, sync_playwright
from pydicom.uid import generate_uid
from tests.doors import web_kit
from tests.doors.small import Study
from tests.doors.web_kit import Door, Somebody
from tests.programs import find_program
from tests.twins.clear_text import Canary

from primum.doors.web.viewer_files import find_viewer
from primum.imaging import demo

SLICES = (30, 50, 70, 90)
"""Which slices of the demo's chest the study is made of: far enough apart to be told from one another."""
WINDOW = (40.0, 400.0)
FLAGS = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--no-first-run"]

CANARY = Canary(
    name="Ménardière^Zéphyrine",
    birth_date="19370230",  # no such day: it cannot be anywhere by chance
    patient_id="CNRY-484848",
    uid_root=generate_uid(prefix="1.2.826.0.1.3680043.10.1499.")[:44],
    pixels=b"",
)


class Chest(Study):
    """Four slices of the demo's chest, of the canary."""

    @property
    def uid(self) -> str:
        return f"{CANARY.uid_root}.{self.number}"

    def pixels(self, slice_number: int) -> np.ndarray:
        return (demo.ct_truth(SLICES[slice_number - 1]) + 1024).astype(np.uint16)


CHEST = Chest(
    1, name=CANARY.name, patient_id=CANARY.patient_id, born=CANARY.birth_date, slices=len(SLICES), size=512,
    extra={"WindowCenter": str(WINDOW[0]), "WindowWidth": str(WINDOW[1]), "PixelSpacing": [0.7, 0.7]},
)  # fmt: skip


@dataclass
class Watched:
    """A browser, and everything that it asked for or complained of."""

    context: BrowserContext
    door: Door
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def sign_in(self, who: Somebody) -> Page:
        """Sign in anew, whoever was signed in before."""
        self.context.clear_cookies()
        page = self.context.new_page()
        page.goto(self.door.url + "/")
        for name, value in who.form().items():
            page.fill(f"#{name}", value)
        page.click("button.primary")
        page.wait_for_selector("nav [aria-current=page]")
        return page


@pytest.fixture(scope="session")
def canary() -> Canary:
    pixels = CHEST.pixels(1).tobytes()
    middle = len(pixels) // 2 + 512  # in the middle of the chest no two rows are alike
    return Canary(CANARY.name, CANARY.birth_date, CANARY.patient_id, CANARY.uid_root, pixels[middle : middle + 64])


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    if find_viewer() is None:
        pytest.fail("the viewer is not prepared: node viewer/prepare.mjs", pytrace=False)
    door = web_kit.build(tmp_path_factory.mktemp("browser") / "home")
    door.add(CHEST.files())
    with web_kit.serving(door):
        yield door


@pytest.fixture(scope="module")
def doctor(house: Door) -> Somebody:
    return house.doctor()


@contextlib.contextmanager
def chromium(house: Door, profile: Path, **options: Any) -> Iterator[Watched]:
    """Start Chromium with a profile on disc, as a person has it."""
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(profile), executable_path=str(find_program("chromium")), args=FLAGS, ignore_https_errors=True,
            viewport={"width": 1280, "height": 860}, locale="fr-FR", **options,
        )  # fmt: skip
        context.set_default_timeout(60_000)
        watched = Watched(context, house)
        context.on("request", lambda request: watched.requests.append(request.url))
        context.on("console", lambda message: _note(watched, message.type, message.text))
        context.on("weberror", lambda error: watched.complaints.append(f"uncaught: {error.error}"))
        context.on(
            "response", lambda answer: answer.status >= 400 and watched.failures.append(f"{answer.status} {answer.url}")
        )
        try:
            yield watched
        finally:
            context.close()


def _note(watched: Watched, kind: str, text: str) -> None:
    if kind == "error" or "Content Security Policy" in text or "Permissions-Policy" in text:
        watched.complaints.append(text)
