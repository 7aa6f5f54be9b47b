"""Which index a search begins with: candidates of one key, counted before anything is read (decisions 0034, 0117)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from primum.ground.db import Reader
from primum.imaging.keys import OPEN, Key
from primum.imaging.matching import Between, Instants, OneOf
from primum.imaging.numbering import span_of
from primum.imaging.sql import BY_PAIR, BY_WORDS, Sql, narrow_rejected, narrow_sql

FEW = 2000
"""Up to so many candidates, all that match are read and sorted."""
VERY_FEW = 200
"""Up to so many are read though there are trigrams too, whose candidates are not counted."""
MANY = 100_000
"""Up to so many are made a list of, to be gone through newest first; with more, the walk by date is as good."""
_FIRST, _LAST = "00000101", "99991231"
_UNIQUE = frozenset({"study_uid", "series_uid", "sop_uid"})


class Candidates(NamedTuple):
    """Numbers of studies among which the matches surely are; `few` where all of them may be read."""

    numbers: Sql
    few: bool


class Narrowing:
    """What the indexes say about one query."""

    def __init__(self, keys: Iterable[Key], *, also_rejected: bool) -> None:
        """Narrow by `keys`; `also_rejected` where instances rejected for quality count too."""
        self.span = _span(keys)
        self._ways = [(key, sql) for key in keys if (sql := _narrow(key, also_rejected=also_rejected)) is not None]

    @property
    def words(self) -> Sql | None:
        """A search among the trigrams, which gives its candidates newest first without a list being made of them."""
        return next((sql for _, sql in self._ways if sql.text == BY_WORDS), None)

    def few(self, reader: Reader, *, words: bool = True) -> Candidates | None:
        """Return the candidates of the key that has fewest, if they are few; not those of trigrams unless `words`."""
        for key, sql in self._ways:
            test = key.test
            if key.attribute.column in _UNIQUE and isinstance(test, OneOf) and len(test.values) <= FEW:
                return Candidates(sql, few=True)  # a UID is one study's, or that of a few controllers
        # two letters are looked for when all else leaves many: that takes some tens of milliseconds
        ways = [sql for _, sql in self._ways if sql.text != BY_PAIR and (words or sql.text != BY_WORDS)]
        return self._fewest(reader, ways, FEW if words or self.words is None else min(FEW, VERY_FEW))

    def many(self, reader: Reader) -> Candidates | None:
        """Return the candidates of the key that has fewest, unless every key has too many."""
        return self._fewest(reader, [sql for _, sql in self._ways], MANY)

    def _fewest(self, reader: Reader, ways: Iterable[Sql], most: int) -> Candidates | None:
        best: Candidates | None = None
        for sql in ways:
            within = self.within(sql)
            counting = f"SELECT count(*) FROM (SELECT 1 FROM ({within.text}) LIMIT ?)"  # noqa: S608 (sql.py's own texts)
            found = reader.execute(counting, (*within.values, most + 1)).fetchone()
            if found is not None and found[0] <= most:
                best, most = Candidates(sql, few=found[0] <= FEW), found[0]
        return best

    def within(self, numbers: Sql) -> Sql:
        """Keep of some candidates those of the days that are asked for."""
        return numbers if self.span is None else between(numbers, *self.span)


def between(numbers: Sql, first: int, end: int) -> Sql:
    """Keep of some candidates those of a range, in the index that gives them: beside a list, SQLite looks at rows."""
    text = f"SELECT number FROM ({numbers.text}) WHERE number >= ? AND number < ?"  # noqa: S608 (sql.py's own texts)
    return Sql(text, (*numbers.values, first, end))


def _narrow(key: Key, *, also_rejected: bool) -> Sql | None:
    narrow = narrow_sql(key)
    return narrow_rejected(key, narrow) if narrow is not None and also_rejected else narrow


def _span(keys: Iterable[Key]) -> tuple[int, int] | None:
    """Return the numbers of the days that a query is about."""
    spans = [
        span_of(*days) for key in keys if key.attribute.column == "study_date" and (days := _days(key)) is not None
    ]
    return (max(low for low, _ in spans), min(high for _, high in spans)) if spans else None


def _days(key: Key) -> tuple[str, str] | None:
    match key.test:
        case Between(low=low, high=high) | Instants(days=(low, high)):
            days = (low or _FIRST, _LAST if high == OPEN else high)
            return days if all(map(_is_day, days)) else None
        case _:
            return None


def _is_day(text: str) -> bool:
    return len(text) == 8 and text.isascii() and text.isdigit()  # noqa: PLR2004 (YYYYMMDD)
