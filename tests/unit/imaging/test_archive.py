from tests.unit.imaging.conftest import House, slice_of

from primum.imaging import EVERYTHING, Criteria, Level, parse_qido


def test_a_stored_slice_is_found_and_read(house: House) -> None:
    house.indexed(slice_of())
    (found,) = house.archive.studies(Criteria(), EVERYTHING)
    assert found["00100010"] == {"vr": "PN", "Value": [{"Alphabetic": "DUPONT^JEAN"}]}
    assert found["00201208"]["Value"] == [1]
    part = house.archive.frame("1.2.3", "1.2.3.4", "1.2.3.4.5", 1, EVERYTHING)
    assert part.data == b"\1\2\3\4\5\6\7\0"
    entry = house.archive.locate_study("1.2.3", EVERYTHING)
    print(house.archive.series_metadata(entry.ref, "1.2.3.4", EVERYTHING))
    print(
        house.archive.series(Criteria(), EVERYTHING),
        house.archive.instances(Criteria(), EVERYTHING),
        house.archive.rows(Criteria(), EVERYTHING),
    )
    for key, value, n in (
        ("PatientName", "*pon*", 1),
        ("00100010", "dupont jean", 1),
        ("PatientName", "DUPONT", 0),
        ("PatientID", "P1", 1),
        ("PatientID", "P", 0),
        ("StudyDescription", "*HOR*", 1),
    ):
        assert len(house.archive.studies(parse_qido([(key, value)], Level.STUDY), EVERYTHING)) == n, key
