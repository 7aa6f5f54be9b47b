"""Finding rows of the index: which match, in what order, and what they say as DICOM JSON.

A search is two steps: first which rows match, as numbers, in one short reading; then what they say, a page at a
time. So whoever reads slowly holds no transaction open, and memory holds one page. Both steps ask for the reach.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import OperationalError

from primum.imaging.attributes import ATTRIBUTES, BY_KEYWORD, Level
from primum.imaging.columns import NAME_DAMAGED
from primum.imaging.errors import QueryTooBroad
from primum.imaging.keys import Key
from primum.imaging.limits import LIMITS, Limits
from primum.imaging.matching import Between, Instants, OneOf
from primum.imaging.model import Reached, StudyEntry, StudyRow, sees_quality
from primum.imaging.pixels import served_syntax
from primum.imaging.query import Criteria
from primum.imaging.sql import Sql, among_rejected, as_seen, key_sql, narrow_rejected, narrow_sql, reach_sql
from primum.imaging.store import reading

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.engine import Engine

Json = dict[str, Any]

FEW = 2000
"""Up to so many candidates (or twice a page), rows are fetched and sorted; above, the walk goes by date until a page is
full. A row costs some 25 µs, a step of the walk under one, and a page is full the sooner the more candidates there are.
"""
MANY = 100_000
"""Up to so many, those read are first looked for among the candidates, for which the index by date is enough."""

STUDY_SHOWN = [
    "00080020", "00080030", "00080050", "00080056", "00080061", "00080090", "00081030", "00100010", "00100020",
    "00100030", "00100040", "0020000D", "00200010", "00201206", "00201208",
]  # fmt: skip
SERIES_SHOWN = [
    "00080021", "00080031", "00080060", "0008103E", "0020000E", "00200011", "00201209", "00400244", "00400245",
    "00400275",
]  # fmt: skip
INSTANCE_SHOWN = ["00080016", "00080018", "00083002", "00200013", "00280008", "00280010", "00280011", "00280100"]
_VRS = {one.key: one.vr for one in ATTRIBUTES}

STUDY_COLUMNS = (
    "s.ref, s.controller_id, s.study_uid, s.patient_id, s.confidential, s.series, s.instances, s.shown, s.modalities"
)
_COLUMNS = {
    Level.PATIENT: STUDY_COLUMNS,
    Level.STUDY: STUDY_COLUMNS,
    Level.SERIES: f"{STUDY_COLUMNS}, e.shown, e.instances",
    Level.INSTANCE: f"{STUDY_COLUMNS}, e.shown, e.instances, i.sop_class_uid, i.sop_uid, i.syntax, i.number, i.frames,"
    ' i."rows", i.columns, i.bits',
}
TABLES = {
    Level.PATIENT: "studies s",
    Level.STUDY: "studies s",
    # in this order: studies are narrowed first, their series are few
    Level.SERIES: "studies s CROSS JOIN series e ON e.study_id = s.id AND e.instances > 0",
    Level.INSTANCE: "studies s CROSS JOIN series e ON e.study_id = s.id CROSS JOIN instances i ON i.series_id = e.id",
}
_BY_NUMBER = {
    Level.PATIENT: "studies s ON s.id = j.value",
    Level.STUDY: "studies s ON s.id = j.value",
    Level.SERIES: "series e ON e.id = j.value CROSS JOIN studies s ON s.id = e.study_id",
    Level.INSTANCE: "instances i ON i.sop_uid = j.value->>0 AND i.study_id = j.value->>1"
    " CROSS JOIN series e ON e.id = i.series_id CROSS JOIN studies s ON s.id = i.study_id",
}
_STUDY_ORDER = "s.study_date DESC, s.study_time DESC, s.study_uid, s.controller_id"
_SERIES_ORDER = f"{_STUDY_ORDER}, e.number IS NULL, e.number, e.series_uid"
ORDERS = {
    # a patient has an id of ours and one controller: an order that means nothing, but is one
    Level.PATIENT: "s.patient_id",
    Level.STUDY: _STUDY_ORDER,
    Level.SERIES: _SERIES_ORDER,
    Level.INSTANCE: f"{_SERIES_ORDER}, i.number IS NULL, i.number, i.sop_uid",
}
_SAME_PATIENT = "FROM studies o WHERE o.patient_id = s.patient_id AND"
_ON_REQUEST = {
    0x00080062: "(SELECT group_concat(c, '\\') FROM (SELECT DISTINCT y.sop_class_uid AS c FROM series x"
    " JOIN instances y ON y.series_id = x.id WHERE x.study_id = s.id ORDER BY 1))",
    0x00201200: f"(SELECT count(*) {_SAME_PATIENT}",
    0x00201202: f"(SELECT sum(o.series) {_SAME_PATIENT}",
    0x00201204: f"(SELECT sum(o.instances) {_SAME_PATIENT}",
}
"""Attributes that cost a look each: computed where asked for by name. Those of a patient count what is in reach."""
_KEYS = 2
"""Numbers that name an instance; a third one marks it as rejected for quality."""
_STEPS = 50_000
"""Steps of SQLite's machine between two looks at the clock: under a millisecond."""


