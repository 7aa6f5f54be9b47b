from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from primum.exposure.probe.web.json_scan import DEPTH, JSONScan

ROW = [
    {
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "CANARY^PATIENT"}]},
        "00100030": {"vr": "DA"},
        "0020000D": {"vr": "UI", "Value": ["1.2.3.4"]},
        "00080061": {"vr": "CS", "Value": ["US", "CT"]},
        "00081140": {"vr": "SQ", "Value": [{"00080018": {"vr": "UI", "Value": ["9.9"]}}]},
    }
]


def read(text: str | bytes, piece: int = 7, **wanted: Any) -> JSONScan:
    scan = JSONScan(**wanted)
    data = text.encode() if isinstance(text, str) else text
    for start in range(0, len(data), piece):
        if scan.feed(data[start : start + piece]):
            break
    return scan


def everything_in(thing: object) -> str:
    return repr([getattr(thing, name) for name in vars(thing)])


@pytest.mark.parametrize("piece", [1, 3, 100_000])
def test_tags_are_kept_with_whether_they_have_a_value(piece: int) -> None:
    scan = read(json.dumps(ROW, indent=1), piece)
    assert scan.tags == {"00100010", "00100030", "0020000D", "00080061", "00081140"}
    assert scan.valued == {"00100010", "0020000D", "00080061", "00081140"}
    assert (scan.elements, scan.whole, scan.broken, scan.is_dicom()) == (1, True, False, True)


def test_no_value_is_kept() -> None:
    scan = read(json.dumps(ROW), take=("0020000D",))
    assert "CANARY" not in everything_in(scan)
    assert "US" not in everything_in(scan).replace("U+", "")
    assert scan.taken == {"0020000D": "1.2.3.4"}


def test_a_value_cut_in_its_middle_is_not_kept_either() -> None:
    scan = JSONScan(keys=("a",))
    scan.feed(b'{"CANARY^NAME": 1, "b": "CANARY^PATI')
    assert "CANARY" not in everything_in(scan)


def test_what_is_taken_for_the_next_question_must_be_a_uid() -> None:
    row = [{"0020000D": {"vr": "UI", "Value": ["CANARY^PATIENT"]}, "0020000E": {"vr": "UI", "Value": ["1" * 65]}}]
    assert read(json.dumps(row), take=("0020000D", "0020000E")).taken == {}


def test_only_the_first_row_is_taken() -> None:
    rows = [{"0020000D": {"vr": "UI", "Value": [uid]}} for uid in ("1.2", "1.3")]
    assert read(json.dumps(rows), take=("0020000D",)).taken == {"0020000D": "1.2"}


def test_identifiers_of_orthanc_are_recognised_and_the_first_is_taken_only_if_asked_for() -> None:
    ids = ["-".join(["0123abcd"] * 5), "-".join(["89abcdef"] * 5), "CANARY"]
    assert read(json.dumps(ids)).identifiers == 2
    assert read(json.dumps(ids)).taken == {}
    assert read(json.dumps(ids), take=("*",)).taken == {"*": ids[0]}


def test_a_counter_is_read_as_a_number_or_as_digits() -> None:
    assert read('{"CountStudies": 12, "x": 3}', counters=("CountStudies",)).numbers == {"CountStudies": 12}
    assert read('{"CountStudies": "12"}', counters=("CountStudies",)).numbers == {"CountStudies": 12}
    assert read('{"CountStudies": "Durand"}', counters=("CountStudies",)).numbers == {}
    assert read('{"a": {"CountStudies": 12}}', counters=("CountStudies",)).numbers == {}


def test_keywords_are_told_where_they_have_a_value_however_deep() -> None:
    rows = [{"ID": "x", "MainDicomTags": {"PatientName": "CANARY", "PatientID": ""}, "Tags": {"StudyDate": None}}]
    scan = read(json.dumps(rows), words=("PatientName", "PatientID", "StudyDate"))
    assert scan.valued == {"PatientName"}
    assert "CANARY" not in everything_in(scan)


def test_keys_are_seen_in_an_object_and_in_the_objects_of_a_list() -> None:
    assert read('{"a": {"c": 1}, "b": []}', keys=("a", "b", "c")).seen == {"a", "b"}
    assert read('[{"a": 1}, {"b": 2}]', keys=("a", "b")).seen == {"a", "b"}


@pytest.mark.parametrize(
    "text",
    [
        "<html>",
        "[1,]",
        "{,}",
        '{"a" 1}',
        "[}",
        "[1]]",
        '{"a":1}{',
        "[" * (DEPTH + 1),
        '{"a":' * (DEPTH + 1),
        "1 2",
        "nul",
        '"text"',
    ],
)
def test_what_is_no_json_list_or_object_is_broken(text: str) -> None:
    scan = read(text)
    assert scan.broken or not scan.whole
    assert not scan.is_dicom()
    assert not scan.is_empty_list()


def test_nesting_without_end_stops_the_reading() -> None:
    scan = JSONScan()
    assert scan.feed(b"[" * 100_000)
    assert scan.broken


texts = st.text('aé"\\{}[],: 1\n\U0001f480', max_size=8)
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
documents = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=8)


@given(document=st.lists(documents) | st.dictionaries(texts, documents), piece=st.integers(1, 30), plain=st.booleans())
def test_whatever_python_writes_is_read_to_its_end(
    document: list[Any] | dict[str, Any], piece: int, *, plain: bool
) -> None:
    scan = read(json.dumps(document, ensure_ascii=plain), piece)
    assert scan.whole
    assert not scan.broken
    assert scan.elements == (len(document) if isinstance(document, list) else 0)


@settings(max_examples=50)
@given(st.binary(max_size=200), st.integers(1, 20))
def test_no_bytes_make_it_fail(data: bytes, piece: int) -> None:
    read(data, piece, keys=("a",), counters=("b",), take=("*", "0020000D"))
