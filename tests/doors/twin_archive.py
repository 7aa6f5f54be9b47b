"""An archive in memory, from data sets: what the door tests need before there is an index."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pydicom
from primum.ground.errors import PrimumError
from primum.ground.ids import token128
from primum.identity import Reach
from pydicom.dataset import Dataset


class Missing(PrimumError):
    """Nothing here."""

    code = "imaging.not-here"


@dataclass
class Entry:
    study_ref: str
    study_uid: str
    controller_id: str
    referrer: str = ""
    confidential: bool = False
    instances: list[One] = field(default_factory=list)


@dataclass
class One:
    data: bytes
    parsed: Dataset
    transfer_syntax_uid: str

    @property
    def sop_class_uid(self) -> str:
        return str(self.parsed.SOPClassUID)

    @property
    def sop_instance_uid(self) -> str:
        return str(self.parsed.SOPInstanceUID)

    def chunks(self) -> Iterator[bytes]:
        yield self.data

    def frame(self, number: int) -> bytes:
        if number != 1:
            raise Missing
        return bytes(self.parsed.PixelData)

    def bulk(self, path: str) -> bytes:
        raise Missing


@dataclass
class Row:
    study: Entry
    attributes: dict[str, Any]
    flags: frozenset[str] = frozenset()


class TwinArchive:
    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}

    def add(self, data: bytes, controller_id: str, syntax: str = "1.2.840.10008.1.2.1") -> None:
        parsed = pydicom.dcmread(io.BytesIO(data), force=True)
        uid = str(parsed.StudyInstanceUID)
        entry = self.entries.setdefault(uid, Entry(token128(), uid, controller_id))
        entry.instances.append(One(data, parsed, syntax))

    def search(self, level: str, parameters: Any, reaches: Sequence[Reach], *, within: Any = None, series_uid: str = "", limit: int, offset: int) -> list[Row]:
        asked = {k: v for k, v in parameters if k not in {"includefield", "fuzzymatching"}}
        entries = [within] if within else list(self.entries.values())
        if "StudyInstanceUID" in asked:
            entries = [one for one in entries if one.study_uid == asked["StudyInstanceUID"]]
        if asked.get("00100020") or asked.get("PatientID"):
            wanted = (asked.get("00100020") or asked["PatientID"]).strip("*")
            entries = [one for one in entries if wanted in str(one.instances[0].parsed.PatientID)]
        if asked.get("PatientName"):
            entries = [one for one in entries if asked["PatientName"].lower() in str(one.instances[0].parsed.PatientName).lower()]
        rows = []
        for entry in entries:
            rows += {"study": self._study, "series": self._series, "instance": self._instances}[level](entry, series_uid)
        return rows[offset : offset + limit]

    def _study(self, entry: Entry, _: str) -> list[Row]:
        first = entry.instances[0].parsed
        made = _some(first, "StudyDate StudyTime AccessionNumber StudyDescription ReferringPhysicianName PatientName PatientID PatientBirthDate PatientSex StudyInstanceUID StudyID")
        made["00080061"] = {"vr": "CS", "Value": sorted({str(one.parsed.Modality) for one in entry.instances})}
        made["00201206"] = {"vr": "IS", "Value": [len({one.parsed.SeriesInstanceUID for one in entry.instances})]}
        made["00201208"] = {"vr": "IS", "Value": [len(entry.instances)]}
        return [Row(entry, made)]

    def _series(self, entry: Entry, _: str) -> list[Row]:
        firsts = {str(one.parsed.SeriesInstanceUID): one.parsed for one in reversed(entry.instances)}
        return [Row(entry, _some(one, "Modality SeriesInstanceUID SeriesNumber SeriesDescription SeriesDate SeriesTime StudyInstanceUID")) for one in firsts.values()]

    def _instances(self, entry: Entry, series_uid: str) -> list[Row]:
        return [Row(entry, _some(one.parsed, "SOPInstanceUID SOPClassUID InstanceNumber SeriesInstanceUID StudyInstanceUID")) for one in entry.instances if series_uid in {"", one.parsed.SeriesInstanceUID}]

    def study(self, reaches: Sequence[Reach], *, uid: str = "", ref: str = "") -> Entry:
        for one in self.entries.values():
            if (uid and one.study_uid == uid) or (ref and one.study_ref == ref):
                return one
        raise Missing

    def series_uids(self, study: Entry) -> list[str]:
        return list(dict.fromkeys(str(one.parsed.SeriesInstanceUID) for one in study.instances))

    def metadata(self, study: Entry, series_uid: str) -> bytes:
        found = []
        for one in study.instances:
            if one.parsed.SeriesInstanceUID == series_uid:
                plain = Dataset({tag: one.parsed[tag] for tag in one.parsed.keys() if tag != 0x7FE00010})
                made = plain.to_json_dict()
                made["00083002"] = {"vr": "UI", "Value": [one.transfer_syntax_uid]}
                found.append(made)
        if not found:
            raise Missing
        return json.dumps(found).encode()

    def instances(self, study: Entry, series_uid: str = "", sop_uid: str = "") -> list[One]:
        found = [one for one in study.instances if series_uid in {"", one.parsed.SeriesInstanceUID} and sop_uid in {"", one.sop_instance_uid}]
        if not found:
            raise Missing
        return found


def _some(data: Dataset, keywords: str) -> dict[str, Any]:
    return Dataset({data[one].tag: data[one] for one in keywords.split() if one in data}).to_json_dict()
