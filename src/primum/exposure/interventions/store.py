"""Where interventions are kept: three tables of records.db, which is sealed. Reads and writes, no rule.

The runs before and after are kept here too: those of findings go after a year, a proof does not.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any, Final

from primum.exposure.findings.model import read_hole
from primum.exposure.interventions.model import (
    Attached,
    Difference,
    Intervention,
    Outcome,
    Probed,
    State,
    Told,
    When,
)
from primum.exposure.probe.model import Hole
from primum.exposure.ran import Ran, kept, read_kept
from primum.ground.clock import from_text, to_text
from primum.ground.db import migrate

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection
    from sqlalchemy.engine import Engine

_COLUMNS: Final = (
    "id, kind, author, company, contract, purpose, state, controller_id, opened_at, opened_by, closed_at, closed_by,"
    " outcome, difference"
)
_INFLATED: Final = 64 << 20
_HOLES: Final = ("opened", "closed", "stayed", "unsettled", "unsure")


def prepare_interventions(engine: Engine) -> None:
    """Bring the tables to their newest shape."""
    with as_file(files("primum.exposure.interventions").joinpath("migrations")) as folder:
        migrate(engine, folder, "interventions_version")


def add(tx: Connection, one: Intervention) -> None:
    """Keep a new one."""
    marks = ", ".join("?" * 14)
    tx.exec_driver_sql(f"INSERT INTO interventions ({_COLUMNS}) VALUES ({marks})", _row(one))  # noqa: S608 (marks)


def change(tx: Connection, one: Intervention) -> None:
    """Keep how far it is, and how it ended; what was said before stays as it was."""
    sql = "UPDATE interventions SET state = ?, closed_at = ?, closed_by = ?, outcome = ?, difference = ? WHERE id = ?"
    row = _row(one)
    tx.exec_driver_sql(sql, (row[6], row[10], row[11], row[12], row[13], one.id))


def put_probe(tx: Connection, intervention_id: str, when: When, probed: Probed, ran: Ran | None) -> None:
    """Keep what came of a probe, and the run itself."""
    body = zlib.compress(kept(ran)) if ran is not None else None
    tx.exec_driver_sql(
        'INSERT OR REPLACE INTO intervention_probes (intervention_id, "when", at, run, verdict, reason, body)'
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (intervention_id, when.value, to_text(probed.at), probed.run, probed.verdict, probed.reason, body),
    )


def run(tx: Connection, intervention_id: str, when: When) -> Ran | None:
    """Find the run of a probe."""
    sql = 'SELECT body FROM intervention_probes WHERE intervention_id = ? AND "when" = ?'
    row = tx.exec_driver_sql(sql, (intervention_id, when.value)).first()
    if row is None or row[0] is None:
        return None
    return read_kept(zlib.decompressobj().decompress(row[0], _INFLATED))


def attach(tx: Connection, intervention_id: str, one: Attached, body: bytes) -> None:
    """Keep a report."""
    tx.exec_driver_sql(
        "INSERT INTO intervention_reports (id, intervention_id, name, size, sha256, at, person_id, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (one.id, intervention_id, one.name, one.size, one.sha256, to_text(one.at), one.by, body),
    )


def attachment(tx: Connection, intervention_id: str, attached_id: str) -> bytes | None:
    """Give the bytes of a report."""
    sql = "SELECT body FROM intervention_reports WHERE intervention_id = ? AND id = ?"
    row = tx.exec_driver_sql(sql, (intervention_id, attached_id)).first()
    return bytes(row[0]) if row is not None else None


def one(tx: Connection, intervention_id: str) -> Intervention | None:
    """Find one."""
    found = _read(tx, "id = ?", (intervention_id,))
    return found[0] if found else None


def every(tx: Connection, most: int) -> list[Intervention]:
    """List them: those that are open first, then the last that were closed."""
    return _read(tx, "1 ORDER BY state = 'closed', opened_at DESC, id LIMIT ?", (most,))


def in_state(tx: Connection, *states: State) -> list[Intervention]:
    """List those in a state, the first opened first."""
    marks = ", ".join("?" * len(states))
    return _read(tx, f"state IN ({marks}) ORDER BY opened_at, id", tuple(one.value for one in states))


def ended(tx: Connection, outcome: Outcome, since: datetime) -> list[Intervention]:
    """List those that ended so, since an instant."""
    return _read(tx, "outcome = ? AND closed_at >= ? ORDER BY closed_at, id", (outcome.value, to_text(since)))


def _read(tx: Connection, which: str, values: tuple[object, ...]) -> list[Intervention]:
    sql = f"SELECT {_COLUMNS} FROM interventions WHERE {which}"  # noqa: S608 (texts of ours)
    return [_whole(tx, _intervention(row)) for row in tx.exec_driver_sql(sql, values).fetchall()]


def _whole(tx: Connection, found: Intervention) -> Intervention:
    sql = 'SELECT "when", at, run, verdict, reason FROM intervention_probes WHERE intervention_id = ?'
    probes = {
        when: Probed(from_text(at), run, verdict, reason)
        for when, at, run, verdict, reason in tx.exec_driver_sql(sql, (found.id,))
    }
    sql = (
        "SELECT id, name, size, sha256, at, person_id FROM intervention_reports WHERE intervention_id = ?"
        " ORDER BY at, id"
    )
    attached = tuple(
        Attached(number, name, size, digest, from_text(at), by)
        for number, name, size, digest, at, by in tx.exec_driver_sql(sql, (found.id,))
    )
    return replace(found, before=probes.get(When.BEFORE), after=probes.get(When.AFTER), attached=attached)


def _row(one: Intervention) -> tuple[Any, ...]:
    return (
        one.id, one.told.kind, one.told.author, one.told.company, one.told.contract, one.told.purpose, one.state.value,
        one.controller_id, to_text(one.opened_at), one.opened_by, to_text(one.closed_at) if one.closed_at else None,
        one.closed_by, one.outcome.value if one.outcome else None, _written(one.difference),
    )  # fmt: skip


def _intervention(row: Any) -> Intervention:  # noqa: ANN401 (a row)
    number, kind, author, company, contract, purpose, state, controller, opened, by, closed, closed_by, *rest = row
    outcome, found = rest
    return Intervention(
        id=number, told=Told(kind, author, company, contract, purpose), state=State(state), controller_id=controller,
        opened_at=from_text(opened), opened_by=by, closed_at=from_text(closed) if closed else None,
        closed_by=closed_by, outcome=Outcome(outcome) if outcome else None, difference=_read_difference(found),
    )  # fmt: skip


def _written(found: Difference | None) -> str | None:
    if found is None:
        return None
    lists = {name: [_words(hole) for hole in getattr(found, name)] for name in _HOLES}
    return json.dumps({**lists, "blind": found.blind})


def _words(hole: Hole) -> list[str | int]:
    return [hole.address, hole.port, hole.mode.value, hole.identity.value, hole.rung.value]


def _read_difference(text: str | None) -> Difference | None:
    if text is None:
        return None
    told = json.loads(text)
    return Difference(**{name: tuple(read_hole(*hole) for hole in told[name]) for name in _HOLES}, blind=told["blind"])
