"""PS3.4 K: what matches a question, and what is said of it."""

import contextlib

import pytest
from hypothesis import given, strategies as st
from tests.unit.imaging.orders.kit import someone

from primum.imaging.errors import BadQuery
from primum.imaging.orders import Code, Identifier
from primum.imaging.orders.values import element, sequence, text
from primum.imaging.orders.worklist import SPS, answer, attributes, matches, question

FULL_WIDTH = "\uff12\uff10\uff12\uff16\uff10\uff13\uff10\uff13"
"""Digits to Python, not to DICOM."""


def asked(step=None, **keys):
    found = {tag: element(vr, *([value] if value else [])) for tag, (vr, value) in keys.items()}
    if step is not None:
        found[SPS] = sequence({tag: element(vr, *([value] if value else [])) for tag, (vr, value) in step.items()})
    return question(found)


def in_step(**keys):
    return asked({tag[1:]: pair for tag, pair in keys.items()})


@pytest.fixture
def entry(kit):
    patient = someone(ins="161037511603256", ins_oid="1.2.250.1.213.1.4.8", birth_name="Morin^Hélène")
    return kit.place(
        patient, accession="A17", number="S1", station_aet="CT1", performer="Roche^Anaïs", reason="Toux",
        protocol=Code("P1", "99LOCAL", "Thorax"), referrer="Ocaña^Inès",
    )  # fmt: skip


def hit(entry, question_):
    return matches(question_, entry, "CT9")


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ({"t00400001": ("AE", "CT1")}, True), ({"t00400001": ("AE", "CT2")}, False),
        ({"t00080060": ("CS", "CT")}, True), ({"t00080060": ("CS", "MR")}, False),
        ({"t00400006": ("PN", "roche^*")}, True), ({"t00400006": ("PN", "DUPONT*")}, False),
        ({"t00400009": ("SH", "S1")}, True), ({"t00400020": ("CS", "STARTED")}, False),
        ({"t00400002": ("DA", "20260303")}, True), ({"t00400002": ("DA", "20260304")}, False),
        ({"t00400002": ("DA", "20260301-20260303")}, True), ({"t00400002": ("DA", "-20260302")}, False),
        ({"t00400002": ("DA", "20260304-")}, False), ({"t00400002": ("DA", "2026.03.03")}, True),
        ({"t00400003": ("TM", "1000-1100")}, True), ({"t00400003": ("TM", "1100-1200")}, False),
        ({"t00400003": ("TM", "1030")}, True), ({"t00400003": ("TM", "10")}, True),
        ({"t00400003": ("TM", "103000.0-110000.0")}, True), ({"t00400003": ("TM", "1031-")}, False),
        # K.6-1: a range of dates and one of times are one period
        ({"t00400002": ("DA", "20260302-20260304"), "t00400003": ("TM", "1800-0600")}, True),
        ({"t00400002": ("DA", "20260303-20260304"), "t00400003": ("TM", "1100-0600")}, False),
        ({"t00400002": ("DA", "20260301-20260303"), "t00400003": ("TM", "0900-1000")}, False),
    ],
)  # fmt: skip
def test_keys_of_the_scheduled_step(entry, keys, found):
    assert hit(entry, in_step(**keys)) is found


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ({"00100010": ("PN", "LEFEVRE*")}, True), ({"00100010": ("PN", "Lefèvre^Hélène")}, True),
        ({"00100010": ("PN", "lef?vre^h*")}, True), ({"00100010": ("PN", "LEFEVRE")}, False),
        ({"00100010": ("PN", "*")}, True), ({"00100020": ("LO", "P1")}, True), ({"00100020": ("LO", "P")}, False),
        ({"00080050": ("SH", "A17")}, True), ({"00080050": ("SH", "A1?")}, True), ({"00080050": ("SH", "B*")}, False),
        ({"00100030": ("DA", "19610314")}, True), ({"00100030": ("DA", "19620101-")}, False),
        ({"0020000D": ("UI", "1.2.3")}, False), ({"00401001": ("SH", "A17")}, True),
        ({"00080090": ("PN", "OCANA*")}, True), ({}, True),
    ],
)  # fmt: skip
def test_keys_of_the_top_level(entry, keys, found):
    assert hit(entry, asked(**keys)) is found


