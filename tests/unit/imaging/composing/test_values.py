"""What a stranger's metadata may say, and that what it says is what is written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from primum.imaging.composing.errors import BadMetadata
from primum.imaging.composing.limits import ComposingLimits
from primum.imaging.composing.values import Checker
from primum.imaging.composing.xmlreading import read_xml
from primum.imaging.dicomjson import read_attributes
from primum.imaging.dicomxml import to_xml
from primum.imaging.encoding import encode_data_set
from primum.imaging.errors import DataSetTooLarge
from primum.imaging.syntaxes import EXPLICIT_LE


@pytest.mark.parametrize(
    ("vr", "value"),
    [
        ("US", -1), ("US", 65536), ("US", None), ("US", True), ("US", 1.5), ("US", "x"), ("SS", 40000), ("UV", 1 << 64),
        ("FL", 1e39), ("FD", "x"), ("FD", True), ("DS", "1,5"), ("DS", True), ("DS", [1]), ("IS", 1.5), ("IS", "1A"),
        ("IS", 10**13), ("AT", "0010"), ("AT", 16), ("UI", "1.2.x"), ("CS", "é"), ("LO", "a\\b"), ("LO", "a\0"),
        ("LO", 7), ("LO", "\ud800"), ("PN", 7), ("PN", {"Latin": "a"}), ("PN", {"Alphabetic": "a=b"}),
        ("PN", {"Alphabetic": 1}), ("SQ", 7), ("SQ", "a"), ("OB", "AA=="), ("UN", 1), ("ZZ", "a"),
    ],
)  # fmt: skip
def test_a_value_that_its_representation_cannot_have_is_refused(vr: str, value: object) -> None:
    with pytest.raises(BadMetadata):
        Checker().data_set({"00091001": {"vr": vr, "Value": [value]}})


@pytest.mark.parametrize(
    "attribute",
    [
        7, {"vr": "LO", "Value": "a"}, {"vr": "LT", "Value": ["a", "b"]}, {"vr": 7},
        {"vr": "LO", "InlineBinary": "AA=="},
        {"vr": "OB", "InlineBinary": "*"}, {"vr": "OB", "InlineBinary": 7}, {"vr": "OB", "BulkDataURI": ""},
        {"vr": "SQ", "BulkDataURI": "a"}, {"vr": "OB", "BulkDataURI": "a" * 2000},
        {"vr": "OB", "BulkDataURI": "a", "InlineBinary": "AA=="},
    ],
)  # fmt: skip
def test_an_attribute_that_is_none_is_refused(attribute: object) -> None:
    with pytest.raises(BadMetadata):
        Checker().data_set({"00091001": attribute})


@pytest.mark.parametrize("tag", ["", "0010", "0010001G", "PatientName", "001000100"])
def test_an_attribute_without_a_tag_is_refused(tag: str) -> None:
    with pytest.raises(BadMetadata):
        Checker().data_set({tag: {"vr": "LO"}})


def test_the_same_tag_in_two_cases_is_refused() -> None:
    with pytest.raises(BadMetadata):
        Checker().data_set({"0009100A": {"vr": "LO"}, "0009100a": {"vr": "LO"}})


def test_attributes_of_a_request_are_counted_together() -> None:
    checker = Checker(ComposingLimits(containers=3))
    checker.data_set({"00100010": {}, "00100020": {}})
    with pytest.raises(DataSetTooLarge):
        checker.data_set({"00100010": {}, "00100020": {}})


_TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\\^="), max_size=12).map(str.strip)
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "LO": _TEXT.filter(bool),
    "UT": _TEXT.filter(bool),
    "PN": st.fixed_dictionaries({"Alphabetic": st.from_regex(r"[a-zé]{1,5}(\^[a-z]{1,5}){0,4}", fullmatch=True)}),
    "US": st.integers(0, 65535),
    "SL": st.integers(-(1 << 31), (1 << 31) - 1),
    "UV": st.integers(0, (1 << 64) - 1),
    "FD": st.floats(allow_nan=False, allow_infinity=False),
    "IS": st.integers(-(1 << 31), (1 << 31) - 1),
    "DS": st.integers(-(10**9), 10**9).map(lambda one: one / 1024),
    "AT": st.from_regex(r"[0-9A-F]{8}", fullmatch=True),
    "UI": st.from_regex(r"[1-9](\.[1-9]){0,9}", fullmatch=True),
}


@st.composite
def data_sets(draw: st.DrawFn, depth: int = 2) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for number in range(draw(st.integers(0, 4))):
        vr = draw(st.sampled_from([*_VALUES, *(["SQ"] if depth else [])]))
        most = 1 if vr == "UT" else 3
        inside = data_sets(depth - 1) if vr == "SQ" else _VALUES[vr]
        made[f"000910{number:02X}"] = {"vr": vr, "Value": draw(st.lists(inside, min_size=1, max_size=most))}
    return made


@settings(max_examples=40)
@given(data_sets())
def test_what_is_written_reads_the_same_by_json_and_by_xml(one: dict[str, Any]) -> None:
    by_json = Checker().data_set(json.loads(json.dumps(one)))
    by_xml = Checker().data_set(read_xml([to_xml(one)]))
    assert encode_data_set(by_json, EXPLICIT_LE) == encode_data_set(by_xml, EXPLICIT_LE)
    back = read_attributes(encode_data_set(by_json, EXPLICIT_LE), EXPLICIT_LE)
    del back["00080005"]
    assert _plain(back) == _plain(one)


def _plain(one: Any) -> Any:
    """A DS has sixteen characters."""
    if isinstance(one, dict) and one.get("vr") == "DS":
        return [pytest.approx(value, rel=1e-9) for value in one["Value"]]
    if isinstance(one, dict):
        return {key: _plain(value) for key, value in one.items()}
    return [_plain(value) for value in one] if isinstance(one, list) else one


def attribute(tag: str, vr: str, inside: str, more: str = "") -> str:
    return f'<dcm:DicomAttribute tag="{tag}" vr="{vr}"{more}>{inside}</dcm:DicomAttribute>'


def value(number: object, text: str = "a") -> str:
    return f'<dcm:Value number="{number}">{text}</dcm:Value>'


def document(text: str) -> dict[str, Any]:
    head = '<dcm:NativeDicomModel xmlns:dcm="http://dicom.nema.org/PS3.19/models/NativeDICOM">'
    return read_xml([f"{head}{text}</dcm:NativeDicomModel>".encode()])


def test_private_attributes_named_by_their_creator_get_a_block() -> None:
    reserved = attribute("00090010", "LO", value(1, "ACME"))
    named = [attribute("00090002", "LO", value(1), f' privateCreator="{one}"') for one in ("ACME", "OTHER")]
    found = document(reserved + "".join(named))
    assert found.keys() == {"00090010", "00091002", "00090011", "00091102"}
    assert found["00090011"]["Value"] == ["OTHER"]


@pytest.mark.parametrize(
    "text",
    [
        attribute("00100020", "LO", "<dcm:Value>a</dcm:Value>"),
        attribute("00100020", "LO", value(0)),
        attribute("00100020", "LO", value(70_000)),
        attribute("00100020", "LO", value(1) * 2),
        attribute("00280010", "US", value(1)),
        attribute("00420011", "OB", '<dcm:BulkData uuid="a"/>'),
        attribute("00420011", "OB", '<dcm:BulkData uri="a"/>' * 2),
        attribute("00420011", "OB", '<dcm:BulkData uri="a"/><dcm:InlineBinary/>'),
        "<dcm:Value/>",
    ],
)
def test_a_document_that_is_not_of_the_model_is_refused(text: str) -> None:
    with pytest.raises(BadMetadata):
        document(text)
