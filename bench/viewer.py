"""How long a doctor waits for the first image: `python -m bench.viewer [--quick] [--json] [--rounds N] [--count N]`.

A CT of 500 slices is sent to Primum and to Debian's Orthanc. Then OHIF, the same build for both, opens it in Debian's
Chromium: a fresh context each time (nothing cached), in an order that turns. The clock runs from the navigation to the
first moment at which OHIF's canvas has a picture on it; that it is the right one is checked against the slice that was
sent. Primum serves OHIF itself over TLS; for Orthanc nginx serves it, over TLS (`orthanc_tls`) or in clear (`orthanc`).
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from tests.doors.browser.screen import CANVAS, shown
from tests.programs import find_program

from bench.contenders.ohif import ohif_before
from bench.contenders.proxy import there
from bench.load import Slice, make_slices
from bench.results import Bar, Bars, Place, Table, say, show, told
from bench.retrieve import orthanc, primum
from bench.trust import make_trust
from primum.doors.web.viewer_files import find_viewer

COUNT = 500
GOAL = 2.0
"""Orthanc's time over ours."""
PATIENCE_MS = 120_000
_FLAGS = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--no-first-run"]
_LIKE = 0.97
"""Correlation of the canvas with the slice, at least: it is scaled and windowed."""
_WATCH = """
  performance.setResourceTimingBufferSize(5000);
  window.benchPainted = 0;
  const look = () => {
    const canvas = document.querySelector("CANVAS");
    if (canvas && canvas.width > 64) {
      const at = [canvas.width >> 1, canvas.height >> 1];
      const data = canvas.getContext("2d").getImageData(at[0] - 8, at[1] - 8, 16, 16).data;
      const seen = new Set();
      for (let one = 0; one < data.length; one += 4) seen.add(data[one]);
      if (seen.size > 8) { window.benchPainted = performance.now(); return; }
    }
    setTimeout(look, 20);
  };
  look();
""".replace("CANVAS", CANVAS)
"""Runs before the page's own scripts, the same for all: a picture has more than eight grey levels in its middle."""
_TIMES = """performance.getEntriesByType("resource").map((one) =>
  [one.name, one.startTime, one.responseEnd, one.transferSize])"""


class NotShown(RuntimeError):
    """The viewer did not show what was sent."""


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening of the study, in milliseconds from the navigation."""

    painted: float
    """The first picture is on the canvas."""
    script: float
    """OHIF's main script has come."""
    metadata: float
    """The metadata of the series have come."""
    metadata_took: float
    """What their request took by itself."""
    frame: float
    """The first frame has come."""
    frames: int
    """Frames that had come by then."""
    requests: int
    """Requests begun before the picture."""
    megabytes: float
    """What had come by then."""


@dataclass(slots=True)
class Contender:
    """An archive with OHIF before it."""

    name: str
    address: str
    cookies: list[dict[str, Any]] = field(default_factory=list)


Results = dict[str, list[Opening]]


@contextmanager
def contenders(place: Path, slices: Sequence[Slice]) -> Iterator[list[Contender]]:
    """Start both archives with the study in them, and OHIF before each."""
    viewer = find_viewer()
    if viewer is None:
        raise FileNotFoundError("the viewer is not prepared: node viewer/prepare.mjs")
    trust, study = make_trust(place / "trust"), slices[0].study_uid
    with ExitStack() as stack:
        ours, _ = stack.enter_context(primum(place, trust, slices))
        found = [_primum(ours.doors.web, ours.doors.cookie)]
        theirs = stack.enter_context(orthanc(place, trust, slices, tls=False, tuned=False))
        for name, identity in (("orthanc_tls", trust.server), ("orthanc", None)):
            site = stack.enter_context(ohif_before(theirs.doors.web, place / name, viewer, identity))
            scheme = "https" if identity else "http"
            found.append(Contender(name, f"{scheme}://localhost:{site.port}/ohif/viewer?StudyInstanceUIDs={study}"))
        os.sync()
        yield found


