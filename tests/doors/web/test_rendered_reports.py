"""Rendered reports (PS3.18 table 8.7.4-1): structured reports and CDA as text, escaped, with whose they are."""

from __future__ import annotations

import io
from collections.abc import Iterator

import httpx
import pydicom
import pytest
from pydicom import uid
from pydicom.dataset import Dataset
from tests.doors import web_kit
from tests.doors.small import Study, as_file
from tests.doors.web.asking import get
from tests.doors.web.conftest import reading
from tests.doors.web.test_rendered import where
from tests.doors.web_kit import Door
from tests.unit.imaging.codecs.files import files
from tests.unit.imaging.presenting.kit import items

CDA = (
    '<ClinicalDocument xmlns="urn:hl7-org:v3"><title>Compte rendu</title><component><structuredBody><component>'
    "<section>"
    "<title>Conclusion &lt;b&gt;</title><text><paragraph>Pas de l\u00e9sion &amp; rien d'autre.</paragraph></text>"
    "</section></component></structuredBody></component></ClinicalDocument>"
)


def bare(number: int, sop_class: str) -> Dataset:
    made = Study(number, slices=1).data_set(1)
    for keyword in ("PixelData", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"):
        del made[keyword]
    made.SOPClassUID = sop_class
    return made


def concept(meaning: str) -> dict[str, str]:
    return {"CodeValue": "1", "CodingSchemeDesignator": "99T", "CodeMeaning": meaning}


@pytest.fixture(scope="module")
def kept() -> dict[str, Dataset]:
    document = bare(1, uid.EncapsulatedCDAStorage)
    document.EncapsulatedDocument = CDA.encode() + b"\0" * (len(CDA.encode()) % 2)
    document.EncapsulatedDocumentLength = len(CDA.encode())
    report = bare(2, uid.BasicTextSRStorage)
    report.ValueType, report.ConceptNameCodeSequence = "CONTAINER", items(concept("Radiology Report"))
    text = {"RelationshipType": "CONTAINS", "ValueType": "TEXT", "TextValue": "Nodule <script>alert(1)</script> 12 mm"}
    report.ContentSequence = items(text | {"ConceptNameCodeSequence": items(concept("Finding"))})
    broken = bare(3, uid.EncapsulatedCDAStorage)
    broken.EncapsulatedDocument = b"<!DOCTYPE a><a/>"
    return {
        "cda": document, "sr": report, "broken": broken, "theirs": pydicom.dcmread(files()["reportsi.dcm"])
    }  # fmt: skip


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory, kept: dict[str, Dataset]) -> Iterator[httpx.Client]:
    door: Door = web_kit.build(tmp_path_factory.mktemp("reports") / "home")
    buffer = io.BytesIO()
    kept["theirs"].save_as(buffer)
    made = [as_file(one, uid.ExplicitVRLittleEndian) for name, one in kept.items() if name != "theirs"]
    door.add([*made, buffer.getvalue()], 0)
    with web_kit.serving(door), reading(door) as client:
        yield client


def test_a_structured_report_is_a_page_that_runs_nothing(reader: httpx.Client, kept: dict[str, Dataset]) -> None:
    answer = get(reader, where(kept["sr"]), {"Accept": "*/*"})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<h1>Radiology Report</h1>" in answer.text
    assert "<b>Finding</b> Nodule &lt;script&gt;alert(1)&lt;/script&gt; 12 mm" in answer.text
    assert "Z\u00e9phyrin Aurore" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_cda_is_a_page_or_lines(reader: httpx.Client, kept: dict[str, Dataset]) -> None:
    as_page = get(reader, where(kept["cda"]), {"Accept": "text/html"}).text
    assert "<h1>Compte rendu</h1>" in as_page
    assert "<h2>Conclusion &lt;b&gt;</h2>" in as_page
    as_lines = get(reader, where(kept["cda"]), {"Accept": "text/plain"})
    assert as_lines.headers["content-type"] == "text/plain; charset=utf-8"
    assert "Pas de l\u00e9sion & rien d'autre." in as_lines.text


def test_a_report_of_others_has_its_texts(reader: httpx.Client, kept: dict[str, Dataset]) -> None:
    shown = get(reader, where(kept["theirs"]), {"Accept": "text/plain"}).text
    texts = [one.TextValue for one in kept["theirs"].ContentSequence if one.ValueType == "TEXT"]
    assert texts
    assert all(" ".join(one.split())[:40] in " ".join(shown.split()) for one in texts)


def test_what_is_no_report_or_cannot_be_read_has_its_status(reader: httpx.Client, kept: dict[str, Dataset]) -> None:
    assert get(reader, where(kept["broken"]), {"Accept": "text/html"}).status_code == 409
    assert get(reader, where(kept["sr"]), {"Accept": "image/png"}).status_code == 406
    assert get(reader, where(kept["sr"], "/rendered?window=1,2"), {"Accept": "*/*"}).status_code == 400
