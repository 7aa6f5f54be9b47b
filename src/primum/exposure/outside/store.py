"""Where one-file probes and the reports that came back are kept: two tables of records.db."""

from __future__ import annotations

import json
from datetime import datetime
from importlib.resources import as_file, files
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine import Engine

from primum.exposure.outside.model import Kept, MadeProbe
from primum.ground.clock import from_text, to_text
from primum.ground.db import migrate

_PROBE = "id, digest, made_by, made_at, expires_at, plan_digest, control_key, plan, spent_at"
_REPORT = "id, probe_id, read_by, read_at, run_at, standing, judged"


def prepare_outside(engine: Engine) -> None:
    """Bring the tables up to date."""
    with as_file(files("primum.exposure.outside").joinpath("migrations")) as folder:
        migrate(engine, folder, "outside_version")


def add(tx: Connection, one: MadeProbe) -> None:
    """Keep a probe that was made."""
    tx.exec_driver_sql(
        f"INSERT INTO made_probes ({_PROBE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",  # noqa: S608 (ours)
        (
            one.id, one.digest, one.made_by, to_text(one.made_at), to_text(one.expires_at), one.plan_digest,
            one.control_key, json.dumps(one.plan, separators=(",", ":")),
        ),
    )  # fmt: skip


def live(tx: Connection, now: datetime) -> list[MadeProbe]:
    """List those whose nonce is announced, the newest first."""
    sql = f"SELECT {_PROBE} FROM made_probes WHERE spent_at IS NULL AND expires_at > ? ORDER BY made_at DESC, id"  # noqa: S608
    return [_made(row) for row in tx.exec_driver_sql(sql, (to_text(now),))]


def by_digest(tx: Connection, digest: str) -> MadeProbe | None:
    """Find a probe by its nonce's hash."""
    row = tx.exec_driver_sql(f"SELECT {_PROBE} FROM made_probes WHERE digest = ?", (digest,)).first()  # noqa: S608
    return None if row is None else _made(row)


def spend(tx: Connection, probe_id: str, now: datetime) -> None:
    """Have a nonce count no more; what opened the control's answers is forgotten."""
    sql = "UPDATE made_probes SET spent_at = ?, control_key = x'' WHERE id = ? AND spent_at IS NULL"
    tx.exec_driver_sql(sql, (to_text(now), probe_id))


def keep(tx: Connection, one: Kept, report: bytes) -> None:
    """Keep a report that was read."""
    tx.exec_driver_sql(
        f"INSERT INTO outside_reports ({_REPORT}, report) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        (
            one.id, one.probe_id, one.read_by, to_text(one.read_at), to_text(one.run_at), one.standing,
            json.dumps(one.judged, separators=(",", ":")), report,
        ),
    )  # fmt: skip


def latest(tx: Connection, limit: int) -> list[Kept]:
    """List the reports that were read, the newest run first."""
    sql = f"SELECT {_REPORT} FROM outside_reports ORDER BY run_at DESC, id LIMIT ?"  # noqa: S608
    return [_kept(row) for row in tx.exec_driver_sql(sql, (limit,))]


def report_of(tx: Connection, report_id: str) -> bytes | None:
    """Return a report as it came."""
    row = tx.exec_driver_sql("SELECT report FROM outside_reports WHERE id = ?", (report_id,)).first()
    return None if row is None else bytes(row[0])


def forget(tx: Connection, now: datetime, keep_reports: int) -> int:
    """Forget nonces that are over, and all but the newest reports; return how many rows went."""
    gone = tx.exec_driver_sql(
        "DELETE FROM outside_reports WHERE id NOT IN (SELECT id FROM outside_reports ORDER BY run_at DESC, id LIMIT ?)",
        (keep_reports,),
    ).rowcount
    old = tx.exec_driver_sql(
        "DELETE FROM made_probes WHERE expires_at <= ? AND id NOT IN (SELECT probe_id FROM outside_reports)",
        (to_text(now),),
    ).rowcount
    return gone + old


def _made(row: Any) -> MadeProbe:  # noqa: ANN401 (a row of the driver)
    name, digest, by, made, expires, plan_digest, control, plan, spent = row
    return MadeProbe(
        id=name,
        digest=digest,
        made_by=by,
        made_at=from_text(made),
        expires_at=from_text(expires),
        plan_digest=plan_digest,
        control_key=bytes(control),
        plan=json.loads(plan),
        spent_at=from_text(spent) if spent else None,
    )


def _kept(row: Any) -> Kept:  # noqa: ANN401 (a row of the driver)
    name, probe, by, read, ran, standing, judged = row
    return Kept(
        id=name,
        probe_id=probe,
        read_by=by,
        read_at=from_text(read),
        run_at=from_text(ran),
        standing=standing,
        judged=json.loads(judged),
    )
