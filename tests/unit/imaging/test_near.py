"""Who looks alike, for reasons that a person can check."""

import pytest
from hypothesis import given, strategies as st

from primum.imaging.near import WORDS, Face, Reason, reasons, words

R = Reason


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (("DUPONT^JEAN", "19700102"), ("Dupont^Jean-Paul", "19700102"), R.SAME_PERSON),
        (("DUPONT^JEAN", "19700102"), ("DUPONT^JEAN", ""), R.SAME_PERSON),
        (("DUPONT^JEAN", "19700102"), ("DUPONT^JEAN", "19811211"), R.OTHER_BIRTH_DATE),
        (("DUPONT^JEAN", "19700102"), ("DUPONT^JEAN", "19700201"), R.DAY_AND_MONTH),
        (("DUPONT^JEAN", "19700102"), ("DUPONT^JEAN", "19700103"), R.ONE_DIGIT),
        (("DUPONT^JEAN", "19700102"), ("DUPOND^JEAN", "19700102"), R.ONE_LETTER),
        (("DUPONT^JEAN", "19700102"), ("DUPNOT^JEAN", "19700102"), R.ONE_LETTER),
        (("DUPONT^JEAN", "19700102"), ("DUPPONT^JEAN", "19700102"), R.ONE_LETTER),
        (("DUPONT^JEANNE", "19700102"), ("DUPONT^JEANE", "19700102"), R.ONE_LETTER),
        (("DUPONT^JEAN", "19700102"), ("JEAN^DUPONT", "19700102"), R.NAMES_EXCHANGED),
        (("DUPONT^", "19700102"), ("^DUPONT", "19700102"), R.NAMES_EXCHANGED),
        (("DUPONT^JEAN", "19700102"), ("DUPONT^MARIE", "19700102"), R.TWINS),
        (("DUPONT^JEAN", "19700102"), ("MARTIN^JEAN", "19700102"), None),
        (("DUPONT^JEAN", "19700102"), ("DUPOND^JEAN", "19700103"), None),
        (("LE^ANA", "19700102"), ("LI^ANA", "19700102"), None),
        (("", "19700102"), ("", "19700102"), None),
    ],
)
def test_examples(one, other, expected):
    found = reasons(Face(*one), Face(*other))
    assert found == ((expected,) if expected else ())
    assert reasons(Face(*other), Face(*one)) == found


def test_a_birth_name_that_is_the_others_used_name():
    one = Face("MARTIN^EVE", "19700102", birth_name="DUPONT")
    assert reasons(one, Face("DUPONT^EVE", "19700102")) == (R.BIRTH_NAME,)


def test_a_number_that_two_people_share():
    found = reasons(Face("A^B", "1", number="7", issuer="X"), Face("C^D", "2", number="7", issuer="X"))
    assert found == (R.SAME_NUMBER,)
    assert not reasons(Face("A^B", "1", number="7", issuer="X"), Face("C^D", "2", number="7", issuer="Y"))


def test_every_reason_is_a_sentence_in_both_languages():
    assert set(WORDS) == set(Reason)
    assert all(words(one, "fr") != words(one, "en") for one in Reason)


letters = st.text("ABC", min_size=0, max_size=5)
faces = st.builds(lambda a, b, c: Face(f"{a}^{b}", c), letters, letters, st.sampled_from(["", "19700102", "19700201"]))


@given(faces, faces)
def test_looking_alike_is_mutual(one, other):
    assert reasons(one, other) == reasons(other, one)
