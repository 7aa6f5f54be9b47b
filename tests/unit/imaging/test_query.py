import contextlib

import pytest
from hypothesis import given, strategies as st

from primum.imaging.attributes import BY_KEYWORD, Level
from primum.imaging.errors import BadQuery
from primum.imaging.keys import Way, read_test
from primum.imaging.matching import Between, Name, Number, OneOf, Text, Words
from primum.imaging.query import DEFAULT_LIMIT, parse_qido

OHIF_LIST = [
    ("limit", "101"), ("offset", "0"), ("fuzzymatching", "false"),
    ("includefield", "00081030,00080060,00080090,00100030"),
]  # fmt: skip


def test_what_ohif_asks_for_its_list_is_understood() -> None:
    found = parse_qido(OHIF_LIST, Level.STUDY)
    assert (found.keys, found.limit, found.offset) == ((), 101, 0)
    assert found.include == {0x00081030, 0x00080060, 0x00080090, 0x00100030}


def test_a_key_is_named_by_keyword_or_by_tag() -> None:
    by_tag = parse_qido([("00100020", "P1")], Level.STUDY)
    assert by_tag == parse_qido([("PatientID", "P1")], Level.STUDY)
    assert by_tag.keys[0].test == Text(("P1",))


def test_limits_have_a_default_and_a_maximum() -> None:
    assert parse_qido([], Level.STUDY).limit == DEFAULT_LIMIT == 100
    assert parse_qido([("limit", "100000")], Level.STUDY).limit == 1000


@pytest.mark.parametrize("value", ["", "*", "**"])
def test_an_empty_key_or_a_star_matches_everything(value: str) -> None:
    assert parse_qido([("PatientName", value)], Level.STUDY).keys == ()


@pytest.mark.parametrize(
    "parameters",
    [
        [("PatientFoot", "x")],
        [("00100010x", "x")],
        [("00081060", "x")],
        [("SOPInstanceUID", "1.2")],
        [("limit", "-1")],
        [("limit", "ten")],
        [("offset", "1e3")],
        [("fuzzymatching", "yes")],
        [("includefield", "00081030;drop")],
        [("StudyDate", "yesterday")],
        [("StudyDate", "-")],
        [("StudyDate", "20260101-20260102-20260103")],
        [("StudyTime", "noon")],
        [("StudyInstanceUID", "1.2/../3")],
        [("StudyInstanceUID", "1.2*")],
        [("PatientID", "a\x00b")],
        [("PatientID", "a" * 5000)],
        [("PatientID", "a"), ("00100020", "b")],
        [("limit", "1"), ("limit", "2")],
        [("PatientName", "*a" * 9)],
        [("StudyDescription", f"{n}") for n in range(65)],
    ],
)
def test_what_cannot_be_understood_is_refused_and_not_repeated(parameters: list[tuple[str, str]]) -> None:
    with pytest.raises(BadQuery) as refused:
        parse_qido(parameters, Level.STUDY)
    said = f"{refused.value} {refused.value.way_out()} {refused.value.facts}"
    assert all(value not in said for _, value in parameters if len(value) > 4)


def test_an_attribute_of_a_parent_may_be_asked_of_its_children() -> None:
    found = parse_qido([("PatientID", "P1"), ("Modality", "CT"), ("InstanceNumber", "3")], Level.INSTANCE)
    assert [key.test for key in found.keys] == [Text(("P1",)), Text(("CT",)), Number(3)]
    with pytest.raises(BadQuery):
        parse_qido([("Modality", "CT")], Level.STUDY)


def test_a_list_of_uids_is_a_list() -> None:
    uid = BY_KEYWORD["StudyInstanceUID"]
    assert read_test(uid, "1.2,1.3", Way(commas=True)) == read_test(uid, "1.2\\1.3") == OneOf(("1.2", "1.3"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("20260102", Between("20260102", "20260102")),
        ("20260102-20260105", Between("20260102", "20260105")),
        ("20260102-", Between("20260102", "~")),
        ("-20260105", Between("", "20260105")),
    ],
)
def test_a_range_of_dates_includes_its_ends(value: str, expected: Between) -> None:
    assert read_test(BY_KEYWORD["StudyDate"], value) == expected


@pytest.mark.parametrize(
    ("value", "inside", "outside"),
    [
        ("10", "105959.999999", "110000.000000"),
        ("1011", "101159.500000", "101200.000000"),
        ("101112", "101112.999999", "101113.000000"),
        ("0800-1200", "120059.000000", "120100.000000"),
        ("101112.5", "101112.500000", "101112.600000"),
    ],
)
def test_a_shorter_time_stands_for_all_of_its_hour_or_minute(value: str, inside: str, outside: str) -> None:
    test = read_test(BY_KEYWORD["StudyTime"], value)
    assert isinstance(test, Between)
    assert test.matches(inside)
    assert not test.matches(outside)
    assert not test.matches("")


@pytest.mark.parametrize(
    ("key", "name", "matches"),
    [
        ("DUPONT^JEAN", ("dupont^jean", "", ""), True),
        ("dupont jean", ("dupont^jean", "", ""), True),
        ("DUPONT", ("dupont^jean", "", ""), False),
        ("DUPONT*", ("dupont^jean", "", ""), True),
        ("DUPONT^*", ("dupont", "", ""), True),
        ("DUPONT^*", ("dupontel^jean", "", ""), False),
        ("*pont*", ("dupont^jean", "", ""), True),
        ("*Lefèvre*", ("lefevre^anne", "", ""), True),
        ("D?PONT^J*", ("dupont^jean", "", ""), True),
        ("D?PONT^J*", ("dpont^jean", "", ""), False),
        ("山田*", ("yamada^tarou", "山田^太郎", ""), True),
        ("=山田*", ("yamada^tarou", "山田^太郎", ""), True),
        ("山田*=", ("yamada^tarou", "山田^太郎", ""), False),
        ("Yamada*=山田*", ("yamada^tarou", "山田^太郎", ""), True),
        ("*^Jean", ("dupont^jean", "", ""), True),
        ("Jean-François", ("jeanfrancois", "", ""), True),
    ],
)
def test_names_match_whatever_their_accents_and_case(key: str, name: tuple[str, str, str], matches: bool) -> None:  # noqa: FBT001
    test = read_test(BY_KEYWORD["PatientName"], key)
    assert isinstance(test, Name)
    assert test.matches(name) is matches


def test_fuzzy_matching_takes_the_words_in_any_order() -> None:
    test = read_test(BY_KEYWORD["PatientName"], "jean dup", Way(fuzzy=True))
    assert isinstance(test, Words)
    assert test.matches(("dupont^jean", "", ""))
    assert not test.matches(("martin^jean", "", ""))


def test_a_patient_id_is_compared_exactly() -> None:
    """OHIF looks for priors by PatientID alone: one that matched loosely would show another person's studies."""
    test = read_test(BY_KEYWORD["PatientID"], "ab1")
    assert isinstance(test, Text)
    assert [test.matches(value) for value in ("ab1", "AB1", "ab10", "xab1", "")] == [True, False, False, False, False]


@given(
    st.lists(st.tuples(st.sampled_from([*BY_KEYWORD, "limit", "x", "includefield"]), st.text(max_size=12)), max_size=4)
)
def test_any_query_is_read_or_refused(parameters: list[tuple[str, str]]) -> None:
    with contextlib.suppress(BadQuery):
        parse_qido(parameters, Level.INSTANCE)
