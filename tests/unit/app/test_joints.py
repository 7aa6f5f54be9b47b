"""Whatever a room records fits the journal's vocabulary."""

from primum import identity, journal


def test_every_kind_and_detail_of_people_is_in_the_vocabulary():
    for fact, details in identity.PEOPLE_FACT_DETAILS.items():
        assert details <= journal.BY_NAME[fact.value].value.details, fact
