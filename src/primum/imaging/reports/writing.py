"""A validated report as a data set: Encapsulated PDF (PS3.3 A.45.1) or Basic Text SR (A.35.1, PS3.16 TID 2000). Pure.

Explicit little endian, UTF-8, times in UTC. The same facts give the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from primum.imaging.dicomjson import Json
from primum.imaging.encoding import encode_data_set, json_of
from primum.imaging.reports.errors import BadReportText, NotAPdf, ReportEmpty, ReportTooLarge
from primum.imaging.reports.limits import LIMITS, Limits
from primum.imaging.reports.model import BASIC_TEXT, PDF, Relation, Text
from primum.imaging.reports.values import Json as Shown
from primum.imaging.syntaxes import EXPLICIT_LE, syntax_of
from primum.imaging.writing import element

TITLE = ("18748-4", "LN", "Diagnostic imaging study")
ADDENDUM = ("55107-7", "LN", "Addendum Document")
LANGUAGES = {"fr": ("fr", "RFC5646", "French"), "en": ("en", "RFC5646", "English")}
_OF_STUDY = (
    0x00080020, 0x00080030, 0x00080050, 0x00080090, 0x00081030, 0x00100010, 0x00100020, 0x00100021, 0x00100030,
    0x00100040, 0x00200010,
)  # fmt: skip
"""What a report repeats of its study and patient (C.7.1.1, C.7.2.1)."""
_OPTIONAL = frozenset({0x00100021, 0x00081030})
_DOCUMENT = 0x00420011
_HEAD, _TAIL = 1024, 4096


@dataclass(frozen=True, slots=True)
class Followed:
    """The report that another one follows."""

    study_uid: str = field(repr=False)
    series_uid: str = field(repr=False)
    sop_class_uid: str
    sop_uid: str = field(repr=False)
    relation: Relation


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of the order that the study answers."""

    accession: str = ""
    placer: str = ""
    filler: str = ""
    requested: str = ""
    procedure: tuple[str, str, str] = ("", "", "")


@dataclass(frozen=True, slots=True)
class Making:
    """What goes into the data set of a report besides what it says."""

    study_uid: str = field(repr=False)
    shown: Mapping[str, Shown] = field(repr=False)
    """The study's attributes as they are served."""
    series_uid: str = field(repr=False)
    sop_uid: str = field(repr=False)
    title: str = field(repr=False)
    at: datetime
    observer: str = field(repr=False)
    """Who validated it, as a PN."""
    organisation: str = field(repr=False)
    followed: Followed | None = None
    numbers: Numbers = Numbers()


@dataclass(frozen=True, slots=True)
class Written:
    """A report as a data set, explicit little endian, with its UIDs."""

    data: bytes = field(repr=False)
    series_uid: str = field(repr=False)
    sop_uid: str = field(repr=False)
    sop_class_uid: str


def check_pdf(document: bytes, limits: Limits = LIMITS) -> bytes:
    """Return it if it is a whole PDF (ISO 32000-1 7.5), encrypted or not. Raises NotAPdf, ReportTooLarge."""
    if len(document) > limits.document_bytes:
        raise ReportTooLarge(limit=limits.document_bytes, of="bytes of PDF")
    if b"%PDF-" not in document[:_HEAD] or b"%%EOF" not in document[-_TAIL:]:
        raise NotAPdf
    return document


def check_text(text: Text, limits: Limits = LIMITS) -> Text:
    """Return it, with the line ends of UT, if it can be written. Raises ReportEmpty, ReportTooLarge, BadReportText."""
    findings, impression = _lines("findings", text.findings, limits), _lines("impression", text.impression, limits)
    if not findings and not impression:
        raise ReportEmpty
    return Text(findings, impression, text.language if text.language in LANGUAGES else "en")


def check_title(title: str, limits: Limits = LIMITS) -> str:
    """Return it if it can be written. Raises ReportTooLarge, BadReportText."""
    title = title.strip()
    if len(title) > limits.title_characters:
        raise ReportTooLarge(limit=limits.title_characters, of="characters of title")
    if "\\" in title or any(not one.isprintable() for one in title):
        raise BadReportText(field="title")
    return title


def _lines(name: str, text: str, limits: Limits) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(text) > limits.text_characters:
        raise ReportTooLarge(limit=limits.text_characters, of=f"characters of {name}")
    if any(not one.isprintable() and one not in "\n\t" for one in text):
        raise BadReportText(field=name)
    return text.replace("\n", "\r\n")


def write_pdf(making: Making, document: bytes) -> Written:
    """Wrap a PDF."""
    values = _common(making, PDF, "DOC") | {
        0x00080064: "WSD",
        0x0008002A: _instant(making.at),
        0x00280301: "YES",
        0x00420010: making.title,
        0x0040A043: [_coded(*_title(making))],
        0x0040A493: "VERIFIED",
        0x00420012: "application/pdf",
        0x00420015: len(document),
    }
    if making.followed is not None:
        values[0x0040A360] = [_predecessor(making.followed)]
    syntax = syntax_of(EXPLICIT_LE)
    before = encode_data_set(json_of({tag: value for tag, value in values.items() if tag < _DOCUMENT}), EXPLICIT_LE)
    after = json_of({tag: value for tag, value in values.items() if tag > _DOCUMENT})
    data = before + element(_DOCUMENT, "OB", document, syntax) + encode_data_set(after, EXPLICIT_LE, "")
    return Written(data, making.series_uid, making.sop_uid, PDF)


