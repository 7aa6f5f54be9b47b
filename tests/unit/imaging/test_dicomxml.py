"""What goes out as XML is the Native DICOM Model, and parses, whatever a device sent."""

from xml.etree import ElementTree as ET

from hypothesis import given, strategies as st

from primum.imaging.dicomxml import to_xml

ROW = {
    "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Lefèvre^Anne^^Dr^PhD^x", "Ideographic": "山田^太郎"}]},
    "0020000D": {"vr": "UI", "Value": ["1.2.3"]},
    "00400275": {"vr": "SQ", "Value": [{"00400009": {"vr": "SH", "Value": ["S1"]}}, {}]},
    "00080061": {"vr": "CS", "Value": ["CT", None, "MR"]},
    "00091001": {"vr": "UN", "InlineBinary": "AAEC"},
    "00420011": {"vr": "OB", "BulkDataURI": '/a?b="c"&d'},
    "00081030": {"vr": "LO"},
}


def test_each_kind_of_value_has_its_element() -> None:
    root = ET.fromstring(to_xml(ROW))
    by_tag = {one.get("tag"): one for one in root}
    assert list(by_tag) == sorted(ROW)
    name = by_tag["00100010"]
    assert (name.get("vr"), name.get("keyword")) == ("PN", "PatientName")
    assert [one.text for one in name.find("PersonName/Alphabetic")] == ["Lefèvre", "Anne", "Dr", "PhD^x"]
    assert name.findtext("PersonName/Ideographic/GivenName") == "太郎"
    assert [(one.get("number"), one.text) for one in by_tag["00080061"]] == [("1", "CT"), ("3", "MR")]
    items = by_tag["00400275"].findall("Item")
    assert [len(one) for one in items] == [1, 0]
    assert items[0].findtext("DicomAttribute/Value") == "S1"
    assert by_tag["00091001"].findtext("InlineBinary") == "AAEC"
    assert by_tag["00091001"].get("keyword") is None
    assert by_tag["00420011"].find("BulkData").get("uri") == '/a?b="c"&d'
    assert len(by_tag["00081030"]) == 0


@given(st.text())
def test_any_text_makes_a_document_that_parses(text: str) -> None:
    root = ET.fromstring(to_xml({"00081030": {"vr": "LO", "Value": [text]}}))
    assert len(root.findtext("DicomAttribute/Value") or "") == len(text.replace("\r\n", "\n"))
