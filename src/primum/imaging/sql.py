"""The tests of `matching.py` and the reach of a reader, as SQL over index.db.

Each text here is ours; every value goes as a parameter. `s`, `e`, `i` are studies, series, instances.
"""

# ruff: noqa: S608 (every text is of this file, every value is bound)

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from primum.identity import fold_name
from primum.imaging.attributes import SHOWN, Attribute, Level
from primum.imaging.keys import Key
from primum.imaging.matching import (
    WILDCARDS,
    Between,
    Empty,
    Group,
    InItem,
    Instants,
    Name,
    Number,
    OneOf,
    Test,
    Text,
    Words,
)
from primum.imaging.model import Reach, Reached, sees_quality

_ALIAS = {Level.STUDY: "s", Level.SERIES: "e", Level.INSTANCE: "i"}
_WORDS = {"name": "name", "patient_number": "patient_number", "accession": "accession", "description": "description"}
_INDEXED = frozenset({"patient_number", "accession", "study_uid"})
_TERMS = frozenset({0x00100030, 0x00200010, 0x00101000, 0x00081010})
_ITEM_TERMS = frozenset({0x00400275})
_HIGHEST = "\U0010ffff"
_TRIGRAMS = 24
"""Trigrams asked of one pattern: the rows are compared whole afterwards."""
BY_WORDS = "SELECT rowid AS number FROM words WHERE words MATCH ?"
"""The candidates that the trigrams give for one pattern."""
_PAIR = 2
BY_PAIR = (
    "SELECT rowid AS number FROM words WHERE words MATCH (SELECT ? || coalesce(group_concat("
    "'\"' || replace(term, '\"', '\"\"') || '\"', ' OR '), '\"\"') || ')' FROM trigrams WHERE term >= ? AND term < ?)"
)
"""Two letters: every trigram that there is and that begins with them."""
_USUAL_SEXES = frozenset({"", "F", "M"})


QUALITY = "rejected q"
_ONLY_QUALITY = "AND q.code = '113001'"
"""Rejected for Quality Reasons (PS3.16 CID 7011): all that a reader with that grant sees besides."""
_IN_SERIES = f"(SELECT count(*) FROM {QUALITY} WHERE q.study_id = e.study_id AND q.series_id = e.id {_ONLY_QUALITY})"
_IN_STUDY = f"(SELECT count(*) FROM {QUALITY} WHERE q.study_id = s.id {_ONLY_QUALITY})"
_SERIES_SEEN = (
    "(SELECT count(*) FROM series x WHERE x.study_id = s.id AND (x.instances > 0 OR EXISTS (SELECT 1 FROM"
    f" {QUALITY} WHERE q.study_id = x.study_id AND q.series_id = x.id {_ONLY_QUALITY})))"
)
_COUNTED = (
    (re.compile(r"\be\.instances\b"), f"(e.instances + {_IN_SERIES})"),
    (re.compile(r"\bs\.instances\b"), f"(s.instances + {_IN_STUDY})"),
    (re.compile(r"\bs\.series\b"), _SERIES_SEEN),
)


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


def reach_sql(reach: Reached, alias: str = "s") -> Sql:
    """What a reader may reach: what any one of the reaches covers. Part of every query, whatever its level."""
    each = [reach] if isinstance(reach, Reach) else reach
    return Sql.any_of([_one_reach(one, alias) for one in each])


def as_seen(text: str, reach: Reached) -> str:
    """Let counts in a piece of SQL say what this reader sees: with what was rejected for quality, where they may."""
    if not sees_quality(reach):
        return text
    for pattern, seen in _COUNTED:
        text = pattern.sub(seen, text)
    return text


def among_rejected(text: str) -> str:
    """Read the instances rejected for quality instead of those in ordinary use: the same columns."""
    return re.sub(r"\binstances i\b", "(SELECT * FROM rejected WHERE code = '113001') i", text)


