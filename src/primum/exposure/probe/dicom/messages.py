"""DIMSE messages: command sets written and read, identifiers of queries written (PS3.7 chapter 9 and annex E).

Command sets are Implicit VR Little Endian (PS3.7 6.3.1); so are the identifiers, the one transfer syntax proposed for
them (PS3.5 10.1). Pure.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import Final

from primum.exposure.probe.dicom.pdu import NotDicom

ELEMENT: Final = struct.Struct("<HHL")
"""Group, element, length (PS3.5 7.1.3)."""

C_STORE_RQ, C_GET_RQ, C_FIND_RQ, C_MOVE_RQ, C_ECHO_RQ, C_CANCEL_RQ = 0x0001, 0x0010, 0x0020, 0x0021, 0x0030, 0x0FFF
RESPONSE: Final = 0x8000
NO_DATA_SET: Final = 0x0101
MEDIUM: Final = 0
MESSAGE_ID: Final = 1

CLASS, FIELD, ABOUT, TO, PRIORITY, DATA_SET_TYPE, STATUS = 0x0002, 0x0100, 0x0120, 0x0600, 0x0700, 0x0800, 0x0900
MESSAGE: Final = 0x0110
REMAINING, COMPLETED, FAILED, WARNED = 0x1020, 0x1021, 0x1022, 0x1023

SUCCESS, CANCELLED, WARNING, UNKNOWN_DESTINATION, SUBOPERATIONS = 0x0000, 0xFE00, 0xB000, 0xA801, 0xA702
PENDING: Final = frozenset({0xFF00, 0xFF01})

LEVEL, SOP_CLASS, SOP_INSTANCE = (0x0008, 0x0052), (0x0008, 0x0016), (0x0008, 0x0018)
STUDY_UID, SERIES_UID, STUDY_DATE = (0x0020, 0x000D), (0x0020, 0x000E), (0x0008, 0x0020)
STEP_SEQUENCE, STEP_ID = (0x0040, 0x0100), (0x0040, 0x0009)

IDENTIFYING: Final[Mapping[tuple[int, int], str]] = {
    (0x0008, 0x0020): "StudyDate",
    (0x0008, 0x0050): "AccessionNumber",
    (0x0008, 0x0080): "InstitutionName",
    (0x0008, 0x0090): "ReferringPhysicianName",
    (0x0008, 0x1030): "StudyDescription",
    (0x0008, 0x1050): "PerformingPhysicianName",
    (0x0008, 0x1060): "NameOfPhysiciansReadingStudy",
    (0x0010, 0x0010): "PatientName",
    (0x0010, 0x0020): "PatientID",
    (0x0010, 0x0030): "PatientBirthDate",
    (0x0010, 0x0040): "PatientSex",
    (0x0010, 0x1040): "PatientAddress",
    (0x0010, 0x2154): "PatientTelephoneNumbers",
}
"""Attributes that name a person or those around them, by tag: asked for once, never kept (design, 3.2)."""

Command = dict[int, int]
"""Numbers of a command set by element; what is not a number of two bytes is left out."""


def command(fields: Iterable[tuple[int, str | int]]) -> bytes:
    """Write a command set, its group length first (PS3.7 6.3.1). Fields come in ascending order."""
    body = b"".join(_element(0, element, _value(value)) for element, value in fields)
    return _element(0, 0, struct.pack("<L", len(body))) + body


def request(kind: int, sop_class: str, *, destination: str = "", data_set: bool = True) -> bytes:
    """Write the command set of a request, its message always the first of its association."""
    fields: list[tuple[int, str | int]] = [(CLASS, sop_class), (FIELD, kind), (MESSAGE, MESSAGE_ID)]
    if kind == C_MOVE_RQ:
        fields.append((TO, _even(destination, " ")))
    if kind != C_ECHO_RQ:
        fields.append((PRIORITY, MEDIUM))
    fields.append((DATA_SET_TYPE, 1 if data_set else NO_DATA_SET))
    return command(fields)


def cancel() -> bytes:
    """Write a C-CANCEL-RQ of our one message (PS3.7 9.3.2.3)."""
    return command([(FIELD, C_CANCEL_RQ), (ABOUT, MESSAGE_ID), (DATA_SET_TYPE, NO_DATA_SET)])


def read_command(view: memoryview) -> Command:
    """Read the numbers of a command set. Raises NotDicom where its lengths do not fit, or it is none."""
    found: Command = {}
    at = 0
    while at < len(view):
        if len(view) - at < ELEMENT.size:
            raise NotDicom
        group, element, length = ELEMENT.unpack_from(view, at)
        at += ELEMENT.size
        if group != 0 or length > len(view) - at:
            raise NotDicom
        if length == 2:  # noqa: PLR2004 US
            found[element] = int.from_bytes(view[at : at + 2], "little")
        at += length
    if FIELD not in found or DATA_SET_TYPE not in found:
        raise NotDicom
    return found


def identifier(keys: Mapping[tuple[int, int], str]) -> bytes:
    """Write a query's keys, in ascending order; UIDs are padded with NUL, all else with a space (PS3.5 6.2)."""
    parts = []
    for (group, element), value in sorted(keys.items()):
        if (group, element) == STEP_SEQUENCE:
            parts.append(_element(group, element, _step()))
        else:
            padding = "\0" if (group, element) in _UIDS else " "
            parts.append(_element(group, element, _even(value, padding).encode("ascii")))
    return b"".join(parts)


_UIDS: Final = frozenset({SOP_CLASS, SOP_INSTANCE, STUDY_UID, SERIES_UID})


def _step() -> bytes:
    """One item that asks for the step's own id alone (PS3.4 K.6.1.2)."""
    return _element(0xFFFE, 0xE000, _element(*STEP_ID, b""))


def _element(group: int, element: int, value: bytes) -> bytes:
    return ELEMENT.pack(group, element, len(value)) + value


def _value(value: str | int) -> bytes:
    return struct.pack("<H", value) if isinstance(value, int) else _even(value, "\0").encode("ascii")


def _even(value: str, padding: str) -> str:
    return value + padding * (len(value) % 2)
