"""INS: the control key, the natures, and what a person may state."""

import pytest
from hypothesis import given, strategies as st

from primum.imaging.ins import (
    BadIdentity,
    Identity,
    Status,
    check_identity,
    control_key,
    is_matricule,
    natures,
    status_words,
)

WHOLE = Identity(
    birth_name="CANARI", given_names="ELOISE MARIE", birth_date="19700102", sex="F", birth_place="75112",
    matricule="270017511200111" , oid="1.2.250.1.213.1.4.8", retrieved=True, document=True,
)  # fmt: skip


def with_key(number):
    return number + control_key(number)


@pytest.mark.parametrize(
    ("number", "key"),
    # the example printed on specimen cards, and Corsica computed by hand: 19 for 2A, 18 for 2B
    [
        ("2550814168025", "38"),
        ("180032A004001", f"{97 - 1800319004001 % 97:02d}"),
        ("180032B004001", f"{97 - 1800318004001 % 97:02d}"),
    ],
)
def test_control_keys(number, key):
    assert control_key(number) == key
    assert is_matricule(number + key)


@given(st.integers(10**12, 10**13 - 1), st.integers(0, 12), st.integers(1, 9))
def test_a_wrong_digit_is_always_noticed(number, place, by):
    text = with_key(str(number))
    other = text[:place] + str((int(text[place]) + by) % 10) + text[place + 1 :]
    assert is_matricule(text)
    assert not is_matricule(other)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "270017511200A11",
        "2" * 14,
        "".join(chr(0xFF10 + int(one)) for one in "270017511200111"),
        "2700175112001" + "00",
    ],
)
def test_what_is_no_matricule(text):
    assert not is_matricule(text)


def stated(**more):
    from dataclasses import replace

    return replace(WHOLE, matricule=with_key("2700175112001"), **more)


def test_the_four_statuses_follow_from_two_statements():
    assert stated().status is Status.QUALIFIED
    assert stated(document=False).status is Status.RETRIEVED
    assert stated(retrieved=False).status is Status.VALIDATED
    assert stated(retrieved=False, document=False).status is Status.PROVISIONAL
    assert set(status_words("fr")) == set(Status)
    check_identity(stated(), real=True)


@pytest.mark.parametrize(
    "more",
    [
        {"birth_place": ""}, {"oid": "1.2.3"}, {"oid": ""}, {"oid": "1.2.250.1.213.1.4.10"}, {"birth_date": "19701301"},
        {"sex": "X"}, {"birth_place": "7511"}, {"birth_name": "A" * 101}, {"birth_name": "A\nB"},
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(more):
    with pytest.raises(BadIdentity):
        check_identity(stated(**more), real=True)


def test_a_wrong_key_and_a_retrieved_identity_without_matricule_are_refused():
    from dataclasses import replace

    with pytest.raises(BadIdentity):
        check_identity(replace(stated(), matricule="270017511200100"), real=True)
    with pytest.raises(BadIdentity):
        check_identity(replace(stated(), matricule="", oid=""), real=True)


def test_a_test_oid_is_for_a_demo():
    check_identity(stated(oid="1.2.250.1.213.1.4.10"), real=False)
    assert {one.oid for one in natures().values() if one.real} == {"1.2.250.1.213.1.4.8", "1.2.250.1.213.1.4.9"}


def test_a_provisional_identity_needs_nothing():
    check_identity(Identity(birth_name="X"), real=True)
    assert Identity.from_json(stated().as_json()) == stated()
