"""Rows of index.db made from records: one batch, one transaction, the same rows in whatever order records come.

Everything follows the order of records, `(received_at, pack, offset)`: a study's and a series' attributes are those
of their earliest record; the earliest record of a SOP Instance UID is served, others with other bytes are conflict
versions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from typing import Any, Protocol

from sqlalchemy import Connection

from primum.imaging.columns import (
    PERSON,
    Arrival,
    person_of,
    series_columns,
    series_terms,
    study_columns,
    study_terms,
    words_of,
)
from primum.imaging.extract import Attributes
from primum.imaging.model import written_here
from primum.imaging.numbering import Numbers, move
from primum.imaging.patients import Assignment, Traits, traits_of
from primum.vault import Position

_INSTANCE, _SOP_CLASSES = 0x00200013, 0x00080062


@dataclass(slots=True)
class _Placed:
    """A row of `instances` or `versions`. `pack` is the name that `pack_id` stands for; it is not stored."""

    sop_uid: str
    study_id: int
    series_id: int
    sop_class_uid: str
    syntax: str
    number: int | None
    rows: int | None
    columns: int | None
    frames: int | None
    bits: int | None
    person: bytes
    received_at: str
    pack_id: int
    start: int
    stop: int
    digest: bytes | None
    copies: int
    pack: str = ""

    @property
    def order(self) -> tuple[str, str, int]:
        return self.received_at, self.pack, self.start

    def row(self) -> tuple[Any, ...]:
        return _row(self)


_COLUMNS = tuple(field.name for field in fields(_Placed))[:-1]
_row: Callable[[_Placed], tuple[Any, ...]] = attrgetter(*_COLUMNS)
COLUMN_LIST = ", ".join(f'"{name}"' for name in _COLUMNS)
_MARKS = ", ".join("?" * len(_COLUMNS))


class Contents(Protocol):
    """How records are compared, where two have the same SOP Instance UID."""

    def same(self, one: Position, other: Position) -> bool:
        """Tell whether two are known to have the same bytes, without reading them."""
        ...

    def sha256(self, position: Position) -> bytes:
        """Return the SHA-256 of a record's data set."""
        ...


Assign = Callable[[list[tuple[Arrival, Traits]]], list[Assignment]]
"""How it is decided whose new studies are."""


