"""Command sets: group 0000 in implicit VR little endian (PS3.7 section 6.3 and annex E). Pure and bounded."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import NamedTuple

from primum.doors.dimse.refusals import InvalidCommand


class Operation(IntEnum):
    """Values of Command Field (0000,0100) that this door treats (PS3.7 table E.1-1)."""

    C_STORE_RQ = 0x0001
    C_GET_RQ = 0x0010
    C_FIND_RQ = 0x0020
    C_MOVE_RQ = 0x0021
    C_ECHO_RQ = 0x0030
    N_EVENT_REPORT_RQ = 0x0100
    N_GET_RQ = 0x0110
    N_SET_RQ = 0x0120
    N_ACTION_RQ = 0x0130
    N_CREATE_RQ = 0x0140
    N_DELETE_RQ = 0x0150
    C_CANCEL_RQ = 0x0FFF


RESPONSE = 0x8000
"""Set in the Command Field of a response."""
NO_DATA_SET = 0x0101
"""Command Data Set Type (0000,0800) when no data set follows."""
DATA_SET = 0x0001
"""The same when one follows: any other value (PS3.7 E.1)."""


class Counts(NamedTuple):
    """Sub-operations of a C-GET or C-MOVE: (0000,1020) to (0000,1023)."""

    remaining: int | None
    completed: int
    failed: int
    warning: int


class Command(NamedTuple):
    """A request as it came; what was absent is empty."""

    field: int
    message_id: int
    sop_class_uid: str
    sop_instance_uid: str
    has_data_set: bool
    elements: dict[int, bytes]
    """Every element of group 0000 by its element number, as it came."""

    def short(self, element: int) -> int | None:
        """Read an element of two bytes (VR US); None where there is none."""
        value = self.elements.get(element, b"")
        return int.from_bytes(value, "little") if len(value) == 2 else None  # noqa: PLR2004 (VR US)

    def text(self, element: int) -> str:
        """Read an element of text (VR AE, LO, UI) without its padding, 64 characters at most; empty if absent."""
        return _uid(self.elements.get(element, b""))


def decode_command(body: bytes) -> Command:
    """Read a command set. Raises InvalidCommand when it is not one, or cannot be answered."""
    elements = _elements(body)
    field = _short(elements, 0x0100)
    answers = bool(field & RESPONSE) or field == Operation.C_CANCEL_RQ
    return Command(
        field=field,
        message_id=_short(elements, 0x0120 if answers else 0x0110),
        sop_class_uid=_uid(elements.get(0x0002) or elements.get(0x0003, b"")),
        sop_instance_uid=_uid(elements.get(0x1000) or elements.get(0x1001, b"")),
        has_data_set=_short(elements, 0x0800) != NO_DATA_SET,
        elements=elements,
    )


def encode_response(
    command: Command,
    status: int,
    comment: str = "",
    offending: tuple[int, ...] = (),
    counts: Counts | None = None,
    *,
    has_data_set: bool = False,
    instance_uid: str = "",
    others: Mapping[int, int] = MappingProxyType({}),
) -> bytes:
    """Write the response to `command` (PS3.7 9.3 and 10.3).

    `comment` is one of our own codes, at most 64 characters (0000,0902); `offending` are tags (0000,0901);
    `instance_uid` replaces the request's where the operation made one; `others` are elements of two bytes (event or
    action type).
    """
    fixed = _RESPONSE.pack(
        0, 0x0100, 2, command.field | RESPONSE, 0, 0x0120, 2, command.message_id,
        0, 0x0800, 2, DATA_SET if has_data_set else NO_DATA_SET, 0, 0x0900, 2, status,
    )  # fmt: skip
    instance = instance_uid or command.sop_instance_uid
    body = b"".join(
        (
            _element(0x0002, _padded(command.sop_class_uid)) if command.sop_class_uid else b"",
            fixed,
            _element(0x0901, b"".join(_tag(one) for one in offending)) if offending else b"",
            _element(0x0902, _padded(comment[:64], b" ")) if comment else b"",
            _element(0x1000, _padded(instance)) if instance else b"",
            b"".join(_element(element, struct.pack("<H", value)) for element, value in sorted(others.items())),
            _counts(counts) if counts is not None else b"",
        )
    )
    return _element(0x0000, struct.pack("<L", len(body))) + body


def encode_event_report(sop_class_uid: str, sop_instance_uid: str, message_id: int, event_type: int) -> bytes:
    """Write an N-EVENT-REPORT-RQ with a data set (PS3.7 10.3.1.1)."""
    body = b"".join(
        (
            _element(0x0002, _padded(sop_class_uid)),
            _element(0x0100, struct.pack("<H", Operation.N_EVENT_REPORT_RQ)),
            _element(0x0110, struct.pack("<H", message_id)),
            _element(0x0800, struct.pack("<H", DATA_SET)),
            _element(0x1000, _padded(sop_instance_uid)),
            _element(0x1002, struct.pack("<H", event_type)),
        )
    )
    return _element(0x0000, struct.pack("<L", len(body))) + body


def _counts(counts: Counts) -> bytes:
    numbered = zip((0x1020, 0x1021, 0x1022, 0x1023), counts, strict=True)
    return b"".join(
        _element(element, struct.pack("<H", min(count, _MOST))) for element, count in numbered if count is not None
    )


_MOST = 0xFFFF
"""What two bytes hold: a study of more sub-operations says that there are as many."""


_HEADER = struct.Struct("<HHL")
_RESPONSE = struct.Struct("<" + "HHLH" * 4)


def _elements(body: bytes) -> dict[int, bytes]:
    found, at, end = {}, 0, len(body)
    while at < end:
        if at + _HEADER.size > end:
            raise InvalidCommand
        group, element, length = _HEADER.unpack_from(body, at)
        at += _HEADER.size + length
        if group or at > end:
            raise InvalidCommand
        found[element] = body[at - length : at]
    return found


def _short(elements: dict[int, bytes], element: int) -> int:
    value = elements.get(element, b"")
    if len(value) != 2:  # noqa: PLR2004 (VR US)
        raise InvalidCommand
    return int.from_bytes(value, "little")


def _uid(value: bytes) -> str:
    # only compared and repeated, never trusted: storing.py asks for a real UID where one is needed
    return value.decode("ascii", "replace").strip(" \0")[:64].replace("�", "?")


def _element(element: int, value: bytes) -> bytes:
    return _HEADER.pack(0, element, len(value)) + value


def _padded(text: str, with_: bytes = b"\0") -> bytes:
    raw = text.encode("ascii", "replace")
    return raw + with_ * (len(raw) % 2)


def _tag(tag: int) -> bytes:
    return struct.pack("<HH", tag >> 16, tag & 0xFFFF)
