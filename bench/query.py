"""How long queries take: `python -m bench.query [--quick] [--json] [--keep FOLDER] [--only SHAPE,…]`.

Fills an index with synthetic studies (bench/synthetic.py says how), then asks every shape of query (bench/shapes.py)
of the archive, of the DICOM door (C-FIND) and of the web door (QIDO-RS over TLS, signed in), and the same of Orthanc
by its C-FIND and QIDO-RS (in clear, nobody signed in; `--tuned`: with TCP_NODELAY in its environment, without which
its answers wait 40 ms for an acknowledgement). All run at once and are asked in interleaved rounds, shape by
shape; printed are the median and the 95th centile of each, and ratios of medians with that of the worst round.
Orthanc has fewer studies: 15 000; so the ratio is of one archive with a million studies to another with a sixtieth of
them. Of what is found a page of 100 is read: where many match, it is full here and may not be full there, which the
columns of rows tell. `--quick`: 20 000 and 500.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import shutil
import ssl
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from statistics import mean, median, quantiles
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

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
    """Milliseconds of one shape at one place: of all its rounds together, and the median of each."""

    p50: float
    p95: float
    rows: float
    rounds: tuple[float, ...]


Asked = dict[str, list[list[float]]]
"""For each shape the milliseconds of its queries, round by round."""


class Respondent:
    """Somewhere that is asked: how, which shapes, about how many studies."""

    def __init__(self, studies: int, shapes: Sequence[Shape], ask: Callable[[Shape, Made], int]) -> None:
        """Ask by `ask`, which counts the rows."""
        self.studies, self.shapes, self._ask = studies, shapes, ask
        self._took: Asked = {shape.name: [] for shape in shapes}
        self._rows: dict[str, list[int]] = {shape.name: [] for shape in shapes}

    def round(self, shape: Shape, number: int, times: int) -> None:
        """Ask one shape about `times` studies, fewer where they take long; once before it counts."""
        if shape not in self.shapes:
            return
        self._ask(shape, Made(1))
        took: list[float] = []
        for made in some(times, self.studies, seed=5 + number):
            begun = time.perf_counter()
            self._rows[shape.name].append(self._ask(shape, made))
            took.append(1000 * (time.perf_counter() - begun))
            if sum(took) > _LONG and len(took) >= _FEWEST:
                break
        self._took[shape.name].append(took)

    def figures(self) -> dict[str, Figure]:
        """Return what came of it."""
        return {name: self._figure(name, took) for name, took in self._took.items() if took}

    def _figure(self, name: str, took: list[list[float]]) -> Figure:
        every = [one for some_ in took for one in some_]
        p95 = quantiles(every, n=20, method="inclusive")[-1]
        rounds = tuple(round(median(some_), 3) for some_ in took)
        return Figure(round(median(every), 3), round(p95, 3), round(mean(self._rows[name]), 1), rounds)


_LONG = 3000
"""Milliseconds of one shape in one round after which no further query is begun."""
_FEWEST = 3


@contextmanager
def of_archive(path: Path, count: int, shapes: Sequence[Shape]) -> Iterator[Respondent]:
    """Ask the archive itself: find, and read all that each row says."""
    engine = open_index(path, KEY, read_only=True)
    archive = Archive(engine, SimpleNamespace())  # type: ignore[arg-type]
    reach = Reach(controllers=frozenset({CONTROLLER}))

    def ask(shape: Shape, made: Made) -> int:
        level = Level.PATIENT if shape.level == "PATIENT" else LEVELS[shape.level]
        criteria = parse_qido([*shape.keys(made).items(), ("limit", str(ROWS))], LEVELS[shape.level])
        return len(archive.find(level, criteria, reach).all())

    yield Respondent(count, shapes, ask)
    engine.dispose()


@contextmanager
def by_find(port: int, called: str, count: int, shapes: Sequence[Shape]) -> Iterator[Respondent]:
    """Ask a DICOM door; of what is found, ROWS are read and then cancelled."""
    finder = Finder(port, called)
    yield Respondent(
        count,
        [one for one in shapes if one.find],
        lambda shape, made: finder.ask(Question(shape.level, shape.keys(made)), ROWS),
    )
    finder.close()


class Web(NamedTuple):
    """A web door: its connection, the root of DICOMweb, and the headers by which it knows us."""

    connection: HTTPConnection
    root: str
    headers: dict[str, str]


def by_qido(web: Web, count: int, shapes: Sequence[Shape]) -> Respondent:
    """Ask a web door on one connection, with values as they are: Orthanc's plug-in does not undo percent-encoding.

    The standard library's client costs least; nothing is compressed, as for a program on the same network.
    """

    def ask(shape: Shape, made: Made) -> int:
        keys = {**shape.keys(made), "limit": str(ROWS)}
        asked = "&".join(f"{name}={value}".replace("\\", ",").replace("+", "%2B") for name, value in keys.items())
        headers = {**web.headers, "Accept": "application/dicom+json"}
        try:
            return _got(web, f"{RESOURCES[shape.level]}?{asked}", headers)
        except ConnectionError:  # a connection that nobody used for a second has been closed
            web.connection.close()
            return _got(web, f"{RESOURCES[shape.level]}?{asked}", headers)

    return Respondent(count, [one for one in shapes if one.qido], ask)


def _got(web: Web, path: str, headers: dict[str, str]) -> int:
    web.connection.request("GET", f"{web.root}/{path}", headers=headers)
    answer = web.connection.getresponse()
    said = answer.read()
    if answer.status != HTTPStatus.OK:
        raise RuntimeError(f"{path}: {answer.status}")
    return len(json.loads(said))


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


def run(place: Path, kept: Path, chosen: Chosen) -> dict[str, dict[str, Figure]]:
    """Start everybody, ask in interleaved rounds; what takes long to fill is in `kept`, and filled only once."""
    index = kept / f"index-{chosen.studies}.db"
    if not index.exists():
        begun = time.perf_counter()
        making = kept / "making.db"
        making.unlink(missing_ok=True)  # of a time that was broken off
        fill(making, KEY, chosen.studies, CONTROLLER, said=lambda done: say(f"filled {done} of {chosen.studies}"))
        making.rename(index)
        say(f"an index of {chosen.studies} studies in {time.perf_counter() - begun:.0f} s")
    peers = [one for one in chosen.shapes if one.peer]
    _read_once(index)
    with ExitStack() as stack:
        enter = stack.enter_context
        places = {"archive": enter(of_archive(index, chosen.studies, chosen.shapes))}
        if "doors" not in chosen.without:
            port = enter(child(dicom_door, index, KEY, CONTROLLER, place / "dimse"))
            places["C-FIND"] = enter(by_find(port, "PRIMUM", chosen.studies, chosen.shapes))
            url, cookies = enter(child(web_door, place / "web", index, KEY))
            places["QIDO-RS"] = by_qido(enter(_ours(url, cookies)), chosen.studies, chosen.shapes)
        if "orthanc" not in chosen.without:
            peer = enter(filled_orthanc(kept / f"orthanc-{chosen.orthanc}", chosen.orthanc, nodelay=chosen.tuned))
            places["Orthanc C-FIND"] = enter(by_find(peer.dicom, "ORTHANC", chosen.orthanc, peers))
            web = Web(HTTPConnection("127.0.0.1", peer.http, timeout=60), "/dicom-web", {})
            stack.callback(web.connection.close)
            places["Orthanc QIDO-RS"] = by_qido(web, chosen.orthanc, peers)
        for number in range(chosen.rounds):
            for shape in chosen.shapes:
                for one in places.values():
                    one.round(shape, number, chosen.times)
            say(f"round {number + 1} of {chosen.rounds}")
        return {name: one.figures() for name, one in places.items()}


def _read_once(path: Path) -> None:
    """Have the system keep the file in memory, as after a day's work: whoever is asked first would pay for the disc."""
    with path.open("rb", buffering=0) as file:
        block = bytearray(1 << 24)
        while file.readinto(block):
            pass