class Batch:
    """The rows of one batch of arrivals, written through one connection in one transaction."""

    def __init__(self, index: Connection, contents: Contents, assign: Assign) -> None:
        """Write through `index`, whose transaction the caller has begun."""
        self._index = index
        self._contents = contents
        self._assign = assign
        self._studies: dict[str, tuple[int, str]] = {}
        self._series: dict[tuple[int, str], tuple[int, str]] = {}
        self._packs: dict[str, int] = {}
        self._placed: dict[tuple[str, int], _Placed] = {}
        self._changed: set[tuple[str, int]] = set()
        self._versions: dict[tuple[str, int], dict[bytes, _Placed]] = {}
        self._touched_series: set[int] = set()
        self._terms: set[tuple[int, str, int]] = set()
        self._persons: dict[tuple[bytes, ...], bytes] = {}

    def write(self, arrivals: Iterable[Arrival], positions: Iterable[tuple[str, str, int]]) -> None:
        """Write arrivals, and up to where each pack `(pack, study, stop)` is now indexed."""
        arrivals = sorted(arrivals, key=lambda one: one.order)
        self._write_positions(positions)
        self._load_studies(arrivals)
        self._load_series(arrivals)
        self._load_instances(arrivals)
        for arrival in arrivals:
            self._arrive(arrival)
        self._write_instances()
        self._write_terms()
        self._write_counts()

    @property
    def packs(self) -> dict[str, int]:
        """The rows of the packs whose positions were written, by pack."""
        return self._packs

    def _write_positions(self, positions: Iterable[tuple[str, str, int]]) -> None:
        listed = list(positions)
        if not listed:
            return
        self._index.exec_driver_sql(
            "INSERT INTO packs (pack, study_ref, stop) VALUES (?, ?, ?)"
            " ON CONFLICT (pack) DO UPDATE SET stop = max(stop, excluded.stop)",
            listed,
        )
        rows = self._select(
            "SELECT pack, id FROM packs WHERE pack IN (SELECT value FROM json_each(?))", [p[0] for p in listed]
        )
        self._packs = dict(map(tuple, rows))

    def _select(self, sql: str, listed: Sequence[object]) -> list[Any]:
        return list(self._index.exec_driver_sql(sql, (json.dumps(listed),)))

    # studies

    def _load_studies(self, arrivals: list[Arrival]) -> None:
        firsts: dict[str, Arrival] = {}
        for arrival in arrivals:
            firsts.setdefault(arrival.position.study, arrival)
        rows = self._select(
            "SELECT ref, id, first FROM studies WHERE ref IN (SELECT value FROM json_each(?))", list(firsts)
        )
        for ref, number, first in rows:
            self._studies[ref] = (number, first)
            if firsts[ref].first < first:
                self._rewrite_study(number, firsts[ref])
            del firsts[ref]
        self._insert_studies(list(firsts.values()))

    def _insert_studies(self, firsts: list[Arrival]) -> None:
        if not firsts:
            return
        known = self._assign([(arrival, traits_of(arrival.attributes)) for arrival in firsts])
        numbers = Numbers(self._index)
        rows, words = [], []
        for arrival, assignment in zip(firsts, known, strict=True):
            made = study_columns(arrival)
            number = numbers.take(made["study_date"], made["study_time"])
            columns = {
                "id": number,
                "ref": arrival.position.study,
                "controller_id": arrival.facts.controller_id,
                "study_uid": arrival.facts.study_instance_uid,
                "patient_id": assignment.patient_id,
                "confidential": int(assignment.confidential),
                **made,
            }
            rows.append(columns)
            words.append(_words(number, columns))
            self._take_terms(number, study_terms(json.loads(columns["shown"]), columns))
            self._studies[arrival.position.study] = (number, arrival.first)
        self._insert("studies", rows)
        self._index.exec_driver_sql(_INSERT_WORDS, words)

    def _insert(self, table: str, rows: list[dict[str, Any]]) -> None:
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            sql = f"INSERT INTO {table} ({', '.join(rows[0])}) VALUES ({marks})"  # noqa: S608 (our own columns)
            self._index.exec_driver_sql(sql, [tuple(row.values()) for row in rows])

    def _rewrite_study(self, number: int, arrival: Arrival) -> None:
        number = write_study(self._index, number, study_columns(arrival))
        self._studies[arrival.position.study] = (number, arrival.first)

    # series

    def _load_series(self, arrivals: list[Arrival]) -> None:
        firsts: dict[tuple[int, str], Arrival] = {}
        for arrival in arrivals:
            firsts.setdefault((self._study_of(arrival), arrival.facts.series_instance_uid), arrival)
        rows = self._select(
            "SELECT e.study_id, e.series_uid, e.id, e.first FROM json_each(?) j"
            " JOIN series e ON e.study_id = j.value->>0 AND e.series_uid = j.value->>1",
            list(firsts),
        )
        for study_id, series_uid, number, first in rows:
            arrival = firsts.pop((study_id, series_uid))
            self._series[study_id, series_uid] = (number, first)
            if arrival.first < first:
                columns = series_columns(arrival)
                self._take_terms(study_id, series_terms(json.loads(columns["shown"]), columns))
                assigned = ", ".join(f"{name} = ?" for name in columns)
                self._index.exec_driver_sql(f"UPDATE series SET {assigned} WHERE id = ?", (*columns.values(), number))  # noqa: S608
        if not firsts:
            return
        highest = self._index.exec_driver_sql("SELECT coalesce(max(id), 0) FROM series").scalar_one()
        inserted = []
        for number, ((study_id, series_uid), arrival) in enumerate(firsts.items(), highest + 1):
            identity = {"id": number, "study_id": study_id, "series_uid": series_uid}
            columns = series_columns(arrival)
            self._take_terms(study_id, series_terms(json.loads(columns["shown"]), columns))
            inserted.append({**identity, **columns})
            self._series[study_id, series_uid] = (number, arrival.first)
        self._insert("series", inserted)

    def _study_of(self, arrival: Arrival) -> int:
        return self._studies[arrival.position.study][0]

    # instances

    def _load_instances(self, arrivals: list[Arrival]) -> None:
        keys = [(arrival.facts.sop_instance_uid, self._study_of(arrival)) for arrival in arrivals]
        found = self._select(_load_sql("instances"), keys)
        for row in found:
            placed = _Placed(*row)
            self._placed[placed.sop_uid, placed.study_id] = placed
        if found:
            for row in self._select(_load_sql("versions"), list(self._placed)):
                placed = _Placed(*row)
                self._versions.setdefault((placed.sop_uid, placed.study_id), {})[placed.digest or b""] = placed

    def _arrive(self, arrival: Arrival) -> None:
        placed = self._place(arrival)
        key = placed.sop_uid, placed.study_id
        current = self._placed.get(key)
        self._placed[key] = placed if current is None else self._meet(current, placed)
        self._changed.add(key)
        self._touched_series.add(placed.series_id)

    def _meet(self, current: _Placed, placed: _Placed) -> _Placed:
        """A SOP Instance UID has one more record: tell which one is served now."""
        versions = self._versions.setdefault((placed.sop_uid, placed.study_id), {})
        self._touched_series.add(current.series_id)
        (ref,) = self._index.exec_driver_sql("SELECT ref FROM studies WHERE id = ?", (placed.study_id,)).one()
        places = [Position(ref, one.pack, one.start, one.stop) for one in (current, placed)]
        if not versions and self._contents.same(*places):
            earliest = placed if placed.order < current.order else current
            return replace(earliest, copies=current.copies + placed.copies)
        for one, place in zip((current, placed), places, strict=True):
            one.digest = one.digest or self._contents.sha256(place)
        every = {**versions, current.digest or b"": current}
        twin = every.get(placed.digest or b"")
        if twin is not None:
            earliest = placed if placed.order < twin.order else twin
            placed = replace(earliest, copies=twin.copies + placed.copies)
        every[placed.digest or b""] = placed
        served = min(every.values(), key=lambda one: one.order)
        del every[served.digest or b""]
        self._versions[placed.sop_uid, placed.study_id] = every
        return served

    def _place(self, arrival: Arrival) -> _Placed:
        facts, attributes, position = arrival.facts, arrival.attributes, arrival.position
        study_id = self._study_of(arrival)
        return _Placed(
            sop_uid=facts.sop_instance_uid,
            study_id=study_id,
            series_id=self._series[study_id, facts.series_instance_uid][0],
            sop_class_uid=facts.sop_class_uid,
            syntax=facts.transfer_syntax_uid,
            number=attributes.number(_INSTANCE),
            rows=attributes.number(0x00280010),
            columns=attributes.number(0x00280011),
            frames=attributes.number(0x00280008),
            bits=attributes.number(0x00280100),
            # what a person had us write repeats the study as it was served then, and testifies to nobody
            person=b"" if written_here(facts) else self._person(attributes),
            received_at=facts.received_at,
            pack_id=self._packs[position.pack],
            start=position.offset,
            stop=position.end,
            digest=None,
            copies=1,
            pack=position.pack,
        )

    def _person(self, attributes: Attributes) -> bytes:
        """As `person_of`, which is asked once for all that say the same."""
        said = attributes.raws(PERSON)
        known = self._persons.get(said)
        if known is None:
            known = self._persons[said] = person_of(attributes)
        return known

    def _write_instances(self) -> None:
        self._index.exec_driver_sql(
            f"INSERT OR REPLACE INTO instances ({COLUMN_LIST}) VALUES ({_MARKS})",  # noqa: S608 (our own columns)
            [self._placed[key].row() for key in self._changed],
        ) if self._changed else None
        met = [(key, self._versions[key]) for key in self._changed if key in self._versions]
        if not met:
            return
        self._index.exec_driver_sql("DELETE FROM versions WHERE sop_uid = ? AND study_id = ?", [key for key, _ in met])
        rows = [one.row() for _, every in met for one in every.values()]
        if rows:
            self._index.exec_driver_sql(f"INSERT INTO versions ({COLUMN_LIST}) VALUES ({_MARKS})", rows)  # noqa: S608

    # terms

    def _take_terms(self, study_id: int, terms: set[tuple[int, str]]) -> None:
        # what an earlier record said stays: terms only narrow, rows decide
        self._terms.update((tag, value, study_id) for tag, value in terms)

    def _write_terms(self) -> None:
        classes = {(_SOP_CLASSES, self._placed[key].sop_class_uid, key[1]) for key in self._changed}
        if self._terms or classes:
            self._index.exec_driver_sql("INSERT OR IGNORE INTO terms VALUES (?, ?, ?)", sorted(self._terms | classes))

    # counts

    def _write_counts(self) -> None:
        write_counts(self._index, self._touched_series)


