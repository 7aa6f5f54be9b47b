"""Rejection notes: Key Object Selections whose title rejects instances (IHE RAD, IOCM; PS3.3 A.35.4, C.17.6).

Read from whoever sent one, and written when a person rejects. Pure.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from primum.imaging.amendments import RejectionCode
from primum.imaging.dicomjson import CHARSET_TAG
from primum.imaging.errors import DamagedDataSet, DataSetTooLarge
from primum.imaging.limits import LIMITS, Limits
from primum.imaging.recoding import UTF_8
from primum.imaging.syntaxes import EXPLICIT_LE, Syntax, syntax_of
from primum.imaging.walker import Element, Short, elements, inflate, items
from primum.imaging.writing import element, sequence

KEY_OBJECTS = "1.2.840.10008.5.1.4.1.1.88.59"
MOST_REFERENCES = 100_000
"""Instances that one note may reject: a whole slide or a long dynamic series has some ten thousand."""

_TITLE, _EVIDENCE, _SERIES, _SOPS = 0x0040A043, 0x0040A375, 0x00081115, 0x00081199
_CODE, _SCHEME, _STUDY_UID, _SOP_UID = 0x00080100, 0x00080102, 0x0020000D, 0x00081155
_WAVEFORMS = "1.2.840.10008.5.1.4.1.1.9."

MEANINGS = {
    RejectionCode.QUALITY: "Rejected for Quality Reasons",
    RejectionCode.PATIENT_SAFETY: "Rejected for Patient Safety Reasons",
    RejectionCode.WRONG_WORKLIST_ENTRY: "Incorrect Modality Worklist Entry",
    RejectionCode.RETENTION_EXPIRED: "Data Retention Policy Expired",
}
"""PS3.16 CID 7011."""


@dataclass(frozen=True, slots=True)
class Note:
    """What a rejection note says: why, and which instances of which studies."""

    code: str
    studies: Mapping[str, tuple[str, ...]] = field(repr=False)


def read_note(data: bytes, transfer_syntax: str, limits: Limits = LIMITS) -> Note | None:
    """Read a Key Object Selection; None when its title rejects nothing. Raises DamagedDataSet, DataSetTooLarge."""
    reader = _reader(data, transfer_syntax, limits)
    try:
        code = reader.title()
        return None if code is None else Note(code, reader.references())
    except Short:
        raise DamagedDataSet(what="it ends in the middle of an element") from None


def key_images(data: bytes, transfer_syntax: str, limits: Limits = LIMITS) -> tuple[str, ...]:
    """List what a Key Object Selection points out; nothing where it rejects. Raises DamagedDataSet, DataSetTooLarge."""
    reader = _reader(data, transfer_syntax, limits)
    try:
        if reader.title() is not None:
            return ()
        return tuple(sop for sops in reader.references().values() for sop in sops)
    except Short:
        raise DamagedDataSet(what="it ends in the middle of an element") from None


def _reader(data: bytes, transfer_syntax: str, limits: Limits) -> _Reader:
    syntax = syntax_of(transfer_syntax)
    if len(data) > limits.header_bytes:
        raise DataSetTooLarge(limit=limits.header_bytes, of="bytes of header")
    if syntax.deflated:
        data = inflate(data, limits.header_bytes)[0]
    return _Reader(memoryview(data), syntax, limits)


class _Reader:
    def __init__(self, view: memoryview, syntax: Syntax, limits: Limits) -> None:
        self._view, self._syntax, self._limits = view, syntax, limits
        self._left = MOST_REFERENCES

    def title(self) -> str | None:
        for start, stop in self._items(self._find(0, len(self._view), _TITLE)):
            code = self._text(self._find(start, stop, _CODE))
            if self._text(self._find(start, stop, _SCHEME)) == "DCM" and code in set(RejectionCode):
                return code
        return None

    def references(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for start, stop in self._items(self._find(0, len(self._view), _EVIDENCE)):
            study = self._text(self._find(start, stop, _STUDY_UID))
            sops = tuple(self._instances(start, stop))
            if study and sops:
                found[study] = (*found.get(study, ()), *sops)
        return found

    def _instances(self, start: int, stop: int) -> Iterator[str]:
        for low, high in self._items(self._find(start, stop, _SERIES)):
            for first, last in self._items(self._find(low, high, _SOPS)):
                self._left -= 1
                if self._left < 0:
                    raise DataSetTooLarge(limit=MOST_REFERENCES, of="instances in one rejection note")
                yield self._text(self._find(first, last, _SOP_UID))

    def _find(self, start: int, stop: int, tag: int) -> Element | None:
        for one in elements(self._view, self._syntax, self._limits, start, stop):
            if one.tag >= tag:
                return one if one.tag == tag else None
        return None

    def _items(self, one: Element | None) -> Iterator[tuple[int, int]]:
        return items(self._view, one, self._syntax, self._limits) if one is not None else iter(())

    def _text(self, one: Element | None) -> str:
        return bytes(self._view[one.at : one.end]).decode("latin-1").strip("\0 ") if one is not None else ""


@dataclass(frozen=True, slots=True)
class Reference:
    """An instance to reject."""

    series_uid: str = field(repr=False)
    sop_class_uid: str
    sop_uid: str = field(repr=False)
    image: bool


@dataclass(frozen=True, slots=True)
class Written:
    """A rejection note as a data set, explicit little endian, with its UIDs."""

    data: bytes = field(repr=False)
    series_uid: str = field(repr=False)
    sop_uid: str = field(repr=False)


_OF_STUDY = {
    0x00080020: "DA", 0x00080030: "TM", 0x00080050: "SH", 0x00080090: "PN", 0x00100010: "PN", 0x00100020: "LO",
    0x00100021: "LO", 0x00100030: "DA", 0x00100040: "CS", 0x00200010: "SH",
}  # fmt: skip
"""What a note repeats of its study and patient; of type 2 in the IOD, but for the issuer (C.7.1.1, C.7.2.1)."""
_ISSUER = 0x00100021


def write_note(
    study_uid: str, said: Mapping[int, str], references: Sequence[Reference], code: RejectionCode, at: datetime
) -> Written:
    """Write a rejection note of one study. `said` gives the study's attributes as texts."""
    syntax = syntax_of(EXPLICIT_LE)
    series_uid, sop_uid = new_uid(), new_uid()
    day, time = at.strftime("%Y%m%d"), at.strftime("%H%M%S")
    values: dict[int, bytes] = {}

    def put(tag: int, vr: str, text: str) -> None:
        values[tag] = element(tag, vr, text.encode("utf-8"), syntax)

    for tag, vr in _OF_STUDY.items():
        if said.get(tag) or tag != _ISSUER:
            put(tag, vr, said.get(tag, ""))
    for tag, vr, text in (
        (CHARSET_TAG, "CS", UTF_8.decode("ascii")), (0x00080012, "DA", day), (0x00080013, "TM", time),
        (0x00080016, "UI", KEY_OBJECTS), (0x00080018, "UI", sop_uid), (0x00080023, "DA", day), (0x00080033, "TM", time),
        (0x00080060, "CS", "KO"), (0x00080070, "LO", "Primum"), (0x00080201, "SH", "+0000"),
        (0x0008103E, "LO", MEANINGS[code]), (0x0020000D, "UI", study_uid), (0x0020000E, "UI", series_uid),
        (0x00200011, "IS", "1"), (0x00200013, "IS", "1"), (0x0040A040, "CS", "CONTAINER"),
        (0x0040A050, "CS", "SEPARATE"),
    ):  # fmt: skip
        put(tag, vr, text)
    values[0x00081111] = sequence(0x00081111, [], syntax)
    values[_TITLE] = sequence(_TITLE, [_coded(code, MEANINGS[code], syntax)], syntax)
    values[_EVIDENCE] = sequence(_EVIDENCE, [_evidence(study_uid, references, syntax)], syntax)
    values[0x0040A504] = sequence(
        0x0040A504, [_texts(((0x00080105, "CS", "DCMR"), (0x0040DB00, "CS", "2010")), syntax)], syntax
    )
    values[0x0040A730] = sequence(0x0040A730, [_content(one, syntax) for one in references], syntax)
    return Written(b"".join(values[tag] for tag in sorted(values)), series_uid, sop_uid)


