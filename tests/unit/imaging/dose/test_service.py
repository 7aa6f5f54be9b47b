"""Dose reports in an archive: indexed, read by the job, rejected, erased, the index made anew."""

import json
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import event
from tests.twins import dose_reports as twin
from tests.unit.imaging.conftest import open_house, slice_of

from primum.imaging.dose import store
from primum.imaging.dose.limits import Limits
from primum.imaging.dose.model import Doubt, Event, Kind, Report
from primum.imaging.dose.rules import levels_in_force
from primum.imaging.dose.service import Doses
from primum.imaging.dose.statistics import Dosed, practice
from primum.imaging.dose.units import Amount
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
        for table in ("dose_reports", "dose_values", "dose_events"):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() == 0


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
        for table in ("dose_reports", "dose_values", "dose_events", "dose_groups", "dose_version"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
    house.index.dispose()
    anew = open_index(house.folder / "index.db", b"i" * 32)
    try:
        assert Doses(anew, house.vault).sweep(house.clock.now()) == 1
    finally:
        anew.dispose()


def test_reports_read_by_an_earlier_version_count_at_once_and_their_values_are_made(house, doses):
    from primum.imaging import open_index

    house.indexed(ct(), ct(study="1.2.4", sop="1.2.4.9.1"))
    sweep(house, doses)
    expected = doses.practice(EVERYTHING, *YEAR)
    with house.index.begin() as connection:
        for table in ("dose_values", "dose_events", "dose_groups"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
        connection.exec_driver_sql("UPDATE dose_version SET version_num = '0001'")
    house.index.dispose()
    anew = open_index(house.folder / "index.db", b"i" * 32)
    try:
        later = Doses(anew, house.vault)
        assert later.practice(EVERYTHING, *YEAR) == expected
        later.sweep(house.clock.now())
        assert later.practice(EVERYTHING, *YEAR) == expected
        assert said(anew) == 2
    finally:
        anew.dispose()


def said(index):
    with index.connect() as connection:
        return connection.exec_driver_sql("SELECT count(said) FROM dose_values").scalar_one()


@st.composite
def practices(draw):
    """Reports of a few studies, some of several reports, some with events in common."""
    made = []
    for number in range(draw(st.integers(1, 6))):
        chosen = draw(st.integers(1, 3))
        events = draw(st.lists(st.integers(1, 5), min_size=1, max_size=3, unique=True))
        common = draw(st.booleans())
        uids = [f"1.9.{event}" if common else f"1.9.{number}.{event}" for event in events]
        made.append((chosen, f"1.2.3.9.{number + 1}", tuple(uids), draw(st.sampled_from(["P1", ""]))))
    return made


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(practices())
def test_kept_values_say_what_the_reports_say(tmp_path_factory, made):
    with open_house(tmp_path_factory.mktemp("practice")) as house:
        for study_number, sop, uids, birth in made:
            events = tuple(
                Event(uid, Kind.CT, "Thorax", amounts={"ctdi_vol": Amount(5.0 + len(uid), "mGy")}) for uid in uids
            )
            report = Report(sop, Kind.CT, sop, "", (), {"dlp": Amount(100, "mGy·cm")}, len(uids), events)
            day = f"2026010{study_number}"
            house.indexed(
                ct(study=f"1.2.{study_number}", sop=sop, StudyDate=day, PatientBirthDate="19700102" if birth else "")
            )
            (one,) = store.unread(house.index, 10)
            store.keep(house.index, [(one, report)])
        doses = Doses(house.index, house.vault)
        kept = doses.practice(EVERYTHING, *YEAR)
        with house.index.begin() as connection:
            connection.exec_driver_sql("UPDATE dose_values SET said = NULL")
        assert doses.practice(EVERYTHING, *YEAR) == kept
        refs = {one.position.study: one for one in house.device.sent}
        ordered = sorted(doses.of_studies(list(refs)).items(), key=lambda one: one[0])
        with house.index.connect() as connection:
            facts = {
                ref: (day, born)
                for ref, day, born in connection.exec_driver_sql("SELECT ref, study_date, birth_date FROM studies")
            }
        dosed = [Dosed(ref, *facts[ref], found.dose) for ref, found in ordered]
        dosed.sort(key=lambda one: one.date, reverse=True)
        assert practice(dosed, levels_in_force(YEAR[1])) == kept


def test_the_practice_opens_no_report_and_scans_no_table(house, doses):
    house.indexed(ct(), ct(study="1.2.4", sop="1.2.4.9.1"))
    sweep(house, doses)
    asked = []

    def note(_connection, _cursor, statement, *_more):
        asked.append(statement)

    event.listen(house.index, "before_cursor_execute", note)
    (found,) = [one for one in doses.practice(EVERYTHING, *YEAR).lines if one.key.measure == "ctdi_vol"]
    event.remove(house.index, "before_cursor_execute", note)
    assert found.all.count == 1, "an event that two studies have counts once"
    with house.index.connect() as connection:
        for sql in [one for one in asked if one.startswith("SELECT") and "studies" in one]:
            values = [json.dumps([])] if "json_each" in sql else ["20260101", "20261231", 10]
            plan = [row[3] for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + sql, tuple(values))]
            assert not [step for step in plan if step.startswith("SCAN") and "json_each" not in step], plan
