"""What a fact takes from outside: each shape refuses what could not be kept, or not be shown."""

import json

import pytest
from hypothesis import given, strategies as st

from primum.incidents.facts.catalogue import CATALOGUE, Shape, check_value
from primum.incidents.limits import LIMITS
from primum.incidents.model import BadEntry

AT = "2026-11-24T22:40:00.000Z"
UNFIT = ["nul\x00", "half \ud83d", "bell\x07", "esc\x1b[2J", "next line\x85"]
OUTSIDE = [
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "0001-01-02T00:00:00Z", "1899-12-31T23:59:59Z",
    "2200-01-01T00:00:00Z", "hier", 12, None,
]  # fmt: skip


@pytest.mark.parametrize("text", UNFIT)
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("recipients", lambda text: text),
        ("organisation-details", lambda text: {"siret": "123", "address": text}),
        ("readable", lambda text: ["PatientName", text]),
        ("began", lambda text: {"not_before": None, "not_after": AT, "proof_before": text, "proof_after": "given"}),
        ("began", lambda text: {"not_before": None, "not_after": AT, "proof_after": text}),
        ("ended", lambda text: {"state": "ended", "at": AT, "proof": text}),
        ("nature", lambda text: [text]),
        ("cause", lambda text: text),
    ],
)
def test_what_is_no_text_is_refused_in_every_shape(key, value, text):
    with pytest.raises(BadEntry):
        check_value(key, value(text))


@pytest.mark.parametrize("at", OUTSIDE)
def test_an_instant_that_no_zone_can_show_is_refused(at):
    """An extreme instant has no hour in some zone: Python then has an OverflowError, and a page none at all."""
    for key, value in (
        ("began", {"not_before": None, "not_after": at}),
        ("ended", {"state": "ongoing", "at": at}),
    ):
        with pytest.raises(BadEntry):
            check_value(key, value)
    if at:
        with pytest.raises(BadEntry):
            check_value("began", {"not_before": at, "not_after": "2199-01-01T00:00:00Z"})


def test_a_proof_is_a_short_word():
    with pytest.raises(BadEntry):
        check_value("ended", {"state": "ended", "at": AT, "proof": "x" * (LIMITS.line + 1)})
    with pytest.raises(BadEntry):
        check_value("ended", {"state": "ended", "at": AT, "proof": {"more": "things"}})


def test_what_people_type_is_kept():
    check_value("recipients", "Mme Łukasz,\r\n\tconfrère\u202f: « vue » \N{FAMILY}\u200d\N{GIRL}")
    check_value("began", {"not_before": "1999-12-31T23:59:59Z", "not_after": AT})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.sampled_from(OUTSIDE[:5]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["count", "at_least", "not_before", "not_after", "proof_after", "state", "at", "name"]),
        inner, max_size=4,
    ),
    max_leaves=8,
)  # fmt: skip


@given(st.sampled_from(sorted(CATALOGUE)), JSON)
def test_whatever_comes_is_taken_and_can_be_written_or_is_refused(key, value):
    try:
        check_value(key, value)
    except BadEntry:
        return
    assert json.dumps(value, ensure_ascii=False).encode()
    assert CATALOGUE[key].shape in set(Shape)
