"""Finding rows of the index: which match, and in what order.

A search is two steps: first which rows match, as numbers, in one short reading; then what they say (`showing.py`), a
page at a time. So whoever reads slowly holds no transaction open, and memory holds one page. Both steps ask for the
reach. How the first step is kept short is told in docs/performance.md, Queries.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from primum.ground.db import Reader, TookTooLong, bounded_reading
from primum.imaging.attributes import BY_KEYWORD, Level
from primum.imaging.errors import QueryTooBroad
from primum.imaging.keys import Key
from primum.imaging.limits import LIMITS, Limits
from primum.imaging.matching import Between, Instants, Name, OneOf
from primum.imaging.model import Reached, StudyRow, sees_quality
from primum.imaging.narrowing import Narrowing, between
from primum.imaging.numbering import end_of, quarter_of
from primum.imaging.query import Criteria
from primum.imaging.showing import FLAGS, STUDY_COLUMNS, Json, Match, asked_of, extras_of, line_of, match_of, on_request
from primum.imaging.sql import Sql, among_rejected, as_seen, key_sql, reach_sql

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

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
    Level.INSTANCE: "studies s CROSS JOIN series e ON e.study_id = s.id CROSS JOIN instances i"
    " ON i.series_id = e.id AND i.study_id = s.id",
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
_KEYS = 2
"""Numbers that name an instance; a third one marks it as rejected for quality."""
_SORTED = 10_000
"""Up to so many studies are put in order here; further pages than that are found in the order of the index by date."""
Keys = Sequence[Key]
_GLANCE = 100_000
"""Steps of SQLite's machine, two or three milliseconds: what is frequent fills a page within it, walked by date."""


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
        with self._bounded() as reader:
            return Findings(self, level, criteria, reach, _numbers(reader, level, criteria, reach))

    def load(self, level: Level, criteria: Criteria, reach: Reached, numbers: Sequence[Any]) -> list[Match]:
        """Read rows by their numbers, in that order. Raises QueryTooBroad."""
        with self._bounded() as reader:
            return _matches(reader, level, criteria, reach, numbers)

    def page(self, level: Level, criteria: Criteria, reach: Reached) -> list[Match]:
        """Find what matches, up to the criteria's limit, and read it, all in one view. Raises QueryTooBroad."""
        with self._bounded() as reader:
            numbers = _numbers(reader, level, criteria, reach)[: criteria.limit]
            return _matches(reader, level, criteria, reach, numbers) if numbers else []

    def lines(self, criteria: Criteria, reach: Reached) -> list[StudyRow]:
        """Find studies as lines of the worklist. Raises QueryTooBroad."""
        asked = asked_of(criteria)
        # one more than a page tells whether there is more
        limit = min(criteria.limit, self._limits.page + 1)
        sql = _loading(Level.STUDY, f"{STUDY_COLUMNS}, {FLAGS}", asked, reach)
        with self._bounded() as reader:
            numbers = _studies(reader, replace(criteria, limit=limit - 1), reach) if limit else []
            found = _load(reader, sql, numbers)
        return [line_of(row, extras_of(asked, row)) for row in found]

    def count(self, criteria: Criteria, reach: Reached) -> int:
        """Count the studies that match. Raises QueryTooBroad."""
        with self._bounded() as reader:
            where, _ = _where(reader, Level.STUDY, criteria, reach)
            sql = f"SELECT count(*) FROM studies s WHERE {where.text}"  # noqa: S608 (sql.py's own texts)
            return int(_run(reader, Sql(sql, where.values))[0][0])

    @contextmanager
    def _bounded(self) -> Iterator[Reader]:
        """A reading that is stopped when it takes too long."""
        try:
            with bounded_reading(self._index, self._limits.query_seconds) as reader:
                yield reader
        except TookTooLong:
            raise QueryTooBroad(seconds=self._limits.query_seconds) from None


def _numbers(reader: Reader, level: Level, criteria: Criteria, reach: Reached) -> list[Any]:
    """Find the numbers of what matches, one more than the limit where there is more."""
    if level is Level.STUDY:
        return _studies(reader, criteria, reach)
    if level is Level.INSTANCE and sees_quality(reach):
        return _with_rejected(reader, criteria, reach)
    rows = _run(reader, _search_sql(reader, level, criteria, reach))
    return [list(row) for row in rows] if level is Level.INSTANCE else [row[0] for row in rows]


def _with_rejected(reader: Reader, criteria: Criteria, reach: Reached) -> list[Any]:
    """Find instances, then those rejected for quality, which are marked by a third number."""
    most = criteria.offset + criteria.limit
    sql = _search_sql(reader, Level.INSTANCE, replace(criteria, offset=0, limit=most), reach)
    found = [list(row) for row in _run(reader, sql)]
    found += [[*row, 1] for row in _run(reader, Sql(among_rejected(sql.text), sql.values))]
    return found[criteria.offset : most + 1]