@dataclass(frozen=True, slots=True)
class Match:
    """A row that matched: its study (for a patient, the one received last), and all it says."""

    entry: StudyEntry
    shown: Json = field(repr=False)


class Findings:
    """The rows that matched when they were looked for, read page by page."""

    def __init__(self, finder: Finder, level: Level, criteria: Criteria, reach: Reached, numbers: list[Any]) -> None:
        """Hold `numbers`, one more than the limit where there is more."""
        self._finder, self._level, self._criteria, self._reach = finder, level, criteria, reach
        self._numbers = numbers[: criteria.limit]
        self.more = len(numbers) > criteria.limit
        """Whether something matched beyond the limit."""

    def __len__(self) -> int:
        """Count the rows."""
        return len(self._numbers)

    def without(self, others: Findings) -> Findings:
        """Leave out what `others` found already."""
        known = {_hashable(one) for one in others._numbers}
        rest = Findings(self._finder, self._level, self._criteria, self._reach, [])
        rest._numbers = [one for one in self._numbers if _hashable(one) not in known]
        rest.more = self.more
        return rest

    def pages(self, size: int) -> Iterator[list[Match]]:
        """Read the rows, `size` at a time; what has gone meanwhile is left out."""
        for at in range(0, len(self._numbers), size):
            yield self._finder.load(self._level, self._criteria, self._reach, self._numbers[at : at + size])

    def all(self) -> list[Json]:
        """Read what all rows say."""
        return [one.shown for page in self.pages(max(1, len(self._numbers))) for one in page]


def _hashable(number: Any) -> Any:  # noqa: ANN401 (a number, or a list of what names an instance)
    return tuple(number) if isinstance(number, list) else number


