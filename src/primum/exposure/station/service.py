"""Stations: a file is made for one, run there, and its result read back once. Kept in records.db, journaled."""

from __future__ import annotations

import hashlib
import json
import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, ClassVar, Final

from primum.exposure.probe.gate import ProbeRefused
from primum.exposure.probe.station.model import KEY_BYTES, Plan, Point, Report, State, object_of, plan_text
from primum.exposure.station.reading import ResultLate, ResultNotOurs, ResultRead, ended_at, loaded, verified
from primum.exposure.station.rules import station_rules
from primum.ground.clock import from_text, to_text
from primum.ground.db import migrate
from primum.ground.ids import new_id
from primum.identity import Permission, Thing, require

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy import Connection
    from sqlalchemy.engine import Engine

    from primum.ground.clock import Clock
    from primum.identity import Actor, Recorder

NAME: Final = 80
"""Characters of what people call a computer."""
MOST: Final = 100
"""Stations of a practice."""
_HOUSE: Final = Thing("house")


class BadStation(ProbeRefused):
    """A station has a name in one line of at most 80 characters, and there are 100 at most."""

    code: ClassVar[str] = "probe.bad-station-name"
    hint: ClassVar[str] = "call it as people here do: --name 'laptop of the locum'"


class NoSuchStation(ProbeRefused):
    """There is no such station."""

    code: ClassVar[str] = "probe.no-such-station"
    hint: ClassVar[str] = "primum check --station lists them"


@dataclass(frozen=True, slots=True)
class Station:
    """A computer, and what its last check said. `checked_at`: None where none was read back."""

    id: str
    name: str
    checked_at: datetime | None
    bad: int
    report: Report | None

    def counts(self, now: datetime) -> bool:
        """Tell whether its last check is recent enough to be one."""
        return self.checked_at is not None and now - self.checked_at <= station_rules().counts_for


def prepare_stations(engine: Engine) -> None:
    """Bring the tables to their newest shape."""
    with as_file(files("primum.exposure.station").joinpath("migrations")) as folder:
        migrate(engine, folder, "stations_version")


