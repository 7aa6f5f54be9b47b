import pytest
from hypothesis import given, strategies as st

from primum.imaging.names import PersonName, compatible, fold, fold_group, name_key, parse_name, squeeze


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("LEFÈVRE", "lefevre"), ("Œuvrard", "oeuvrard"), ("Straße", "strasse"), ("Sørensen", "sorensen"),
        ("Łukasz", "lukasz"), ("Đặng", "dang"), ("Æsir", "aesir"), ("İbrahim", "ibrahim"), ("ΑΘΉΝΑ", "αθηνα"),
        ("\uff24\uff55\uff50\uff4f\uff4e\uff54", "dupont"), ("Þór", "thor"),
    ],
)  # fmt: skip
def test_accents_case_and_ligatures_do_not_tell_two_names_apart(written: str, folded: str) -> None:
    assert fold(written) == folded


@pytest.mark.parametrize(
    "written", ["Jean-François", "JEAN FRANCOIS", "jean\u2010françois", "Jean.Francois", "JEANFRANÇOIS"]
)
def test_hyphens_and_spaces_do_not_tell_two_names_apart(written: str) -> None:
    assert squeeze(written) == "jeanfrancois"


def test_kana_and_hangul_keep_what_makes_them_other_letters() -> None:
    assert fold("ガ") != fold("カ")
    assert fold("홍길동") == "홍길동"


@given(st.text(max_size=20))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert squeeze(squeeze(text)) == squeeze(text)


def test_a_name_has_three_groups_without_padding() -> None:
    name = parse_name("Yamada^Tarou^^^=山田^太郎=やまだ^たろう=more ")
    assert name == PersonName("Yamada^Tarou", "山田^太郎", "やまだ^たろう")
    assert name.json() == {"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎", "Phonetic": "やまだ^たろう"}
    assert parse_name(name.text()) == name
    assert fold_group("DUPONT^^^") == "dupont"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("DUPONT^JEAN", "Dupont^Jean-Pierre", True),
        ("DUPONT^JEAN", "DUPONT", True),
        ("DUPONT JEAN", "DUPONT^JEAN", True),
        ("", "DUPONT^JEAN", True),
        ("DUPONT^JEAN", "DUPONT^PAUL", False),
        ("DUPONT^JEAN", "MARTIN^JEAN", False),
        ("DUPONT MARTIN", "DUPONT^JEAN", False),
        ("=山田^太郎", "=山田^太郎=やまだ^たろう", True),
    ],
)
def test_which_names_may_be_of_one_person(one: str, other: str, same: bool) -> None:  # noqa: FBT001
    assert compatible(parse_name(one), parse_name(other)) is same
    assert compatible(parse_name(other), parse_name(one)) is same


def test_the_key_of_a_name_is_its_family_and_first_given_name() -> None:
    assert name_key(parse_name("O'Brien^Mary Jane^X^Dr")).text() == "obrien^mary"
