"""Studies made up from a seed, and queries about them, as a workstation or a careless script would write them."""

from __future__ import annotations

import random
from dataclasses import dataclass

from pydicom import config
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from tests.doors.dimse.instances import instance

NAMES = [
    "DUPONT^JEAN", "Dupont^Jean-Pierre", "DUPOND^JEANNE", "LEFÈVRE^ANNE", "Lefevre^Anne Marie", "", "O'BRIEN^Mary^^Dr",
    "MÜLLER^JÜRGEN", "DUPONT", "VAN DER BERG^PIET", "Yamada^Tarou=山田^太郎=やまだ^たろう", "ZOE^[X]",
]  # fmt: skip
NUMBERS = ["P1", "p1", "P10", "P-77", "0042", "", "P 1"]
DATES = ["20260101", "20260102", "20251231", "20250615", ""]
TIMES = ["101112", "0800", "235959.5", "", "000000"]
DESCRIPTIONS = ["Thorax face", "IRM cérébrale", "THORAX", "", "Abdomen & pelvis"]
MODALITIES = ["CT", "MR", "US", "SR"]
ACCESSIONS = ["A1", "a1", "ACC-77", "", "A10"]
STATIONS = ["CT1", "MR1", ""]
REFERRERS = ["MARTIN^PAUL", "BERNARD^LÉA", ""]


def studies(seed: int, count: int = 36) -> list[Dataset]:
    """Instances of `count` studies; a PatientID keeps one name and birth date, as Orthanc knows no other way."""
    rng = random.Random(seed)
    persons = [(name, f"{NUMBERS[at % len(NUMBERS)]}{at // len(NUMBERS) or ''}") for at, name in enumerate(NAMES * 2)]
    made = []
    for number in range(1, count + 1):
        name, patient = persons[number - 1] if number <= len(NAMES) else rng.choice(persons)
        birth = f"19{40 + (len(patient) * 7 + len(name)) % 60}0{1 + len(name) % 9}11"
        common = {
            "SpecificCharacterSet": "ISO_IR 192", "PatientName": name, "PatientID": patient, "PatientBirthDate": birth,
            "PatientSex": "FMO"[len(name + patient) % 3], "StudyDate": rng.choice(DATES),
            "StudyTime": rng.choice(TIMES), "AccessionNumber": rng.choice(ACCESSIONS), "StudyID": str(number % 5),
            "StudyDescription": rng.choice(DESCRIPTIONS), "ReferringPhysicianName": rng.choice(REFERRERS),
        }  # fmt: skip
        for series in range(rng.randint(1, 2)):
            modality, station = rng.choice(MODALITIES), rng.choice(STATIONS)
            for image in range(rng.randint(1, 2)):
                one = instance(number * 100 + series * 10 + image, study=f"2.25.{number}")
                one.SeriesInstanceUID, one.SeriesNumber = f"2.25.{number}.{series}", series
                one.InstanceNumber, one.Modality, one.StationName = image, modality, station
                one.SeriesDescription = f"Serie {series}"
                for keyword, value in common.items():
                    setattr(one, keyword, value)
                made.append(one)
    return made


@dataclass(frozen=True)
class Query:
    """One query: a level and what is asked of attributes."""

    level: str
    keys: tuple[tuple[str, str], ...]

    def identifier(self) -> Dataset:
        asked = Dataset()
        asked.SpecificCharacterSet, asked.QueryRetrieveLevel = "ISO_IR 192", self.level
        for keyword, value in (*((one, "") for one in (*UNIQUE[self.level], *TOLD[self.level])), *self.keys):
            tag = Tag(keyword)
            asked[tag] = DataElement(tag, dictionary_VR(tag), value or None, validation_mode=config.IGNORE)
        return asked

    def __str__(self) -> str:
        return f"{self.level} " + "&".join(f"{key}={value}" for key, value in self.keys)


UNIQUE = {
    "PATIENT": ("PatientID",),
    "STUDY": ("StudyInstanceUID",),
    "SERIES": ("StudyInstanceUID", "SeriesInstanceUID"),
    "IMAGE": ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"),
}


TOLD = {
    "PATIENT": ("PatientBirthDate", "NumberOfPatientRelatedStudies"),
    "STUDY": ("StudyDate", "AccessionNumber", "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances"),
    "SERIES": ("Modality", "SeriesDescription", "NumberOfSeriesRelatedInstances"),
    "IMAGE": ("InstanceNumber", "SOPClassUID"),
}
"""What is asked for besides, to be compared as well."""


