"""Which entries have images: asked of the index without reading all of it."""

import json

import pytest

from primum.app.orders import _ARRIVED, arrived
from primum.imaging import open_index
from primum.imaging.orders import Waiting

OURS, THEIRS = "ctl_" + "a" * 26, "ctl_" + "b" * 26


@pytest.fixture
def index(tmp_path):
    engine = open_index(tmp_path / "index.db", bytes(32))
    yield engine
    engine.dispose()


def put(index, number, controller_id, study_uid, accession, modality):
    columns = (
        "ref, controller_id, study_uid, patient_id, confidential, first, study_date, study_time, name_a, flat_a,"
        " name_key, patient_number, issuer, birth_date, sex, accession, study_number, description, referrer_a,"
        " referrer_key, shown, flags"
    )
    given = [f"r{number}", controller_id, study_uid, "p", 0, *[""] * 10, accession, *[""] * 5, 0]
    with index.begin() as connection:
        study = connection.exec_driver_sql(
            f"INSERT INTO studies ({columns}) VALUES ({', '.join('?' * len(given))}) RETURNING id", tuple(given)
        ).scalar_one()
        connection.exec_driver_sql(
            "INSERT INTO series (study_id, series_uid, first, modality, description, station, body_part, step_date,"
            " step_time, shown) VALUES (?, ?, '', ?, '', '', '', '', '', '')",
            (study, f"{study_uid}.1", modality),
        )


def test_images_are_those_of_the_controller_and_of_the_modality(index):
    put(index, 1, OURS, "1.2.1", "A1", "CT")
    waiting = [
        Waiting("by-uid", OURS, "1.2.1", "X", "CT"), Waiting("by-accession", OURS, "9.9", "A1", "CT"),
        Waiting("other-modality", OURS, "1.2.1", "A1", "MR"), Waiting("other-controller", THEIRS, "1.2.1", "A1", "CT"),
        Waiting("nothing", OURS, "1.2.2", "A2", "CT"),
    ]  # fmt: skip
    assert arrived(index, waiting) == {"by-uid", "by-accession"}


def test_no_study_is_looked_at_that_is_not_asked_for(index):
    with index.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {_ARRIVED}", (json.dumps([]),)).all()
    steps = [row[-1] for row in plan]
    assert not [one for one in steps if one.startswith("SCAN") and not one.startswith("SCAN j")], steps
