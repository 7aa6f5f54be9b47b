"""`python3 station.pyz`: looks, says, writes its result beside itself. Exit status 0 good, 1 bad, 3 unknown."""

from __future__ import annotations

import os
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from primum.exposure.probe.station import discs, files, listeners, locks
from primum.exposure.probe.station.asking import ask, system
from primum.exposure.probe.station.model import Plan, Point, Report, State, read_plan, written
from primum.exposure.probe.station.words import SAID, lines

PLAN: Final = "plan.json"
_PLAN_BYTES: Final = 65_536
GOOD, BAD, VOID, UNSETTLED = 0, 1, 2, 3


def look(plan: Plan, tell: Callable[[str], None], home: Path | None = None) -> Report:
    """Look at all points; one that breaks is not determined."""
    kind, place, began = system(), home or Path.home(), datetime.now(UTC)
    steps: tuple[tuple[str, Callable[[], Point]], ...] = (
        ("disc", lambda: discs.disc(kind, ask, home=place)),
        ("lock", lambda: locks.lock(kind, ask, home=place, most=plan.lock_seconds)),
        ("listeners", listeners.listeners),
        ("files", lambda: files.files(files.places(kind, place))),
    )
    points = []
    for name, step in steps:
        tell(name)
        try:
            points.append(step())
        except Exception:  # noqa: BLE001 (the other points are still told)
            points.append(Point(name, State.NOT_DETERMINED, "silent"))
    return Report(
        nonce=plan.nonce, station=plan.station, system=kind, began_at=_text(began), ended_at=_text(datetime.now(UTC)),
        points=tuple(points),
    )  # fmt: skip


def main(program: Path | None = None, folder: Path | None = None) -> int:
    """Do it. `folder`: where the result goes; beside the program by default."""
    file = program or Path(sys.argv[0])
    try:
        with zipfile.ZipFile(file) as packed:
            plan = read_plan(packed.read(PLAN)[:_PLAN_BYTES].decode("ascii"))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        print("station: error: this file has no plan that can be read", file=sys.stderr)  # noqa: T201
        return VOID
    said = SAID["fr" if plan.language == "fr" else "en"]
    if _text(datetime.now(UTC)) >= plan.expires_at:
        print(said["expired"].format(at=plan.expires_at), file=sys.stderr)  # noqa: T201
        return VOID
    report = look(plan, lambda name: print(said["looking"].format(name=name), file=sys.stderr, flush=True))  # noqa: T201
    out = (folder or file.absolute().parent) / f"station-{plan.nonce[:8]}.json"
    fd = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w", encoding="ascii") as result:
        result.write(written(report, plan.key))
    for line in lines(report, plan.language):
        print(line)  # noqa: T201
    print(said["proves"])  # noqa: T201
    print(said["written"].format(file=out.name), f"primum check --station --read {out.name}")  # noqa: T201
    return BAD if report.bad() else UNSETTLED if report.undetermined() else GOOD


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
