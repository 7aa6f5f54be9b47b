"""Names of attributes that a search may give away: those that identify somebody, or say who was with them.

Tags and keywords are PS3.6's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

KEYWORDS: Final = {
    "00080020": "StudyDate",
    "00080030": "StudyTime",
    "00080050": "AccessionNumber",
    "00080080": "InstitutionName",
    "00080081": "InstitutionAddress",
    "00080090": "ReferringPhysicianName",
    "00081030": "StudyDescription",
    "00081048": "PhysiciansOfRecord",
    "00081050": "PerformingPhysicianName",
    "00081060": "NameOfPhysiciansReadingStudy",
    "00081070": "OperatorsName",
    "00081080": "AdmittingDiagnosesDescription",
    "00100010": "PatientName",
    "00100020": "PatientID",
    "00100021": "IssuerOfPatientID",
    "00100030": "PatientBirthDate",
    "00100032": "PatientBirthTime",
    "00100040": "PatientSex",
    "00101000": "OtherPatientIDs",
    "00101001": "OtherPatientNames",
    "00101010": "PatientAge",
    "00101020": "PatientSize",
    "00101030": "PatientWeight",
    "00101040": "PatientAddress",
    "00102154": "PatientTelephoneNumbers",
    "00102160": "EthnicGroup",
    "00104000": "PatientComments",
    "0020000D": "StudyInstanceUID",
    "00200010": "StudyID",
    "00321032": "RequestingPhysician",
    "00321060": "RequestedProcedureDescription",
}


def names_of(tags: Iterable[str]) -> list[str]:
    """Return the keywords of those tags and keywords that are told, in order of tag."""
    given = set(tags)
    return [word for tag, word in KEYWORDS.items() if tag in given or word in given]