def _matches(reader: Reader, level: Level, criteria: Criteria, reach: Reached, numbers: Sequence[Any]) -> list[Match]:
    """Read rows by their numbers, in that order."""
    asked = asked_of(criteria)
    sql = _loading(level, _COLUMNS[level], asked, reach)
    hidden = [one for one in numbers if level is Level.INSTANCE and len(one) > _KEYS]
    parts = [(sql, list(numbers[: len(numbers) - len(hidden)]))]  # those rejected come last
    parts += [(sql._replace(text=among_rejected(sql.text)), hidden)] if hidden else []
    return [match_of(level, row, asked) for part, some in parts for row in _load(reader, part, some)]


def _run(reader: Reader, sql: Sql) -> list[Any]:
    return reader.execute(sql.text, sql.values).fetchall()


class _Loading(NamedTuple):
    """The reading of rows whose numbers are given as a list, and the parameters before and after that list."""

    text: str
    before: tuple[object, ...]
    after: tuple[object, ...]


def _loading(level: Level, columns: str, asked: Sequence[int], reach: Reached) -> _Loading:
    """Write the reading of rows; their last column is each one's place in the list."""
    extra, values = on_request(asked, reach)
    within_reach = reach_sql(reach)
    text = (
        f"SELECT {as_seen(columns, reach)}{extra}, j.key FROM json_each(?) j"  # noqa: S608 (ours)
        f" CROSS JOIN {_BY_NUMBER[level]} WHERE {within_reach.text}"
    )
    return _Loading(text, values, within_reach.values)


def _load(reader: Reader, sql: _Loading, numbers: Sequence[Any]) -> list[Any]:
    rows = reader.execute(sql.text, (*sql.before, json.dumps(numbers), *sql.after)).fetchall()
    rows.sort(key=itemgetter(-1))  # which they are, for a list is gone through from its beginning; nobody promises it
    return rows


# studies


def _studies(reader: Reader, criteria: Criteria, reach: Reached) -> list[int]:
    """Find the numbers of studies, one more than the limit."""
    wanted = criteria.offset + criteria.limit + 1
    conditions = Sql.all_of([*map(key_sql, criteria.keys), reach_sql(reach)])
    narrowing = Narrowing(criteria.keys, also_rejected=sees_quality(reach))
    found: list[Any] | None = None
    if wanted <= _SORTED:
        found = _newest_first(reader, criteria.keys, narrowing, conditions, wanted)
    if found is None:
        return [row[0] for row in _run(reader, _by_date(criteria, Sql.all_of([conditions, *_walking(criteria.keys)])))]
    return [row[0] for row in found[criteria.offset : wanted]]


def _newest_first(reader: Reader, keys: Keys, narrowing: Narrowing, conditions: Sql, wanted: int) -> list[Any] | None:
    """Find studies among the candidates of an index, newest first; None where a walk by date is as good."""
    few = narrowing.few(reader, words=False)
    if few is not None:
        return _listed(reader, narrowing.within(few.numbers), conditions, wanted)
    if narrowing.words is not None:
        return _streamed(reader, narrowing, narrowing.words, conditions, wanted)
    if all(map(_in_index_by_date, keys)):
        by_date = _walk(Sql.all_of([conditions, *_walking(keys)]), wanted)
        glance = reader.glance(by_date.text, by_date.values, _GLANCE)
        if glance is not None:
            return glance
    many = narrowing.many(reader)
    return None if many is None else _listed(reader, narrowing.within(many.numbers), conditions, wanted)


Whole = Callable[[int, int], Sql]
"""The search in a range of numbers alone."""
_BEYOND = (1 << 63) - 1
_SORTED_BY = "s.id, s.study_date, s.study_time, s.study_uid, s.controller_id"


def _listed(reader: Reader, numbers: Sql, conditions: Sql, wanted: int) -> list[Any]:
    """Make a list of candidates, and look at their rows one after another."""

    def among(some: Sql) -> Sql:
        text = f"SELECT {_SORTED_BY} FROM studies s WHERE s.id IN ({some.text}) AND {conditions.text} ORDER BY s.id"  # noqa: S608
        return Sql(text, (*some.values, *conditions.values))

    return _in_order(reader, among(numbers), lambda first, end: among(between(numbers, first, end)), wanted)


def _streamed(reader: Reader, narrowing: Narrowing, words: Sql, conditions: Sql, wanted: int) -> list[Any]:
    """Look at the rows of what the trigrams give, one after another: no list of them is made."""

    def among(first: int, end: int) -> Sql:
        text = (
            f"SELECT {_SORTED_BY} FROM words CROSS JOIN studies s ON s.id = words.rowid WHERE words MATCH ?"  # noqa: S608
            f" AND words.rowid >= ? AND words.rowid < ? AND {conditions.text} ORDER BY words.rowid"
        )
        return Sql(text, (*words.values, first, end, *conditions.values))

    return _in_order(reader, among(*(narrowing.span or (0, _BEYOND))), among, wanted)


