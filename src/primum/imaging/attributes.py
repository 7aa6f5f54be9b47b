"""The attributes that the archive answers queries with, level by level (PS3.18 tables 10.6.3-3 to -5).

One page: what is kept, under which name it may be asked for, and how it is matched.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Level(StrEnum):
    """The four levels of a query. Patients are found through their studies, and only over DIMSE."""

    PATIENT = "patient"
    STUDY = "study"
    SERIES = "series"
    INSTANCE = "instance"


SHOWN = "shown"
"""In place of a column: matched on what is shown, value by value."""


class Attribute(NamedTuple):
    """An attribute: its tag, keyword, VR, level, and the column it is matched on.

    Empty: it is only shown. `SHOWN`: there is no column, its DICOM JSON is looked through.
    """

    tag: int
    keyword: str
    vr: str
    level: Level
    column: str = ""

    @property
    def key(self) -> str:
        """The tag as DICOM JSON writes it."""
        return f"{self.tag:08X}"


_S, _E, _I = Level.STUDY, Level.SERIES, Level.INSTANCE

ATTRIBUTES = (
    Attribute(0x00080020, "StudyDate", "DA", _S, "study_date"),
    Attribute(0x00080030, "StudyTime", "TM", _S, "study_time"),
    Attribute(0x00080050, "AccessionNumber", "SH", _S, "accession"),
    Attribute(0x00080056, "InstanceAvailability", "CS", _S),
    Attribute(0x00080061, "ModalitiesInStudy", "CS", _S, "modalities"),
    Attribute(0x00080062, "SOPClassesInStudy", "UI", _S, "sop_classes"),
    Attribute(0x00080090, "ReferringPhysicianName", "PN", _S, "referrer"),
    Attribute(0x00080201, "TimezoneOffsetFromUTC", "SH", _S),
    Attribute(0x00081030, "StudyDescription", "LO", _S, "description"),
    Attribute(0x00081032, "ProcedureCodeSequence", "SQ", _S, SHOWN),
    Attribute(0x00081048, "PhysiciansOfRecord", "PN", _S),
    Attribute(0x00081060, "NameOfPhysiciansReadingStudy", "PN", _S),
    Attribute(0x00081080, "AdmittingDiagnosesDescription", "LO", _S, SHOWN),
    Attribute(0x00100010, "PatientName", "PN", _S, "name"),
    Attribute(0x00100020, "PatientID", "LO", _S, "patient_number"),
    Attribute(0x00100021, "IssuerOfPatientID", "LO", _S, "issuer"),
    Attribute(0x00100030, "PatientBirthDate", "DA", _S, "birth_date"),
    Attribute(0x00100032, "PatientBirthTime", "TM", _S),
    Attribute(0x00100040, "PatientSex", "CS", _S, "sex"),
    Attribute(0x00101000, "OtherPatientIDs", "LO", _S, "other_ids"),
    Attribute(0x00101002, "OtherPatientIDsSequence", "SQ", _S, SHOWN),
    Attribute(0x00101010, "PatientAge", "AS", _S, SHOWN),
    Attribute(0x00101020, "PatientSize", "DS", _S),
    Attribute(0x00101030, "PatientWeight", "DS", _S),
    Attribute(0x00102160, "EthnicGroup", "SH", _S, SHOWN),
    Attribute(0x00102180, "Occupation", "SH", _S, SHOWN),
    Attribute(0x001021B0, "AdditionalPatientHistory", "LT", _S),
    Attribute(0x00104000, "PatientComments", "LT", _S),
    Attribute(0x0020000D, "StudyInstanceUID", "UI", _S, "study_uid"),
    Attribute(0x00200010, "StudyID", "SH", _S, "study_number"),
    Attribute(0x00201200, "NumberOfPatientRelatedStudies", "IS", _S),
    Attribute(0x00201202, "NumberOfPatientRelatedSeries", "IS", _S),
    Attribute(0x00201204, "NumberOfPatientRelatedInstances", "IS", _S),
    Attribute(0x00201206, "NumberOfStudyRelatedSeries", "IS", _S, "series"),
    Attribute(0x00201208, "NumberOfStudyRelatedInstances", "IS", _S, "instances"),
    Attribute(0x00321032, "RequestingPhysician", "PN", _S),
    Attribute(0x00321060, "RequestedProcedureDescription", "LO", _S, SHOWN),
    Attribute(0x00080021, "SeriesDate", "DA", _E, "series_date"),
    Attribute(0x00080031, "SeriesTime", "TM", _E, "series_time"),
    Attribute(0x00080060, "Modality", "CS", _E, "modality"),
    Attribute(0x00080070, "Manufacturer", "LO", _E, SHOWN),
    Attribute(0x00080080, "InstitutionName", "LO", _E, SHOWN),
    Attribute(0x00081010, "StationName", "SH", _E, "station"),
    Attribute(0x0008103E, "SeriesDescription", "LO", _E, "description"),
    Attribute(0x00081040, "InstitutionalDepartmentName", "LO", _E, SHOWN),
    Attribute(0x00081050, "PerformingPhysicianName", "PN", _E),
    Attribute(0x00081070, "OperatorsName", "PN", _E),
    Attribute(0x00081090, "ManufacturerModelName", "LO", _E, SHOWN),
    Attribute(0x00180015, "BodyPartExamined", "CS", _E, "body_part"),
    Attribute(0x00181030, "ProtocolName", "LO", _E, SHOWN),
    Attribute(0x00185100, "PatientPosition", "CS", _E, SHOWN),
    Attribute(0x0020000E, "SeriesInstanceUID", "UI", _E, "series_uid"),
    Attribute(0x00200011, "SeriesNumber", "IS", _E, "number"),
    Attribute(0x00200052, "FrameOfReferenceUID", "UI", _E, SHOWN),
    Attribute(0x00200060, "Laterality", "CS", _E, SHOWN),
    Attribute(0x00201209, "NumberOfSeriesRelatedInstances", "IS", _E, "instances"),
    Attribute(0x00400244, "PerformedProcedureStepStartDate", "DA", _E, "step_date"),
    Attribute(0x00400245, "PerformedProcedureStepStartTime", "TM", _E, "step_time"),
    Attribute(0x00400254, "PerformedProcedureStepDescription", "LO", _E, SHOWN),
    Attribute(0x00400275, "RequestAttributesSequence", "SQ", _E, SHOWN),
    Attribute(0x00080016, "SOPClassUID", "UI", _I, "sop_class_uid"),
    Attribute(0x00080018, "SOPInstanceUID", "UI", _I, "sop_uid"),
    Attribute(0x00083002, "AvailableTransferSyntaxUID", "UI", _I),
    Attribute(0x00200013, "InstanceNumber", "IS", _I, "number"),
    Attribute(0x00280008, "NumberOfFrames", "IS", _I, "frames"),
    Attribute(0x00280010, "Rows", "US", _I, "rows"),
    Attribute(0x00280011, "Columns", "US", _I, "columns"),
    Attribute(0x00280100, "BitsAllocated", "US", _I, "bits"),
)

BY_TAG = {attribute.tag: attribute for attribute in ATTRIBUTES}
BY_KEYWORD = {attribute.keyword: attribute for attribute in ATTRIBUTES}
COMPUTED = frozenset(
    {0x00080056, 0x00080061, 0x00080062, 0x00201200, 0x00201202, 0x00201204, 0x00201206, 0x00201208, 0x00201209}
    | {0x00083002}
)
"""Made from the index; what a data set says of them is not believed."""

OF_PATIENT = frozenset(
    {0x00100010, 0x00100020, 0x00100021, 0x00100030, 0x00100032, 0x00100040, 0x00101000, 0x00101002, 0x00102160}
    | {0x00102180, 0x00104000, 0x00201200, 0x00201202, 0x00201204}
)
"""Of the study level's, those that a query at the patient level may ask for (PS3.4 tables C.6-1 and C.6-2)."""

ITEMS: dict[int, dict[int, str]] = {
    0x00400275: {0x00400009: "SH", 0x00401001: "SH", 0x00080050: "SH", 0x0020000D: "UI"},
    0x00101002: {0x00100020: "LO", 0x00100021: "LO"},
    0x00081032: {0x00080100: "SH", 0x00080102: "SH"},
}
"""What may be matched inside the items of a sequence, and its VR: request attributes, other ids, procedure codes."""

ITEM_KEYWORDS = {
    "ScheduledProcedureStepID": 0x00400009, "RequestedProcedureID": 0x00401001, "AccessionNumber": 0x00080050,
    "StudyInstanceUID": 0x0020000D, "PatientID": 0x00100020, "IssuerOfPatientID": 0x00100021,
    "CodeValue": 0x00080100, "CodingSchemeDesignator": 0x00080102,
}  # fmt: skip

KEPT = {
    level: tuple(one.tag for one in ATTRIBUTES if one.level is level and one.tag not in COMPUTED) for level in Level
}
"""The tags that are read from a data set for a level."""
