"""What arrives in the archives whose growth is measured is indexed by the archive itself, among what is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from bench.growth import ASKED, Home, as_object, one_round, open_home, steepness
from bench.results import Place
from bench.shapes import SHAPES

from primum.imaging.store import reading

COUNT = 600


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    folder: Path = tmp_path_factory.mktemp("growth")
    (folder / "kept").mkdir()
    return open_home(folder, folder / "kept", COUNT, 1, lambda _: None)


def counted(home: Home, sql: str, *, records: bool = False) -> int:
    engine = home.indexer._records if records else home.indexer._index
    with reading(engine) as connection:
        return connection.exec_driver_sql(sql).scalar_one()


def test_every_shape_that_is_asked_exists():
    assert set(ASKED) <= {shape.name for shape in SHAPES}


def test_arrivals_become_rows_of_new_studies_and_of_patients_who_are_mostly_known(home):
    before = counted(home, "SELECT count(*) FROM patients", records=True)
    assert before >= COUNT // 3 + 1
    studies = counted(home, "SELECT count(*) FROM studies")
    assert sum(home.indexer.take(batch) for batch in home.arrivals.studies(100, 64)) == 100
    assert counted(home, "SELECT count(*) FROM studies") == studies + 100
    new = counted(home, "SELECT count(*) FROM patients", records=True) - before
    assert 15 <= new <= 45
    assert counted(home, "SELECT sum(collision) FROM patients", records=True) == 0


def test_a_round_measures_every_kind_of_work_and_tells_how_steep_it_is(home):
    one_round(home, instances=64, times=4, seed=1)
    assert home.measured.keys() == {"a slice of a series", "a study of one instance", *ASKED}
    assert all(one.took[-1] > 0 for one in home.measured.values())
    assert steepness([home, home], "newest") == 1.0
    found = as_object([home, home], Place("2026-11-22", "2 cores", 0.0), quick=True)
    assert set(found["flat"].values()) == {True}
    assert [len(chart["lines"]) for chart in found["charts"]] == [2, len(ASKED)]
