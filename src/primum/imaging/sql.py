"""The tests of `matching.py` and the reach of a reader, as SQL over index.db.

Each text here is ours; every value goes as a parameter. `s`, `e`, `i` are studies, series, instances.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from primum.identity import fold_name
from primum.imaging.attributes import Attribute, Level
from primum.imaging.matching import WILDCARDS, Between, Group, Name, Number, OneOf, Test, Text, Words
from primum.imaging.model import Reach, Reached
from primum.imaging.query import Key

_ALIAS = {Level.STUDY: "s", Level.SERIES: "e", Level.INSTANCE: "i"}
_WORDS = {"name": "name", "patient_number": "patient_number", "accession": "accession", "description": "description"}
_INDEXED = frozenset({"patient_number", "accession", "study_uid"})
_HIGHEST = "\U0010ffff"
_TRIGRAMS = 24
"""Trigrams asked of one pattern: the rows are compared whole afterwards."""


class Sql(NamedTuple):
    """A piece of SQL and its parameters."""

    text: str
    values: tuple[object, ...] = ()

    @staticmethod
    def all_of(parts: Iterable[Sql]) -> Sql:
        """Join conditions that must all hold."""
        return _joined(list(parts), " AND ", "1")

    @staticmethod
    def any_of(parts: Iterable[Sql]) -> Sql:
        """Join conditions of which one must hold."""
        return _joined(list(parts), " OR ", "0")


def _joined(parts: list[Sql], by: str, empty: str) -> Sql:
    if len(parts) == 1:
        return parts[0]
    text = by.join(f"({part.text})" for part in parts) or empty
    return Sql(text, tuple(value for part in parts for value in part.values))


def reach_sql(reach: Reached) -> Sql:
    """What a reader may reach: what any one of the reaches covers. Part of every query, whatever its level."""
    each = [reach] if isinstance(reach, Reach) else reach
    return Sql.any_of([_one_reach(one) for one in each])


def _one_reach(reach: Reach) -> Sql:
    parts = [] if reach.confidential else [Sql("s.confidential = 0")]
    parts += [] if reach.rejected else [Sql("s.hidden = 0")]
    if reach.controllers is not None:
        keys = {fold_name(name) for name in reach.referrers} - {""}
        ways = [_in("s.controller_id", sorted(reach.controllers)), _in("s.referrer_key", sorted(keys))]
        parts.append(Sql.any_of(ways))
    return Sql.all_of(parts)


def _in(column: str, values: list[str]) -> Sql:
    return Sql(f"{column} IN (SELECT value FROM json_each(?))", (json.dumps(values),))  # noqa: S608 (our own columns)


def key_sql(key: Key) -> Sql:
    """One key as a condition."""
    attribute, test = key
    if attribute.column == "modalities":
        return Sql.any_of(_modality(pattern) for pattern in test.patterns) if isinstance(test, Text) else Sql("0")
    return _test(f"{_ALIAS[attribute.level]}.{attribute.column}", test)


def _modality(pattern: str) -> Sql:
    if "*" not in pattern:
        # the study's list, each between two backslashes
        listed = pattern.replace("[", "[[]")
        return Sql("'\\' || s.modalities || '\\' GLOB ?", (f"*\\{listed}\\*",))
    inner = _glob("x.modality", pattern)
    return Sql(
        f"EXISTS (SELECT 1 FROM series x WHERE x.study_id = s.id AND x.instances > 0 AND {inner.text})",  # noqa: S608
        inner.values,
    )


def _test(column: str, test: Test) -> Sql:
    match test:
        case OneOf():
            return _in(column, list(test.values))
        case Text():
            return _text(column, test)
        case Between():
            return Sql(f"{column} <> '' AND {column} BETWEEN ? AND ?", (test.low, test.high))
        case Number():
            return Sql(f"{column} = ?", (test.number,))
        case Name():
            return _name(column, test)
        case Words():
            ways = [Sql.all_of(_glob(flat, f"*{word}*") for word in test.words) for flat in _flats(column)]
            return Sql.any_of(ways)


def _text(column: str, test: Text) -> Sql:
    return Sql.any_of(_glob(column, pattern) for pattern in test.patterns)


def _glob(column: str, pattern: str) -> Sql:
    if WILDCARDS.search(pattern) is None:
        return Sql(f"{column} = ?", (pattern,))
    return Sql(f"{column} GLOB ?", (pattern.replace("[", "[[]"),))


def _name(column: str, test: Name) -> Sql:
    columns = [f"{column}_a", f"{column}_i", f"{column}_p"]
    if len(test.groups) == 1:
        (either,) = test.groups
        return Sql("1") if either is None else Sql.any_of(_group(one, either) for one in columns)
    pairs = zip(columns, test.groups, strict=True)
    return Sql.all_of(_group(one, group) for one, group in pairs if group is not None)


def _group(column: str, group: Group) -> Sql:
    return Sql.any_of(_glob(_flat(column) if group.flat else column, pattern) for pattern in group.patterns)


def _flat(column: str) -> str:
    # a patient's names are kept flat too, and indexed; referrers are not
    return column.replace("s.name_", "s.flat_") if column.startswith("s.name_") else f"replace({column}, '^', '')"


def _flats(column: str) -> list[str]:
    return [_flat(f"{column}_{group}") for group in "aip"]


def narrow_sql(key: Key) -> Sql | None:
    """Study ids among which a key's matches surely are, found by an index; None where there is no such index.

    Only narrows: the key is still compared on each row.
    """
    attribute, test = key
    match test:
        case OneOf() if attribute.column in _INDEXED:
            return Sql(f"SELECT id FROM studies s WHERE {_in('s.' + attribute.column, list(test.values)).text}",  # noqa: S608
                       (json.dumps(test.values),))  # fmt: skip
        case Text(patterns=patterns) if attribute.column in {"modality", "modalities"}:
            return _narrow_modality(patterns)
        case Text(patterns=(pattern,)) if attribute.level is Level.STUDY:
            return _narrow_text(attribute, pattern)
        case Name(groups=(Group() as group,)) if attribute.column == "name":
            return _narrow_name(group)
        case Words() if attribute.column == "name":
            return _narrow_words("name", list(test.words))
        case _:
            return None


def _narrow_modality(patterns: tuple[str, ...]) -> Sql | None:
    if WILDCARDS.search("".join(patterns)):
        return None
    where = _in("x.modality", list(patterns))
    return Sql(f"SELECT study_id FROM series x WHERE {where.text}", where.values)  # noqa: S608 (our own columns)


def _narrow_text(attribute: Attribute, pattern: str) -> Sql | None:
    column = attribute.column
    prefix = WILDCARDS.split(pattern, maxsplit=1)[0]
    if prefix and column in _INDEXED:
        return _starting(f"s.{column}", prefix, exactly=prefix == pattern)
    return _narrow_words(column, WILDCARDS.split(pattern)) if column in _WORDS else None


def _narrow_name(group: Group) -> Sql | None:
    shortest = group.patterns[-1]
    prefix = WILDCARDS.split(shortest, maxsplit=1)[0].replace("^", "")
    if not prefix:
        return _narrow_words("name", [run for part in WILDCARDS.split(shortest) for run in part.split("^")])
    # written with `^` or without, the flat name begins with the letters before the first wildcard
    exactly = prefix == shortest and len(group.patterns) == 1
    ways = [_starting(f"s.flat_{letter}", prefix, exactly=exactly) for letter in "aip"]
    return Sql(" UNION ".join(way.text for way in ways), tuple(value for way in ways for value in way.values))


def _starting(column: str, prefix: str, *, exactly: bool) -> Sql:
    if exactly:
        return Sql(f"SELECT id FROM studies s WHERE {column} = ?", (prefix,))  # noqa: S608 (our own columns)
    return Sql(f"SELECT id FROM studies s WHERE {column} >= ? AND {column} < ?", (prefix, prefix + _HIGHEST))  # noqa: S608


def _narrow_words(column: str, runs: list[str]) -> Sql | None:
    trigrams = [run[at : at + 3] for run in runs for at in range(len(run) - 2)][:_TRIGRAMS]
    if not trigrams:
        return None
    asked = " AND ".join('{} : "{}"'.format(column, one.replace('"', '""')) for one in dict.fromkeys(trigrams))
    return Sql("SELECT rowid FROM words WHERE words MATCH ?", (asked,))