class Finder:
    """Searches in the index. Safe to share between threads."""

    def __init__(self, index: Engine, limits: Limits = LIMITS) -> None:
        """Search in `index`."""
        self._index, self._limits = index, limits

    def find(self, level: Level, criteria: Criteria, reach: Reached) -> Findings:
        """Find what matches, up to the criteria's limit. Raises QueryTooBroad."""
        if level is Level.INSTANCE and sees_quality(reach):
            return Findings(self, level, criteria, reach, self._with_rejected(criteria, reach))
        with self._bounded() as connection:
            sql = self.search_sql(connection, level, criteria, reach)
            rows = connection.exec_driver_sql(sql.text, sql.values).fetchall()
        numbers = [list(row) for row in rows] if level is Level.INSTANCE else [row[0] for row in rows]
        return Findings(self, level, criteria, reach, numbers)

    def _with_rejected(self, criteria: Criteria, reach: Reached) -> list[Any]:
        """Find instances, then those rejected for quality, which are marked by a third number."""
        most = criteria.offset + criteria.limit
        every = replace(criteria, offset=0, limit=most)
        with self._bounded() as connection:
            sql = self.search_sql(connection, Level.INSTANCE, every, reach)
            found = [list(row) for row in connection.exec_driver_sql(sql.text, sql.values)]
            rows = connection.exec_driver_sql(among_rejected(sql.text), sql.values)
            found += [[*row, 1] for row in rows]
        return found[criteria.offset : most + 1]

    def search_sql(self, connection: Connection, level: Level, criteria: Criteria, reach: Reached) -> Sql:
        """Write the search whose rows are numbers: one more than the limit."""
        number = {Level.SERIES: "e.id", Level.INSTANCE: "i.sop_uid, i.study_id"}.get(level, "s.id")
        group = ""
        if level is Level.PATIENT:
            number, group = "s.id, max(s.first)", " GROUP BY s.patient_id"
        where, few = self._where(connection, level, criteria, reach)
        order = _order(level, few=few)
        tables = as_seen(TABLES[level], reach)
        sql = f"SELECT {number} FROM {tables} WHERE {where.text}{group} ORDER BY {order} LIMIT ? OFFSET ?"  # noqa: S608
        return Sql(sql, (*where.values, criteria.limit + 1, criteria.offset))

    def load(self, level: Level, criteria: Criteria, reach: Reached, numbers: Sequence[Any]) -> list[Match]:
        """Read rows by their numbers, in that order. Raises QueryTooBroad."""
        asked = _asked(criteria)
        extra, values = _on_request(asked, reach)
        within_reach = reach_sql(reach)
        columns = as_seen(_COLUMNS[level], reach)
        sql = (
            f"SELECT {columns}{extra} FROM json_each(?) j CROSS JOIN {_BY_NUMBER[level]}"  # noqa: S608 (ours)
            f" WHERE {within_reach.text} ORDER BY j.key"
        )
        hidden = [one for one in numbers if level is Level.INSTANCE and len(one) > _KEYS]
        parts = [(sql, list(numbers[: len(numbers) - len(hidden)]))]  # those rejected come last
        parts += [(among_rejected(sql), hidden)] if hidden else []
        rows: list[Any] = []
        with self._bounded() as connection:
            for text, some in parts:
                rows += connection.exec_driver_sql(text, (*values, json.dumps(some), *within_reach.values)).fetchall()
        return [_match(level, row, asked) for row in rows]

    def lines(self, criteria: Criteria, reach: Reached) -> list[StudyRow]:
        """Find studies as lines of the worklist. Raises QueryTooBroad."""
        asked = _asked(criteria)
        extra, values = _on_request(asked, reach)
        with self._bounded() as connection:
            where, few = self._where(connection, Level.STUDY, criteria, reach)
            # one more than a page tells whether there is more
            limit = min(criteria.limit, self._limits.page + 1)
            sql = (
                f"SELECT {as_seen(STUDY_COLUMNS, reach)}, {_FLAGS}{extra} FROM studies s WHERE {where.text}"  # noqa: S608
                f" ORDER BY {_order(Level.STUDY, few=few)} LIMIT ? OFFSET ?"
            )
            found = connection.exec_driver_sql(sql, (*values, *where.values, limit, criteria.offset)).fetchall()
        return [_line(row, _extras(asked, row)) for row in found]

    def count(self, criteria: Criteria, reach: Reached) -> int:
        """Count the studies that match. Raises QueryTooBroad."""
        with self._bounded() as connection:
            where, _ = self._where(connection, Level.STUDY, criteria, reach)
            sql = f"SELECT count(*) FROM studies s WHERE {where.text}"  # noqa: S608 (sql.py's own texts)
            return int(connection.exec_driver_sql(sql, where.values).scalar_one())

    def _where(self, connection: Connection, level: Level, criteria: Criteria, reach: Reached) -> tuple[Sql, bool]:
        """All conditions of a query, and whether they begin with an index that leaves few."""
        narrowed, few = _narrowed(connection, criteria, also_rejected=sees_quality(reach))
        conditions = [*narrowed, *map(key_sql, criteria.keys), reach_sql(reach)]
        if not few and level is Level.PATIENT:
            conditions.append(Sql("s.patient_id > ''"))
        elif not few and not any(isinstance(key.test, Between | Instants) and _dated(key) for key in criteria.keys):
            # said so that the plan begins with the index by date whatever else it could begin with
            conditions.append(Sql("s.study_date >= ''"))
        return Sql.all_of(conditions), few

    @contextmanager
    def _bounded(self) -> Iterator[Connection]:
        """A reading that is stopped when it takes too long."""
        until = time.monotonic() + self._limits.query_seconds
        with reading(self._index) as connection:
            raw = connection.connection.driver_connection
            if raw is None:
                raise RuntimeError("a connection without a driver")
            raw.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
            try:
                yield connection
            except OperationalError as error:
                if "interrupted" in str(error.orig):
                    raise QueryTooBroad(seconds=self._limits.query_seconds) from None
                raise
            finally:
                raw.set_progress_handler(None, _STEPS)