def _one_reach(reach: Reach, alias: str) -> Sql:
    parts = [] if reach.confidential else [Sql(f"{alias}.confidential = 0")]
    if not reach.rejected:
        seen = f" OR EXISTS (SELECT 1 FROM {QUALITY} WHERE q.study_id = {alias}.id {_ONLY_QUALITY})"
        parts.append(Sql(f"{alias}.hidden = 0{seen if reach.quality else ''}"))
    if reach.controllers is not None:
        keys = {fold_name(name) for name in reach.referrers} - {""}
        ways = (("controller_id", reach.controllers), ("referrer_key", keys))
        parts.append(Sql.any_of(_in(f"{alias}.{column}", sorted(some)) for column, some in ways if some))
    return Sql.all_of(parts)


def listed_sql(column: str, values: Sequence[str]) -> Sql:
    """A column that must have one of some values; `column` is one of ours."""
    return _in(column, values)


def _in(column: str, values: Sequence[str]) -> Sql:
    if len(values) == 1:
        return Sql(f"{column} = ?", tuple(values))
    return Sql(f"{column} IN (SELECT value FROM json_each(?))", (json.dumps(values),))


def key_sql(key: Key) -> Sql:
    """One key as a condition."""
    attribute, test = key
    alias = _ALIAS[attribute.level]
    if attribute.column in _OF_THEIR_OWN:
        return _OF_THEIR_OWN[attribute.column](test)
    match test:
        case Instants():
            found = _instants(test)
        case InItem():
            found = _in_item(alias, attribute, test)
        case _ if attribute.column == SHOWN:
            found = _values(f"{alias}.shown", attribute.tag, test)
        case Empty() if attribute.vr != "PN":
            found = _empty(attribute, alias)
        case _:
            found = _test(f"{alias}.{_QUOTED.get(attribute.column, attribute.column)}", test)
    return found


def _instants(test: Instants) -> Sql:
    moment = "s.moment - coalesce(s.zone - ?, 0) * 60000000" if test.zone is not None else "s.moment"
    zone = () if test.zone is None else (test.zone,)
    return Sql(
        f"s.study_date <> '' AND s.study_date BETWEEN ? AND ? AND {moment} BETWEEN ? AND ?",
        (*test.days, *zone, test.low, test.high),
    )


def _in_item(alias: str, attribute: Attribute, test: InItem) -> Sql:
    inner = Sql.all_of(_values("t.value", tag, one) for tag, one in test.tests)
    items = f"json_each({alias}.shown, '$.\"{attribute.key}\".Value') t"
    return Sql(f"EXISTS (SELECT 1 FROM {items} WHERE {inner.text})", inner.values)


def _values(json_text: str, tag: int, test: Test) -> Sql:
    """A test on any of the values that DICOM JSON has for a tag."""
    source = f"json_each({json_text}, '$.\"{tag:08X}\".Value') v"
    if isinstance(test, Empty):
        return Sql(f"NOT EXISTS (SELECT 1 FROM {source} WHERE v.value IS NOT NULL)")
    inner = _test("v.value", test)
    return Sql(f"EXISTS (SELECT 1 FROM {source} WHERE {inner.text})", inner.values)


def _other_ids(test: Test) -> Sql:
    if isinstance(test, Empty):
        return Sql.all_of([_values("s.shown", 0x00101000, test), _values("s.shown", 0x00101002, test)])
    inner = _values("t.value", 0x00100020, test)
    items = "json_each(s.shown, '$.\"00101002\".Value') t"
    in_items = Sql(f"EXISTS (SELECT 1 FROM {items} WHERE {inner.text})", inner.values)
    return Sql.any_of([_values("s.shown", 0x00101000, test), in_items])


def _sop_classes(test: Test) -> Sql:
    inner = _test("y.sop_class_uid", test) if isinstance(test, OneOf) else Sql("0")
    return Sql(
        "EXISTS (SELECT 1 FROM series x JOIN instances y ON y.series_id = x.id"
        f" WHERE x.study_id = s.id AND {inner.text})",
        inner.values,
    )


