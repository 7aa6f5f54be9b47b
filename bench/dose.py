"""How long the practice's doses take: `python -m bench.dose [--studies 20000] [--json]`.

Fills an index with synthetic studies of one period (bench/synthetic.py), each with a dose report, and asks for the
practice's table: from the values that are kept beside each report, and, with those taken away, from the reports
themselves, as every table was made before there were values.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy.engine import Engine

from bench.synthetic import Made, fill
from primum.imaging.dose import store
from primum.imaging.dose.model import Event, Kind, Region, Report
from primum.imaging.dose.service import Doses
from primum.imaging.dose.store import Unread
from primum.imaging.dose.units import Amount
from primum.imaging.model import EVERYTHING
from primum.imaging.store import open_index
from primum.vault import Position

CONTROLLER = "ctl_" + "a" * 26
KEY = bytes(32)
TIMES = 5
YEAR = (date(2026, 1, 1), date(2026, 12, 31))
BATCH = 1000
_SYNTAX = "1.2.840.10008.1.2.1"
_CHEST, _BREAST = Region("SCT", "816094009", "Chest"), Region("SCT", "76752008", "Breast")


def report_of(number: int, made: Made) -> Report:
    """Make what a report says: of twenty, fifteen CT of three acquisitions, four mammographies, one fluoroscopy."""
    rng = random.Random(number)
    kind = Kind.PROJECTION if number % 20 == 0 else Kind.MAMMOGRAPHY if number % 5 == 0 else Kind.CT
    count = {Kind.CT: 3, Kind.MAMMOGRAPHY: 4, Kind.PROJECTION: 60}[kind]
    events = tuple(_event(rng, kind, f"{made.study_uid}.8.{each}", each) for each in range(count))
    totals = {
        Kind.CT: {"dlp": Amount(rng.uniform(100, 900), "mGy·cm")}, Kind.MAMMOGRAPHY: {},
        Kind.PROJECTION: {"dap": Amount(rng.uniform(1, 90), "Gy·cm²"), "fluoro_time": Amount(300, "s")},
    }[kind]  # fmt: skip
    return Report(f"{made.study_uid}.1.1", kind, "20260101120000", "Scanner", (), totals, count, events)


def _event(rng: random.Random, kind: Kind, uid: str, each: int) -> Event:
    if kind is Kind.CT:
        amounts = {"ctdi_vol": Amount(rng.uniform(3, 30), "mGy"), "dlp": Amount(rng.uniform(50, 500), "mGy·cm")}
        protocol = f"Protocol {rng.randrange(30)}"
        return Event(uid, kind, protocol, _CHEST, phantom="113691", localizer=each == 0, amounts=amounts)
    if kind is Kind.MAMMOGRAPHY:
        return Event(uid, kind, "MG", _BREAST, view=f"R-1022{each}", amounts={"agd": Amount(rng.uniform(1, 3), "mGy")})
    return Event(uid, kind, f"XA {rng.randrange(6)}", _CHEST, amounts={"dap": Amount(rng.uniform(0.01, 2), "Gy·cm²")})


def _reports(index: Engine, count: int) -> None:
    with index.begin() as connection:
        connection.exec_driver_sql("INSERT INTO packs (id, pack, study_ref, stop) VALUES (1, 'pack', 'ref', 1)")
        connection.exec_driver_sql(
            "UPDATE studies SET study_date = strftime('%Y%m%d', '2026-01-01', '+' || (id * 364 / ?) || ' days')",
            (count,),
        )
        connection.exec_driver_sql(
            "INSERT INTO dose_reports (study_ref, sop_uid, pack, start, stop, syntax) SELECT s.ref, i.sop_uid, 'pack',"
            " i.start, i.stop, i.syntax FROM studies s JOIN instances i ON i.study_id = s.id"
        )
    for first in range(1, count + 1, BATCH):
        numbers = range(first, min(first + BATCH, count + 1))
        places = [Position(f"ref{one:09}", "pack", 0, 1) for one in numbers]
        reports = [report_of(one, Made(one)) for one in numbers]
        store.keep(index, [(Unread(at, said.sop_uid, _SYNTAX), said) for at, said in zip(places, reports, strict=True)])


def _asked(doses: Doses, count: int) -> dict[str, float]:
    took: list[float] = []
    lines = 0
    for _ in range(TIMES):
        begun = time.perf_counter()
        found = doses.practice(EVERYTHING, *YEAR)
        took.append(time.perf_counter() - begun)
        if found.studies != count or not found.lines:
            raise RuntimeError("the table is not of what was made")
        lines = len(found.lines)
    return {"first_s": round(took[0], 3), "median_s": round(median(took), 3), "lines": lines}


def main(argv: list[str]) -> int:
    """Measure, and say it."""
    parser = argparse.ArgumentParser(prog="bench.dose")
    parser.add_argument("--studies", type=int, default=20_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.db"
        fill(path, KEY, options.studies, CONTROLLER)
        index = open_index(path, KEY)
        nothing: Any = None  # no record is opened
        begun = time.perf_counter()
        _reports(index, options.studies)
        kept = time.perf_counter() - begun
        doses = Doses(index, nothing)
        figures: dict[str, Any] = {"studies": options.studies, "kept_ms_each": round(kept * 1000 / options.studies, 3)}
        figures["from_values"] = _asked(doses, options.studies)
        with index.begin() as connection:
            connection.exec_driver_sql("UPDATE dose_values SET said = NULL")
        figures["from_reports"] = _asked(doses, options.studies)
        index.dispose()
    sys.stdout.write(json.dumps(figures, indent=None if options.json else 2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