def write_study(index: Connection, number: int, columns: dict[str, Any]) -> int:
    """Write the columns of a study's earliest record anew, and its words; return its number, which may be another."""
    index.exec_driver_sql("DELETE FROM words WHERE rowid = ?", (number,))
    number = move(index, number, columns["study_date"], columns["study_time"])
    assigned = ", ".join(f"{name} = ?" for name in columns)
    index.exec_driver_sql(f"UPDATE studies SET {assigned} WHERE id = ?", (*columns.values(), number))  # noqa: S608
    index.exec_driver_sql(_INSERT_WORDS, _words(number, columns))
    # what an earlier record said stays: terms only narrow, rows decide
    terms = sorted((tag, value, number) for tag, value in study_terms(json.loads(columns["shown"]), columns))
    if terms:
        index.exec_driver_sql("INSERT OR IGNORE INTO terms VALUES (?, ?, ?)", terms)
    return number


def write_counts(index: Connection, series: Iterable[int]) -> None:
    """Count what is in some series, and in their studies; a study of which nothing is left is hidden."""
    touched = json.dumps(sorted(series))
    if touched == "[]":
        return
    index.exec_driver_sql(
        "UPDATE series SET (instances, person_low, person_high) ="
        " (SELECT count(*), min(nullif(person, x'')), max(nullif(person, x''))"
        " FROM instances i WHERE i.series_id = series.id)"
        " WHERE id IN (SELECT value FROM json_each(?))",
        (touched,),
    )
    index.exec_driver_sql(
        "UPDATE studies SET (series, instances, hidden, mixed, modalities) = ("
        "  SELECT count(*), coalesce(sum(e.instances), 0), count(*) = 0,"
        "  coalesce(min(e.person_low) <> max(e.person_high), 0),"
        "  coalesce((SELECT group_concat(modality, '\\') FROM (SELECT DISTINCT modality FROM series x"
        "    WHERE x.study_id = studies.id AND x.instances > 0 AND modality <> '' ORDER BY modality)), '')"
        "  FROM series e WHERE e.study_id = studies.id AND e.instances > 0)"
        " WHERE id IN (SELECT study_id FROM series WHERE id IN (SELECT value FROM json_each(?)))",
        (touched,),
    )


def _load_sql(table: str) -> str:
    listed = ", ".join(f't."{name}"' for name in _COLUMNS)
    return (
        f"SELECT {listed}, p.pack FROM json_each(?) j"  # noqa: S608 (our own columns)
        f" JOIN {table} t ON t.sop_uid = j.value->>0 AND t.study_id = j.value->>1 JOIN packs p ON p.id = t.pack_id"
    )


_INSERT_WORDS = "INSERT INTO words (rowid, name, patient_number, accession, description) VALUES (?, ?, ?, ?, ?)"


def _words(number: int, columns: dict[str, Any]) -> tuple[Any, ...]:
    return number, *words_of(columns)
