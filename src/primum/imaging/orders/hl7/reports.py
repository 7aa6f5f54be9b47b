"""Results out: ORU^R01 (chapter 7), MDM^T02, T06 and T10 (chapter 9), for a report that was validated. Pure."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from primum.imaging.orders.hl7.er7 import escape
from primum.imaging.orders.hl7.errors import TooLarge
from primum.imaging.orders.model import Code, PatientFacts, day, person_name, text, uid

DOCUMENT_BYTES = 16 * 1024 * 1024
"""The PDF of a report has some hundred KiB; with key images, some MiB."""
LINES = 2000
"""Lines of a report's text."""


class ResultKind(StrEnum):
    """Which message tells of a report: observations to the asker, or a document."""

    ORU = "oru.r01"
    MDM = "mdm.t02"


class DocumentEvent(StrEnum):
    """What an MDM tells of (EVN-1): a document, one that adds to another, one that replaces another."""

    ORIGINAL = "T02"
    ADDENDUM = "T06"
    REPLACEMENT = "T10"


class ResultStatus(StrEnum):
    """OBR-25, OBX-11 (tables 0123, 0085): final, or a correction of what was final (an addendum too)."""

    FINAL = "F"
    CORRECTED = "C"


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """A validated report. `document` is a PDF; `lines` the text, where there is one."""

    report_id: str
    controller_id: str
    patient: PatientFacts
    study_uid: str
    accession: str
    procedure: Code
    author: str
    validated_at: datetime
    status: ResultStatus = ResultStatus.FINAL
    placer_number: str = ""
    filler_number: str = ""
    referrer: str = ""
    lines: tuple[str, ...] = ()
    document: bytes = b""
    replaces: str = ""
    """The report that this one corrects."""
    event: DocumentEvent = DocumentEvent.ORIGINAL

    def checked(self) -> ReportFacts:
        """Return them if they can be sent. Raises BadField, TooLarge."""
        self.patient.checked()
        text("report.id", self.report_id, 64, required=True)
        uid("report.study_uid", self.study_uid)
        text("report.accession", self.accession, 16)
        person_name("report.author", self.author, required=True)
        day("report.validated_at", f"{self.validated_at:%Y%m%d}")
        if len(self.document) > DOCUMENT_BYTES:
            raise TooLarge(limit=DOCUMENT_BYTES, of="bytes of a document")
        if len(self.lines) > LINES:
            raise TooLarge(limit=LINES, of="lines of a report")
        return self


def result_message(kind: ResultKind, facts: ReportFacts, control_id: str, at: datetime) -> bytes:
    """Write the message, in UTF-8."""
    facts.checked()
    segments = [_head(kind, facts.event, control_id, at)]
    if kind is ResultKind.MDM:
        segments += [_line("EVN", facts.event.value, _stamp(at)), _patient(facts), _visit(facts), _transcription(facts)]
    else:
        segments += [_patient(facts), _visit(facts), _line("ORC", "RE", facts.placer_number, facts.filler_number)]
        segments.append(_request(facts))
    segments += _observations(facts)
    return ("\r".join(segments) + "\r").encode("utf-8")


def _head(kind: ResultKind, event: DocumentEvent, control_id: str, at: datetime) -> str:
    # all three events of a document have the structure of the first (HL7 2.5.1, 9.6)
    structure = "ORU^R01^ORU_R01" if kind is ResultKind.ORU else f"MDM^{event.value}^MDM_T02"
    fields = ["PRIMUM", "", "", "", _stamp(at), "", structure, control_id, "P", "2.5.1", "", "", "", "", ""]
    return "MSH|^~\\&|" + "|".join([*fields, "UNICODE UTF-8"])


def _patient(facts: ReportFacts) -> str:
    patient = facts.patient
    numbers = [f"{escape(patient.identifier.value)}^^^{escape(patient.identifier.issuer)}^PI"]
    if patient.ins:
        numbers.append(f"{escape(patient.ins)}^^^&{escape(patient.ins_oid)}&ISO^INS")
    names = [_person(patient.name, "D" if patient.birth_name else "L")]
    if patient.birth_name:
        names.append(_person(patient.birth_name, "L"))
    # a sex that nobody said is U in HL7
    return _raw("PID", "1", "", "~".join(numbers), "", "~".join(names), "", patient.birth_date, patient.sex or "U")


def _visit(facts: ReportFacts) -> str:
    return _raw("PV1", "1", "O", "", "", "", "", "", _doctor(facts.referrer))


def _request(facts: ReportFacts) -> str:
    fields = [""] * 25
    fields[0], fields[1], fields[2] = "1", escape(facts.placer_number), escape(facts.filler_number)
    fields[3], fields[6] = _code(facts.procedure), _stamp(facts.validated_at)
    fields[17], fields[21], fields[24] = escape(facts.accession), _stamp(facts.validated_at), facts.status.value
    author = _doctor(facts.author).replace("^", "&")
    return _raw("OBR", *fields, *[""] * 6, author)


def _transcription(facts: ReportFacts) -> str:
    fields = [""] * 19
    fields[0], fields[1], fields[2] = "1", "DI", "AP" if facts.document else "TX"
    fields[3], fields[5], fields[8] = _stamp(facts.validated_at), _stamp(facts.validated_at), _doctor(facts.author)
    fields[11], fields[12] = escape(facts.report_id), escape(facts.replaces)
    fields[13], fields[14] = escape(facts.placer_number), escape(facts.filler_number)
    fields[16], fields[18] = "LA", "AV"  # legally authenticated; available for patient care
    return _raw("TXA", *fields)


def _observations(facts: ReportFacts) -> list[str]:
    status, code = facts.status.value, "18748-4^Diagnostic imaging study^LN"
    rows = [("HD", "113014^DICOM Study^DCM", escape(facts.study_uid))]
    rows += [("TX", code, escape(one)) for one in facts.lines]
    if facts.document:
        rows.append(("ED", code, f"PRIMUM^AP^PDF^Base64^{base64.b64encode(facts.document).decode('ascii')}"))
    return [
        _raw("OBX", str(number), kind, what, "", value, "", "", "", "", "", status)
        for number, (kind, what, value) in enumerate(rows, start=1)
    ]


def _person(name: str, kind: str) -> str:
    family, given, middle, prefix, suffix, *_ = [*name.partition("=")[0].split("^"), "", "", "", "", ""]
    return "^".join([*map(escape, (family, given, middle, suffix, prefix)), "", kind])


def _doctor(name: str) -> str:
    if not name:
        return ""
    family, given, middle, prefix, suffix, *_ = [*name.partition("=")[0].split("^"), "", "", "", "", ""]
    return "^".join(["", *map(escape, (family, given, middle, suffix, prefix))]).rstrip("^")


def _code(code: Code) -> str:
    return "^".join((escape(code.value), escape(code.text), escape(code.scheme))).rstrip("^")


def _line(name: str, *fields: str) -> str:
    return _raw(name, *map(escape, fields))


def _raw(name: str, *fields: str) -> str:
    return "|".join([name, *fields]).rstrip("|")


def _stamp(at: datetime) -> str:
    return f"{at.astimezone():%Y%m%d%H%M%S%z}"
