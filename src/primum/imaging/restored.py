"""A restored records.db beside restored packs: tails as far as the packs go, and nothing of what was erased since."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import Engine

from primum.ground.db import attached
from primum.imaging.records import forget_study
from primum.imaging.reports.store import forget_reports, reports_kept
from primum.imaging.retention.followers import forget_queued
from primum.imaging.store import reading
from primum.vault import Position, Tail


def settle_tails(records: Engine, restored: Mapping[str, Tail]) -> int:
    """Expect of each pack what the backup holds of it (records.db is younger); return how many tails changed."""
    with records.begin() as connection:
        rows = connection.exec_driver_sql("SELECT pack, count FROM vault_tails").fetchall()
        changed = 0
        for pack, count in rows:
            tail = restored.get(pack)
            if tail is None:
                connection.exec_driver_sql("DELETE FROM vault_tails WHERE pack = ?", (pack,))
            elif tail.count < count:
                connection.exec_driver_sql(
                    "UPDATE vault_tails SET count = ?, chain = ?, stop = ? WHERE pack = ?",
                    (tail.count, tail.chain, tail.end, pack),
                )
            else:
                continue
            changed += 1
    return changed


def forget_studies(records: Engine, studies: Iterable[str], now: datetime) -> None:
    """Delete what records.db holds of studies that were erased after it was copied."""
    with records.begin() as connection:
        for study in studies:
            forget_study(connection, study)
            if reports_kept(connection):
                forget_reports(connection, study, [], whole=True)
            forget_queued(connection, study, now)


FORWARD = ("tombstones", "erasures", "erasure_returns", "retention_holds", "retention_deaths")
"""What was decided about erasing and keeping does not go back with the data: tables taken over from the newest copy."""


def carry_forward(records: Engine, newest: Path, key: bytes) -> int:
    """Put the tables of FORWARD, those that there are, in the place of the restored ones; return how many rows."""
    with attached(records, newest, key, "newest") as connection:
        sql = "SELECT name FROM {}.sqlite_master WHERE type = 'table'"
        there = set.intersection(
            *({row[0] for row in connection.exec_driver_sql(sql.format(one))} for one in ("main", "newest"))
        )
        rows = 0
        for table in (one for one in FORWARD if one in there):
            connection.exec_driver_sql(f"DELETE FROM main.{table}")  # noqa: S608 (names of ours)
            copied = connection.exec_driver_sql(f"INSERT INTO main.{table} SELECT * FROM newest.{table}")  # noqa: S608
            rows += copied.rowcount
    return rows


@dataclass(frozen=True, slots=True, order=True)
class Placed:
    """An instance or a conflict version, where the index says that it lies. No UID of it is told."""

    pack: str
    start: int
    stop: int


def placed(index: Engine, study: str) -> Iterator[Placed]:
    """Give where each record of a study lies, as the index has it."""
    with reading(index) as connection:
        for table in ("instances", "versions"):
            rows = connection.exec_driver_sql(
                "SELECT p.pack, t.start, t.stop FROM studies s JOIN series e ON e.study_id = s.id"  # noqa: S608 (ours)
                f" JOIN {table} t ON t.series_id = e.id AND t.study_id = s.id JOIN packs p ON p.id = t.pack_id"
                " WHERE s.ref = ?",
                (study,),
            ).fetchall()
            yield from (Placed(*row) for row in rows)


def position(study: str, one: Placed) -> Position:
    """Give the position of a placed record in the vault."""
    return Position(study, one.pack, one.start, one.stop)