def _dated(key: Key) -> bool:
    return key.attribute.column == "study_date"


def _order(level: Level, *, few: bool) -> str:
    # the sign keeps SQLite from walking all studies by date for the sake of the order
    return ORDERS[level].replace("s.study_date", "+s.study_date") if few else ORDERS[level]


def _narrowed(connection: Connection, criteria: Criteria, *, also_rejected: bool) -> tuple[list[Sql], bool]:
    """Narrow a query to the candidates of the index that leaves fewest; tell whether they are few."""
    best: tuple[int, Sql] | None = None
    for key in criteria.keys:
        narrow = narrow_sql(key)
        if narrow is not None and also_rejected:
            narrow = narrow_rejected(key, narrow)
        if narrow is None:
            continue
        most = min(MANY, best[0] if best else MANY)
        sql = f"SELECT count(*) FROM (SELECT 1 FROM ({narrow.text}) LIMIT ?)"  # noqa: S608 (sql.py's own texts)
        count = connection.exec_driver_sql(sql, (*narrow.values, most + 1)).scalar_one()
        if count <= most:
            best = count, narrow
    if best is None:
        return [], False
    few = best[0] <= max(FEW, 2 * criteria.limit)
    # with the sign, they are not where the search begins: it goes by date and asks of each study whether it is one
    return [Sql(f"{'' if few else '+'}s.id IN ({best[1].text})", best[1].values)], few


def _asked(criteria: Criteria) -> list[int]:
    return [tag for tag in _ON_REQUEST if tag in criteria.include or criteria.include_all]


def _on_request(asked: Sequence[int], reach: Reached) -> tuple[str, tuple[object, ...]]:
    others = reach_sql(reach, "o")
    text = ""
    values: tuple[object, ...] = ()
    for tag in asked:
        counts = _ON_REQUEST[tag].endswith("AND")
        text += f", {_ON_REQUEST[tag]} ({others.text}))" if counts else f", {_ON_REQUEST[tag]}"
        values += others.values if counts else ()
    return text, values


def _extras(asked: Sequence[int], row: Sequence[Any]) -> Json:
    extras: Json = {}
    for tag, value in zip(asked, row[len(row) - len(asked) :], strict=True):
        key = f"{tag:08X}"
        values = value.split("\\") if isinstance(value, str) else [value]
        extras[key] = {"vr": _VRS[key], "Value": values} if value else {"vr": _VRS[key]}
    return extras


_FLAGS = (
    "EXISTS (SELECT 1 FROM studies o WHERE o.name_key = s.name_key AND o.name_key <> ''"
    "  AND o.controller_id = s.controller_id AND o.patient_id <> s.patient_id),"
    " EXISTS (SELECT 1 FROM studies o WHERE o.patient_number = s.patient_number AND o.patient_number <> ''"
    "  AND o.issuer = s.issuer AND o.controller_id = s.controller_id AND o.patient_id <> s.patient_id),"
    " s.mixed, s.flags, (SELECT count(*) FROM versions v WHERE v.study_id = s.id AND v.decided = 0)"
)


def _line(row: Sequence[Any], extras: Json) -> StudyRow:
    shown = _study_json(row)
    return StudyRow(
        _entry(row, shown),
        shown | extras,
        tuple(filter(None, row[8].split("\\"))),
        homonym=bool(row[9]),
        collision=bool(row[10]),
        mixed=bool(row[11]),
        damaged=bool(row[12] & NAME_DAMAGED),
        conflicts=row[13],
    )


