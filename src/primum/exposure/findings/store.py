"""Where runs and findings are kept: two tables of records.db. Reads and writes, no rule."""

from __future__ import annotations

import json
import zlib
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any, Final

from primum.exposure.findings.model import Finding, Source, read_hole
from primum.exposure.probe.model import Hole, Place
from primum.exposure.ran import Ran, kept, read_kept
from primum.ground.clock import from_text, to_text
from primum.ground.db import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy import Connection
    from sqlalchemy.engine import Engine

_COLUMNS: Final = (
    "id", "key", "source", "place", "address", "port", "mode", "identity", "rung", "line", "detected_at",
    "last_closed_at", "first_open_at", "last_open_at", "closed_at", "product", "refused_rung", "refused_code",
    "readable", "studies", "studies_at_least", "run",
)  # fmt: skip
_NAMES: Final = ", ".join(f'"{one}"' for one in _COLUMNS)
RUNS: Final = 400
"""Runs that are kept of each place: a year of days."""
_INFLATED: Final = 64 << 20
"""Bytes of a run as it is read again: the largest that a bounded run makes is a tenth of it."""


def prepare_findings(engine: Engine) -> None:
    """Bring the tables to their newest shape."""
    with as_file(files("primum.exposure.findings").joinpath("migrations")) as folder:
        migrate(engine, folder, "findings_version")