def queries(seed: int, count: int, levels: tuple[str, ...]) -> list[Query]:
    """Random queries: mostly sensible."""
    rng = random.Random(seed)
    return [_query(rng, rng.choice(levels)) for _ in range(count)]


def _query(rng: random.Random, level: str) -> Query:
    keys: dict[str, str] = {}
    for make in rng.sample(_STUDY_KEYS, rng.choice([1, 1, 2])):
        keyword, value = make(rng)
        if level != "PATIENT" or keyword.startswith("Patient"):
            keys[keyword] = value
    if level in {"SERIES", "IMAGE"}:
        keys = {} if rng.random() < 0.7 else keys
        keys["StudyInstanceUID"] = f"2.25.{rng.randint(1, 36)}"
        if rng.random() < 0.5:
            keys |= dict([rng.choice(_SERIES_KEYS)(rng)])
    if level == "IMAGE":
        keys["SeriesInstanceUID"] = keys["StudyInstanceUID"] + f".{rng.randint(0, 1)}"
        if rng.random() < 0.5:
            keys["InstanceNumber"] = str(rng.randint(0, 2))
    return Query(level, tuple(sorted(keys.items())))


def _pattern(rng: random.Random, values: list[str]) -> str:
    text = rng.choice(values)
    cut, length = rng.randrange(max(1, len(text))), rng.randint(1, 5)
    piece = text[cut : cut + length]
    forms = [text, f"{text[:length]}*", f"*{piece}*", text.lower(), text.upper(), f"*{text[-length:]}", "", "*"]
    return rng.choice([*forms, f"{text[:1]}?{text[2:]}", f"{text}*"])


def _date(rng: random.Random) -> str:
    low, high = sorted(rng.sample(DATES[:4], 2))
    return rng.choice([low, f"{low}-{high}", f"{low}-", f"-{high}", f"{high}-{low}", f"{low}-{low}"])


def _time(rng: random.Random) -> str:
    return rng.choice(["101112", "08", "0800-1200", "1000-", "-0900", "235959-", "101112-101112"])


_STUDY_KEYS = [
    lambda rng: ("PatientName", _pattern(rng, NAMES)),
    lambda rng: ("PatientName", _pattern(rng, NAMES)),
    lambda rng: ("PatientID", _pattern(rng, NUMBERS)),
    lambda rng: ("StudyDate", _date(rng)),
    lambda rng: ("StudyDate", _date(rng)),
    lambda rng: ("StudyTime", _time(rng)),
    lambda rng: ("AccessionNumber", _pattern(rng, ACCESSIONS)),
    lambda rng: ("StudyDescription", _pattern(rng, DESCRIPTIONS)),
    lambda rng: ("ModalitiesInStudy", rng.choice(["CT", "MR", "US\\SR", "M*", "XX"])),
    lambda rng: ("ReferringPhysicianName", _pattern(rng, REFERRERS)),
    lambda rng: ("StudyID", rng.choice(["1", "4", "9", "*"])),
    lambda rng: ("PatientSex", rng.choice(["F", "M", "f"])),
    lambda rng: ("StudyInstanceUID", rng.choice(["2.25.1", "2.25.2\\2.25.3", "2.25.99"])),
]
_SERIES_KEYS = [
    lambda rng: ("Modality", rng.choice(["CT", "MR", "C*"])),
    lambda rng: ("SeriesNumber", str(rng.randint(0, 2))),
    lambda rng: ("SeriesDescription", rng.choice(["Serie 1", "serie 1", "Serie*", "*1"])),
    lambda rng: ("StationName", rng.choice(["CT1", "ct1", "*1"])),
]

POINTED = [
    Query("STUDY", (("PatientName", "O?BRIEN^Mary*"),)),
    Query("STUDY", (("PatientName", "vanderberg*"),)),
    Query("STUDY", (("PatientName", "LEFÈVRE^ANNE*"),)),
    Query("STUDY", (("StudyDescription", "irm cerebrale"),)),
    Query("STUDY", (("StudyTime", "08"),)),
    Query("SERIES", (("ModalitiesInStudy", "MR"), ("StudyInstanceUID", "2.25.6"))),
]
"""Asked whatever the seed: each falls under a class of difference."""
