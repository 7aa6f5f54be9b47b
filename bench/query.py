"""How long queries take: `python -m bench.query [--quick] [--json] [--keep FOLDER] [--without orthanc,doors]`.

Fills an index with synthetic studies (bench/synthetic.py says how), then asks every shape of query (bench/shapes.py)
of the archive, of the DICOM door (C-FIND) and of the web door (QIDO-RS over TLS, signed in), and prints the median and
the 95th centile of each. Orthanc of Debian is asked the same by C-FIND and QIDO-RS, about fewer studies: 15 000, in
the same run; so the ratio is of one archive with a million studies to another with a sixtieth of them. `--quick`:
20 000 and 500.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
from tests.doors.dimse.orthanc import Peer, orthanc

from bench.doors import dicom_door, web_door
from bench.finder import Finder, Question, data_sets
from bench.results import Bar, Bars, Place, Table, say, show, told
from bench.shapes import SHAPES, Shape
from bench.synthetic import Made, fill, some
from primum.imaging.archive import Archive
from primum.imaging.attributes import Level
from primum.imaging.model import Reach
from primum.imaging.query import parse_qido
from primum.imaging.store import open_index

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

CONTROLLER = "ctl_" + "a" * 26
KEY = bytes(32)
ROWS = 100
LEVELS = {"PATIENT": Level.STUDY, "STUDY": Level.STUDY, "SERIES": Level.SERIES, "IMAGE": Level.INSTANCE}
RESOURCES = {"STUDY": "studies", "SERIES": "series", "IMAGE": "instances"}


@dataclass(frozen=True, slots=True)
class Figure:
    """Milliseconds of one shape at one place."""

    p50: float
    p95: float
    rows: float


def measure(times: int, of: int, ask: Callable[[Made], int]) -> Figure:
    """Ask about `times` studies of `of`, once before it counts."""
    ask(Made(1))
    took, rows = [], 0
    for made in some(times, of):
        begun = time.perf_counter()
        rows += ask(made)
        took.append(1000 * (time.perf_counter() - begun))
    return Figure(round(median(took), 2), round(quantiles(took, n=20)[-1], 2), round(rows / times, 1))


def of_archive(path: Path, times: int, count: int) -> dict[str, Figure]:
    """Ask the archive itself: find, and read what a page says."""
    engine = open_index(path, KEY, read_only=True)
    archive = Archive(engine, SimpleNamespace())  # type: ignore[arg-type]
    reach = Reach(controllers=frozenset({CONTROLLER}))

    def asker(shape: Shape) -> Callable[[Made], int]:
        level = Level.PATIENT if shape.level == "PATIENT" else LEVELS[shape.level]

        def ask(made: Made) -> int:
            criteria = parse_qido([*shape.keys(made).items(), ("limit", str(ROWS))], LEVELS[shape.level])
            return len(archive.find(level, criteria, reach).all())

        return ask

    found = {shape.name: measure(times, count, asker(shape)) for shape in SHAPES}
    engine.dispose()
    return found


def by_find(port: int, called: str, times: int, count: int, *, peer: bool) -> dict[str, Figure]:
    """Ask a DICOM door; of what is found, ROWS are read and then cancelled."""
    finder = Finder(port, called)
    found = {}
    for shape in SHAPES:
        if shape.find and (shape.peer or not peer):
            found[shape.name] = measure(
                times, count, lambda made, one=shape: finder.ask(Question(one.level, one.keys(made)), ROWS)
            )
    finder.close()
    return found


def by_qido(client: httpx.Client, times: int, count: int, *, peer: bool) -> dict[str, Figure]:
    """Ask a web door, with values as they are: Orthanc's plug-in does not undo percent-encoding."""
    found = {}
    for shape in SHAPES:
        if shape.qido and (shape.peer or not peer):

            def ask(made: Made, shape: Shape = shape) -> int:
                keys = {**shape.keys(made), "limit": str(ROWS)}
                asked = "&".join(
                    f"{name}={value}".replace("\\", ",").replace("+", "%2B") for name, value in keys.items()
                )
                answer = client.get(f"{RESOURCES[shape.level]}?{asked}", headers={"Accept": "application/dicom+json"})
                answer.raise_for_status()
                return len(answer.json())

            found[shape.name] = measure(times, count, ask)
    return found