def add_run(tx: Connection, ran: Ran, source: Source) -> bool:
    """Keep a run; False where it is there already. The oldest of its place go."""
    values = (
        ran.digest, source.value, ran.place.value, ran.verdict.value, to_text(ran.began_at), to_text(ran.ended_at),
        len(ran.holes), zlib.compress(kept(ran)),
    )  # fmt: skip
    sql = (
        "INSERT OR IGNORE INTO probe_runs (digest, source, place, verdict, began_at, ended_at, holes, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    )
    if not tx.exec_driver_sql(sql, values).rowcount:
        return False
    old = "SELECT digest FROM probe_runs WHERE place = ? ORDER BY ended_at DESC LIMIT -1 OFFSET ?"
    tx.exec_driver_sql(f"DELETE FROM probe_runs WHERE digest IN ({old})", (ran.place.value, RUNS))  # noqa: S608 (ours)
    return True


def run(tx: Connection, digest: str) -> Ran | None:
    """Find a run."""
    row = tx.exec_driver_sql("SELECT body FROM probe_runs WHERE digest = ?", (digest,)).first()
    return _ran(row[0]) if row is not None else None


def run_that_ended(tx: Connection, place: Place, at: datetime) -> Ran | None:
    """Find the run from a place that ended at an instant."""
    sql = "SELECT body FROM probe_runs WHERE place = ? AND ended_at = ? ORDER BY digest LIMIT 1"
    row = tx.exec_driver_sql(sql, (place.value, to_text(at))).first()
    return _ran(row[0]) if row is not None else None


def run_times(tx: Connection, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
    """List from when to when a run went on, of those between two instants."""
    sql = "SELECT began_at, ended_at FROM probe_runs WHERE ended_at >= ? AND began_at <= ? ORDER BY began_at"
    rows = tx.exec_driver_sql(sql, (to_text(since), to_text(until)))
    return [(from_text(row[0]), from_text(row[1])) for row in rows]


def runs_before(tx: Connection, place: Place, at: datetime) -> Iterator[Ran]:
    """Go through the runs from a place that ended before an instant, the last first."""
    sql = "SELECT body FROM probe_runs WHERE place = ? AND ended_at <= ? ORDER BY ended_at DESC, digest"
    for (body,) in tx.exec_driver_sql(sql, (place.value, to_text(at))).fetchall():
        yield _ran(body)


def runs_after(tx: Connection, place: Place, at: datetime) -> Iterator[Ran]:
    """Go through the runs from a place that began after an instant, the first first."""
    sql = "SELECT body FROM probe_runs WHERE place = ? AND began_at >= ? ORDER BY ended_at, digest"
    for (body,) in tx.exec_driver_sql(sql, (place.value, to_text(at))).fetchall():
        yield _ran(body)


def last_run(tx: Connection, places: tuple[Place, ...]) -> tuple[str, str, datetime, int] | None:
    """Tell of the last run from one of these places: digest, verdict, when, how many holes."""
    among = ", ".join("?" * len(places))
    sql = f"SELECT digest, verdict, ended_at, holes FROM probe_runs WHERE place IN ({among}) ORDER BY ended_at DESC LIMIT 1"  # noqa: S608, E501 (marks alone)
    row = tx.exec_driver_sql(sql, tuple(one.value for one in places)).first()
    return (row[0], row[1], from_text(row[2]), row[3]) if row is not None else None


def put(tx: Connection, finding: Finding) -> None:
    """Keep a finding as it is now."""
    marks = ", ".join("?" * len(_COLUMNS))
    tx.exec_driver_sql(f"INSERT OR REPLACE INTO findings ({_NAMES}) VALUES ({marks})", _row(finding))  # noqa: S608


def every(tx: Connection, most: int) -> list[Finding]:
    """List them: those that are open first, then the last that were closed."""
    return _read(tx, "1 ORDER BY closed_at IS NOT NULL, first_open_at DESC, id LIMIT ?", (most,))


def everything(tx: Connection) -> list[Finding]:
    """List them all, in the order in which they were detected."""
    return _read(tx, "1 ORDER BY detected_at, id", ())


def one(tx: Connection, finding_id: str) -> Finding | None:
    """Find one."""
    found = _read(tx, "id = ?", (finding_id,))
    return found[0] if found else None


def live_by_key(tx: Connection, key: str) -> Finding | None:
    """Find what is open under a key."""
    found = _read(tx, '"key" = ? AND closed_at IS NULL', (key,))
    return found[0] if found else None


def around(tx: Connection, key: str, ran: Ran) -> Finding | None:
    """Find what a run belongs to under a key: open then, whether or not it was closed later."""
    which = (
        '"key" = ? AND (closed_at IS NULL OR closed_at > ?) AND (last_closed_at IS NULL OR last_closed_at < ?)'
        " ORDER BY first_open_at LIMIT 1"
    )
    found = _read(tx, which, (key, to_text(ran.began_at), to_text(ran.ended_at)))
    return found[0] if found else None


def seen_from(tx: Connection, place: Place, ended_at: datetime) -> list[Finding]:
    """List the holes seen from a place that are open, or began after an instant."""
    which = "place = ? AND rung <> '' AND (closed_at IS NULL OR first_open_at >= ?) ORDER BY id"
    return _read(tx, which, (place.value, to_text(ended_at)))


def _ran(body: bytes) -> Ran:
    inflating = zlib.decompressobj()
    return read_kept(inflating.decompress(body, _INFLATED))


def _read(tx: Connection, which: str, values: tuple[object, ...]) -> list[Finding]:
    sql = f"SELECT {_NAMES} FROM findings WHERE {which}"  # noqa: S608 (texts of ours)
    return [_finding(dict(zip(_COLUMNS, row, strict=True))) for row in tx.exec_driver_sql(sql, values)]


def _row(finding: Finding) -> tuple[Any, ...]:
    hole: Any = finding.hole or ("", 0, "", "", "")
    return (
        finding.id, finding.key, finding.source.value, finding.place.value, *map(_plain, hole), finding.line,
        to_text(finding.detected_at), _text(finding.last_closed_at), to_text(finding.first_open_at),
        to_text(finding.last_open_at), _text(finding.closed_at), finding.product, finding.refused_rung,
        finding.refused_code, json.dumps(finding.readable), finding.studies, int(finding.studies_at_least), finding.run,
    )  # fmt: skip


def _plain(value: object) -> object:
    return value if isinstance(value, int) else str(value)


def _finding(row: dict[str, Any]) -> Finding:
    hole: Hole | None = None
    if row["rung"]:
        hole = read_hole(row["address"], row["port"], row["mode"], row["identity"], row["rung"])
    return Finding(
        id=row["id"], source=Source(row["source"]), place=Place(row["place"]), hole=hole, line=row["line"],
        detected_at=from_text(row["detected_at"]), last_closed_at=_instant(row["last_closed_at"]),
        first_open_at=from_text(row["first_open_at"]), last_open_at=from_text(row["last_open_at"]),
        closed_at=_instant(row["closed_at"]), product=row["product"], refused_rung=row["refused_rung"],
        refused_code=row["refused_code"], readable=tuple(json.loads(row["readable"])), studies=row["studies"],
        studies_at_least=bool(row["studies_at_least"]), run=row["run"],
    )  # fmt: skip


def _instant(text: str | None) -> datetime | None:
    return from_text(text) if text else None


def _text(at: datetime | None) -> str | None:
    return to_text(at) if at is not None else None
