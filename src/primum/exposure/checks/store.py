"""Where runs, declarations and what was kept of a database of vulnerabilities lie: three tables of records.db."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import as_file, files
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine import Engine

from primum.exposure.checks.advisories import Advisories, from_json
from primum.exposure.checks.model import Declaration
from primum.ground.clock import from_text, to_text
from primum.ground.db import migrate

_RUN = "id, made_at, asked_by, good, attention, bad, undetermined, hash"
_DECLARATION = "id, name, subject, value, until, declared_at, declared_by"


@dataclass(frozen=True, slots=True)
class Run:
    """A run, without its report."""

    id: str
    made_at: datetime
    asked_by: str
    good: int
    attention: int
    bad: int
    undetermined: int
    hash: str


def prepare_checks(engine: Engine) -> None:
    """Bring the tables up to date."""
    with as_file(files("primum.exposure.checks").joinpath("migrations")) as folder:
        migrate(engine, folder, "checks_version")


def add_run(tx: Connection, run: Run, note: str) -> None:
    """Keep a run."""
    tx.exec_driver_sql(
        f"INSERT INTO check_runs ({_RUN}, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 (ours)
        (
            run.id, to_text(run.made_at), run.asked_by, run.good, run.attention, run.bad, run.undetermined, run.hash,
            note,
        ),
    )  # fmt: skip


def last_run(tx: Connection) -> tuple[Run, str] | None:
    """Return the newest run and its note."""
    return _one(tx, "SELECT {0}, note FROM check_runs ORDER BY made_at DESC, id DESC LIMIT 1", ())


def run(tx: Connection, run_id: str) -> tuple[Run, str] | None:
    """Return a run by its id, and its note."""
    return _one(tx, "SELECT {0}, note FROM check_runs WHERE id = ?", (run_id,))


def runs(tx: Connection, most: int) -> list[Run]:
    """List the newest runs."""
    sql = f"SELECT {_RUN} FROM check_runs ORDER BY made_at DESC, id DESC LIMIT ?"  # noqa: S608 (ours)
    return [_run(row) for row in tx.exec_driver_sql(sql, (most,))]


def times(tx: Connection) -> list[tuple[str, datetime]]:
    """List the ids and instants of all runs, oldest first."""
    rows = tx.exec_driver_sql("SELECT id, made_at FROM check_runs ORDER BY made_at, id")
    return [(row[0], from_text(row[1])) for row in rows]


def drop_runs(tx: Connection, ids: Sequence[str]) -> None:
    """Remove runs."""
    tx.exec_driver_sql("DELETE FROM check_runs WHERE id = ?", [(one,) for one in ids])


def declare(tx: Connection, one: Declaration) -> None:
    """Keep a declaration in the place of the one before."""
    end(tx, one.name, one.subject, one.declared_at)
    tx.exec_driver_sql(
        f"INSERT INTO check_declarations ({_DECLARATION}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 (ours)
        (one.id, one.name, one.subject, one.value, str(one.until), to_text(one.declared_at), one.declared_by),
    )


def end(tx: Connection, name: str, subject: str, at: datetime) -> bool:
    """End what is declared now; tell whether anything was."""
    sql = "UPDATE check_declarations SET ended_at = ? WHERE name = ? AND subject = ? AND ended_at IS NULL"
    return tx.exec_driver_sql(sql, (to_text(at), name, subject)).rowcount > 0


def declarations(tx: Connection) -> list[Declaration]:
    """List what is declared now, past its day or not."""
    sql = f"SELECT {_DECLARATION} FROM check_declarations WHERE ended_at IS NULL ORDER BY name, subject"  # noqa: S608
    return [
        Declaration(row[0], row[1], row[2], row[3], date.fromisoformat(row[4]), from_text(row[5]), row[6])
        for row in tx.exec_driver_sql(sql)
    ]


def keep_advisories(tx: Connection, one: Advisories) -> None:
    """Keep what was read of a database, in the place of the one before."""
    tx.exec_driver_sql(
        "INSERT OR REPLACE INTO check_advisories (only, kept) VALUES (1, ?)", (json.dumps(one.to_json()),)
    )


def advisories(tx: Connection) -> Advisories | None:
    """Return what was kept of a database."""
    row = tx.exec_driver_sql("SELECT kept FROM check_advisories").first()
    return None if row is None else from_json(json.loads(row[0]))


def _one(tx: Connection, sql: str, values: tuple[str, ...]) -> tuple[Run, str] | None:
    row = tx.exec_driver_sql(sql.format(_RUN), values).first()
    return None if row is None else (_run(row), row[8])


def _run(row: Any) -> Run:  # noqa: ANN401 (a row)
    return Run(row[0], from_text(row[1]), row[2], row[3], row[4], row[5], row[6], row[7])
