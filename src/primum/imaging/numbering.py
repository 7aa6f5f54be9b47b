"""Numbers of studies in index.db: they grow with the date and time of the study (docs/design/imaging.md, Index).

Every index of the database lists studies by number where nothing else orders them: so each of them, the trigrams too,
gives its candidates newest first without a row being read, and studies of a day lie side by side. A number is a
quarter of an hour and a sequence within it; a study whose date or time changes moves to another one.
"""

from __future__ import annotations

from typing import Any, Protocol

_SEQUENCE = 24
"""Bits: sixteen million studies in a quarter of an hour, or on a day without times."""
_QUARTER = 7
_DAY = _SEQUENCE + _QUARTER
_YEAR = 1900
"""Before it, all count as its first day; with 48 bits numbers last until 2076, and work with more after that."""
_DAYS_OF_MONTH, _MONTHS = 31, 12
_LAST_QUARTER = (1 << _QUARTER) - 1
_UNDATED = 1
_DATED = 2
"""The first day that is one. Numbers below that of `_UNDATED` are of an index that has not been numbered so yet."""

OF_STUDY = (
    ("series", "study_id = ?"),
    # by their series, which have an index for it
    ("instances", "series_id IN (SELECT id FROM series WHERE study_id = ?)"),
    ("versions", "study_id = ?"),
    ("rejected", "study_id = ?"),
    ("terms", "study_id = ?"),
    ("dose_values", "study_id = ?"),
)
"""The tables that name a study by its number (study_id), and how its rows are found. Of the words it is the rowid."""


class Index(Protocol):
    """A connection that runs statements, SQLAlchemy's or the driver's."""

    def exec_driver_sql(self, statement: str, parameters: Any = ..., /) -> Any:  # noqa: ANN401 (as SQLAlchemy has it)
        """Run one."""
        ...


class NumbersUsedUp(Exception):
    """More studies in a quarter of an hour than numbers."""


def first_of(date: str, time: str = "") -> int:
    """Return the lowest number of the quarter of an hour that a study is in; it never falls as these grow as text."""
    if not date:
        return _UNDATED << _DAY
    day, clock = _day(date)
    quarter = int(time[:2]) * 4 + int(time[2:4]) // 15 if time else 0
    return (_DATED + day) << _DAY | min(quarter if clock is None else clock, _LAST_QUARTER) << _SEQUENCE


def end_of(number: int) -> int:
    """Return the number after the last one of a quarter of an hour that a number is of."""
    day = number >> _DAY
    return (day + 1) << _DAY if day <= _UNDATED else ((number >> _SEQUENCE) + 1) << _SEQUENCE


def quarter_of(number: int) -> int:
    """Return the lowest number of a number's quarter of an hour."""
    bits = _DAY if number >> _DAY <= _UNDATED else _SEQUENCE
    return number >> bits << bits


def span_of(first_day: str, last_day: str) -> tuple[int, int]:
    """Return the numbers between which all studies of some days are (the second one excluded)."""
    return first_of(first_day), (_DATED + _day(last_day)[0] + 1) << _DAY


def _day(date: str) -> tuple[int, int | None]:
    """Number a date as it is written, eight digits; one that the calendar does not have shares a day with a neighbour.

    Then it is before or after all of that day: the quarter that says so comes second.
    """
    year, month, day = int(date[:4]) - _YEAR, int(date[4:6]) - 1, int(date[6:8]) - 1
    if year < 0:
        return 0, 0
    first = year * _MONTHS * _DAYS_OF_MONTH
    if month < 0:
        return first, 0
    if month >= _MONTHS:
        return first + _MONTHS * _DAYS_OF_MONTH - 1, _LAST_QUARTER
    first += month * _DAYS_OF_MONTH
    if day < 0:
        return first, 0
    return (first + day, None) if day < _DAYS_OF_MONTH else (first + _DAYS_OF_MONTH - 1, _LAST_QUARTER)


class Numbers:
    """Gives numbers out, within one transaction that writes."""

    def __init__(self, index: Index) -> None:
        """Look at `index` for those that are taken."""
        self._index = index
        self._next: dict[int, int] = {}

    def take(self, date: str, time: str) -> int:
        """Give the next number of a study's quarter of an hour. Raises NumbersUsedUp."""
        first = first_of(date, time)
        end = end_of(first)
        number = self._next.get(first)
        if number is None:
            sql = "SELECT max(id) FROM studies WHERE id >= ? AND id < ?"
            highest = self._index.exec_driver_sql(sql, (first, end)).scalar_one()
            number = first if highest is None else highest + 1
        if number >= end:
            raise NumbersUsedUp
        self._next[first] = number + 1
        return number


def move(index: Index, old: int, date: str, time: str) -> int:
    """Move a study to a number of this date and time, with all that names it but its words; return its number then."""
    if quarter_of(old) == first_of(date, time):
        return old
    new = Numbers(index).take(date, time)
    index.exec_driver_sql("PRAGMA defer_foreign_keys = ON")  # until the end of the transaction
    for table, which in reversed(OF_STUDY):
        index.exec_driver_sql(f"UPDATE {table} SET study_id = ? WHERE {which}", (new, old))  # noqa: S608 (ours)
    index.exec_driver_sql("UPDATE studies SET id = ? WHERE id = ?", (new, old))
    return new