def _empty(attribute: Attribute, alias: str) -> Sql:
    value = "IS NULL" if attribute.vr in {"IS", "US"} else "= ''"
    return Sql(f'{alias}."{attribute.column}" {value}')


def _modalities(test: Test) -> Sql:
    if isinstance(test, Text):
        return Sql.any_of(map(_modality, test.patterns))
    return Sql("s.modalities = ''" if isinstance(test, Empty) else "0")


_OF_THEIR_OWN = {"modalities": _modalities, "sop_classes": _sop_classes, "other_ids": _other_ids}
_QUOTED = {"rows": '"rows"'}
"""Words of SQL among our columns."""


def _modality(pattern: str) -> Sql:
    if "*" not in pattern:
        # the study's list, each between two backslashes
        listed = pattern.replace("[", "[[]")
        return Sql("'\\' || s.modalities || '\\' GLOB ?", (f"*\\{listed}\\*",))
    inner = _glob("x.modality", pattern)
    return Sql(
        f"EXISTS (SELECT 1 FROM series x WHERE x.study_id = s.id AND x.instances > 0 AND {inner.text})",
        inner.values,
    )


def _test(column: str, test: Test) -> Sql:
    match test:
        case OneOf():
            found = _in(column, list(test.values))
        case Text():
            found = _text(column, test)
        case Between():
            found = Sql(f"{column} <> '' AND {column} BETWEEN ? AND ?", (test.low, test.high))
        case Number():
            found = Sql(f"{column} = ?", (test.number,))
        case Name():
            found = _name(column, test)
        case Words():
            found = Sql.any_of(Sql.all_of(_glob(one, f"*{word}*") for word in test.words) for one in _flats(column))
        case Empty():
            found = Sql.all_of(Sql(f"coalesce({column}_{group}, '') = ''") for group in "aip")
        case _:
            raise TypeError("a test of several columns")
    return found


def _text(column: str, test: Text) -> Sql:
    plain = [one for one in test.patterns if WILDCARDS.search(one) is None]
    if len(plain) <= 1:
        return Sql.any_of(_glob(column, pattern) for pattern in test.patterns)
    wild = [_glob(column, one) for one in test.patterns if WILDCARDS.search(one)]
    return Sql.any_of([_in(column, plain), *wild])


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
    found: Sql | None = None
    match test:
        case OneOf():
            found = _narrow_list(attribute, test.values)
        case InItem() if attribute.tag in _ITEM_TERMS:
            ways = (_term(tag, one) for tag, one in test.tests)
            found = next((way for way in ways if way is not None), None)
        case Text() | Between() if attribute.tag in _TERMS:
            found = _term(attribute.tag, test)
        case Text(patterns=patterns):
            found = _narrow_patterns(attribute, patterns)
        case Name(groups=(Group() as group,) | (Group() as group, None, None)) if attribute.column == "name":
            found = _narrow_name(group)
        case Name(groups=(Group() as group,) | (Group() as group, None, None)) if attribute.column == "referrer":
            found = _narrow_referrer(attribute.tag, group)
        case Words() if attribute.column == "name":
            found = _narrow_words("name", list(test.words))
        case _:
            pass
    return found


def narrow_rejected(key: Key, narrow: Sql) -> Sql | None:
    """Widen what `narrow_sql` gave by studies that match by a rejected instance; None where no index tells."""
    match key.attribute.column:
        case "sop_uid":
            others = narrow.text.replace("FROM instances x", "FROM rejected x")
            return Sql(f"{narrow.text} UNION {others}", narrow.values * 2)
        case "sop_class_uid" | "sop_classes" | "modalities":
            return None
        case _:
            return narrow


