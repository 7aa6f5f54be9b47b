import pytest
from tests.unit.imaging.conftest import House, slice_of

from primum.imaging import EVERYTHING, Archive, Criteria, Level, NotHere, open_index, parse_qido

STUDY_TAGS = [
    "00080005",
    "00080020",
    "00080030",
    "00080050",
    "00080056",
    "00080061",
    "00080090",
    "00081030",
    "00100010",
    "00100020",
    "00100030",
    "00100040",
    "0020000D",
    "00200010",
    "00201206",
    "00201208",
]


def test_a_study_is_answered_with_what_the_standard_and_ohif_want(house: House) -> None:
    house.indexed(slice_of(), slice_of(series="1.2.3.5", sop="1.2.3.5.1", modality="SR"))
    (found,) = house.archive.studies(Criteria(), EVERYTHING)
    assert list(found) == STUDY_TAGS
    assert found["00100010"] == {"vr": "PN", "Value": [{"Alphabetic": "DUPONT^JEAN"}]}
    assert found["00080061"] == {"vr": "CS", "Value": ["CT", "SR"]}
    assert (found["00201206"]["Value"], found["00201208"]["Value"]) == ([2], [2])
    assert found["00200010"] == {"vr": "SH"}


def test_fields_to_include_are_included(house: House) -> None:
    house.indexed(slice_of(issuer="CLINIC") | {0x00101010: ("AS", b"042Y")})
    plain, asked, everything = (
        house.archive.studies(parse_qido(parameters, Level.STUDY), EVERYTHING)[0]
        for parameters in ([], [("includefield", "PatientAge,00189999")], [("includefield", "all")])
    )
    assert "00101010" not in plain
    assert asked["00101010"] == {"vr": "AS", "Value": ["042Y"]}
    assert everything["00100021"]["Value"] == ["CLINIC"]


def test_series_and_instances_are_answered_in_order_of_number(house: House) -> None:
    for number in (10, 9, 2):
        house.indexed(
            slice_of(series=f"1.2.3.{number}", sop=f"1.2.3.{number}.1", series_number=str(number), instance="7")
        )
    series = house.archive.series(Criteria(), EVERYTHING, "1.2.3")
    assert [one["00200011"]["Value"] for one in series] == [[2], [9], [10]]
    assert series[0]["00201209"]["Value"] == [1]
    assert "00100010" not in series[0]
    assert "00100010" in house.archive.series(Criteria(), EVERYTHING)[0]
    (instance,) = house.archive.instances(Criteria(), EVERYTHING, "1.2.3", "1.2.3.9")
    assert instance["00080018"]["Value"] == ["1.2.3.9.1"]
    assert instance["00280010"] == {"vr": "US", "Value": [2]}
    assert instance["00083002"]["Value"] == ["1.2.840.10008.1.2.1"]


@pytest.mark.parametrize("level", [Level.STUDY, Level.SERIES, Level.INSTANCE])
@pytest.mark.parametrize("limit", [0, 1, 2, 100])
def test_a_page_read_at_once_is_what_is_found_and_then_read(house: House, level: Level, limit: int) -> None:
    house.indexed(
        *(slice_of(study=f"1.2.{number}", series=f"1.2.{number}.1", sop=f"1.2.{number}.1.1") for number in (3, 4, 5))
    )
    criteria = parse_qido([("limit", str(limit)), ("offset", "1")], level)
    page = house.archive.page(level, criteria, EVERYTHING)
    assert [one.shown for one in page] == house.archive.find(level, criteria, EVERYTHING).all()
    assert len(page) == min(limit, 2)


def test_series_are_found_by_their_own_attributes(house: House) -> None:
    house.indexed(
        slice_of(), slice_of(series="1.2.3.5", sop="1.2.3.5.1", modality="SR", series_description="Compte rendu")
    )
    for parameters in ([("Modality", "SR")], [("SeriesDescription", "*RENDU*")], [("SeriesInstanceUID", "1.2.3.5")]):
        (found,) = house.archive.series(parse_qido(parameters, Level.SERIES), EVERYTHING, "1.2.3")
        assert found["0020000E"]["Value"] == ["1.2.3.5"]


def test_the_priors_of_a_patient_are_those_with_exactly_the_same_number(house: House) -> None:
    for number, patient in enumerate(["P1", "p1", "P10", "P1"]):
        house.indexed(
            slice_of(study=f"1.2.{number}", series=f"1.2.{number}.1", sop=f"1.2.{number}.1.1", number=patient)
        )
    found = house.archive.studies(parse_qido([("00100020", "P1")], Level.STUDY), EVERYTHING)
    assert {one["0020000D"]["Value"][0] for one in found} == {"1.2.0", "1.2.3"}


def test_a_study_marked_confidential_is_not_there_without_the_grant(house: House) -> None:
    house.indexed(slice_of())
    ref = house.archive.locate_study("1.2.3", EVERYTHING).ref
    house.indexer.mark_confidential(ref, confidential=True)
    from primum.imaging import Reach

    assert house.archive.studies(Criteria(), Reach(controllers=None)) == []
    with pytest.raises(NotHere):
        house.archive.study(ref, Reach(controllers=None))
    assert house.archive.study(ref, EVERYTHING).confidential


def test_a_reader_that_may_only_read_sees_what_the_indexer_commits(house: House) -> None:
    reader = open_index(house.folder / "index.db", b"i" * 32, read_only=True)
    archive = Archive(reader, house.vault)
    assert archive.count(Criteria(), EVERYTHING) == 0
    house.indexed(slice_of())
    assert archive.count(Criteria(), EVERYTHING) == 1
    reader.dispose()


def test_a_whole_data_set_is_read_as_it_was_sent(house: House) -> None:
    from tests.unit.imaging.conftest import data_set

    house.indexed(slice_of())
    entry = house.archive.instance("1.2.3", "1.2.3.4", "1.2.3.4.5", EVERYTHING)
    assert b"".join(house.archive.data_set(entry)) == data_set(slice_of())