def new_uid() -> str:
    """Make a UID of our own (PS3.5 B.2)."""
    return f"2.25.{uuid.uuid4().int}"


def _texts(texts: Iterable[tuple[int, str, str]], syntax: Syntax) -> bytes:
    return b"".join(element(tag, vr, text.encode("utf-8"), syntax) for tag, vr, text in texts)


def _coded(code: str, meaning: str, syntax: Syntax) -> bytes:
    return _texts(((_CODE, "SH", code), (_SCHEME, "SH", "DCM"), (0x00080104, "LO", meaning)), syntax)


def _reference(one: Reference, syntax: Syntax) -> bytes:
    return _texts(((0x00081150, "UI", one.sop_class_uid), (_SOP_UID, "UI", one.sop_uid)), syntax)


def _evidence(study_uid: str, references: Sequence[Reference], syntax: Syntax) -> bytes:
    by_series: dict[str, list[Reference]] = {}
    for one in references:
        by_series.setdefault(one.series_uid, []).append(one)
    each = [
        sequence(_SOPS, [_reference(one, syntax) for one in listed], syntax)
        + element(0x0020000E, "UI", series_uid.encode("ascii"), syntax)
        for series_uid, listed in by_series.items()
    ]
    return sequence(_SERIES, each, syntax) + element(_STUDY_UID, "UI", study_uid.encode("ascii"), syntax)


def _content(one: Reference, syntax: Syntax) -> bytes:
    kind = "IMAGE" if one.image else "WAVEFORM" if one.sop_class_uid.startswith(_WAVEFORMS) else "COMPOSITE"
    texts = _texts(((0x0040A010, "CS", "CONTAINS"), (0x0040A040, "CS", kind)), syntax)
    return sequence(_SOPS, [_reference(one, syntax)], syntax) + texts


def texts_of(shown: Mapping[str, Mapping[str, object]]) -> dict[int, str]:
    """Take the attributes that a note repeats out of a study's DICOM JSON."""
    found = {}
    for tag in _OF_STUDY:
        values = shown.get(f"{tag:08X}", {}).get("Value")
        first = values[0] if isinstance(values, list) and values else None
        if isinstance(first, Mapping):
            groups = [str(first.get(group, "")) for group in ("Alphabetic", "Ideographic", "Phonetic")]
            first = "=".join(groups).rstrip("=")
        found[tag] = "" if first is None else str(first)
    return found
