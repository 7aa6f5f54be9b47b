from tests.unit.imaging.conftest import House, slice_of

from primum.imaging import EVERYTHING, Criteria, StudyRow
from primum.imaging.store import reading


def arrive(house: House, *patients: dict[str, str], controller: str | None = None) -> list[StudyRow]:
    """Store and index one study for each; give them back in that order."""
    for traits in patients:
        number = len(house.device.sent)
        values = slice_of(
            study=f"1.9.{number}", series=f"1.9.{number}.1", sop=f"1.9.{number}.1.1", pixels=bytes(8), **traits
        )
        house.indexer.take([house.device.store(values, controller=controller)])
    found = {row.entry.study_uid: row for row in house.archive.rows(Criteria(), EVERYTHING)}
    return [found[one.facts.study_instance_uid] for one in house.device.sent]


def patients(rows: list[StudyRow]) -> int:
    return len({row.entry.patient_id for row in rows})


def test_the_same_number_and_compatible_traits_are_one_patient(house: House) -> None:
    rows = arrive(
        house,
        {"name": "DUPONT^JEAN"},
        {"name": "Dupont^Jean-Pierre"},
        {"name": "DUPONT JEAN", "birth": ""},
        {"name": "", "birth": "19700102"},
    )
    assert patients(rows) == 1
    assert not any(row.collision or row.homonym for row in rows)


def test_the_same_number_and_other_traits_are_two_patients_and_a_collision(house: House) -> None:
    rows = arrive(house, {"name": "DUPONT^JEAN"}, {"name": "MARTIN^ANNE"}, {"birth": "19990101"})
    assert patients(rows) == 3
    assert all(row.collision for row in rows)
    with reading(house.records) as connection:
        assert connection.exec_driver_sql("SELECT min(collision) FROM patients").scalar_one() == 1


def test_homonyms_are_flagged_and_never_merged(house: House) -> None:
    rows = arrive(house, {"number": "P1"}, {"number": "P2"}, {"number": "P3", "name": "MARTIN^ANNE"})
    assert patients(rows) == 3
    assert [row.homonym for row in rows] == [True, True, False]


def test_without_a_number_each_study_has_a_patient_of_its_own(house: House) -> None:
    rows = arrive(house, {"number": ""}, {"number": ""}, {"number": "  "})
    assert patients(rows) == 3
    with reading(house.records) as connection:
        assert connection.exec_driver_sql("SELECT min(no_identifier) FROM patients").scalar_one() == 1


def test_a_missing_trait_among_several_candidates_is_not_guessed(house: House) -> None:
    rows = arrive(house, {"name": "DUPONT^JEAN"}, {"name": "MARTIN^ANNE"}, {"name": "", "birth": ""})
    assert patients(rows) == 3


def test_a_missing_trait_is_filled_by_the_first_study_that_brings_it(house: House) -> None:
    rows = arrive(
        house, {"birth": "", "name": "DUPONT"}, {"birth": "19700102", "name": "DUPONT^JEAN"}, {"birth": "19710102"}
    )
    assert patients(rows[:2]) == 1
    assert patients(rows) == 2


def test_the_same_number_of_two_issuers_or_two_controllers_is_two_patients(house: House) -> None:
    rows = arrive(house, {"issuer": "A"}, {"issuer": "B"})
    rows = arrive(house, {"issuer": "A"}, controller="ctl_" + "c" * 26)
    assert patients(rows) == 3
    assert not any(row.collision for row in rows)
    assert [row.homonym for row in rows] == [True, True, False]
