"""Command sets of requests that we send (PS3.7 section 9.3). Pure; command.py reads what is answered."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from primum.doors.dimse.command import DATA_SET, NO_DATA_SET, Operation

STATUS = 0x0900
"""Status (0000,0900) of a response."""
_MEDIUM = 0


class Originator(NamedTuple):
    """For whom an instance is sent: the AE that asked by C-MOVE, and its message (PS3.7 table 9.1-1)."""

    title: str
    message_id: int


def store_request(
    message_id: int, sop_class_uid: str, sop_instance_uid: str, originator: Originator | None = None
) -> bytes:
    """Write a C-STORE-RQ."""
    more: dict[int, bytes] = {0x1000: _padded(sop_instance_uid)}
    if originator is not None:
        more[0x1030] = _padded(originator.title, b" ")
        more[0x1031] = struct.pack("<H", originator.message_id)
    return request(Operation.C_STORE_RQ, message_id, sop_class_uid, more, has_data_set=True)


def action_request(message_id: int, sop_class_uid: str, sop_instance_uid: str, action: int) -> bytes:
    """Write an N-ACTION-RQ with a data set (PS3.7 10.3.5.1)."""
    more = {0x1001: _padded(sop_instance_uid), 0x1008: struct.pack("<H", action)}
    return request(Operation.N_ACTION_RQ, message_id, sop_class_uid, more, has_data_set=True)


def request(
    operation: int,
    message_id: int,
    sop_class_uid: str,
    more: Mapping[int, bytes] = MappingProxyType({}),
    *,
    has_data_set: bool,
) -> bytes:
    """Write a request. `more` are elements of group 0000 with their encoded values, of even length."""
    elements = {
        0x0002: _padded(sop_class_uid),
        0x0100: struct.pack("<H", operation),
        0x0110: struct.pack("<H", message_id),
        0x0700: struct.pack("<H", _MEDIUM),
        0x0800: struct.pack("<H", DATA_SET if has_data_set else NO_DATA_SET),
        **more,
    }
    if operation == Operation.N_ACTION_RQ:
        elements[0x0003] = elements.pop(0x0002)  # the class is requested, not affected (PS3.7 10.3.5)
    if operation == Operation.C_ECHO_RQ or operation >= Operation.N_EVENT_REPORT_RQ:
        del elements[0x0700]  # these have no priority
    body = b"".join(_HEADER.pack(0, element, len(value)) + value for element, value in sorted(elements.items()))
    return _HEADER.pack(0, 0, 4) + struct.pack("<L", len(body)) + body


_HEADER = struct.Struct("<HHL")


def _padded(text: str, with_: bytes = b"\0") -> bytes:
    raw = text.encode("ascii", "replace")
    return raw + with_ * (len(raw) % 2)