class Stations:
    """What may be asked about stations. Safe to use from several threads."""

    def __init__(self, records: Engine, clock: Clock, record: Recorder) -> None:
        """Keep in `records`."""
        self._records, self._clock, self._record = records, clock, record

    def issue(self, by: Actor, name: str, language: str) -> str:
        """Return the plan of a new file for a station, added where it is new. Raises NotPermitted, BadStation."""
        require(by, Permission.STATION_READ, _HOUSE)
        name, rules, now = name.strip(), station_rules(), self._clock.now()
        if not name or len(name) > NAME or not name.isprintable():
            raise BadStation
        with self._records.begin() as tx:
            station_id = self._station(tx, name, now)
            plan = Plan(
                nonce=secrets.token_hex(16), key=secrets.token_bytes(KEY_BYTES), station=station_id, language=language,
                expires_at=(now + rules.valid_for).strftime("%Y-%m-%dT%H:%M:%SZ"), lock_seconds=rules.lock_seconds,
            )  # fmt: skip
            tx.exec_driver_sql(
                'INSERT INTO station_files (nonce, "key", station_id, issued_at, expires_at, issued_by)'
                " VALUES (?, ?, ?, ?, ?, ?)",
                (plan.nonce, plan.key, station_id, to_text(now), to_text(now + rules.valid_for), by.person_id),
            )
        return plan_text(plan)

    def read(self, by: Actor, text: str) -> Station:
        """Take a result, once. Raises NotPermitted, BadResult, ResultNotOurs, ResultRead, ResultLate."""
        require(by, Permission.STATION_READ, _HOUSE)
        told = loaded(text)
        with self._records.begin() as tx:
            sql = 'SELECT "key", station_id, issued_at, expires_at, read_at FROM station_files WHERE nonce = ?'
            row = tx.exec_driver_sql(sql, (told["nonce"],)).first()
            if row is None:
                raise ResultNotOurs
            key, station_id, issued, expires, read_at = row
            if read_at is not None or key is None:
                raise ResultRead
            report = verified(told, bytes(key))
            made = ended_at(report)
            begins = from_text(issued).replace(microsecond=0)  # stations write whole seconds
            if report.station != station_id or not begins <= made <= min(from_text(expires), self._clock.now()):
                raise ResultLate
            self._keep(tx, by, report, made)
        return self.one(by, station_id)

    def every(self, by: Actor) -> list[Station]:
        """List them. Raises NotPermitted."""
        require(by, Permission.STATION_READ, _HOUSE)
        return self.stations()

    def one(self, by: Actor, station_id: str) -> Station:
        """Find one. Raises NotPermitted, NoSuchStation."""
        found = [one for one in self.every(by) if one.id == station_id]
        if not found:
            raise NoSuchStation
        return found[0]

    def remove(self, by: Actor, station_id: str) -> None:
        """Strike one off that is used no more; what it said is kept. Raises NotPermitted, NoSuchStation."""
        require(by, Permission.STATION_READ, _HOUSE)
        with self._records.begin() as tx:
            # its name is free again for the computer that follows it
            sql = "UPDATE stations SET removed_at = ?, name = name || ' ' || id WHERE id = ? AND removed_at IS NULL"
            if not tx.exec_driver_sql(sql, (to_text(self._clock.now()), station_id)).rowcount:
                raise NoSuchStation

    def stations(self) -> list[Station]:
        """List those in use with their last check: what a check of this installation asks."""
        sql = """
            SELECT s.id, s.name, r.ended_at, r.bad, r.body FROM stations s
            LEFT JOIN station_results r ON r.nonce = (
              SELECT nonce FROM station_results l WHERE l.station_id = s.id ORDER BY l.ended_at DESC, l.nonce LIMIT 1)
            WHERE s.removed_at IS NULL ORDER BY s.name, s.id"""
        with self._reading() as tx:
            return [
                Station(number, name, from_text(at) if at else None, bad or 0, _report(body))
                for number, name, at, bad, body in tx.exec_driver_sql(sql)
            ]

    def _station(self, tx: Connection, name: str, now: datetime) -> str:
        known = tx.exec_driver_sql("SELECT id FROM stations WHERE name = ? AND removed_at IS NULL", (name,)).scalar()
        if known is not None:
            return str(known)
        count = tx.exec_driver_sql("SELECT count(*) FROM stations WHERE removed_at IS NULL").scalar() or 0
        if count >= MOST:
            raise BadStation
        made = new_id("sta")
        tx.exec_driver_sql("INSERT INTO stations (id, name, added_at) VALUES (?, ?, ?)", (made, name, to_text(now)))
        return made

    def _keep(self, tx: Connection, by: Actor, report: Report, made: datetime) -> None:
        body = json.dumps(object_of(report), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        # the key has done its work: nothing can be signed with it any more
        sql = 'UPDATE station_files SET read_at = ?, "key" = NULL WHERE nonce = ?'
        tx.exec_driver_sql(sql, (to_text(self._clock.now()), report.nonce))
        tx.exec_driver_sql(
            "INSERT INTO station_results (nonce, station_id, ended_at, bad, body) VALUES (?, ?, ?, ?, ?)",
            (report.nonce, report.station, to_text(made), report.bad(), body),
        )
        said = "bad" if report.bad() else "not-determined" if report.undetermined() else "good"
        details: dict[str, str | int] = {
            "reason": said, "count": report.bad(), "fingerprint": hashlib.sha256(body.encode("ascii")).hexdigest(),
            "session": by.session_id,
        }  # fmt: skip
        self._record("station:read", by.person_id, report.station, details)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._records.connect().execution_options(reading=True) as tx:
            yield tx


def _report(body: str | None) -> Report | None:
    if body is None:
        return None
    told = json.loads(body)
    return Report(
        nonce=told["nonce"], station=told["station"], system=told["system"], began_at=told["began_at"],
        ended_at=told["ended_at"],
        points=tuple(Point(one["name"], State(one["state"]), one["why"], one["facts"]) for one in told["points"]),
    )  # fmt: skip
