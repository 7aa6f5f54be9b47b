"""An identifier is read as the same criteria as parameters would be; what is wrong with it is refused."""

from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given, settings, strategies as st

from primum.imaging.attributes import BY_KEYWORD, Level
from primum.imaging.encoding import encode_data_set, json_of
from primum.imaging.errors import BadIdentifier, BadQuery, DamagedDataSet, DataSetTooLarge, ImagingRefusal
from primum.imaging.identifier import Model, answer, parse_identifier
from primum.imaging.limits import Limits
from primum.imaging.matching import InItem, Instants, OneOf, Text
from primum.imaging.query import parse_qido
from primum.imaging.syntaxes import EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE

NATIVE = [IMPLICIT_LE, EXPLICIT_LE, EXPLICIT_BE]
LEVEL = 0x00080052


def written(values: dict[str | int, object], syntax: str = EXPLICIT_LE, level: str = "STUDY") -> bytes:
    tags = {BY_KEYWORD[key].tag if isinstance(key, str) else key: value for key, value in values.items()}
    return encode_data_set(json_of({LEVEL: level, **tags}), syntax)


TEXT = st.text(st.characters(categories=["L", "N"], include_characters="*?^=- "), max_size=10)
KEYS = st.dictionaries(
    st.sampled_from(["PatientName", "PatientID", "StudyDescription", "AccessionNumber", "IssuerOfPatientID"]), TEXT,
    min_size=1, max_size=3,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(KEYS, st.sampled_from(NATIVE))
def test_both_languages_are_read_alike(keys: dict[str, str], syntax: str) -> None:
    # what a data set cannot hold at the end of a value is padding
    keys = {key: value.rstrip(" ^=" if key == "PatientName" else " ") for key, value in keys.items()}
    try:
        expected = parse_qido(list(keys.items()), Level.STUDY)
    except BadQuery:
        with pytest.raises(BadIdentifier):
            parse_identifier(written(dict(keys), syntax), syntax, Model.STUDY_ROOT)
        return
    found = parse_identifier(written(dict(keys), syntax), syntax, Model.STUDY_ROOT)
    assert set(found.criteria.keys) == set(expected.keys)
    assert not found.unsupported


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(NATIVE), st.sampled_from(list(Model)))
def test_any_bytes_are_read_or_refused(data: bytes, syntax: str, model: Model) -> None:
    for body in (data, written({"PatientID": "P1"}, syntax) + data):
        with contextlib.suppress(ImagingRefusal):
            parse_identifier(body, syntax, model)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 400), st.binary(min_size=1, max_size=4))
def test_a_good_identifier_gone_bad_is_read_or_refused(at: int, instead: bytes) -> None:
    good = written({"PatientName": "A*", "StudyDate": "20260101-", 0x00400275: [{0x00400009: "S"}]})
    at %= len(good)
    with contextlib.suppress(ImagingRefusal):
        parse_identifier(good[:at] + instead + good[at + len(instead) :], EXPLICIT_LE, Model.STUDY_ROOT)


def test_sequences_without_end_and_identifiers_without_measure_are_refused() -> None:
    nested = b"\x40\x00\x75\x02SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * 50_000
    with pytest.raises((DamagedDataSet, DataSetTooLarge)):
        parse_identifier(written({}) + nested, EXPLICIT_LE, Model.STUDY_ROOT)
    many = b"".join(struct.pack("<HH2sH", 0x0011, 0x1000 + n, b"LO", 0) for n in range(2000))
    with pytest.raises(DataSetTooLarge):
        parse_identifier(written({}) + many, EXPLICIT_LE, Model.STUDY_ROOT)
    two = written({0x00400275: [{0x00400009: "A"}, {0x00400009: "B"}]}, level="STUDY")
    with pytest.raises(BadIdentifier):
        parse_identifier(two, EXPLICIT_LE, Model.STUDY_ROOT)


def test_many_stars_and_long_lists_are_refused() -> None:
    limits = Limits(query_list=10)
    for keys in (
        {"PatientName": "*a" * 9},
        {"PatientID": "\\".join(f"*{n}*" for n in range(17))},
        {"PatientID": "x" * 5000},
        {"StudyInstanceUID": "\\".join(f"1.{n}" for n in range(11))},
    ):
        with pytest.raises(BadIdentifier):
            parse_identifier(written(dict(keys), IMPLICIT_LE), IMPLICIT_LE, Model.STUDY_ROOT, limits=limits)


def test_an_item_is_read_into_a_test_of_items() -> None:
    asked = {"StudyInstanceUID": "1.2", 0x00400275: [{0x00400009: "S1", 0x00401001: "", 0x00400007: "X"}]}
    found = parse_identifier(written(asked, level="SERIES"), EXPLICIT_LE, Model.STUDY_ROOT)
    tests = {key.attribute.keyword: key.test for key in found.criteria.keys}
    assert tests == {
        "StudyInstanceUID": OneOf(("1.2",)),
        "RequestAttributesSequence": InItem(((0x00400009, Text(("S1",))),)),
    }
    assert found.unsupported  # the description of the step is returned, not matched
    assert found.inside == {0x00400275: frozenset({0x00400009, 0x00401001, 0x00400007})}
    item = {"00400009": {"vr": "SH", "Value": ["S1"]}, "00400008": {"vr": "SQ"}}
    said = answer(found, {"00400275": {"vr": "SQ", "Value": [item]}}, "PRIMUM")
    assert said["00400275"]["Value"] == [
        {"00400007": {"vr": "LO"}, "00400009": {"vr": "SH", "Value": ["S1"]}, "00401001": {"vr": "SH"}}
    ]


def test_a_zone_makes_instants_and_is_no_filter() -> None:
    found = parse_identifier(
        written({"StudyDate": "20260101", "TimezoneOffsetFromUTC": "+0200"}), EXPLICIT_LE, Model.STUDY_ROOT
    )
    (key,) = found.criteria.keys
    assert isinstance(key.test, Instants)
    assert (key.test.zone, key.test.days) == (120, ("20251231", "20260102"))
    assert not found.unsupported
    apart = parse_identifier(written({"StudyDate": "20260101-", "StudyTime": "10-"}), EXPLICIT_LE, Model.STUDY_ROOT)
    assert len(apart.criteria.keys) == 2


def test_a_number_in_binary_is_a_number() -> None:
    keys = {"StudyInstanceUID": "1.2", "SeriesInstanceUID": "1.3", "Rows": 512}
    for syntax in NATIVE:
        found = parse_identifier(written(dict(keys), syntax, "IMAGE"), syntax, Model.STUDY_ROOT)
        assert any(str(key.test) == "Number(number=512)" for key in found.criteria.keys)
