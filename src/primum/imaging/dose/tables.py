"""What the practice's table needs of each report, beside the report: so that it opens none. Derived, like reports.

`dose_groups` are lines without an age; `dose_values` what a report has of each; `dose_events` which studies have an
irradiation event, by a hash of its UID: those that share one are put together from their reports, each event once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection

from sqlalchemy import Connection
from sqlalchemy.engine import Engine

from primum.imaging.dose.combining import combine
from primum.imaging.dose.model import Kind, Region, Report
from primum.imaging.dose.statistics import Key, values_of
from primum.imaging.store import reading


def keep_values(index: Connection, place: tuple[str, str, int], report: Report) -> None:
    """Keep the values of a report that lies in a place (study, pack, offset)."""
    study = place[0]
    said = [[_group(index, key, unit), *values] for key, unit, values in values_of(combine([report]))]
    index.exec_driver_sql(
        "UPDATE dose_values SET said = ? WHERE study_ref = ? AND pack = ? AND start = ?",
        (json.dumps(said, separators=(",", ":")), *place),
    )
    events = json.dumps(sorted({_hash(one.uid) for one in report.events if one.uid}))
    others = "SELECT e.study_ref FROM json_each(?2) j JOIN dose_events e ON e.event = j.value WHERE e.study_ref <> ?1"
    index.exec_driver_sql(
        f"UPDATE dose_values SET shared = 1 WHERE study_ref IN ({others})"  # noqa: S608 (texts of ours)
        f" OR (study_ref = ?1 AND EXISTS ({others}))",
        (study, events),
    )
    index.exec_driver_sql(
        "INSERT INTO dose_events (event, study_ref) SELECT value, ?1 FROM json_each(?2) WHERE true"
        " ON CONFLICT DO NOTHING",
        (study, events),
    )


def groups(index: Engine, numbers: Collection[int]) -> dict[int, tuple[Key, str]]:
    """Tell of which line, without its age, and of which unit some groups are."""
    sql = "SELECT id, body FROM dose_groups WHERE id IN (SELECT value FROM json_each(?))"
    with reading(index) as connection:
        rows = connection.exec_driver_sql(sql, (json.dumps(sorted(numbers)),)).fetchall()
    found = {}
    for number, body in rows:
        kind, level, protocol, region, view, phantom, measure, unit = json.loads(body)
        told = Region(*region) if region else None
        found[number] = (Key(Kind(kind), level, protocol, told, view, phantom, "", measure), unit)
    return found


def _group(index: Connection, key: Key, unit: str) -> int:
    region = [key.region.scheme, key.region.code, key.region.meaning] if key.region else None
    body = json.dumps(
        [key.kind.value, key.level, key.protocol, region, key.view, key.phantom, key.measure, unit],
        ensure_ascii=False, separators=(",", ":"),
    )  # fmt: skip
    sql = "SELECT id FROM dose_groups WHERE body = ?"
    number = index.exec_driver_sql(sql, (body,)).scalar()
    if number is None:
        index.exec_driver_sql("INSERT INTO dose_groups (body) VALUES (?)", (body,))
        number = index.exec_driver_sql(sql, (body,)).scalar_one()
    return int(number)


def _hash(uid: str) -> int:
    # a coincidence costs the reading of two reports
    return int.from_bytes(hashlib.blake2b(uid.encode(), digest_size=8).digest()) >> 1
