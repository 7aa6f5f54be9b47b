"""Every shape of query that OHIF sends to QIDO-RS and that workstations and scanners send by C-FIND."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from bench.synthetic import Made

Keys = dict[str, str]


class Shape(NamedTuple):
    """A query of one kind; `keys` makes it about one study. `peer`: whether Orthanc answers it alike."""

    name: str
    level: str
    keys: Callable[[Made], Keys]
    qido: bool = True
    find: bool = True
    peer: bool = True


def _name(made: Made) -> str:
    return made.name.split("^", 1)[0]


def _value(tag: int) -> Callable[[Made], str]:
    return lambda made: made.values[tag]


_DATE, _ACCESSION, _MODALITY = _value(0x00080020), _value(0x00080050), _value(0x00080060)
_NUMBER, _BIRTH, _STUDY_ID = _value(0x00100020), _value(0x00100030), _value(0x00200010)


def _month(made: Made) -> str:
    return f"{_DATE(made)[:6]}01-{_DATE(made)[:6]}31"


SHAPES = (
    Shape("newest", "STUDY", lambda _: {}),
    Shape("patient id", "STUDY", lambda one: {"PatientID": _NUMBER(one)}),
    Shape("patient id, inside", "STUDY", lambda one: {"PatientID": f"*{_NUMBER(one)[3:8]}*"}),
    Shape("name, beginning", "STUDY", lambda one: {"PatientName": f"{_name(one)[:4]}*"}),
    Shape("name, inside", "STUDY", lambda one: {"PatientName": f"*{_name(one)[1:5].lower()}*"}),
    Shape("name, *dup*", "STUDY", lambda _: {"PatientName": "*dup*"}),
    Shape("name, whole", "STUDY", lambda one: {"PatientName": one.name}),
    Shape("name and given name", "STUDY", lambda one: {"PatientName": f"{_name(one)}^{one.name.split('^')[1][:2]}*"}),
    Shape("name, two letters", "STUDY", lambda one: {"PatientName": f"*{_name(one)[:2]}*"}),
    Shape("name and birth date", "STUDY",
          lambda one: {"PatientName": f"{_name(one)}*", "PatientBirthDate": _BIRTH(one)}),
    Shape("birth date", "STUDY", lambda one: {"PatientBirthDate": _BIRTH(one)}),
    Shape("accession", "STUDY", lambda one: {"AccessionNumber": _ACCESSION(one)}),
    Shape("accession, inside", "STUDY", lambda one: {"AccessionNumber": f"*{_ACCESSION(one)[2:]}*"}),
    Shape("study id", "STUDY", lambda one: {"StudyID": _STUDY_ID(one)}),
    Shape("one day", "STUDY", lambda one: {"StudyDate": _DATE(one)}),
    Shape("one month", "STUDY", lambda one: {"StudyDate": _month(one)}),
    Shape("one day, a modality", "STUDY", lambda one: {"StudyDate": _DATE(one), "ModalitiesInStudy": _MODALITY(one)}),
    Shape("one day, the morning", "STUDY", lambda one: {"StudyDate": _DATE(one), "StudyTime": "0700-1200"}),
    Shape("a modality", "STUDY", lambda one: {"ModalitiesInStudy": _MODALITY(one)}),
    Shape("two modalities", "STUDY", lambda _: {"ModalitiesInStudy": "PT\\XA"}),
    Shape("description, inside", "STUDY", lambda _: {"StudyDescription": "*thorax*"}),
    Shape("referrer", "STUDY", lambda one: {"ReferringPhysicianName": one.values[0x00080090]}),
    Shape("everything at once", "STUDY", lambda one: {
        "PatientName": f"*{_name(one)[1:5]}*", "StudyDate": _month(one), "ModalitiesInStudy": _MODALITY(one),
        "StudyDescription": "*a*"}),
    Shape("nobody", "STUDY", lambda _: {"PatientName": "XQZ*"}),
    Shape("study uid", "STUDY", lambda one: {"StudyInstanceUID": one.study_uid}),
    Shape("other patient id", "STUDY", lambda one: {"OtherPatientIDs": _NUMBER(one)}, peer=False),
    Shape("sop class", "STUDY", lambda _: {"SOPClassesInStudy": "1.2.840.10008.5.1.4.1.1.88.11"}, peer=False),
    Shape("time zone", "STUDY", lambda one: {"StudyDate": _DATE(one), "TimezoneOffsetFromUTC": "+0100"}, peer=False),
    Shape("patient by id", "PATIENT", lambda one: {"PatientID": _NUMBER(one)}, qido=False),
    Shape("patient by name", "PATIENT", lambda one: {"PatientName": f"{_name(one)}*"}, qido=False),
    Shape("patients", "PATIENT", lambda _: {}, qido=False),
    Shape("series of a study", "SERIES", lambda one: {"StudyInstanceUID": one.study_uid}),
    Shape("a series by its uid", "SERIES", lambda one: {"SeriesInstanceUID": f"{one.study_uid}.1"}),
    Shape("series of a study, a modality", "SERIES",
          lambda one: {"StudyInstanceUID": one.study_uid, "Modality": _MODALITY(one)}),
    Shape("series of a station", "SERIES", lambda one: {"StationName": one.values[0x00081010]}, find=False),
    Shape("images of a series", "IMAGE",
          lambda one: {"StudyInstanceUID": one.study_uid, "SeriesInstanceUID": f"{one.study_uid}.1"}),
    Shape("an image by its uid", "IMAGE", lambda one: {"SOPInstanceUID": f"{one.study_uid}.1.1"}),
)  # fmt: skip
