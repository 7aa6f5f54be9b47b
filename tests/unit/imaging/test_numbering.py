"""Numbers of studies grow with date and time, stay right when these change, and an older index is numbered anew."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib.resources import as_file, files
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from bench.shapes import SHAPES, Shape
from bench.synthetic import Made, fill
from hypothesis import given, strategies as st
from sqlalchemy.engine import Engine
from tests.unit.imaging.test_sql import every_study, index_of

from primum.ground.db import migrate, open_database
from primum.imaging import finding, narrowing, numbering
from primum.imaging.archive import Archive
from primum.imaging.attributes import Level
from primum.imaging.extract import normal_date, normal_time
from primum.imaging.model import EVERYTHING, Reach
from primum.imaging.numbering import Numbers, NumbersUsedUp, end_of, first_of, quarter_of, span_of
from primum.imaging.query import Criteria, parse_qido
from primum.imaging.rows import write_study
from primum.imaging.store import dump, open_index, reading

STUDIES = 700
DATES = st.one_of(st.just(""), st.from_regex(r"[0-9]{8}", fullmatch=True).map(normal_date))
TIMES = st.one_of(
    st.just(""), st.from_regex(r"([01][0-9]|2[0-3])[0-5][0-9]([0-5][0-9])?", fullmatch=True).map(normal_time)
)


@given(st.tuples(DATES, TIMES), st.tuples(DATES, TIMES))
def test_numbers_never_fall_as_date_and_time_grow(one: tuple[str, str], other: tuple[str, str]) -> None:
    earlier, later = sorted([one, other])
    assert first_of(*earlier) <= first_of(*later)


@given(DATES, TIMES, st.integers(0, (1 << 24) - 1))
def test_a_number_tells_its_quarter_and_its_day(date: str, time: str, place: int) -> None:
    number = first_of(date, time) + place
    assert quarter_of(number) == first_of(date, time)
    assert quarter_of(number) <= number < end_of(number)
    if date:
        low, high = span_of(date, date)
        assert low <= number < high


class _Taken:
    """An index in which the highest number of every quarter is this many after its first."""

    def __init__(self, place: int) -> None:
        self.place = place

    def exec_driver_sql(self, _: str, values: tuple[int, int]) -> Any:
        return SimpleNamespace(scalar_one=lambda: values[0] + self.place)


def test_a_quarter_of_an_hour_holds_so_many_studies_and_no_more() -> None:
    numbers = Numbers(_Taken((1 << 24) - 2))
    first = numbers.take("20260101", "101500.000000")
    assert first == first_of("20260101", "101500.000000") + (1 << 24) - 1
    with pytest.raises(NumbersUsedUp):
        numbers.take("20260101", "101500.000000")
    assert numbers.take("20260101", "103000.000000") > first


def test_a_study_whose_date_changes_moves_with_all_that_names_it(tmp_path: Path) -> None:
    engine = index_of(tmp_path / "index.db", every_study())
    archive = Archive(engine, SimpleNamespace())  # type: ignore[arg-type]
    before = dump(engine)
    with engine.begin() as connection:
        columns = dict(connection.exec_driver_sql("SELECT * FROM studies WHERE study_uid = '1.2.3'").mappings().one())
        number = columns["id"]
        made = {name: columns[name] for name in columns if name not in {"id", "ref"}}
        moved = write_study(connection, number, made | {"study_date": "20271224", "study_time": "230000.000000"})
        # nothing changes: it stays
        assert write_study(connection, moved, made | {"study_date": "20271224", "study_time": "231459.000000"}) == moved
    assert moved > number
    newest = archive.studies(Criteria(limit=1), EVERYTHING)
    assert [one["0020000D"]["Value"] for one in newest] == [["1.2.3"]]
    for keys in ([("PatientID", "P*1")], [("StudyDate", "20271224")], [("SOPInstanceUID", "1.2.3.1.1")]):
        level = Level.INSTANCE if keys[0][0].startswith("SOP") else Level.STUDY
        found = archive.find(level, parse_qido([*keys, ("limit", "100")], level), EVERYTHING).all()
        assert "1.2.3" in [one["0020000D"]["Value"][0] for one in found]
    after = dump(engine)
    assert {table for table in before if before[table] != after[table]} == {"studies"}
    with reading(engine) as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall() == []
        assert set(connection.exec_driver_sql("SELECT study_id FROM terms EXCEPT SELECT id FROM studies")) == set()
        assert set(connection.exec_driver_sql("SELECT rowid FROM words EXCEPT SELECT id FROM studies")) == set()
    engine.dispose()


def test_an_index_of_before_is_numbered_anew_when_it_is_opened(tmp_path: Path) -> None:
    """The shape before 0007 holds the same rows under numbers of arrival; opening it is all that is needed."""
    new = index_of(tmp_path / "new.db", every_study())
    old = open_database(tmp_path / "old.db", b"i" * 32, durability="normal")
    with as_file(files("primum.imaging").joinpath("migrations_index")) as folder:
        _migrate_to(old, folder, "0006")
    _copy_as_of_before(new, old)
    old.dispose()
    again = open_index(tmp_path / "old.db", b"i" * 32)
    assert dump(again) == dump(new)
    for criteria in (Criteria(limit=100), parse_qido([("PatientName", "*pont*")], Level.STUDY)):
        both = [Archive(engine, SimpleNamespace()).studies(criteria, EVERYTHING) for engine in (again, new)]  # type: ignore[arg-type]
        assert both[0] == both[1] != []
    with reading(again) as connection, reading(new) as other:
        sql = "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name"
        assert connection.exec_driver_sql(sql).fetchall() == other.exec_driver_sql(sql).fetchall()
        numbers = connection.exec_driver_sql("SELECT id, study_date, study_time FROM studies").fetchall()
    assert all(quarter_of(number) == first_of(date, time) for number, date, time in numbers)
    again.dispose()
    new.dispose()


def _migrate_to(engine: Engine, folder: Path, revision: str) -> None:
    from alembic import command
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(folder))
    with engine.begin() as connection:
        configuration.attributes["connection"] = connection
        configuration.attributes["version_table"] = "index_version"
        command.upgrade(configuration, revision)
    migrate(engine, folder.parent / "dose/migrations", "dose_version")


def _copy_as_of_before(new: Engine, old: Engine) -> None:
    with reading(new) as source, old.begin() as target:
        by = {row[0]: place for place, row in enumerate(source.exec_driver_sql("SELECT id FROM studies"), 1)}
        target.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        for table, column in (
            ("packs", ""), ("studies", "id"), ("series", "study_id"), ("instances", "study_id"), ("terms", "study_id"),
        ):  # fmt: skip
            for row in source.exec_driver_sql(f"SELECT * FROM {table}").mappings():
                values = dict(row) | ({column: by[row[column]]} if column else {})
                names = ", ".join(f'"{name}"' for name in values)
                marks = ", ".join("?" * len(values))
                target.exec_driver_sql(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(values.values()))


# every way of finding gives the same


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    path = tmp_path_factory.mktemp("ways") / "index.db"
    fill(path, b"i" * 32, STUDIES, "ctl_a")
    engine = open_index(path, b"i" * 32)
    with engine.begin() as connection:
        # some at one moment, some without a time, some without a date: their order is not that of their numbers
        for sql in (
            "UPDATE studies SET study_time = '', study_date = '20200101' WHERE accession LIKE '%7'",
            "UPDATE studies SET study_time = '', study_date = '' WHERE accession LIKE '%3'",
            "UPDATE studies SET study_time = '101500.000000', study_date = '20200101' WHERE accession LIKE '%5'",
        ):
            connection.exec_driver_sql(sql)
        rows = connection.exec_driver_sql("SELECT id, study_date, study_time FROM studies").fetchall()
        for number, date, time in rows:
            columns = connection.exec_driver_sql("SELECT * FROM studies WHERE id = ?", (number,)).mappings().one()
            made = {name: columns[name] for name in columns if name not in {"id", "ref"}}
            write_study(connection, number, {**made, "study_date": date, "study_time": time})
    yield engine
    engine.dispose()


WAYS: dict[str, tuple[int, int, int]] = {
    # most candidates that are few, most that are many, steps of the glance
    "few": (100_000, 100_000, 1),
    "at a glance": (-1, -1, 10_000_000),
    "words or many": (-1, 100_000, 1),
    "by date": (-1, -1, 1),
    "as it is": (narrowing.FEW, narrowing.MANY, finding._GLANCE),
}
ASKED = [shape for shape in SHAPES if shape.level in {"STUDY", "SERIES", "IMAGE"}] + [
    Shape("undated", "STUDY", lambda _: {"PatientName": "*o*", "StudyID": "S*"}),
    Shape("a day, by name", "STUDY", lambda _: {"PatientName": "*on*", "StudyDate": "20200101"}),
    Shape("since", "STUDY", lambda _: {"PatientName": "*ro*", "StudyDate": "20190101-"}),
    Shape("until", "STUDY", lambda _: {"PatientName": "*ro*", "StudyDate": "-20200101"}),
    Shape("rare sex", "STUDY", lambda _: {"PatientSex": "O"}),
    Shape("two letters that nobody has", "STUDY", lambda _: {"PatientName": "*QZ*"}),
    Shape("the last two letters", "STUDY", lambda one: {"PatientName": f"*{one.name[-2:]}"}),
    Shape("the end of a number", "STUDY", lambda one: {"PatientID": f"*{one.values[0x00100020][-2:]}"}),
    Shape("two letters, a quote", "STUDY", lambda _: {"StudyDescription": '*"o*'}),
    Shape("series of a station, all", "SERIES", lambda one: {"StationName": one.values[0x00081010]}),
]


@pytest.mark.parametrize("reach", [EVERYTHING, Reach(frozenset({"ctl_a"})), Reach(frozenset({"ctl_a"}), quality=True)])
@pytest.mark.parametrize("shape", ASKED, ids=lambda one: one.name)
def test_every_way_finds_the_same_in_the_same_order(
    filled: Engine, monkeypatch: pytest.MonkeyPatch, shape: Shape, reach: Reach
) -> None:
    level = {"STUDY": Level.STUDY, "SERIES": Level.SERIES, "IMAGE": Level.INSTANCE}[shape.level]
    archive = Archive(filled, SimpleNamespace())  # type: ignore[arg-type]

    def find(limit: int, offset: int) -> list[str]:
        asked = [*shape.keys(Made(17)).items(), ("limit", str(limit)), ("offset", str(offset))]
        found = archive.find(level, parse_qido(asked, level), reach)
        return [json.dumps(one, sort_keys=True) for one in found.all()]

    expected = _plainly(filled, monkeypatch, lambda: find(1000, 0))
    for few, many, glance in WAYS.values():
        monkeypatch.setattr(narrowing, "FEW", few)
        monkeypatch.setattr(narrowing, "MANY", many)
        monkeypatch.setattr(finding, "_GLANCE", glance)
        assert find(1000, 0) == expected
        for limit, offset in ((1, 0), (7, 0), (7, 3), (40, 20)):
            assert find(limit, offset) == expected[offset : offset + limit]


def _plainly(engine: Engine, monkeypatch: pytest.MonkeyPatch, find: Callable[[], list[str]]) -> list[str]:
    """Find by no index at all but that of the order."""
    with monkeypatch.context() as plain:
        plain.setattr(narrowing, "narrow_sql", lambda _: None)
        plain.setattr(finding, "_SORTED", 0)
        return find()


def test_numbers_are_of_the_quarter_that_a_study_is_in(filled: Engine) -> None:
    with reading(filled) as connection:
        rows = connection.exec_driver_sql("SELECT id, study_date, study_time FROM studies").fetchall()
    assert len(rows) == STUDIES
    assert all(numbering.quarter_of(number) == first_of(date, time) for number, date, time in rows)