@contextmanager
def _ours(url: str, cookie: str) -> Iterator[Web]:
    # the door's certificate is of its own making, on loopback
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    place = urlsplit(url)
    connection = HTTPSConnection(place.hostname or "", place.port, timeout=60, context=context)
    yield Web(connection, "/dicom-web", {"Cookie": cookie, "Sec-Fetch-Site": "same-origin"})
    connection.close()


@contextmanager
def filled_orthanc(storage: Path, count: int, *, nodelay: bool) -> Iterator[Peer]:
    """Run Orthanc on what was filled before, or fill it."""
    done = storage / "filled"
    if storage.exists() and not done.exists():
        shutil.rmtree(storage)
    with orthanc(storage, nodelay=nodelay) as peer:
        begun = time.perf_counter()
        for first in range(1, 1 if done.exists() else count + 1, 500):
            peer.store_raw(data_sets(range(first, min(first + 500, count + 1))))
            say(f"Orthanc has {min(first + 499, count)} of {count}, {time.perf_counter() - begun:.0f} s")
        done.touch()
        yield peer


PLACES = ("archive", "C-FIND", "Orthanc C-FIND", "QIDO-RS", "Orthanc QIDO-RS")
AGAINST = {"archive": "Orthanc C-FIND", "C-FIND": "Orthanc C-FIND", "QIDO-RS": "Orthanc QIDO-RS"}
"""Whose median is divided by ours. The archive has no door; of Orthanc's, C-FIND is the one without HTTP around it."""
GOALS = {"archive": 50.0, "C-FIND": 20.0, "QIDO-RS": 20.0}
"""Times as long that Orthanc is to take, with 15 000 studies against our million."""
Found = dict[str, dict[str, Figure]]


def ratios(found: Found) -> dict[str, dict[str, float]]:
    """Divide medians: of all queries of a shape, all rounds together."""
    return _divided(found, lambda ours, theirs: theirs.p50 / ours.p50)