def _in_order(reader: Reader, newest: Sql, whole: Whole, wanted: int) -> list[Any]:
    """Read candidates, newest first, until there are enough, and put them in order.

    Numbers are in order by the quarter of an hour; the last one is read whole, for its order is not that of numbers.
    """
    found = reader.execute(f"{newest.text} DESC LIMIT ?", (*newest.values, wanted)).fetchall()
    if len(found) == wanted:
        first, end = quarter_of(found[-1][0]), end_of(found[-1][0])
        found = [row for row in found if row[0] >= end] + _run(reader, whole(first, end))
    found.sort(key=itemgetter(3, 4))
    found.sort(key=itemgetter(1, 2), reverse=True)
    return found


def _walk(conditions: Sql, wanted: int) -> Sql:
    """Go back by date, which the index by date answers alone for nearly all that is asked."""
    text = f"SELECT s.id FROM studies s WHERE {conditions.text} ORDER BY {_STUDY_ORDER} LIMIT ?"  # noqa: S608
    return Sql(text, (*conditions.values, wanted))


def _by_date(criteria: Criteria, conditions: Sql) -> Sql:
    walk = _walk(conditions, criteria.limit + 1)
    return Sql(f"{walk.text} OFFSET ?", (*walk.values, criteria.offset))


def _walking(keys: Keys) -> list[Sql]:
    """Say what makes the plan begin with the index by date, whatever else it could begin with."""
    dated = any(isinstance(key.test, Between | Instants) and key.attribute.column == "study_date" for key in keys)
    return [] if dated else [Sql("s.study_date >= ''")]


def _in_index_by_date(key: Key) -> bool:
    """Tell whether the index by date answers a key: a walk that opens every row is no glance."""
    test = key.test
    if key.attribute.column == "name":
        return isinstance(test, Name) and all(one is None or one.flat for one in test.groups)
    return key.attribute.column in {"study_date", "study_time", "modalities", "sex", "description"} and not isinstance(
        test, Instants
    )


# other levels


def _search_sql(reader: Reader, level: Level, criteria: Criteria, reach: Reached) -> Sql:
    """Write the search whose rows are numbers: one more than the limit."""
    number = {Level.SERIES: "e.id", Level.INSTANCE: "i.sop_uid, i.study_id"}.get(level, "s.id")
    group = ""
    if level is Level.PATIENT:
        number, group = "s.id, max(s.first)", " GROUP BY s.patient_id"
    where, order = _where(reader, level, criteria, reach)
    tables = as_seen(TABLES[level], reach)
    sql = f"SELECT {number} FROM {tables} WHERE {where.text}{group} ORDER BY {order} LIMIT ? OFFSET ?"  # noqa: S608
    return Sql(sql, (*where.values, criteria.limit + 1, criteria.offset))


def _where(reader: Reader, level: Level, criteria: Criteria, reach: Reached) -> tuple[Sql, str]:
    """Write all conditions of a search, and the order that its rows are to be in."""
    conditions = [*map(key_sql, criteria.keys), reach_sql(reach)]
    narrowing = Narrowing(criteria.keys, also_rejected=sees_quality(reach))
    best = narrowing.few(reader) or narrowing.many(reader)
    # the sign keeps SQLite from walking all studies by date for the sake of the order
    sorted_ = ORDERS[level].replace("s.study_date", "+s.study_date")
    if best is not None and (best.few or level in _BELOW):
        among = narrowing.within(best.numbers)
        if not best.few:
            among = between(among, _floor(reader, level, [*conditions, _one_of(among)], criteria, reach), _BEYOND)
        return Sql.all_of([*conditions, _one_of(among)]), sorted_
    if best is not None:
        # not where the search begins: it asks of each study whether it is among them
        conditions.append(Sql(f"+s.id IN ({best.numbers.text})", best.numbers.values))
    conditions += [Sql("s.patient_id > ''")] if level is Level.PATIENT else _walking(criteria.keys)
    return Sql.all_of(conditions), ORDERS[level]


_BELOW = frozenset({Level.SERIES, Level.INSTANCE})


def _one_of(numbers: Sql) -> Sql:
    return Sql(f"s.id IN ({numbers.text})", numbers.values)


def _floor(reader: Reader, level: Level, conditions: list[Sql], criteria: Criteria, reach: Reached) -> int:
    """Go through candidates newest first until a page is full: no study below the number returned is looked at."""
    where, tables = Sql.all_of(conditions), as_seen(TABLES[level], reach)
    sql = f"SELECT s.id FROM {tables} WHERE {where.text} ORDER BY s.id DESC LIMIT 1 OFFSET ?"  # noqa: S608
    last = reader.execute(sql, (*where.values, criteria.offset + criteria.limit)).fetchone()
    return 0 if last is None else quarter_of(last[0])


def within(criteria: Criteria, study_uid: str | None, series_uid: str | None = None) -> Criteria:
    """Add the UIDs of a request's path to its keys."""
    given = (("StudyInstanceUID", study_uid), ("SeriesInstanceUID", series_uid))
    keys = [Key(BY_KEYWORD[name], OneOf((uid,))) for name, uid in given if uid is not None]
    return replace(criteria, keys=(*criteria.keys, *keys))