def _narrow_patterns(attribute: Attribute, patterns: tuple[str, ...]) -> Sql | None:
    if attribute.column == "sex":
        return None if _USUAL_SEXES & set(patterns) else _narrow_rare_sex(patterns)
    if attribute.column in {"modality", "modalities"}:
        return _narrow_modality(patterns)
    if len(patterns) == 1 and attribute.level is Level.STUDY:
        return _narrow_text(attribute, patterns[0])
    return None if WILDCARDS.search("".join(patterns)) else _narrow_list(attribute, patterns)


def _narrow_list(attribute: Attribute, values: Sequence[str]) -> Sql | None:
    match attribute.column:
        case "series_uid":
            where = _in("x.series_uid", values)
            return Sql(f"SELECT study_id AS number FROM series x WHERE {where.text}", where.values)
        case "sop_uid":
            where = _in("x.sop_uid", values)
            return Sql(f"SELECT study_id AS number FROM instances x WHERE {where.text}", where.values)
        case "sop_classes" | "sop_class_uid":
            return _term(0x00080062, OneOf(tuple(values)))
        case column if column in _INDEXED:
            where = _in(f"s.{column}", values)
            return Sql(f"SELECT id AS number FROM studies s WHERE {where.text}", where.values)
        case _:
            return None


def _term(tag: int, test: Test) -> Sql | None:
    """Study ids from `terms`: for values, beginnings and ranges."""
    match test:
        case OneOf(values=values):
            where = _in("value", values)
        case Between(low=low, high=high):
            where = Sql("value BETWEEN ? AND ?", (low, high))
        case Text(patterns=patterns) if not WILDCARDS.search("".join(patterns)):
            where = _in("value", patterns)
        case Text(patterns=(pattern,)) if prefix := WILDCARDS.split(pattern, maxsplit=1)[0]:
            where = Sql("value >= ? AND value < ?", (prefix, prefix + _HIGHEST))
        case _:
            return None
    return Sql(f"SELECT study_id AS number FROM terms WHERE tag = ? AND {where.text}", (tag, *where.values))


def _narrow_rare_sex(patterns: tuple[str, ...]) -> Sql | None:
    if WILDCARDS.search("".join(patterns)):
        return None
    where = _in("s.sex", list(patterns))
    rare = "s.sex NOT IN ('', 'F', 'M')"  # as the index has it, or it is not taken
    return Sql(f"SELECT id AS number FROM studies s WHERE {where.text} AND {rare}", where.values)


def _narrow_modality(patterns: tuple[str, ...]) -> Sql | None:
    if WILDCARDS.search("".join(patterns)):
        return None
    where = _in("x.modality", list(patterns))
    return Sql(f"SELECT study_id AS number FROM series x WHERE {where.text}", where.values)


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
    return Sql(" UNION ALL ".join(way.text for way in ways), tuple(value for way in ways for value in way.values))


def _narrow_referrer(tag: int, group: Group) -> Sql | None:
    prefix = WILDCARDS.split(group.patterns[-1], maxsplit=1)[0].replace("^", "")
    return _term(tag, Text((f"{prefix}*",))) if prefix else None


def _starting(column: str, prefix: str, *, exactly: bool) -> Sql:
    if exactly:
        return Sql(f"SELECT id AS number FROM studies s WHERE {column} = ?", (prefix,))
    return Sql(f"SELECT id AS number FROM studies s WHERE {column} >= ? AND {column} < ?", (prefix, prefix + _HIGHEST))


def _narrow_words(column: str, runs: list[str]) -> Sql | None:
    trigrams = [run[at : at + 3] for run in runs for at in range(len(run) - 2)][:_TRIGRAMS]
    if not trigrams:
        pair = next((run for run in runs if len(run) == _PAIR), None)
        # each text ends with a mark of ours, so that two letters are always the beginning of a trigram
        return None if pair is None else Sql(BY_PAIR, (f"{column} : (", pair, pair + _HIGHEST))
    asked = " AND ".join('{} : "{}"'.format(column, one.replace('"', '""')) for one in dict.fromkeys(trigrams))
    return Sql(BY_WORDS, (asked,))
