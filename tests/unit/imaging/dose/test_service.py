"""Dose reports in an archive: indexed, read by the job, rejected, erased, the index made anew."""

from datetime import date

import pytest
from tests.twins import dose_reports as twin
from tests.unit.imaging.conftest import slice_of

from primum.imaging.dose.limits import Limits
from primum.imaging.dose.model import Doubt
from primum.imaging.dose.service import Doses
from primum.imaging.model import EVERYTHING, Reach
from primum.imaging.store import dump

YEAR = (date(2026, 1, 1), date(2026, 12, 31))


@pytest.fixture
def doses(house):
    return Doses(house.index, house.vault)


def ct(**more):
    return twin.encoded(twin.report(twin.ct_content([twin.ct_event(1)], 240), **more))


def sweep(house, doses):
    return doses.sweep(house.clock.now())


def study(house):
    (ref,) = house.vault.studies()
    return ref


def test_a_report_is_read_by_the_job_once(house, doses):
    house.indexed(slice_of(), ct())
    ref = study(house)
    assert doses.of_study(ref).waiting
    assert (sweep(house, doses), sweep(house, doses)) == (1, 0)
    found = doses.of_study(ref)
    assert not found.waiting
    assert found.dose.totals["dlp"].value == 240


def test_a_study_without_a_report_has_no_dose(house, doses):
    house.indexed(slice_of())
    assert sweep(house, doses) == 0
    assert doses.of_study(study(house)).dose.reports == ()


def test_the_same_report_twice_counts_once(house, doses):
    house.indexed(ct(), ct())
    sweep(house, doses)
    assert doses.of_study(study(house)).dose.totals["dlp"].value == 240
    assert doses.practice(EVERYTHING, *YEAR).studies == 1


def test_a_rejected_report_does_not_count_and_counts_again_when_that_is_undone(house, doses):
    house.indexed(slice_of(), ct())
    sweep(house, doses)
    ref = study(house)
    with house.index.begin() as connection:
        connection.exec_driver_sql("INSERT INTO rejected SELECT i.*, 'x' FROM instances i WHERE sop_uid = '1.2.3.9.1'")
        connection.exec_driver_sql("DELETE FROM instances WHERE sop_uid = '1.2.3.9.1'")
    assert doses.of_study(ref).dose.reports == ()
    assert doses.practice(EVERYTHING, *YEAR).studies == 0


def test_an_index_made_anew_says_the_same(house, doses):
    house.indexed(slice_of(), ct())
    sweep(house, doses)
    before, kept = doses.of_study(study(house)), dump(house.index)
    house.indexer.rebuild()
    assert doses.of_study(study(house)).waiting
    sweep(house, doses)
    assert doses.of_study(study(house)) == before
    assert dump(house.index) == kept


def test_an_erased_study_leaves_nothing(house, doses):
    house.indexed(slice_of(), ct())
    sweep(house, doses)
    ref = study(house)
    house.device.close()
    house.vault.erase(ref)
    house.indexer.forget(ref)
    with house.index.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM dose_reports").scalar_one() == 0


def test_a_report_that_cannot_be_read_is_said(house, doses):
    house.indexed(slice_of(), ct())
    (damaged,) = [one for one in house.device.sent if one.facts.sop_class_uid == twin.RDSR]
    pack = next(
        path for path in (house.folder / "vault").rglob("*") if path.is_file() and damaged.position.pack in path.name
    )
    raw = bytearray(pack.read_bytes())
    raw[damaged.position.offset + 1500] ^= 1
    pack.chmod(0o600)
    pack.write_bytes(raw)
    sweep(house, doses)
    assert doses.of_study(study(house)).dose.doubts == (Doubt.DAMAGED,)


def test_a_report_that_is_too_long_is_said(house):
    doses = Doses(house.index, house.vault, Limits(report_bytes=100))
    house.indexed(ct())
    sweep(house, doses)
    assert doses.of_study(study(house)).dose.doubts == (Doubt.TOO_LONG,)


def test_only_studies_within_reach_are_in_the_practice(house, doses):
    house.indexed(ct(), ct(study="1.2.4", sop="1.2.4.9.1"))
    sweep(house, doses)
    assert doses.practice(EVERYTHING, *YEAR).studies == 2
    assert doses.practice(Reach(), *YEAR).studies == 0
    assert doses.practice(EVERYTHING, date(2025, 1, 1), date(2025, 12, 31)).studies == 0


def test_a_practice_larger_than_is_looked_at_is_said(house):
    doses = Doses(house.index, house.vault, Limits(studies=1))
    house.indexed(ct(), ct(study="1.2.4", sop="1.2.4.9.1"))
    sweep(house, doses)
    found = doses.practice(EVERYTHING, *YEAR)
    assert (found.studies, found.cut) == (1, True)


def test_reports_indexed_before_there_were_doses_are_found_at_the_upgrade(house, doses):
    from primum.imaging import open_index

    house.indexed(slice_of(), ct())
    with house.index.begin() as connection:
        connection.exec_driver_sql("DROP TABLE dose_reports")
        connection.exec_driver_sql("DROP TABLE dose_version")
    house.index.dispose()
    anew = open_index(house.folder / "index.db", b"i" * 32)
    try:
        assert Doses(anew, house.vault).sweep(house.clock.now()) == 1
    finally:
        anew.dispose()