def test_a_step_without_an_hour_is_in_every_hour_of_its_day(kit):
    entry = kit.place(start="20260303")
    assert hit(entry, in_step(t00400002=("DA", "20260303"), t00400003=("TM", "1700-1800")))
    assert not hit(entry, in_step(t00400002=("DA", "20260304"), t00400003=("TM", "1700-1800")))


@pytest.mark.parametrize(
    "date", ["2026030", "20260305-20260303", "yesterday", "20260303-20260304-20260305", FULL_WIDTH]
)
def test_a_date_that_is_not_one_is_refused(date):
    with pytest.raises(BadQuery):
        in_step(t00400002=("DA", date))
    with pytest.raises(BadQuery):
        asked(**{"00100030": ("DA", date if date != "20260305-20260303" else "x")})


@pytest.mark.parametrize(("date", "time"), [("", "1100-1000"), ("20260303", "1100-1000"), ("20260304-20260303", "")])
def test_a_period_that_runs_backwards_is_refused(date, time):
    with pytest.raises(BadQuery):
        in_step(t00400002=("DA", date), t00400003=("TM", time))


def test_more_than_one_item_is_refused():
    with pytest.raises(BadQuery):
        question({SPS: sequence({}, {})})


def test_a_question_with_too_many_keys_is_refused():
    with pytest.raises(BadQuery):
        question({f"{tag:08X}": {"vr": "LO"} for tag in range(0x00100000, 0x00100100)})


def test_the_answer_holds_what_was_asked_and_nothing_else(entry):
    wanted = asked({"00400001": ("AE", ""), "00400003": ("TM", "")}, **{"00100010": ("PN", ""), "00200010": ("SH", "")})
    told = answer(wanted, entry, "CT9")
    assert sorted(told) == ["00100010", SPS]
    (step,) = told[SPS]["Value"]
    assert {tag: text(step, tag) for tag in step} == {"00400001": "CT1", "00400003": "103000"}


def test_an_empty_sequence_asks_for_the_whole_step(entry):
    for wanted in (question({SPS: {"vr": "SQ"}}), question({SPS: sequence({})})):
        (step,) = answer(wanted, entry, "CT9")[SPS]["Value"]
        assert text(step, "00400009") == "S1"
        assert text(step, "00400007") == "Thorax"


def test_a_key_that_is_not_compared_is_admitted_to(entry):
    assert asked(**{"00101030": ("DS", "70")}).partly
    assert not asked({"00080060": ("CS", "CT")}, **{"00100010": ("PN", "A*"), "00101030": ("DS", "")}).partly


def test_type_1_attributes_have_a_value_even_of_a_step_for_any_station(kit):
    entry = kit.place(start="20260303")
    whole = attributes(entry, "CT9")
    (step,) = whole[SPS]["Value"]
    for tag in ("00400001", "00400002", "00400003", "00080060", "00400009", "00400007"):
        assert text(step, tag)
    for tag in ("0020000D", "00401001", "00100010", "00100020", "00321060"):
        assert text(whole, tag)
    assert text(step, "00400001") == "CT9"


def test_a_qualified_ins_goes_with_its_oid(entry):
    (other,) = attributes(entry, "")["00101002"]["Value"]
    (issuer,) = other["00100024"]["Value"]
    assert (text(other, "00100020"), text(issuer, "00400032")) == ("161037511603256", "1.2.250.1.213.1.4.8")
    assert text(attributes(entry, ""), "00101005") == "Morin^Hélène"


def test_other_identifiers_keep_their_issuer(kit):
    entry = kit.place(someone(others=(Identifier("CHU", "77"),)))
    (other,) = attributes(entry, "")["00101002"]["Value"]
    assert (text(other, "00100020"), text(other, "00100021")) == ("77", "CHU")


@given(st.dictionaries(st.sampled_from(["00100010", "00400100", "00080050", "00100030"]), st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["Value", "vr", "Alphabetic"]), inner),
    max_leaves=10,
)))  # fmt: skip
def test_no_identifier_does_more_than_be_refused(identifier):
    with contextlib.suppress(BadQuery):
        question(identifier)