def write_text(making: Making, text: Text) -> Written:
    """Write a text as Basic Text SR."""
    values = _common(making, BASIC_TEXT, "SR") | {
        0x00081111: [],
        0x0040A040: "CONTAINER",
        0x0040A043: [_coded(*_title(making))],
        0x0040A050: "SEPARATE",
        0x0040A073: [_verifier(making)],
        0x0040A372: [_coded(*making.numbers.procedure)] if making.numbers.procedure[0] else [],
        0x0040A491: "COMPLETE",
        0x0040A493: "VERIFIED",
        0x0040A496: "FINAL",
        0x0040A504: [{0x00080105: "DCMR", 0x0040DB00: "2000"}],
        0x0040A730: _content(making, text),
    }
    if making.followed is not None:
        values[0x0040A360] = [_predecessor(making.followed)]
    if making.numbers.accession:
        values[0x0040A370] = [_request(making)]
    return Written(encode_data_set(json_of(values), EXPLICIT_LE), making.series_uid, making.sop_uid, BASIC_TEXT)


def _common(making: Making, sop_class_uid: str, modality: str) -> dict[int, object]:
    """What both say: patient, study, series, equipment, SOP common."""
    values: dict[int, object] = {}
    for tag in _OF_STUDY:
        said = first_of(making.shown, tag)
        if said or tag not in _OPTIONAL:
            values[tag] = said
    return values | {
        0x00080012: f"{making.at:%Y%m%d}",
        0x00080013: f"{making.at:%H%M%S}",
        0x00080016: sop_class_uid,
        0x00080018: making.sop_uid,
        0x00080023: f"{making.at:%Y%m%d}",
        0x00080033: f"{making.at:%H%M%S}",
        0x00080060: modality,
        0x00080070: "Primum",
        0x00080201: "+0000",
        0x0008103E: making.title,
        0x0020000D: making.study_uid,
        0x0020000E: making.series_uid,
        0x00200011: 1,
        0x00200013: 1,
    }


def first_of(shown: Mapping[str, Shown], tag: int) -> object:
    """Take an attribute of a study's DICOM JSON as it is to be written again: of a name all its groups."""
    values = shown.get(f"{tag:08X}", {}).get("Value") or [""]
    return values[0] if values[0] is not None else ""


def _title(making: Making) -> tuple[str, str, str]:
    adds = making.followed is not None and making.followed.relation is Relation.ADDENDUM
    return ADDENDUM if adds else TITLE


def _instant(at: datetime) -> str:
    return f"{at:%Y%m%d%H%M%S}+0000"


def _coded(value: str, scheme: str, meaning: str) -> dict[int, object]:
    return {0x00080100: value, 0x00080102: scheme, 0x00080104: meaning or value}


def _verifier(making: Making) -> dict[int, object]:
    return {
        0x0040A027: making.organisation, 0x0040A030: _instant(making.at), 0x0040A075: making.observer, 0x0040A088: [],
    }  # fmt: skip


def _predecessor(one: Followed) -> dict[int, object]:
    sop = {0x00081150: one.sop_class_uid, 0x00081155: one.sop_uid}
    return {0x00081115: [{0x00081199: [sop], 0x0020000E: one.series_uid}], 0x0020000D: one.study_uid}


def _request(making: Making) -> dict[int, object]:
    numbers = making.numbers
    value, scheme, meaning = numbers.procedure
    return {
        0x00080050: numbers.accession, 0x00081110: [], 0x0020000D: making.study_uid, 0x00321060: meaning,
        0x00321064: [_coded(value, scheme, meaning)] if value else [], 0x00401001: numbers.requested,
        0x00402016: numbers.placer, 0x00402017: numbers.filler,
    }  # fmt: skip


def _content(making: Making, text: Text) -> list[dict[int, object]]:
    language = LANGUAGES[text.language]
    content: list[dict[int, object]] = [
        _item("HAS CONCEPT MOD", "CODE", ("121049", "DCM", "Language of Content Item and Descendants"))
        | {0x0040A168: [_coded(*language)]},
        _item("HAS OBS CONTEXT", "CODE", ("121005", "DCM", "Observer Type"))
        | {0x0040A168: [_coded("121006", "DCM", "Person")]},
        _item("HAS OBS CONTEXT", "PNAME", ("121008", "DCM", "Person Observer Name")) | {0x0040A123: making.observer},
    ]
    for said, section, entry in (
        (text.findings, ("121070", "DCM", "Findings"), ("121071", "DCM", "Finding")),
        (text.impression, ("121072", "DCM", "Impressions"), ("121073", "DCM", "Impression")),
    ):
        if said:
            inner = _item("CONTAINS", "TEXT", entry) | {0x0040A160: said}
            content.append(_item("CONTAINS", "CONTAINER", section) | {0x0040A050: "SEPARATE", 0x0040A730: [inner]})
    return content


def _item(relationship: str, kind: str, concept: tuple[str, str, str]) -> dict[int, object]:
    return {0x0040A010: relationship, 0x0040A040: kind, 0x0040A043: [_coded(*concept)]}


def said_of(shown: Mapping[str, Json], tag: int) -> str:
    """Take an attribute of a study's DICOM JSON as text, all groups of a name."""
    one = first_of(shown, tag)
    if isinstance(one, Mapping):
        groups = [str(one.get(group, "")) for group in ("Alphabetic", "Ideographic", "Phonetic")]
        return "=".join(groups).rstrip("=")
    return str(one)
