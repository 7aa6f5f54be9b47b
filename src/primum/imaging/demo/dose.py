"""Dose reports of the demo's scanner and X-ray room (PS3.3 A.35.8, PS3.16 TID 10011 and 10001), of nobody."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from pydicom.dataset import Dataset

from primum.imaging.demo import headers
from primum.imaging.demo.patients import Kind

XRAY_DOSE: Final = "1.2.840.10008.5.1.4.1.1.88.67"
_UNWANTED: Final = (
    "FrameOfReferenceUID", "PositionReferenceIndicator", "LossyImageCompression", "AcquisitionTime", "AcquisitionDate",
    "BurnedInAnnotation",
)  # fmt: skip
_LENGTH_MM: Final = {Kind.CHEST_CT: 320, Kind.SMALL_CT: 300}
_CHEST: Final = ("816094009", "SCT", "Chest")


def report(place: headers.Place) -> Dataset:
    """Write the report of a CT examination: a scout, then one spiral acquisition or, with contrast, two."""
    made = _document(place, "DEMOCT1", "10011")
    spirals = 2 if place.study.kind is Kind.CHEST_CT else 1
    doses = [_dose(place, number) for number in range(1, spirals + 1)]
    made.ContentSequence = [
        *_context(place, ("77477000", "SCT", "Computed Tomography X-Ray")),
        _container(
            "113811", "CT Accumulated Dose Data",
            _number("113812", "Total Number of Irradiation Events", spirals + 1, "{events}"),
            _number("113813", "CT Dose Length Product Total", f"{sum(dlp for _, dlp in doses):.2f}", "mGy.cm"),
        ),
        _acquisition(place, 0, "Topogramme", ("113805", "DCM", "Constant Angle Acquisition"), None),
        *(
            _acquisition(place, number, "Thorax", ("116152004", "SCT", "Spiral Acquisition"), dose)
            for number, dose in enumerate(doses, start=1)
        ),
        _source(),
    ]  # fmt: skip
    return made


def radiograph(place: headers.Place) -> Dataset:
    """Write the report of a chest radiograph: one exposure, postero-anterior."""
    made = _document(place, "DEMODX1", "10001")
    size = 0.2 if place.study.patient.born is None else 1.0
    area = f"{size * (0.9 + place.study.patient.number * 5 % 11 / 10) * 1e-5:.9f}"
    exposure = _container(
        "113706", "Irradiation Event X-Ray Data",
        _plane(),
        _uid("CONTAINS", _dcm("113769", "Irradiation Event UID"), place.uid("irradiation", 1)),
        _moment(_dcm("111526", "DateTime Started"), f"{place.begun:%Y%m%d%H%M%S}", "CONTAINS"),
        _code("CONTAINS", _dcm("113721", "Irradiation Event Type"), ("113611", "DCM", "Stationary Acquisition")),
        _text("125203", "Acquisition Protocol", "Thorax face"),
        _code("CONTAINS", _dcm("123014", "Target Region"), _CHEST),
        _code("CONTAINS", _dcm("111031", "Image View"), ("272479007", "SCT", "postero-anterior")),
        _number("122130", "Dose Area Product", area, "Gy.m2"),
        _number("113733", "KVP", 125, "kV"),
        _number("113736", "Exposure", 2000, "uA.s"),
    )  # fmt: skip
    made.ContentSequence = [
        *_context(place, ("113704", "DCM", "Projection X-Ray")),
        _container("113702", "Accumulated X-Ray Dose Data", _plane(),
                   _number("113722", "Dose Area Product Total", area, "Gy.m2")),
        exposure,
        _source(),
    ]  # fmt: skip
    return made


def _document(place: headers.Place, station: str, template_id: str) -> Dataset:
    made = headers.common(place, XRAY_DOSE, "SR")
    for unwanted in _UNWANTED:
        delattr(made, unwanted)
    made.SeriesDescription, made.StationName = "Dose", station
    made.ReferencedPerformedProcedureStepSequence, made.PerformedProcedureCodeSequence = [], []
    made.CompletionFlag, made.VerificationFlag = "COMPLETE", "UNVERIFIED"
    made.ValueType, made.ContinuityOfContent = "CONTAINER", "SEPARATE"
    made.ConceptNameCodeSequence = [_dcm("113701", "X-Ray Radiation Dose Report")]
    template = Dataset()
    template.MappingResource, template.TemplateIdentifier = "DCMR", template_id
    made.ContentTemplateSequence = [template]
    return made


def _plane() -> Dataset:
    return _code("HAS CONCEPT MOD", _dcm("113764", "Acquisition Plane"), ("113622", "DCM", "Single Plane"))


def _source() -> Dataset:
    return _code(
        "CONTAINS", _dcm("113854", "Source of Dose Information"), ("113856", "DCM", "Automated Data Collection")
    )


def _dose(place: headers.Place, number: int) -> tuple[float, float]:
    """Choose CTDIvol and DLP of an acquisition: the same for the same patient, between 5 and 9 mGy."""
    ctdi = 5 + (place.study.patient.number * 7 + number * 3) % 17 / 4
    return ctdi, round(ctdi * _LENGTH_MM[place.study.kind] / 10, 2)


def _context(place: headers.Place, procedure: tuple[str, str, str]) -> list[Dataset]:
    reported = _code("HAS CONCEPT MOD", _dcm("121058", "Procedure reported"), procedure)
    intent = headers.code("363703001", "SCT", "Has Intent")
    reported.ContentSequence = [_code("HAS CONCEPT MOD", intent, ("261004008", "SCT", "Diagnostic Intent"))]
    scope = _code("HAS OBS CONTEXT", _dcm("113705", "Scope of Accumulation"), ("113014", "DCM", "Study"))
    scope.ContentSequence = [_uid("HAS PROPERTIES", _dcm("110180", "Study Instance UID"), place.study_uid)]
    ended = place.begun + timedelta(minutes=4)
    return [
        reported,
        _code("HAS OBS CONTEXT", _dcm("121005", "Observer Type"), ("121007", "DCM", "Device")),
        _uid("HAS OBS CONTEXT", _dcm("121012", "Device Observer UID"), place.uid("scanner")),
        _code("HAS OBS CONTEXT", _dcm("113876", "Device Role in Procedure"),
              ("113859", "DCM", "Irradiating Device")),
        _moment(_dcm("113809", "Start of X-Ray Irradiation"), f"{place.begun:%Y%m%d%H%M%S}"),
        _moment(_dcm("113810", "End of X-Ray Irradiation"), f"{ended:%Y%m%d%H%M%S}"),
        scope,
    ]  # fmt: skip


def _acquisition(
    place: headers.Place, number: int, protocol: str, kind: tuple[str, str, str], dose: tuple[float, float] | None
) -> Dataset:
    """Write an acquisition (TID 10013)."""
    tube = _container(
        "113831", "CT X-Ray Source Parameters",
        _text("113832", "Identification of the X-Ray Source", "1"),
        _number("113733", "KVP", 120, "kV"),
        _number("113833", "Maximum X-Ray Tube Current", 220, "mA"),
        _number("113734", "X-Ray Tube Current", 180, "mA"),
    )  # fmt: skip
    length = _LENGTH_MM[place.study.kind]
    parameters = _container(
        "113822", "CT Acquisition Parameters",
        _number("113824", "Exposure Time", 4.2, "s"),
        _number("113825", "Scanning Length", length, "mm"),
        _number("113826", "Nominal Single Collimation Width", 0.6, "mm"),
        _number("113827", "Nominal Total Collimation Width", 38.4, "mm"),
        _number("113823", "Number of X-Ray Sources", 1, "{X-Ray sources}"),
        tube,
    )  # fmt: skip
    inside = [
        _text("125203", "Acquisition Protocol", protocol),
        _code("CONTAINS", _dcm("123014", "Target Region"), _CHEST),
        _code("CONTAINS", _dcm("113820", "CT Acquisition Type"), kind),
        _uid("CONTAINS", _dcm("113769", "Irradiation Event UID"), place.uid("irradiation", number)),
        parameters,
    ]
    if dose is not None:
        inside.append(
            _container(
                "113829", "CT Dose",
                _number("113830", "Mean CTDIvol", f"{dose[0]:.2f}", "mGy"),
                _code("CONTAINS", _dcm("113835", "CTDIw Phantom Type"),
                      ("113691", "DCM", "IEC Body Dosimetry Phantom")),
                _number("113838", "DLP", f"{dose[1]:.2f}", "mGy.cm"),
            )
        )  # fmt: skip
    return _container("113819", "CT Acquisition", *inside)


def _dcm(value: str, meaning: str) -> Dataset:
    return headers.code(value, "DCM", meaning)


def _item(relation: str, kind: str, concept: Dataset) -> Dataset:
    one = Dataset()
    one.RelationshipType, one.ValueType, one.ConceptNameCodeSequence = relation, kind, [concept]
    return one


def _container(value: str, meaning: str, *inside: Dataset) -> Dataset:
    one = _item("CONTAINS", "CONTAINER", _dcm(value, meaning))
    one.ContinuityOfContent, one.ContentSequence = "SEPARATE", list(inside)
    return one


def _code(relation: str, concept: Dataset, value: tuple[str, str, str]) -> Dataset:
    one = _item(relation, "CODE", concept)
    one.ConceptCodeSequence = [headers.code(*value)]
    return one


def _uid(relation: str, concept: Dataset, value: str) -> Dataset:
    one = _item(relation, "UIDREF", concept)
    one.UID = value
    return one


def _moment(concept: Dataset, value: str, relation: str = "HAS OBS CONTEXT") -> Dataset:
    one = _item(relation, "DATETIME", concept)
    one.DateTime = value
    return one


def _text(value: str, meaning: str, said: str) -> Dataset:
    one = _item("CONTAINS", "TEXT", _dcm(value, meaning))
    one.TextValue = said
    return one


def _number(value: str, meaning: str, said: float | str, unit: str) -> Dataset:
    one, measured = _item("CONTAINS", "NUM", _dcm(value, meaning)), Dataset()
    measured.MeasurementUnitsCodeSequence = [headers.code(unit, "UCUM", unit)]
    measured.NumericValue = str(said)
    one.MeasuredValueSequence = [measured]
    return one
