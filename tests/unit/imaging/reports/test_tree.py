"""An SR is shown as a tree, within bounds; whatever it holds, it is listed and kept."""

from __future__ import annotations

import pytest
from pydicom.dataset import Dataset
from tests.unit.imaging.conftest import House, slice_of
from tests.unit.imaging.reports.conftest import encoded, sent, ward_of
from tests.unit.imaging.reports.test_sayings import coded, item

from primum.imaging.errors import DataSetTooLarge
from primum.imaging.reports import tree
from primum.imaging.reports.errors import ReportTooLarge
from primum.imaging.reports.limits import Limits
from primum.imaging.reports.model import BASIC_TEXT, PDF, Status
from primum.imaging.reports.node import Shape
from primum.imaging.syntaxes import EXPLICIT_LE, syntax_of

COMPREHENSIVE = "1.2.840.10008.5.1.4.1.1.88.33"


def content(kind: str, relationship: str = "CONTAINS", **attributes: object) -> Dataset:
    return item(RelationshipType=relationship, ValueType=kind, **attributes)


def read(*items: Dataset, limits: Limits | None = None):
    data = encoded(sent(COMPREHENSIVE, ContentSequence=list(items)))
    return tree.read(memoryview(data), syntax_of(EXPLICIT_LE), limits or Limits())


def test_every_kind_of_value_is_said():
    unit = coded("mm", "UCUM", "millimeter")
    measured = [item(NumericValue="18.5", MeasurementUnitsCodeSequence=unit)]
    sop = [item(ReferencedSOPClassUID="1.2", ReferencedSOPInstanceUID="1.2.3.4.5", ReferencedFrameNumber=[2, 3])]
    found = read(
        content("CODE", "HAS CONCEPT MOD", ConceptCodeSequence=coded("fr", "RFC5646", "French")),
        content(
            "CONTAINER",
            ConceptNameCodeSequence=coded("121070", "DCM", "Findings"),
            ContentSequence=[
                content("TEXT", ConceptNameCodeSequence=coded("121071", "DCM", "Finding"), TextValue="Ronde."),
                content("NUM", ConceptNameCodeSequence=coded("1", "X", "Diameter"), MeasuredValueSequence=measured),
                content("CODE", ConceptCodeSequence=coded("T-1", "SRT", "Breast")),
                content("PNAME", PersonName="Kervella^Maël^^Dr"),
                content("DATETIME", DateTime="20260102"),
                content("IMAGE", ReferencedSOPSequence=sop),
                content("NUM", NumericValueQualifierCodeSequence=coded("114006", "DCM", "Measurement failure")),
            ],
        ),
    )
    assert found[0].shape is Shape.CONTEXT
    assert (found[1].shape, found[1].name) == (Shape.HEADING, "Findings")
    assert [(one.name, one.text) for one in found[1].children] == [
        ("Finding", "Ronde."), ("Diameter", "18.5 mm"), ("", "Breast (T-1, SRT)"), ("", "Dr Maël Kervella"),
        ("", "20260102"), ("", "image 1.2.3.4.5 [2, 3]"), ("", "Measurement failure"),
    ]  # fmt: skip


def deep(levels: int) -> Dataset:
    one = content("TEXT", TextValue="bottom")
    for _ in range(levels):
        one = content("CONTAINER", ContentSequence=[one])
    return one


def test_content_nests_so_deep_and_no_deeper():
    limits = Limits(content_depth=5)
    assert read(deep(5), limits=limits)
    for levels in (6, 40):
        with pytest.raises((ReportTooLarge, DataSetTooLarge)):
            read(deep(levels), limits=limits)


def test_a_tree_without_end_is_listed_kept_and_not_shown(house: House):
    house.indexed(slice_of())
    ward = ward_of(house, (), Limits(content_items=50))
    items = [content("TEXT", TextValue="x") for _ in range(100)]
    ward.came(sent(BASIC_TEXT, "1.2.3.9.1", VerificationFlag="VERIFIED", ContentSequence=items))
    ward.came(sent(BASIC_TEXT, "1.2.3.9.2", ContentSequence=[deep(45)]))
    assert {one.row.sop_uid: one.status for one in ward.listed()} == {
        "1.2.3.9.1": Status.SENDER_VALIDATED, "1.2.3.9.2": Status.SENDER_DRAFT,
    }  # fmt: skip
    for one in ward.listed():
        with pytest.raises((ReportTooLarge, DataSetTooLarge)):
            ward.reports.nodes(one)


def test_an_object_beyond_what_is_shown_is_listed_by_its_head_and_refused_as_text(house: House):
    house.indexed(slice_of())
    ward = ward_of(house, (), Limits(shown_bytes=2000, first_bytes=1000, tree_bytes=100))
    document = b"%PDF-1.7" + b"0" * 4000
    ward.came(sent(PDF, "1.2.3.9.1", VerificationFlag="VERIFIED", DocumentTitle="Long", EncapsulatedDocument=document))
    ward.came(sent(BASIC_TEXT, "1.2.3.9.2", ContentSequence=[deep(1)]))
    by_sop = {one.row.sop_uid: one for one in ward.listed()}
    long, tree_too = by_sop["1.2.3.9.1"], by_sop["1.2.3.9.2"]
    assert (long.status, long.row.sayings.title) == (Status.SENDER_VALIDATED, "Long")
    with pytest.raises(ReportTooLarge):
        ward.reports.document(long)
    with pytest.raises(ReportTooLarge):
        ward.reports.nodes(tree_too)
