"""How fast studies go in: `python -m bench.ingest [--quick] [--json] [--only ROW,…] [--without primum]`.

Each round runs every row once for each contender, one after the other on fresh storage, in an order that
turns from round to round. After each run every instance is found by query and compared by hash; a run that
lost or changed one does not count, it ends the benchmark.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

if not __package__:  # called as a file, not by -m: what it imports lies beside its folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from bench import report
from bench.contenders import postgres
from bench.contenders.base import Contender, processor_seconds
from bench.contenders.orthanc import Orthanc
from bench.contenders.postgres import OrthancPostgres
from bench.contenders.primum import Primum, make_template
from bench.contenders.storescp import Pynetdicom, Storescp
from bench.load import Slice, make_slices
from bench.results import Place, say, show
from bench.rows import ROWS, Row
from bench.sender import SenderFailed, send
from bench.trust import make_trust

ROUNDS, QUICK_ROUNDS = 5, 3
AGAIN = 2
"""How often in a row another's run is repeated: Orthanc now and then refuses an instance of one of four associations
that begin the same study at once (status A700). A run of ours is never repeated."""


class LostOrChanged(RuntimeError):
    """An archive acknowledged an instance that it does not have, or has with other bytes."""


@dataclass(slots=True)
class Measured:
    """What one contender did in one row: instances per second, and its processor time per instance, by round."""

    rates: list[float] = field(default_factory=list)
    processor_ms: list[float] = field(default_factory=list)
    refused: int = 0


Results = dict[str, dict[str, Measured]]
"""By row, then by contender."""


def run_once(contender: Contender, row: Row, slices: Sequence[Slice], folder: Path) -> tuple[float, float]:
    """Run one row on one contender; return instances per second and processor milliseconds per instance.

    Raises LostOrChanged.
    """
    try:
        contender.start(folder, row.way)
        os.sync()  # what was written before (a home's copy, the one before's instances) is not this one's work
        before = processor_seconds(contender.processes())
        took = send(slices, row.associations, contender.target(), row.way, contender.title)
        used = processor_seconds(contender.processes()) - before
        wrong = contender.wrong(slices)
    finally:
        contender.stop()
        empty(folder)
    if wrong:
        raise LostOrChanged(f"{contender.name}, {row.name}: {'; '.join(wrong)}")
    return len(slices) / took, 1000 * used / len(slices)


def empty(folder: Path) -> None:
    """Give back the room of all files below `folder`, and leave their names until everything is removed.

    A file system may not give out the number of a removed file for some minutes, and looks at each such number when
    a file is made (ext4 without a journal does): what one run removed would slow down the next.
    """
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            os.truncate(path, 0)


def compare(
    rows: Sequence[Row], rounds: int, *, quick: bool, without: set[str], said: Callable[[str], None]
) -> Results:
    """Run all rows in `rounds` interleaved rounds."""
    results: Results = {row.name: {} for row in rows}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        place = Path(folder)
        makers = _makers(place, without)
        loads = {row.name: _load(place, row, quick=quick) for row in rows}
        for turn in range(rounds):
            for row in rows:
                names = [
                    name
                    for name in ("primum", *row.against)
                    if name in makers and not (quick and turn and name in row.once)
                ]
                for name in names[turn % len(names) :] + names[: turn % len(names)]:
                    measured = results[row.name].setdefault(name, Measured())
                    rate, used = _run(makers[name], row, loads[row.name], place / "runs", measured, said)
                    said(f"round {turn + 1}/{rounds} {row.name:8} {name:10} {rate:7.1f}/s {used:5.2f} ms")
    return results


def _run(  # noqa: PLR0917
    make: Callable[[], Contender],
    row: Row,
    slices: Sequence[Slice],
    runs: Path,
    measured: Measured,
    said: Callable[[str], None],
) -> tuple[float, float]:
    """Run once and write down what it took; once more where another than Primum refused an instance."""
    contender = make()
    runs.mkdir(exist_ok=True)
    try:
        rate, used = run_once(contender, row, slices, Path(tempfile.mkdtemp(dir=runs)) / "run")
    except SenderFailed as failed:
        if contender.name == "primum" or measured.refused == AGAIN:
            raise
        measured.refused += 1
        said(f"{row.name}, {contender.name}: {failed}; once again")
        return _run(make, row, slices, runs, measured, said)
    measured.rates.append(rate)
    measured.processor_ms.append(used)
    return rate, used


def _makers(place: Path, without: set[str]) -> dict[str, Callable[[], Contender]]:
    trust = make_trust(place / "trust")
    makers: dict[str, Callable[[], Contender]] = {
        "orthanc": lambda: Orthanc(trust),
        "postgres": lambda: OrthancPostgres(trust),
        "storescp": Storescp,
        "pynetdicom": Pynetdicom,
    }
    if "primum" not in without:
        template = make_template(place / "template")
        makers["primum"] = lambda: Primum(template)
    return {name: make for name, make in makers.items() if name not in without}


def _load(place: Path, row: Row, *, quick: bool) -> list[Slice]:
    count = row.quick if quick else row.count
    folder = place / "load" / row.name
    return make_slices(folder, count, studies=min(row.studies, count), tag=row.name, side=row.side)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.ingest", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer instances")
    parser.add_argument(
        "--rounds", type=int, default=0, help=f"interleaved rounds ({ROUNDS}, with --quick {QUICK_ROUNDS})"
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object on standard output, words on the other"
    )
    parser.add_argument("--only", default="", help="names of rows, with commas")
    parser.add_argument("--without", default="", help="contenders to leave out, with commas")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run and report; the exit status is 1 when an instance was lost or changed."""
    chosen = _parser().parse_args(arguments)
    begun = Place()
    rows = [row for row in ROWS if not chosen.only or row.name in chosen.only.split(",")]
    without = set(chosen.without.split(","))
    if not postgres.there():
        without.add("postgres")
        say("bench: Orthanc with PostgreSQL is left out (Debian: apt-get install postgresql orthanc-postgresql)")
    rounds = chosen.rounds or (QUICK_ROUNDS if chosen.quick else ROUNDS)
    try:
        results = compare(rows, rounds, quick=chosen.quick, without=without, said=say)
    except (LostOrChanged, SenderFailed) as failed:
        say(f"bench: error: {failed}")
        return 1
    show(report.as_object(results, rows, begun, quick=chosen.quick), as_json=chosen.json)
    if not chosen.json:
        print(f"\n{report.STALL}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
