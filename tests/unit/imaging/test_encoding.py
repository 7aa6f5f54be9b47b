"""What we write over DIMSE reads back as it was, by our own reading and by pydicom's."""

from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from pydicom import dcmread

from primum.imaging.dicomjson import Encoder
from primum.imaging.encoding import encode_data_set, fitting_charset, json_of
from primum.imaging.errors import DataSetTooLarge, UnknownSyntax
from primum.imaging.limits import Limits
from primum.imaging.syntaxes import DEFLATED, EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE, syntax_of

NATIVE = [IMPLICIT_LE, EXPLICIT_LE, EXPLICIT_BE]
WORKLIST = json_of(
    {
        0x00100010: "Lefèvre^Anne=山田^太郎",
        0x00100020: "P1",
        0x00100030: "19800101",
        0x00080050: "",
        0x0020000D: "1.2.3",
        0x00280010: 512,
        0x00101030: 61.5,
        0x00400100: [{0x00400001: "CT1", 0x00080060: "CT", 0x00400002: "20260101", 0x00400008: [{0x00080100: "X"}]}],
        0x00081110: [],
    }
)


def read(data: bytes, syntax: str) -> dict[str, Any]:
    found = Encoder(memoryview(data), syntax_of(syntax)).data_set()
    found.pop("00080005", None)
    return found


@pytest.mark.parametrize("syntax", NATIVE)
def test_a_data_set_with_sequences_reads_back_as_it_was(syntax: str) -> None:
    assert read(encode_data_set(WORKLIST, syntax), syntax) == dict(sorted(WORKLIST.items()))


@pytest.mark.parametrize("syntax", NATIVE)
def test_pydicom_reads_what_we_write(syntax: str) -> None:
    data = encode_data_set(WORKLIST, syntax)
    found = dcmread(BytesIO(_file(data, syntax)))
    assert found.SpecificCharacterSet == "ISO_IR 192"
    assert found.PatientName.ideographic == "山田^太郎"
    step = found.ScheduledProcedureStepSequence[0]
    assert (step.ScheduledStationAETitle, step.ScheduledProtocolCodeSequence[0].CodeValue) == ("CT1", "X")
    assert (found.Rows, found.AccessionNumber, list(found.ReferencedStudySequence)) == (512, "", [])


def _file(data: bytes, syntax: str) -> bytes:
    uid = syntax.encode() + b"\0" * (len(syntax) % 2)
    return bytes(128) + b"DICM\x02\x00\x10\x00UI" + len(uid).to_bytes(2, "little") + uid + data


TEXT = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="\\^="), min_size=1, max_size=12)
ATTRIBUTES = st.fixed_dictionaries(
    {},
    optional={
        "00081030": st.builds(lambda text: {"vr": "LO", "Value": [text]}, TEXT),
        "00100010": st.builds(lambda text: {"vr": "PN", "Value": [{"Alphabetic": text}]}, TEXT),
        "00104000": st.builds(lambda text: {"vr": "LT", "Value": [text]}, TEXT),
        "00280010": st.builds(lambda n: {"vr": "US", "Value": [n]}, st.integers(0, 65535)),
        "00201208": st.builds(lambda n: {"vr": "IS", "Value": [n]}, st.integers(-(10**9), 10**9)),
        "00720074": st.builds(lambda n: {"vr": "FD", "Value": n}, st.lists(st.floats(allow_nan=False, width=32).filter(
            lambda n: abs(n) < 1e30), min_size=1, max_size=3)),
        "00280009": st.just({"vr": "AT", "Value": ["00181063", "00100010"]}),
        "00420011": st.just({"vr": "OB", "InlineBinary": "AAECAw=="}),
        "00660016": st.just({"vr": "OF", "InlineBinary": "AAECAw=="}),
    },
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.builds(lambda outer, inner: {**outer, "00081110": {"vr": "SQ", "Value": inner}}, ATTRIBUTES,
              st.lists(ATTRIBUTES, min_size=1, max_size=3)),
    st.sampled_from(NATIVE),
    st.sampled_from(["ISO_IR 192", "ISO_IR 100", "GB18030", "ISO_IR 13", ""]),
)  # fmt: skip
def test_anything_reads_back_as_it_was(attributes: dict[str, Any], syntax: str, charset: str) -> None:
    assert read(encode_data_set(attributes, syntax, charset), syntax) == dict(sorted(attributes.items()))


@pytest.mark.parametrize(
    ("name", "wished", "taken"),
    [
        ("LEFÈVRE^ANNE", "ISO_IR 100", "ISO_IR 100"),
        ("ŒUVRE^ANNE", "ISO_IR 100", "ISO_IR 192"),
        ("DUPONT^JEAN", "", ""),
        ("LEFÈVRE^ANNE", "", "ISO_IR 192"),
        ("LEFÈVRE^ANNE", "ISO 2022 IR 6\\ISO 2022 IR 100", "ISO_IR 100"),
        ("山田^太郎", "ISO 2022 IR 6\\ISO 2022 IR 87", "ISO_IR 192"),
        ("DUPONT^JEAN", "ISO_IR 4711", "ISO_IR 192"),
        ("山田^太郎", "ISO_IR 13", "ISO_IR 192"),
        ("山田^太郎", "GB18030", "GB18030"),
    ],
)
def test_text_that_does_not_fit_what_was_wished_for_goes_as_utf_8(name: str, wished: str, taken: str) -> None:
    attributes = json_of({0x00081110: [{0x00100010: name}]})
    assert fitting_charset(attributes, wished) == taken
    assert read(encode_data_set(attributes, EXPLICIT_LE, wished), EXPLICIT_LE) == attributes


def test_a_long_decimal_keeps_to_its_sixteen_characters() -> None:
    data = encode_data_set(json_of({0x00101030: 1 / 3 * 1e-7}), IMPLICIT_LE, "")
    assert float(data[8:]) == pytest.approx(1 / 3 * 1e-7, rel=1e-9)
    assert len(data) <= 8 + 16


def test_a_text_too_long_for_its_length_field_goes_as_unknown() -> None:
    data = encode_data_set({"00081030": {"vr": "LO", "Value": ["x" * 70000]}}, EXPLICIT_LE, "")
    assert data[4:6] == b"UN"
    assert read(data, EXPLICIT_LE)["00081030"]["Value"] == ["x" * 70000]


def test_nesting_without_end_and_compressed_syntaxes_are_refused() -> None:
    nested: dict[str, Any] = {}
    for _ in range(5):
        nested = {"00081110": {"vr": "SQ", "Value": [nested]}}
    with pytest.raises(DataSetTooLarge):
        encode_data_set(nested, EXPLICIT_LE, limits=Limits(depth=4))
    for syntax in (DEFLATED, "1.2.840.10008.1.2.4.50"):
        with pytest.raises(UnknownSyntax):
            encode_data_set({}, syntax)