@contextmanager
def child(serve: Callable[..., Any], *given: object) -> Iterator[Any]:
    """Run a door in a process of its own, so that its clients do not share its interpreter."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_serve, args=(serve, there, given), daemon=True)
    process.start()
    try:
        yield here.recv()
    finally:
        here.send("stop")
        process.join(20)


def _serve(serve: Callable[..., Any], there: Connection, given: tuple[object, ...]) -> None:
    with serve(*given) as told:
        there.send(told)
        there.recv()


def run(  # noqa: PLR0917 (each is said once, in main)
    place: Path, kept: Path, studies: int, there: int, times: int, without: set[str]
) -> dict[str, dict[str, Figure]]:
    """Measure everywhere; what takes long to fill is in `kept`, and filled only once."""
    found: dict[str, dict[str, Figure]] = {}
    index = kept / f"index-{studies}.db"
    if not index.exists():
        begun = time.perf_counter()
        making = kept / "making.db"
        fill(making, KEY, studies, CONTROLLER, lambda done: say(f"filled {done} of {studies}"))
        making.rename(index)
        say(f"an index of {studies} studies in {time.perf_counter() - begun:.0f} s")
    found["archive"] = of_archive(index, times, studies)
    if "doors" not in without:
        with child(dicom_door, index, KEY, CONTROLLER, place / "dimse") as port:
            found["C-FIND"] = by_find(port, "PRIMUM", times, studies, peer=False)
        with child(web_door, place / "web", index, KEY) as (url, cookies), _client(url, cookies) as client:
            found["QIDO-RS"] = by_qido(client, times, studies, peer=False)
    if "orthanc" not in without:
        storage = kept / f"orthanc-{there}"
        filled = storage.exists()
        with orthanc(storage) as peer:
            found |= of_orthanc(peer, there, times, filled=filled)
    return found


def _client(url: str, cookie: str) -> httpx.Client:
    headers = {"Cookie": cookie, "Sec-Fetch-Site": "same-origin"}
    # the door's certificate is of its own making, on loopback
    return httpx.Client(base_url=f"{url}/dicom-web/", headers=headers, verify=False, trust_env=False, timeout=60)


def of_orthanc(peer: Peer, count: int, times: int, *, filled: bool) -> dict[str, dict[str, Figure]]:
    """Fill Orthanc, then ask it."""
    begun = time.perf_counter()
    for first in range(1, 1 if filled else count + 1, 500):
        peer.store_raw(data_sets(range(first, min(first + 500, count + 1))))
        say(f"Orthanc has {min(first + 499, count)} of {count}")
    say(f"Orthanc took {count} studies in {time.perf_counter() - begun:.0f} s")
    with httpx.Client(base_url=peer.web + "/", trust_env=False) as client:
        return {
            "Orthanc C-FIND": by_find(peer.dicom, "ORTHANC", times, count, peer=True),
            "Orthanc QIDO-RS": by_qido(client, times, count, peer=True),
        }


PLACES = ("archive", "C-FIND", "Orthanc C-FIND", "QIDO-RS", "Orthanc QIDO-RS")


def as_table(found: dict[str, dict[str, Figure]]) -> Table:
    """Return a line for each shape: p50 / p95 in milliseconds, and how many times as long Orthanc takes (p95)."""
    places = [one for one in PLACES if one in found]
    lines = []
    for shape in SHAPES:
        cells = [_cell(found[place].get(shape.name)) for place in places]
        rows = found["archive"][shape.name].rows
        ratios = [_ratio(found, shape.name, language) for language in ("C-FIND", "QIDO-RS")]
        lines.append([shape.name, f"{rows:g}", *cells, *ratios])
    return Table(["shape", "rows", *places, "ratio C-FIND", "ratio QIDO"], lines)


def as_charts(found: dict[str, dict[str, Figure]]) -> list[Bars]:
    """Return a chart for each door: how many times as long Orthanc takes."""
    charts = []
    for language in ("C-FIND", "QIDO-RS"):
        told_of = [(one.name, _ratio(found, one.name, language)) for one in SHAPES]
        bars = [Bar(name, float(ratio)) for name, ratio in told_of if ratio and float(ratio)]
        if bars:
            charts.append(Bars(language.lower(), f"{language}: Orthanc's time over Primum's (p95)", bars))
    return charts


def _cell(one: Figure | None) -> str:
    return f"{one.p50:.1f} / {one.p95:.1f}" if one else ""


def _ratio(found: dict[str, dict[str, Figure]], shape: str, language: str) -> str:
    ours, theirs = found.get(language, {}).get(shape), found.get(f"Orthanc {language}", {}).get(shape)
    return f"{theirs.p95 / ours.p95:.1f}" if ours and theirs and ours.p95 else ""


def main(arguments: list[str] | None = None) -> int:
    """Run and report."""
    parser = argparse.ArgumentParser(prog="python -m bench.query", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="20 000 studies against 500: says nothing of a million")
    parser.add_argument("--studies", type=int, default=0, help="studies in our index")
    parser.add_argument("--orthanc", type=int, default=0, help="studies in Orthanc's")
    parser.add_argument("--times", type=int, default=0, help="queries of each shape")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    parser.add_argument("--keep", default="", metavar="FOLDER", help="keep what was filled, and use it the next time")
    parser.add_argument("--without", default="", help="orthanc, doors, with commas")
    chosen = parser.parse_args(arguments)
    begun = Place()
    studies = chosen.studies or (20_000 if chosen.quick else 1_000_000)
    there = chosen.orthanc or (500 if chosen.quick else 15_000)
    times = chosen.times or (10 if chosen.quick else 40)
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        kept = Path(chosen.keep or place)
        kept.mkdir(parents=True, exist_ok=True)
        found = run(Path(place), kept, studies, there, times, set(chosen.without.split(",")))
    by_place = {place: {name: asdict(one) for name, one in by.items()} for place, by in found.items()}
    note = f"Primum: {studies} studies; Orthanc 1.10.1: {there}; {times} queries a shape; p50 / p95 in ms."
    show(
        told(
            "query", begun, quick=chosen.quick, tables=[as_table(found)], charts=as_charts(found), studies=studies,
            orthanc=there, places=by_place, note=note,
        ),
        as_json=chosen.json,
    )  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