def within(criteria: Criteria, study_uid: str | None, series_uid: str | None = None) -> Criteria:
    """Add the UIDs of a request's path to its keys."""
    given = (("StudyInstanceUID", study_uid), ("SeriesInstanceUID", series_uid))
    keys = [Key(BY_KEYWORD[name], OneOf((uid,))) for name, uid in given if uid is not None]
    return replace(criteria, keys=(*criteria.keys, *keys))


def shown_at(level: Level, *, within_study: bool = False, within_series: bool = False) -> list[str]:
    """List the attributes that QIDO-RS gives unasked (PS3.18 tables 10.6.3-3 to -5), parents' where needed."""
    if level is Level.STUDY:
        return STUDY_SHOWN
    if level is Level.SERIES:
        return [*(["0020000D"] if within_study else STUDY_SHOWN), *SERIES_SHOWN]
    if within_series:
        return ["0020000D", "0020000E", *INSTANCE_SHOWN]
    return [*(["0020000D"] if within_study else STUDY_SHOWN), *SERIES_SHOWN, *INSTANCE_SHOWN]


def pick(every: Json, usual: Sequence[str], criteria: Criteria) -> Json:
    """Keep the usual attributes (empty where there is no value), those asked for, or all."""
    picked: Json = {"00080005": {"vr": "CS", "Value": ["ISO_IR 192"]}}
    picked |= {key: every.get(key) or {"vr": _VRS[key]} for key in usual}
    if criteria.include_all:
        picked |= every
    else:
        asked = (f"{tag:08X}" for tag in criteria.include)
        picked |= {key: every[key] for key in asked if key in every}
    return dict(sorted(picked.items()))


def study_attributes(row: StudyRow, criteria: Criteria) -> Json:
    """Give a line of the worklist as QIDO-RS does: the usual attributes, and those asked for."""
    return pick(row.shown, STUDY_SHOWN, criteria)


def entry_of(row: Sequence[Any]) -> StudyEntry:
    """Read the study of a row that begins with STUDY_COLUMNS."""
    return _entry(row, json.loads(row[7]))


def _entry(row: Sequence[Any], shown: Json) -> StudyEntry:
    referrer = shown.get("00080090", {}).get("Value") or [None]
    return StudyEntry(
        row[0], row[1], row[2], row[3], (referrer[0] or {}).get("Alphabetic", ""), bool(row[4]), row[5], row[6]
    )


def _match(level: Level, row: Sequence[Any], asked: Sequence[int]) -> Match:
    shown = _study_json(row)
    entry = _entry(row, shown)
    if level in {Level.SERIES, Level.INSTANCE}:
        shown |= _series_json(row[9:])
    if level is Level.INSTANCE:
        shown |= _instance_json(row[11:])
    return Match(entry, shown | _extras(asked, row) if asked else shown)


def _study_json(row: Sequence[Any]) -> Json:
    shown: Json = json.loads(row[7])
    shown["00080056"] = {"vr": "CS", "Value": ["ONLINE"]}
    shown["00080061"] = {"vr": "CS", "Value": row[8].split("\\")} if row[8] else {"vr": "CS"}
    shown["00201206"] = {"vr": "IS", "Value": [row[5]]}
    shown["00201208"] = {"vr": "IS", "Value": [row[6]]}
    return shown


def _series_json(row: Sequence[Any]) -> Json:
    shown: Json = json.loads(row[0])
    shown["00201209"] = {"vr": "IS", "Value": [row[1]]}
    return shown


def _instance_json(row: Sequence[Any]) -> Json:
    keys = ("00080016", "00080018", "00083002", "00200013", "00280008", "00280010", "00280011", "00280100")
    values = [row[0], row[1], served_syntax(row[2]), *row[3:8]]
    return {
        key: {"vr": _VRS[key], "Value": [value]} for key, value in zip(keys, values, strict=True) if value is not None
    }