def _primum(port: int, cookie: str) -> Contender:
    """Find the study's address as the worklist gives it."""
    origin = f"https://localhost:{port}"
    with httpx.Client(base_url=origin, verify=False, trust_env=False) as client:
        page = client.get("/", headers={"Cookie": cookie}).raise_for_status().text
    found = re.search(r"/ohif/viewer\?StudyInstanceUIDs=[0-9.]+", page)
    if found is None:
        raise NotShown("the worklist does not have the study")
    name, value = cookie.split("=", 1)
    return Contender(
        "primum",
        origin + found.group(),
        [{"name": name, "value": value, "url": origin, "secure": True, "httpOnly": True, "sameSite": "Strict"}],
    )


def open_once(browser: Browser, one: Contender, truth: NDArray[np.float64]) -> Opening:
    """Open the study in a browser that has never seen it. Raises NotShown."""
    context: BrowserContext = browser.new_context(
        ignore_https_errors=True, viewport={"width": 1280, "height": 860}, locale="fr-FR"
    )
    try:
        if one.cookies:
            context.add_cookies(one.cookies)  # type: ignore[arg-type]
        context.add_init_script(_WATCH)
        page = context.new_page()
        page.goto(one.address, wait_until="commit")
        painted = _wait(page, one)
        times = page.evaluate(_TIMES)
        alike = likeness(truth, page)
        if alike < _LIKE:
            raise NotShown(f"{one.name} shows something else (correlation {alike:.3f})")
        return _opening(painted, times)
    finally:
        context.close()


