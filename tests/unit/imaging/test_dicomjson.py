import base64
import contextlib
import json
import math
import re
import struct
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from tests.unit.imaging.conftest import data_set, element, slice_of
from tests.unit.imaging.oracle import Sample, sample, samples

from primum.imaging.charsets import charset_of
from primum.imaging.dicomjson import Encoder, to_little, values_of
from primum.imaging.errors import DamagedDataSet, DataSetTooLarge, ImagingRefusal
from primum.imaging.limits import Limits
from primum.imaging.syntaxes import EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE, syntax_of
from primum.imaging.walker import PIXEL_TAGS, inflate

REFUSED = {"SC_rgb_jpeg.dcm", "rtplan_truncated.dcm"}
"""The first says explicit VR in its meta information and is implicit; the second is truncated."""


def encode(data: bytes, syntax: str, root: str = "") -> dict[str, Any]:
    known = syntax_of(syntax)
    clear = inflate(data, 1 << 28)[0] if known.deflated else data
    return Encoder(memoryview(clear), known, root).data_set()


def plain(encoded: dict[str, Any]) -> dict[str, Any]:
    """What both agree to disagree on, taken out: what we leave out, empty values, padding, private dictionaries."""
    kept = {}
    for key, value in encoded.items():
        tag = int(key, 16)
        if not tag & 0xFFFF or tag in {*PIXEL_TAGS, 0x00080001, 0x00080005, 0xFFFCFFFC} or tag >> 16 & 1:
            continue
        kept[key] = {"vr": value["vr"], **_value(value)}
    return kept


def _value(value: dict[str, Any]) -> dict[str, Any]:
    if value["vr"] == "SQ":
        return {"Value": [plain(item) for item in value.get("Value", [])]}
    values = [_one(one) for one in value.get("Value", [])]
    found = {"Value": values} if any(one is not None for one in values) else {}
    return found | ({"InlineBinary": value["InlineBinary"]} if value.get("InlineBinary") else {})


def _one(value: Any) -> Any:
    if isinstance(value, dict):
        groups = {group: re.sub(r"\^+$", "", text) for group, text in value.items()}
        return {group: text for group, text in groups.items() if text} or None
    return (value.strip() or None) if isinstance(value, str) else value


@pytest.mark.filterwarnings("ignore")  # of pydicom, about its own files
@pytest.mark.parametrize("one", samples(), ids=lambda one: one.name)
def test_json_is_what_pydicom_makes_of_the_same_file(one: Sample) -> None:
    try:
        ours = encode(one.data, one.syntax)
    except ImagingRefusal:
        assert one.path.name in REFUSED
        return
    json.dumps(ours, allow_nan=False)
    theirs = one.dataset().to_json_dict(bulk_data_threshold=1 << 40, suppress_invalid_tags=True)
    mine, wanted = plain(ours), plain(theirs)
    # pydicom leaves out a sequence or number it finds invalid, where we give what is there
    assert {key: mine.get(key) for key in wanted} == wanted
    assert mine.keys() - wanted.keys() <= {"00280008", "300C0002"}


def test_a_long_binary_value_becomes_an_address_and_a_short_one_stays() -> None:
    values = slice_of() | {0x00281201: ("OW", bytes(2000)), 0x00281202: ("OW", b"\1\2")}
    found = encode(data_set(values), EXPLICIT_LE, "/root/")
    assert found["00281201"] == {"vr": "OW", "BulkDataURI": "/root/00281201"}
    assert found["00281202"] == {"vr": "OW", "InlineBinary": base64.b64encode(b"\1\2").decode()}


def test_bulk_data_inside_a_sequence_have_a_path() -> None:
    item = element(0x00281201, "OW", bytes(2000))
    sequence = struct.pack("<HHI", 0xFFFE, 0xE000, len(item)) + item
    found = encode(data_set(slice_of() | {0x00400275: ("SQ", sequence)}), EXPLICIT_LE, "/root/")
    assert found["00400275"]["Value"][0]["00281201"]["BulkDataURI"] == "/root/00400275/0/00281201"


def test_json_never_holds_a_number_that_json_does_not_have() -> None:
    raw = struct.pack("<3d", math.nan, math.inf, 1.5)
    assert values_of("FD", raw, charset_of(b""), little=True) == ([None, None, 1.5], False)
    assert values_of("DS", b"1e999\\nan\\1.5 \\", charset_of(b""), little=True)[0] == ["1e999", "nan", 1.5, None]
    assert values_of("IS", b"12 \\ +3\\1.0", charset_of(b""), little=True)[0] == [12, 3, "1.0"]


def test_implicit_and_explicit_say_the_same() -> None:
    explicit = encode(sample("image_dfl.dcm").data, sample("image_dfl.dcm").syntax)
    implicit = sample("rtplan.dcm")
    assert implicit.syntax == IMPLICIT_LE
    assert encode(implicit.data, IMPLICIT_LE)["300A00B0"]["vr"] == "SQ"
    assert explicit["00280010"]["vr"] == "US"


def test_big_endian_binary_is_served_little_endian() -> None:
    big = syntax_of(EXPLICIT_BE)
    assert to_little(b"\1\2\3\4", "OW", big) == b"\2\1\4\3"
    assert to_little(b"\1\2\3\4", "OL", big) == b"\4\3\2\1"
    assert to_little(b"\1\2\3\4", "OB", big) == b"\1\2\3\4"


def test_an_unknown_of_a_public_tag_is_read_by_the_dictionary() -> None:
    values = slice_of() | {0x00081030: ("UN", b"Thorax"), 0x00091001: ("UN", b"\1\2"), 0x00090010: ("UN", b"OWNER ")}
    found = encode(data_set(values), EXPLICIT_LE)
    assert found["00081030"] == {"vr": "LO", "Value": ["Thorax"]}
    assert found["00091001"]["vr"] == "UN"
    assert found["00090010"] == {"vr": "LO", "Value": ["OWNER"]}


def test_sequences_nested_too_deep_are_refused() -> None:
    nested = b""
    for _ in range(70):
        item = struct.pack("<HHI", 0xFFFE, 0xE000, len(nested)) + nested
        nested = element(0x00400275, "SQ", item)
    with pytest.raises(DataSetTooLarge):
        encode(nested, EXPLICIT_LE)


def test_elements_are_counted_through_all_items() -> None:
    item = struct.pack("<HHI", 0xFFFE, 0xE000, 0)
    data = element(0x00400275, "SQ", item * 100)
    with pytest.raises(DataSetTooLarge):
        Encoder(memoryview(data), syntax_of(EXPLICIT_LE), "", Limits(elements=50)).data_set()


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([EXPLICIT_LE, IMPLICIT_LE, EXPLICIT_BE]), st.booleans())
def test_whatever_comes_json_or_a_refusal(noise: bytes, syntax: str, after_a_head: bool) -> None:  # noqa: FBT001
    data = (data_set(slice_of())[:200] if after_a_head else b"") + noise
    with contextlib.suppress(DamagedDataSet, DataSetTooLarge):
        json.dumps(encode(data, syntax), allow_nan=False)
