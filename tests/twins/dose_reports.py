"""Dose reports as scanners, C-arms, mammographs and dose calibrators write them, built with pydicom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.sr.codedict import codes

RDSR = "1.2.840.10008.5.1.4.1.1.88.67"
ENHANCED = "1.2.840.10008.5.1.4.1.1.88.76"
NUCLEAR = "1.2.840.10008.5.1.4.1.1.88.68"
ESTIMATE = "1.2.840.10008.5.1.4.1.1.88.75"
CHEST = ("816094009", "SCT", "Chest")
HEAD = ("69536005", "SCT", "Head")
BREAST = ("76752008", "SCT", "Breast")
BODY = ("113691", "DCM", "IEC Body Dosimetry Phantom")
SPIRAL = ("116152004", "SCT", "Spiral Acquisition")
SCOUT = ("113805", "DCM", "Constant Angle Acquisition")


def coded(value: str, scheme: str, meaning: str) -> Dataset:
    one = Dataset()
    one.CodeValue, one.CodingSchemeDesignator, one.CodeMeaning = value, scheme, meaning
    return one


def dcm(name: str) -> Dataset:
    """The code that PS3.16 annex D has under a keyword, as pydicom's own dictionary knows it."""
    found = getattr(codes.DCM, name)
    return coded(found.value, "DCM", found.meaning)


def item(kind: str, concept: Dataset, *inside: Dataset, relation: str = "CONTAINS") -> Dataset:
    one = Dataset()
    one.RelationshipType, one.ValueType, one.ConceptNameCodeSequence = relation, kind, Items([concept])
    if kind == "CONTAINER":
        one.ContinuityOfContent = "SEPARATE"
    if inside:
        one.ContentSequence = Items(inside)
    return one


def container(name: str, *inside: Dataset) -> Dataset:
    return item("CONTAINER", dcm(name), *inside)


def number(name: str, value: object, unit: str, *inside: Dataset) -> Dataset:
    one = item("NUM", dcm(name), *inside)
    measured = Dataset()
    measured.MeasurementUnitsCodeSequence = Items([coded(unit, "UCUM", unit)])
    measured.add_new(0x0040A30A, "DS", str(value))
    one.MeasuredValueSequence = Items([measured])
    return one


def code(name: str, value: Sequence[str], *inside: Dataset, relation: str = "CONTAINS") -> Dataset:
    one = item("CODE", dcm(name), *inside, relation=relation)
    one.ConceptCodeSequence = Items([coded(*value)])
    return one


def laterality(value: str, meaning: str) -> Dataset:
    one = item("CODE", coded("272741003", "SCT", "Laterality"), relation="HAS CONCEPT MOD")
    one.ConceptCodeSequence = Items([coded(value, "SCT", meaning)])
    return one


def words(name: str, text: str) -> Dataset:
    one = item("TEXT", dcm(name))
    one.TextValue = text
    return one


def uid(name: str, value: str) -> Dataset:
    one = item("UIDREF", dcm(name))
    one.UID = value
    return one


def ct_event(
    number_: int, *, ctdi: object = 7.5, dlp: object = 240, protocol: str = "Thorax", region: Sequence[str] = CHEST,
    kind: Sequence[str] = SPIRAL, root: str = "1.2.99", phantom: Sequence[str] = BODY,
) -> Dataset:  # fmt: skip
    """A CT acquisition (TID 10013)."""
    dose = container(
        "CTDose", number("MeanCtdivol", ctdi, "mGy"), code("CtdiwPhantomType", phantom), number("DLP", dlp, "mGy.cm")
    )
    source = container("CTXRaySourceParameters", number("KVP", 120, "kV"))
    parameters = container("CTAcquisitionParameters", number("ScanningLength", 320, "mm"), source)
    return container(
        "CTAcquisition", words("AcquisitionProtocol", protocol), code("TargetRegion", region),
        code("CTAcquisitionType", kind), uid("IrradiationEventUID", f"{root}.{number_}"), parameters,
        *([dose] if kind is not SCOUT else []),
    )  # fmt: skip


def ct_content(events: Sequence[Dataset], total: object, unit: str = "mGy.cm") -> list[Dataset]:
    """A CT report's content (TID 10011)."""
    added = container(
        "CTAccumulatedDoseData",
        number("TotalNumberOfIrradiationEvents", len(events), "{events}"),
        number("CTDoseLengthProductTotal", total, unit),
    )
    return [code("ProcedureReported", ("77477000", "SCT", "Computed Tomography X-Ray")), added, *events]


def xray_event(number_: int, *measured: Dataset, region: Sequence[str] = CHEST, root: str = "1.2.98") -> Dataset:
    """An irradiation event (TID 10003)."""
    return container(
        "IrradiationEventXRayData", code("AcquisitionPlane", ("113622", "DCM", "Single Plane")),
        uid("IrradiationEventUID", f"{root}.{number_}"),
        code("IrradiationEventType", ("113611", "DCM", "Stationary Acquisition")),
        words("AcquisitionProtocol", "Poumon"), code("TargetRegion", region), *measured,
    )  # fmt: skip


def accumulated(*totals: Dataset) -> Dataset:
    return container("AccumulatedXRayDoseData", *totals)


def report(
    content: Iterable[Dataset],
    *,
    study: str = "1.2.3",
    sop: str = "1.2.3.9.1",
    sop_class: str = RDSR,
    replaces: str = "",
    at: str = "101500",
    **more: str,
) -> Dataset:
    """Wrap content as a report of a study; `more` are attributes by keyword."""
    made = Dataset()
    made.SpecificCharacterSet, made.SOPClassUID, made.SOPInstanceUID = "ISO_IR 192", sop_class, sop
    made.StudyDate = made.ContentDate = "20260102"
    made.StudyTime, made.ContentTime = "101112", at
    made.Modality, made.StudyInstanceUID, made.SeriesInstanceUID = "SR", study, f"{study}.9"
    made.PatientName, made.PatientID, made.PatientBirthDate, made.PatientSex = "DUPONT^JEAN", "P1", "19700102", "F"
    made.Manufacturer, made.ManufacturerModelName, made.StationName = "Twin", "Scanner 1", "CT1"
    made.SeriesNumber, made.InstanceNumber = 9, 1
    made.ValueType, made.ContinuityOfContent = "CONTAINER", "SEPARATE"
    made.ConceptNameCodeSequence = Items([dcm("XRayRadiationDoseReport")])
    made.ContentSequence = Items(list(content))
    for name, value in more.items():
        setattr(made, name, value)
    if replaces:
        instance, series, predecessor = Dataset(), Dataset(), Dataset()
        instance.ReferencedSOPClassUID, instance.ReferencedSOPInstanceUID = sop_class, replaces
        series.SeriesInstanceUID, series.ReferencedSOPSequence = made.SeriesInstanceUID, Items([instance])
        predecessor.StudyInstanceUID, predecessor.ReferencedSeriesSequence = study, Items([series])
        made.PredecessorDocumentsSequence = Items([predecessor])
    return made


def encoded(made: Dataset, *, implicit: bool = False) -> bytes:
    """Write it without file wrapping."""
    buffer = BytesIO()
    made.save_as(buffer, implicit_vr=implicit, little_endian=True, enforce_file_format=False)
    return buffer.getvalue()
