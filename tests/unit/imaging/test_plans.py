"""No shape of query reads a whole table: SQLite explains each statement that each of them runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from bench.shapes import SHAPES, Shape
from bench.synthetic import Made, fill, rows_of
from sqlalchemy import event
from sqlalchemy.engine import Engine
from tests.unit.imaging.conftest import CONTROLLER, House, slice_of

from primum.imaging.archive import Archive
from primum.imaging.attributes import Level
from primum.imaging.completion.store import served
from primum.imaging.model import EVERYTHING, Reach
from primum.imaging.narrowing import FEW
from primum.imaging.query import parse_qido
from primum.imaging.restored import placed
from primum.imaging.retention.notes import _key_objects
from primum.imaging.store import open_index, reading

COUNT = FEW + 500
UNANSWERED = {"nobody", "sop class", "other patient id"}
LEVELS = {"PATIENT": Level.PATIENT, "STUDY": Level.STUDY, "SERIES": Level.SERIES, "IMAGE": Level.INSTANCE}
REACHES = [
    Reach(controllers=frozenset({"ctl_a"})),
    Reach(controllers=None, confidential=True),
    Reach(controllers=frozenset({"ctl_b"}), referrers=("DOCTOR1^JERIE",)),
    Reach(controllers=frozenset({"ctl_a"}), quality=True),
]
_ALLOWED = re.compile(r"SCAN (\w+ (EXISTS )?VIRTUAL TABLE|CONSTANT ROW|\(subquery-\d+\))")
"""Lists that we hand in, values inside one row, the trigrams' own index."""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    path: Path = tmp_path_factory.mktemp("plans") / "index.db"
    fill(path, b"i" * 32, COUNT, "ctl_a")
    engine = open_index(path, b"i" * 32)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def archive(engine: Engine) -> Archive:
    return Archive(engine, SimpleNamespace())  # type: ignore[arg-type]


def plans(engine: Engine, run: Callable[[], object]) -> list[str]:
    """What SQLite says of every statement that is run meanwhile, as SQLite itself traces them."""
    statements: list[str] = []

    def trace(raw: Any, *_: object) -> None:
        raw.set_trace_callback(statements.append)

    def leave(raw: Any, *_: object) -> None:
        raw.set_trace_callback(None)

    event.listen(engine, "checkout", trace)
    event.listen(engine, "checkin", leave)
    try:
        run()
    finally:
        event.remove(engine, "checkout", trace)
        event.remove(engine, "checkin", leave)
    with reading(engine) as connection:
        return [
            f"{row[3]}  <-  {statement}"
            for statement in statements
            # the trigrams' table reads its own tables
            if statement.startswith(("SELECT", "DELETE")) and "'words_" not in statement and "'words'" not in statement
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement.replace('%', '%%')}")
        ]


@pytest.mark.parametrize("reach", REACHES)
@pytest.mark.parametrize("shape", SHAPES, ids=lambda one: one.name)
def test_no_query_scans_a_table(engine: Engine, archive: Archive, shape: Shape, reach: Reach) -> None:
    keys = shape.keys(Made(7)).items()
    # a patient is asked for what a study has: it is read by the identifier, not by parameters
    level = LEVELS[shape.level]
    criteria = parse_qido([*keys, ("includefield", "all")], Level.STUDY if level is Level.PATIENT else level)

    def run() -> None:
        archive.find(level, criteria, reach).all()
        if level is Level.STUDY:
            archive.rows(criteria, reach)

    said = plans(engine, run)
    assert said
    assert [one for one in said if "SCAN" in one and not _ALLOWED.match(one)] == []


def test_what_is_done_about_one_study_reads_no_other(house: House) -> None:
    house.indexed(slice_of())
    study = house.vault.study_ref(CONTROLLER, "1.2.3")

    def notes() -> None:
        with reading(house.index) as connection:
            _key_objects(connection, study)

    every: list[Callable[[], object]] = [
        lambda: served(house.index, study),
        lambda: list(placed(house.index, study)),
        notes,
        lambda: house.archive.series_uids(study, EVERYTHING),
        lambda: house.archive.modalities_among(study, ["1.2.3.4.5"]),
        lambda: house.archive.kept(CONTROLLER, ["1.2.3.4.5"]),
        lambda: house.archive.records_of("1.2.3.4.5", EVERYTHING),
        lambda: house.archive.versions(study, EVERYTHING),
        lambda: house.indexer.forget(study),
    ]
    said = [one for run in every for one in plans(house.index, run)]
    assert len(said) > len(every)
    # packs have no index of their study: erasing one looks through their rows
    assert [one for one in said if "SCAN" in one and not _ALLOWED.match(one) and not one.startswith("SCAN packs")] == []


@pytest.mark.parametrize("shape", [one for one in SHAPES if one.name not in UNANSWERED], ids=lambda one: one.name)
def test_each_shape_finds_what_it_is_about(archive: Archive, shape: Shape) -> None:
    level = LEVELS[shape.level]
    made = Made(7)
    criteria = parse_qido(
        [*shape.keys(made).items(), ("limit", "1000")], Level.STUDY if level is Level.PATIENT else level
    )
    assert len(archive.find(level, criteria, REACHES[1])) > 0


def test_a_synthetic_study_fills_every_column_of_the_index(engine: Engine) -> None:
    """What the benchmark asks about is what the indexer writes: a new column must be filled there too."""
    with reading(engine) as connection:
        for table, rows in rows_of(1, "ctl_a").items():
            known = {row[1] for row in connection.exec_driver_sql(f"PRAGMA table_info({table})")}
            assert known - _NOT_QUERIED <= set(rows[0]) <= known | {"rowid"}


_NOT_QUERIED = {"mixed", "person_low", "person_high", "overlay", "hidden"}
