"""Where entries of the list are kept: their part of records.db. Functions of a connection."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine import Row

from primum.ground.clock import from_text, to_text
from primum.imaging.toread.model import Entry, State

_COLUMNS = (
    "study_ref, controller_id, study_uid, modalities, stations, urgency, since, state, new_images, reported,"
    " claimed_by, claimed_at, images_at"
)


def entry(records: Connection, study: str) -> Entry | None:
    """Find the entry of a study, whatever became of it."""
    sql = f"SELECT {_COLUMNS} FROM to_read WHERE study_ref = ?"  # noqa: S608 (our own columns)
    row = records.exec_driver_sql(sql, (study,)).first()
    return None if row is None else _entry(row)


def waiting(
    records: Connection, controllers: Collection[str] | None, modality: str, station: str, most: int
) -> list[Entry]:
    """List what waits, of some controllers (None: of all), the urgent first, then the oldest."""
    sql = (
        f"SELECT {_COLUMNS} FROM to_read WHERE state = 'waiting'"  # noqa: S608 (our own columns)
        " AND (?1 IS NULL OR controller_id IN (SELECT value FROM json_each(?1)))"
        " AND (?2 = '' OR ?2 IN (SELECT value FROM json_each(modalities)))"
        " AND (?3 = '' OR ?3 IN (SELECT value FROM json_each(stations)))"
        " ORDER BY urgency DESC, since, study_ref LIMIT ?4"
    )
    within = None if controllers is None else json.dumps(sorted(controllers))
    return [_entry(row) for row in records.exec_driver_sql(sql, (within, modality, station, most))]


def keep(records: Connection, one: Entry) -> None:
    """Write an entry that waits, anew or again."""
    records.exec_driver_sql(
        f"INSERT INTO to_read ({_COLUMNS}, ended_by, ended_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', '')"  # noqa: S608
        " ON CONFLICT (study_ref) DO UPDATE SET modalities = excluded.modalities, stations = excluded.stations,"
        " urgency = excluded.urgency, since = excluded.since, state = excluded.state,"
        " new_images = excluded.new_images, reported = excluded.reported, claimed_by = excluded.claimed_by,"
        " claimed_at = excluded.claimed_at, images_at = excluded.images_at, ended_by = '', ended_at = ''",
        (
            one.study_ref, one.controller_id, one.study_uid, json.dumps(one.modalities), json.dumps(one.stations),
            one.urgency, to_text(one.since), one.state.value, one.new_images, one.reported, one.claimed_by,
            to_text(one.claimed_at) if one.claimed_at else "", to_text(one.images_at) if one.images_at else "",
        ),
    )  # fmt: skip


def claim(records: Connection, study: str, by: str, at: datetime | None) -> None:
    """Write who has taken an entry; nobody has where `by` is empty."""
    records.exec_driver_sql(
        "UPDATE to_read SET claimed_by = ?, claimed_at = ? WHERE study_ref = ? AND state = 'waiting'",
        (by, to_text(at) if at else "", study),
    )


def end(records: Connection, studies: Iterable[str], state: State, by: str, at: datetime) -> None:
    """Take entries off the list."""
    rows: Sequence[tuple[str, ...]] = [(state.value, by, to_text(at), one) for one in studies]
    if rows:
        records.exec_driver_sql(
            "UPDATE to_read SET state = ?, ended_by = ?, ended_at = ?, claimed_by = '', claimed_at = '', new_images = 0"
            " WHERE study_ref = ? AND state = 'waiting'",
            rows,
        )


def _entry(row: Row[Any]) -> Entry:
    ref, controller, uid, modalities, stations, urgency, since, state, new, reported, by, at, images = tuple(row)
    return Entry(
        ref, controller, uid, tuple(json.loads(modalities)), tuple(json.loads(stations)), urgency, from_text(since),
        State(state), bool(new), bool(reported), by, from_text(at) if at else None,
        from_text(images) if images else None,
    )  # fmt: skip
