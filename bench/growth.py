"""Whether a full archive is slower: `python -m bench.growth [--quick] [--json] [--keep FOLDER] [--ten-million]`.

Fills indexes of 10 000, 100 000 and a million synthetic instances (bench/synthetic.py; with `--ten-million` one of
ten million as well: 6 GB, a quarter of an hour), ten in each study (`--each`), then measures by turns, in each of
several rounds, what the worker's index work costs for an instance that arrives (the archive's own indexer, records.db
included) and what queries cost of which the answer is equally long in all of them (but names and modalities in the
smallest, which has a thousand studies). A cost is flat when the largest's is at most a fifth above the smallest's.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any

from bench.growing import Arrivals, fill_packs, fill_records
from bench.query import CONTROLLER, KEY, LEVELS
from bench.results import Line, Lines, Place, Table, say, show, told
from bench.shapes import SHAPES
from bench.synthetic import fill, some
from primum.ground.clock import SystemClock
from primum.ground.db import open_database
from primum.imaging import Indexer
from primum.imaging.archive import Archive
from primum.imaging.model import Reach, Stored
from primum.imaging.query import parse_qido
from primum.imaging.store import open_index

SIZES, QUICK_SIZES, HUGE = (10_000, 100_000, 1_000_000), (2_000, 20_000), 10_000_000
EACH = 10
"""Instances of a study: a radiograph has two, a scanner's study hundreds; fewer make the index harder to search."""
FLAT = 1.2
"""The largest archive's cost over the smallest's."""
ROWS = 20
"""Rows of an answer: no shape below finds fewer in the smallest archive than in the largest, but for one of chance."""
BATCH = 64
"""Hints of a transaction: some more than gather in the worker's 80 ms at full load."""
ASKED = (
    "newest", "patient id", "name, beginning", "name, inside", "accession", "one month", "a modality", "study uid",
    "series of a study", "images of a series", "an image by its uid",
)  # fmt: skip
ARRIVING = {"a slice of a series": 4, "a study of one instance": 1}
"""What is ingested, and the share of the instances of a round that are it."""


@dataclass(slots=True)
class Measured:
    """Milliseconds for one, by round: as the clock says, and of processor time."""

    took: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Home:
    """An archive of so many instances, and what it cost, by what was done."""

    count: int
    studies: int
    indexer: Indexer
    archive: Archive
    arrivals: Arrivals
    measured: dict[str, Measured] = field(default_factory=dict)

    def note(self, what: str, work: Callable[[], object], times: int) -> None:
        """Do some work that counts as `times` pieces, and write down what one cost."""
        begun, used = time.perf_counter(), time.process_time()
        work()
        used, took = time.process_time() - used, time.perf_counter() - begun
        measured = self.measured.setdefault(what, Measured())
        measured.took.append(1000 * took / times)
        measured.processor.append(1000 * used / times)


def open_home(place: Path, kept: Path, instances: int, each: int, said: Callable[[str], None]) -> Home:
    """Fill an index of `instances`, `each` in a study, unless it is kept from before, and work on a copy."""
    count = instances // each
    index, own = kept / f"index-{count}{f'x{each}' if each > 1 else ''}.db", place / str(count)
    own.mkdir()
    if not index.exists():
        begun = time.perf_counter()
        fill(kept / "making.db", KEY, count, CONTROLLER, said=lambda done: said(f"filled {done} of {count}"), each=each)
        (kept / "making.db").rename(index)
        said(f"an index of {instances} instances in {time.perf_counter() - begun:.0f} s")
    shutil.copy2(index, own / "index.db")
    fill_packs(own / "index.db", KEY, count)
    fill_records(own / "records.db", KEY, count, CONTROLLER)
    engine, records = open_index(own / "index.db", KEY), open_database(own / "records.db", KEY, durability="full")
    nothing: Any = SimpleNamespace()  # hints carry their headers: no pack is opened
    indexer = Indexer(engine, records, nothing, SystemClock())
    archive = Archive(open_index(own / "index.db", KEY, read_only=True), nothing)
    return Home(instances, count, indexer, archive, Arrivals(count, CONTROLLER, seed=count))


