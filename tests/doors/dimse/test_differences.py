"""Primum and Orthanc answer the same queries about the same studies; docs/conformance explains every difference."""

from __future__ import annotations

import re
import socket
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import translate
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE
from tests.doors.dimse.orthanc import Peer, orthanc
from tests.doors.dimse.queries import POINTED, TOLD, Query, queries, studies
from tests.doors.dimse.running import House, device
from tests.doors.dimse.shelf import shelve

from primum.app.shelf import Shelf
from primum.identity import Reach
from primum.identity.device_model import Service

PAGE = Path(__file__).parents[3] / "docs" / "conformance" / "query-differences.md"
PATIENT_ROOT, STUDY_ROOT = "1.2.840.10008.5.1.4.1.2.1.1", "1.2.840.10008.5.1.4.1.2.2.1"
KEYS = {"PATIENT": "PatientID", "STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}
RESOURCES = {"STUDY": ("study", "studies"), "SERIES": ("series", "series"), "IMAGE": ("instance", "instances")}
FIND, QIDO = "C-FIND", "QIDO"
LEVELS = ("PATIENT", "STUDY", "STUDY", "STUDY", "SERIES", "IMAGE")


@dataclass(frozen=True)
class Meeting:
    """A key of a query, and what a row that only one of the two found has there."""

    language: str
    keyword: str
    asked: str
    kept: str
    query: str


def glob(pattern: str, text: str) -> bool:
    return re.fullmatch(translate(pattern.replace("[", "[[]")), text) is not None


def plain(text: str) -> str:
    """In capitals, where ASCII has them."""
    return "".join(one.upper() if one.isascii() else one for one in text)


def bare(text: str) -> str:
    """In capitals, without accents."""
    return "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one)).upper()


def joined(text: str) -> str:
    """The same, its words and components run together."""
    return re.sub(r"[\s\-'.,^]", "", bare(text))


def of(*keywords: str) -> Callable[[Meeting], bool]:
    return lambda met: met.keyword in keywords


NAMES = of("PatientName", "ReferringPhysicianName")
CODES = of("AccessionNumber", "PatientID", "PatientSex", "StudyID", "Modality", "StationName")
RANGES = of("StudyDate", "StudyTime")
DESCRIPTIONS = of("StudyDescription", "SeriesDescription")

CLASSES: dict[str, Callable[[Meeting], bool]] = {
    "descriptions-folded": lambda met: (
        DESCRIPTIONS(met) and not glob(met.asked, met.kept) and glob(bare(met.asked), bare(met.kept))
    ),
    "names-accents": lambda met: (
        NAMES(met) and not glob(plain(met.asked), plain(met.kept)) and glob(bare(met.asked), bare(met.kept))
    ),
    "names-run-together": lambda met: (
        NAMES(met) and not glob(bare(met.asked), bare(met.kept)) and glob(joined(met.asked), joined(met.kept))
    ),
    "names-punctuation": lambda met: (
        NAMES(met) and glob(bare(met.asked), bare(met.kept)) and not glob(joined(met.asked), joined(met.kept))
    ),
    "times-shorter": lambda met: met.keyword == "StudyTime" and met.kept.startswith(met.asked),
    "codes-case": lambda met: (
        CODES(met) and not glob(met.asked, met.kept) and glob(met.asked.upper(), met.kept.upper())
    ),
    "modalities-of-study": lambda met: (
        met.keyword == "ModalitiesInStudy" and met.query.startswith(("SERIES", "IMAGE")) and "\\" in met.kept
    ),
    "date-with-time": lambda met: met.keyword == "StudyTime" and "-" in met.asked and "StudyDate=" in met.query,
    "ranges-empty": lambda met: RANGES(met) and met.asked.startswith("-") and not met.kept,
}


def rows_of_page() -> dict[str, list[str]]:
    lines = PAGE.read_text("utf-8").split("|---|---|---|---|---|---|---|\n", 1)[1].splitlines()
    cells = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines if line.startswith("|")]
    return {row[0].strip("`"): row[1:] for row in cells}