def worst_rounds(found: Found) -> dict[str, dict[str, float]]:
    """Divide the medians of each round; the lowest."""
    return _divided(found, lambda ours, theirs: min(b / a for a, b in zip(ours.rounds, theirs.rounds, strict=True)))


def _divided(found: Found, by: Callable[[Figure, Figure], float]) -> dict[str, dict[str, float]]:
    return {
        place: {
            name: round(by(one, found[against][name]), 2)
            for name, one in found[place].items()
            if name in found[against]
        }
        for place, against in AGAINST.items()
        if place in found and against in found
    }


def as_table(found: Found) -> Table:
    """Return a line for each shape: p50 / p95 in milliseconds, ratios of medians with those of the worst round."""
    places = [one for one in PLACES if one in found]
    ratio, worst = ratios(found), worst_rounds(found)
    divided = list(ratio)
    lines = []
    for name, one in found["archive"].items():
        theirs = found.get("Orthanc C-FIND", {}).get(name) or found.get("Orthanc QIDO-RS", {}).get(name)
        cells = [name, f"{one.rows:g}", f"{theirs.rows:g}" if theirs else ""]
        cells += [_cell(found[place].get(name)) for place in places]
        cells += [f"{ratio[key][name]:.1f} ({worst[key][name]:.1f})" if name in ratio[key] else "" for key in divided]
        lines.append(cells)
    return Table(["shape", "rows", "rows, Orthanc", *places, *(f"ratio {one}" for one in divided)], lines)


def as_charts(found: Found) -> list[Bars]:
    """Return a chart for the archive and one for each door: how many times as long Orthanc takes."""
    ratio, worst = ratios(found), worst_rounds(found)
    return [
        Bars(
            place.lower(),
            f"{place}: Orthanc's time over Primum's (medians)",
            [Bar(name, one, worst[place][name], GOALS[place]) for name, one in by.items()],
        )
        for place, by in ratio.items()
        if by
    ]


def _cell(one: Figure | None) -> str:
    return f"{one.p50:.2f} / {one.p95:.2f}" if one else ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the command line says."""

    studies: int
    orthanc: int
    times: int
    rounds: int
    shapes: tuple[Shape, ...]
    tuned: bool
    """Orthanc with TCP_NODELAY in its environment, which its package does not set."""
    without: frozenset[str]


def _chosen(given: argparse.Namespace) -> Chosen:
    only = set(filter(None, given.only.split(",")))
    shapes = tuple(one for one in SHAPES if not only or one.name.replace(",", "") in only)
    if not shapes:
        raise SystemExit(f"of these: {', '.join(one.name.replace(',', '') for one in SHAPES)}")
    return Chosen(
        studies=given.studies or (20_000 if given.quick else 1_000_000),
        orthanc=given.orthanc or (500 if given.quick else 15_000),
        times=given.times or (5 if given.quick else 10),
        rounds=given.rounds or (2 if given.quick else 5),
        shapes=shapes,
        tuned=given.tuned,
        without=frozenset(given.without.split(",")),
    )


def main(arguments: list[str] | None = None) -> int:
    """Run and report."""
    parser = argparse.ArgumentParser(prog="python -m bench.query", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="20 000 studies against 500: says nothing of a million")
    parser.add_argument("--studies", type=int, default=0, help="studies in our index")
    parser.add_argument("--orthanc", type=int, default=0, help="studies in Orthanc's")
    parser.add_argument("--times", type=int, default=0, help="queries of each shape in a round")
    parser.add_argument("--rounds", type=int, default=0, help="rounds, everybody in turn")
    parser.add_argument("--only", default="", metavar="SHAPE,…", help="shapes by name, without their commas")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    parser.add_argument("--keep", default="", metavar="FOLDER", help="keep what was filled, and use it the next time")
    parser.add_argument("--tuned", action="store_true", help="Orthanc with TCP_NODELAY, which nobody sets")
    parser.add_argument("--without", default="", help="orthanc, doors, with commas")
    given = parser.parse_args(arguments)
    chosen = _chosen(given)
    begun = Place()
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        kept = Path(given.keep or place)
        kept.mkdir(parents=True, exist_ok=True)
        found = run(Path(place), kept, chosen)
    show(as_object(found, chosen, begun, quick=given.quick), as_json=given.json)
    return 0


def as_object(found: Found, chosen: Chosen, begun: Place, *, quick: bool) -> dict[str, Any]:
    """Return everything as one object for `--json`."""
    note = (
        f"Primum: {chosen.studies} studies; Orthanc 1.10.1: {chosen.orthanc}; {chosen.rounds} rounds of {chosen.times}"
        " queries a shape; p50 / p95 in ms; ratios of medians (worst round)."
    )
    by_place = {place: {name: asdict(one) for name, one in by.items()} for place, by in found.items()}
    return told(
        "query", begun, quick=quick, tables=[as_table(found)], charts=as_charts(found), studies=chosen.studies,
        orthanc=chosen.orthanc, rounds=chosen.rounds, times=chosen.times, tuned=chosen.tuned, ratios=ratios(found),
        worst_round=worst_rounds(found), places=by_place, note=note,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