def _wait(page: Page, one: Contender) -> float:
    for _ in range(PATIENCE_MS // 100):
        painted = float(page.evaluate("window.benchPainted || 0"))
        if painted:
            return painted
        page.wait_for_timeout(100)
    raise NotShown(f"{one.name} shows nothing")


def _opening(painted: float, times: list[tuple[str, float, float, int]]) -> Opening:
    came = [one for one in times if one[2] and one[2] <= painted]
    frames = [one for one in came if "/frames/" in one[0]]
    described = [one for one in came if one[0].endswith("/metadata")]
    script = [one for one in came if "/app.bundle." in one[0] and one[0].endswith(".js")]
    if not (frames and described and script):
        raise NotShown("a picture without its frame, its metadata or its viewer")
    return Opening(
        painted=round(painted),
        script=round(script[0][2]),
        metadata=round(described[0][2]),
        metadata_took=round(described[0][2] - described[0][1]),
        frame=round(min(one[2] for one in frames)),
        frames=len(frames),
        requests=sum(one[1] <= painted for one in times),
        megabytes=round(sum(one[3] for one in came) / 1e6, 1),
    )


def truth_of(one: Slice) -> NDArray[np.float64]:
    """Window a slice as its header says (PS3.3 C.11.2.1.2)."""
    from pydicom import dcmread  # noqa: PLC0415

    made = dcmread(one.file)
    level, width = (float(np.atleast_1d(value)[0]) for value in (made.WindowCenter, made.WindowWidth))
    stored = np.frombuffer(made.PixelData, "<u2").reshape(made.Rows, made.Columns)
    values = stored * float(made.RescaleSlope) + float(made.RescaleIntercept)
    return np.clip(((values - (level - 0.5)) / (width - 1) + 0.5) * 255, 0, 255)


def likeness(truth: NDArray[np.float64], page: Page) -> float:
    """Correlate the canvas with a slice: whole, centred, as high or wide as the canvas lets it be."""
    canvas = shown(page).astype(float)
    side = min(canvas.shape)
    at = np.clip(np.round((np.arange(side) + 0.5) / side * len(truth) - 0.5).astype(int), 0, len(truth) - 1)
    top, left = ((whole - side) // 2 for whole in canvas.shape)
    seen = canvas[top : top + side, left : left + side]
    return float(np.corrcoef(truth[np.ix_(at, at)].ravel(), seen.ravel())[0, 1])


def compare_all(rounds: int, count: int, said: Callable[[str], None]) -> Results:
    """Open the study so many times from each, after once that is not counted."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, sync_playwright() as playwright:
        place = Path(folder)
        slices = make_slices(place / "load", count, tag="viewer")
        truth = truth_of(slices[0])
        browser = playwright.chromium.launch(executable_path=str(find_program("chromium")), args=_FLAGS)
        with contenders(place, slices) as every:
            results: Results = {one.name: [] for one in every}
            for turn in range(rounds + 1):
                for one in every if turn % 2 else reversed(every):
                    opened = open_once(browser, one, truth)
                    if turn:
                        results[one.name].append(opened)
                    said(f"{turn}/{rounds} {one.name:12} {opened}")
        browser.close()
    return results


def ratios(results: Results) -> dict[str, float]:
    """Return Orthanc's median time over ours, for each way in which it is served."""
    ours = median(one.painted for one in results["primum"])
    return {
        name: round(median(one.painted for one in found) / ours, 2)
        for name, found in results.items()
        if name != "primum"
    }


def worst_rounds(results: Results) -> dict[str, float]:
    """Return the smallest ratio that any one round gave."""
    return {
        name: round(min(b.painted / a.painted for a, b in zip(results["primum"], found, strict=True)), 2)
        for name, found in results.items()
        if name != "primum"
    }


def as_table(results: Results) -> Table:
    """Return one row for each way of serving."""
    ratio, worst = ratios(results), worst_rounds(results)
    head = ["from", "first image", "metadata come", "metadata took", "frame come", "requests", "MB", "ratio"]
    head += ["worst round", "goal"]
    lines = []
    for name, found in results.items():
        mid = {one: median(asdict(opened)[one] for opened in found) for one in asdict(found[0])}
        ends = [one.painted / 1000 for one in found]
        compared = ["", "", ""]
        if name in ratio:
            compared = [f"{ratio[name]:.1f}x", f"{worst[name]:.1f}x", f"{GOAL:g}x {_judged(ratio[name])}"]
        lines.append([
            name, f"{mid['painted'] / 1000:.1f} s ({min(ends):.1f}-{max(ends):.1f})", f"{mid['metadata'] / 1000:.1f} s",
            f"{mid['metadata_took']:.0f} ms", f"{mid['frame'] / 1000:.1f} s", f"{mid['requests']:.0f}",
            f"{mid['megabytes']:.1f}", *compared,
        ])  # fmt: skip
    return Table(head, lines)


def _judged(ratio: float) -> str:
    return "reached" if ratio >= GOAL else "missed"


def as_object(results: Results, place: Place, *, quick: bool) -> dict[str, object]:
    """Return everything as one object for `--json`."""
    ratio, worst = ratios(results), worst_rounds(results)
    bars = [Bar(name, ratio[name], worst[name], GOAL) for name in ratio]
    return told(
        "viewer", place, quick=quick, tables=[as_table(results)],
        charts=[Bars("ratios", "First image of a CT in OHIF: Orthanc's time over Primum's", bars)],
        ratios=ratio, worst_round=worst,
        openings={name: [asdict(one) for one in found] for name, found in results.items()},
    )  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Run and report; the exit status is 1 when a wrong picture was shown, or none."""
    parser = argparse.ArgumentParser(prog="python -m bench.viewer", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="two rounds")
    parser.add_argument("--rounds", type=int, default=0, help="interleaved rounds (5; with --quick 2)")
    parser.add_argument("--count", type=int, default=COUNT, help="slices of the study (500)")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    chosen = parser.parse_args(arguments)
    if not there():
        say("bench: error: nginx is missing (Debian: apt-get install nginx-light)")
        return 1
    begun = Place()
    try:
        results = compare_all(chosen.rounds or (2 if chosen.quick else 5), chosen.count, say)
    except NotShown as wrong:
        say(f"bench: error: {wrong}")
        return 1
    show(as_object(results, begun, quick=chosen.quick), as_json=chosen.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
