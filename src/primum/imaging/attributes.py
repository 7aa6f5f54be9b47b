"""The attributes that the archive answers queries with, level by level (PS3.18 tables 10.6.3-3 to -5).

One page: what is kept, under which name it may be asked for, and how it is matched.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Level(StrEnum):
    """The three levels of a query."""

    STUDY = "study"
    SERIES = "series"
    INSTANCE = "instance"


class Attribute(NamedTuple):
    """An attribute: its tag, keyword, VR, level, and the column it is matched on (empty: only shown)."""

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
    Attribute(0x00080090, "ReferringPhysicianName", "PN", _S, "referrer"),
    Attribute(0x00080201, "TimezoneOffsetFromUTC", "SH", _S),
    Attribute(0x00081030, "StudyDescription", "LO", _S, "description"),
    Attribute(0x00081048, "PhysiciansOfRecord", "PN", _S),
    Attribute(0x00081060, "NameOfPhysiciansReadingStudy", "PN", _S),
    Attribute(0x00081080, "AdmittingDiagnosesDescription", "LO", _S),
    Attribute(0x00100010, "PatientName", "PN", _S, "name"),
    Attribute(0x00100020, "PatientID", "LO", _S, "patient_number"),
    Attribute(0x00100021, "IssuerOfPatientID", "LO", _S, "issuer"),
    Attribute(0x00100030, "PatientBirthDate", "DA", _S, "birth_date"),
    Attribute(0x00100040, "PatientSex", "CS", _S, "sex"),
    Attribute(0x00101010, "PatientAge", "AS", _S),
    Attribute(0x00101020, "PatientSize", "DS", _S),
    Attribute(0x00101030, "PatientWeight", "DS", _S),
    Attribute(0x0020000D, "StudyInstanceUID", "UI", _S, "study_uid"),
    Attribute(0x00200010, "StudyID", "SH", _S, "study_number"),
    Attribute(0x00201206, "NumberOfStudyRelatedSeries", "IS", _S),
    Attribute(0x00201208, "NumberOfStudyRelatedInstances", "IS", _S),
    Attribute(0x00321060, "RequestedProcedureDescription", "LO", _S),
    Attribute(0x00080021, "SeriesDate", "DA", _E),
    Attribute(0x00080031, "SeriesTime", "TM", _E),
    Attribute(0x00080060, "Modality", "CS", _E, "modality"),
    Attribute(0x00080070, "Manufacturer", "LO", _E),
    Attribute(0x00080080, "InstitutionName", "LO", _E),
    Attribute(0x00081010, "StationName", "SH", _E, "station"),
    Attribute(0x0008103E, "SeriesDescription", "LO", _E, "description"),
    Attribute(0x00081040, "InstitutionalDepartmentName", "LO", _E),
    Attribute(0x00081050, "PerformingPhysicianName", "PN", _E),
    Attribute(0x00081070, "OperatorsName", "PN", _E),
    Attribute(0x00081090, "ManufacturerModelName", "LO", _E),
    Attribute(0x00180015, "BodyPartExamined", "CS", _E, "body_part"),
    Attribute(0x00181030, "ProtocolName", "LO", _E),
    Attribute(0x00185100, "PatientPosition", "CS", _E),
    Attribute(0x0020000E, "SeriesInstanceUID", "UI", _E, "series_uid"),
    Attribute(0x00200011, "SeriesNumber", "IS", _E, "number"),
    Attribute(0x00200052, "FrameOfReferenceUID", "UI", _E),
    Attribute(0x00200060, "Laterality", "CS", _E),
    Attribute(0x00201209, "NumberOfSeriesRelatedInstances", "IS", _E),
    Attribute(0x00400244, "PerformedProcedureStepStartDate", "DA", _E, "step_date"),
    Attribute(0x00400245, "PerformedProcedureStepStartTime", "TM", _E, "step_time"),
    Attribute(0x00400254, "PerformedProcedureStepDescription", "LO", _E),
    Attribute(0x00400275, "RequestAttributesSequence", "SQ", _E),
    Attribute(0x00080016, "SOPClassUID", "UI", _I, "sop_class_uid"),
    Attribute(0x00080018, "SOPInstanceUID", "UI", _I, "sop_uid"),
    Attribute(0x00083002, "AvailableTransferSyntaxUID", "UI", _I),
    Attribute(0x00200013, "InstanceNumber", "IS", _I, "number"),
    Attribute(0x00280008, "NumberOfFrames", "IS", _I, "frames"),
    Attribute(0x00280010, "Rows", "US", _I),
    Attribute(0x00280011, "Columns", "US", _I),
    Attribute(0x00280100, "BitsAllocated", "US", _I),
)

BY_TAG = {attribute.tag: attribute for attribute in ATTRIBUTES}
BY_KEYWORD = {attribute.keyword: attribute for attribute in ATTRIBUTES}
COMPUTED = frozenset({0x00080056, 0x00080061, 0x00201206, 0x00201208, 0x00201209, 0x00083002})
"""Made from the index; what a data set says of them is not believed."""

KEPT = {
    level: tuple(one.tag for one in ATTRIBUTES if one.level is level and one.tag not in COMPUTED) for level in Level
}
"""The tags that are read from a data set for a level."""