class Judge:
    """Explains each row that only one of the two found, or cannot."""

    def __init__(self, data: list[Dataset]) -> None:
        self.data, self.page = data, rows_of_page()
        self.used: Counter[str] = Counter()
        self.unexplained: list[str] = []

    def compare(self, language: str, query: Query, ours: dict[str, int], theirs: dict[str, int]) -> None:
        for row in ours.keys() | theirs.keys():
            if ours.get(row, 0) != theirs.get(row, 0):
                more = "Primum" if ours.get(row, 0) > theirs.get(row, 0) else "Orthanc"
                self._explain(language, query, row, more)

    def _explain(self, language: str, query: Query, row: str, more: str) -> None:
        of_row = [one for one in self.data if str(one[KEYS[query.level]].value or "") == row]
        met = [
            Meeting(language, keyword, asked, kept_in(one, keyword, self.data), str(query))
            for keyword, asked in query.keys
            for one in of_row
        ]
        for name, (spoken, who, *_) in self.page.items():
            if who == more and language in spoken and any(CLASSES[name](one) for one in met):
                self.used[name] += 1
                return
        self.unexplained.append(f"{language} {query}: only {more} finds {row} {[m.kept for m in met]}")


def kept_in(one: Dataset, keyword: str, data: list[Dataset]) -> str:
    if keyword == "ModalitiesInStudy":
        return "\\".join(sorted({other.Modality for other in data if other.StudyInstanceUID == one.StudyInstanceUID}))
    return str(one.get(keyword) or "")


@pytest.fixture
def caller(house):
    house.enrol(device("FINDER", frozenset({Service.FIND})))

    def associate(port: int, called: str):
        ae = AE("FINDER")
        ae.connection_timeout = 10
        for one in (PATIENT_ROOT, STUDY_ROOT):
            ae.add_requested_context(one, "1.2.840.10008.1.2.1")
        association = ae.associate("127.0.0.1", port, ae_title=called)
        assert association.is_established
        association.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return association

    return associate


def find(association, query: Query) -> tuple[dict[str, int], dict[str, list[str]], int]:
    answers = list(
        association.send_c_find(query.identifier(), PATIENT_ROOT if query.level == "PATIENT" else STUDY_ROOT)
    )
    rows = [data for _, data in answers if data is not None]
    names = [str(one[KEYS[query.level]].value or "") for one in rows]
    told = {
        name: [str(one[keyword].value or "") for keyword in TOLD[query.level]]
        for name, one in zip(names, rows, strict=True)
    }
    return Counter(names), told, answers[-1][0].Status


@pytest.mark.programs("Orthanc")
def test_every_difference_from_orthanc_is_explained(house: House, caller, tmp_path):
    data = studies(7)
    (tmp_path / "shelf").mkdir()
    archive = shelve(tmp_path / "shelf", data)
    judge = Judge(data)
    with orthanc(tmp_path / "orthanc") as peer:
        peer.store(data)
        with house.open(archive=lambda: archive) as port:
            ours, theirs = caller(port, "PRIMUM"), caller(peer.dicom, "ORTHANC")
            for query in [*POINTED, *queries(11, 150, LEVELS)]:
                (found, told, status), (others, told_there, status_there) = find(ours, query), find(theirs, query)
                judge.compare(FIND, query, found, others)
                assert (status, status_there) == (0, 0), str(query)
                for row in told.keys() & told_there.keys():
                    assert told[row] == told_there[row] or row == "", f"{query}: {row} is told otherwise"
            ours.release()
            theirs.release()
        shelf = Shelf(archive)
        for query in filter(sayable, queries(12, 280, ("STUDY", "STUDY", "SERIES", "IMAGE"))):
            judge.compare(QIDO, query, searched(shelf, query), searched_there(peer, query))
    assert not judge.unexplained, "\n".join(judge.unexplained[:20])
    assert set(judge.page) == set(CLASSES) == set(judge.used)


def parameters(query: Query) -> list[tuple[str, str]]:
    return [(keyword, value.replace("\\", ",")) for keyword, value in query.keys]


def searched(shelf: Shelf, query: Query) -> Counter[str]:
    rows = shelf.search(RESOURCES[query.level][0], parameters(query), [Reach(None, (), False)], limit=1000, offset=0)
    return Counter(str(one.attributes[_tag(query.level)]["Value"][0]) for one in rows)


def sayable(query: Query) -> bool:
    """Tell whether a query needs no percent-encoding: Orthanc's plug-in 1.7 does not undo it."""
    return all(re.fullmatch(r"[A-Za-z0-9*?^',.\\_-]*", value) for _, value in query.keys)


def searched_there(peer: Peer, query: Query) -> Counter[str]:
    asked = "&".join(f"{keyword}={value}" for keyword, value in parameters(query))
    return Counter(one[_tag(query.level)]["Value"][0] for one in peer.get(f"{RESOURCES[query.level][1]}?{asked}"))


def _tag(level: str) -> str:
    return {"STUDY": "0020000D", "SERIES": "0020000E", "IMAGE": "00080018"}[level]