def one_round(home: Home, instances: int, times: int, seed: int) -> None:
    """Ingest, then query."""
    each = instances // ARRIVING["a slice of a series"]
    _ingest(home, "a slice of a series", home.arrivals.slices(ARRIVING["a slice of a series"], each, BATCH))
    _ingest(home, "a study of one instance", home.arrivals.studies(instances // 4, BATCH))
    for shape in (one for one in SHAPES if one.name in ASKED):
        reach = Reach(controllers=frozenset({CONTROLLER}))
        asked = [
            parse_qido([*shape.keys(made).items(), ("limit", str(ROWS))], LEVELS[shape.level])
            for made in some(times, home.studies, seed)
        ]

        def ask(level: str = shape.level, asked: Sequence[Any] = asked, reach: Reach = reach) -> None:
            for criteria in asked:
                home.archive.find(LEVELS[level], criteria, reach).all()

        home.note(shape.name, ask, times)


def _ingest(home: Home, what: str, batches: Iterator[list[Stored]]) -> None:
    listed = list(batches)  # headers are written before the clock runs
    count = sum(len(one) for one in listed)
    done = 0

    def take() -> None:
        nonlocal done
        done = sum(home.indexer.take(one) for one in listed)

    home.note(what, take, count)
    if done != count:
        raise RuntimeError(f"{done} of {count} instances were indexed")


def run(  # noqa: PLR0917 (each is said once, in main)
    sizes: Sequence[int], rounds: int, instances: int, times: int, kept: Path, place: Path, each: int = EACH
) -> list[Home]:
    """Measure all sizes by turns, after one round that is not counted."""
    homes = [open_home(place, kept, size, each, say) for size in sizes]
    for turn in range(rounds + 1):
        for home in homes if turn % 2 else reversed(homes):
            one_round(home, instances, times, seed=turn)
            say(f"round {turn}/{rounds}, {home.count} instances: " + "; ".join(_said(home)))
            if not turn:
                home.measured.clear()
    return homes


def _said(home: Home) -> list[str]:
    return [f"{what} {one.took[-1]:.2f} ms" for what, one in home.measured.items()]


def steepness(homes: Sequence[Home], what: str) -> float:
    """Divide the largest archive's median cost by the smallest's."""
    least, most = homes[0].measured[what], homes[-1].measured[what]
    return round(median(most.took) / median(least.took), 2)


def as_table(homes: Sequence[Home]) -> Table:
    """Return a line for each kind of work: the median in each archive, and whether it is flat."""
    head = ["what", *(f"{home.count:,} instances".replace(",", " ") for home in homes), "growth", "flat within 20 %"]
    lines = []
    for what in homes[0].measured:
        cells = [f"{median(home.measured[what].took):.2f} ms" for home in homes]
        grown = steepness(homes, what)
        lines.append([what, *cells, f"{grown:.2f}x", "yes" if grown <= FLAT else "no"])
    return Table(head, lines)


def as_object(homes: Sequence[Home], place: Place, *, quick: bool) -> dict[str, Any]:
    """Return everything as one object."""
    figures = {
        what: {
            str(home.count): {
                "median_ms": round(median(one.took), 3),
                "least_ms": round(min(one.took), 3),
                "most_ms": round(max(one.took), 3),
                "processor_ms": round(median(one.processor), 3),
            }
            for home in homes
            for one in [home.measured[what]]
        }
        for what in homes[0].measured
    }
    grown = {what: steepness(homes, what) for what in figures}
    charts = [
        _chart(homes, "ingest", "What the index costs for an instance that arrives", list(ARRIVING)),
        _chart(homes, "queries", "What a query costs in the archive", list(ASKED)),
    ]
    return told(
        "growth", place, quick=quick, tables=[as_table(homes)], charts=charts, figures=figures, growth=grown,
        flat={what: one <= FLAT for what, one in grown.items()}, flat_within=FLAT,
    )  # fmt: skip


def _chart(homes: Sequence[Home], name: str, title: str, whats: Sequence[str]) -> Lines:
    lines = [Line(what, [(home.count, round(median(home.measured[what].took), 3)) for home in homes]) for what in whats]
    return Lines(name, title, "instances in the index", "milliseconds", lines)


def main(arguments: list[str] | None = None) -> int:
    """Fill, measure, tell."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="2000 and 20 000 instances: says nothing of a million")
    parser.add_argument("--ten-million", action="store_true", help="fill an index of ten million as well")
    parser.add_argument("--sizes", default="", help="instances of each archive, with commas")
    parser.add_argument("--each", type=int, default=EACH, help=f"instances of a study ({EACH})")
    parser.add_argument("--rounds", type=int, default=0, help="rounds that count (5, with --quick 2)")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    parser.add_argument("--keep", default="", metavar="FOLDER", help="keep what was filled, and use it the next time")
    chosen = parser.parse_args(arguments)
    begun = Place()
    sizes = [int(one) for one in chosen.sizes.split(",") if one] or list(QUICK_SIZES if chosen.quick else SIZES)
    sizes += [HUGE] if chosen.ten_million else []
    instances, times = (256, 20) if chosen.quick else (1024, 40)
    if chosen.keep:
        Path(chosen.keep).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=chosen.keep or None) as place:
        kept = Path(chosen.keep or place)
        homes = run(
            sizes, chosen.rounds or (2 if chosen.quick else 5), instances, times, kept, Path(place), chosen.each
        )
    show(as_object(homes, begun, quick=chosen.quick), as_json=chosen.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
