import pytest

from primum.doors.web.rows import row, split_name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Dupont^Jeanne^Marie^Dr^Jr", ("Dupont", "Dr Jeanne Marie Jr")),
        ("Dupont", ("Dupont", "")),
        ("^Jeanne", ("", "Jeanne")),
        ("", ("", "")),
        ("a^b^c^d^e^f", ("a", "d b c e")),
    ],
)
def test_a_name_is_shown_as_it_is_spoken(name, shown):
    assert split_name(name) == shown


@pytest.mark.parametrize(
    "strange",
    [{}, {"vr": "IS"}, {"vr": "IS", "Value": []}, {"vr": "IS", "Value": [None]}, {"vr": "IS", "Value": ["x"]}],
)
def test_what_is_missing_or_strange_is_left_empty(strange):
    keys = ("00100010", "00100020", "00100030", "00080020", "00080061", "00201206", "00201208")
    made = row(dict.fromkeys(keys, strange), "fr", address="", controller="", flags=())
    assert made.series == made.instances == 0
    assert made.spoken == ""


def test_another_script_s_name_is_shown_where_there_is_no_alphabetic_one():
    name = {"00100010": {"vr": "PN", "Value": [{"Ideographic": "山田^太郎"}]}}
    assert row(name, "fr", address="", controller="", flags=()).spoken == "山田 太郎"
