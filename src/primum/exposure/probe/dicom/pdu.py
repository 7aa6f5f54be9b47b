"""Protocol data units of the upper layer, as who asks for an association sees them (PS3.8 section 9.3).

All numbers are big endian. Pure; lengths that come from outside are compared with the bytes that are there.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

APPLICATION_CONTEXT: Final = "1.2.840.10008.3.1.1.1"
"""The one DICOM application context (PS3.7 A.2.1)."""

IMPLEMENTATION: Final = "2.25.272138893265157893026458349112402013387"
"""Implementation class UID of the probe (PS3.7 D.3.3.2; a UUID, PS3.5 B.2)."""

HEADER: Final = struct.Struct(">BxL")
"""PDU type, reserved, length of what follows (PS3.8 9.3.1)."""
PDV_HEADER: Final = struct.Struct(">LBB")
"""Item length, presentation context, message control header (PS3.8 9.3.5.1 and E.2)."""

ASSOCIATE_RQ, ASSOCIATE_AC, ASSOCIATE_RJ, DATA_TF, RELEASE_RQ, RELEASE_RP, ABORT = range(1, 8)
COMMAND, LAST = 0x01, 0x02
"""Bits of the message control header (PS3.8 E.2)."""

SHORT_BODY: Final = 4
"""Length of an A-ASSOCIATE-RJ and an A-ABORT (PS3.8 9.3.4, 9.3.8)."""
ACCEPTED: Final = 0
"""Result of a presentation context (PS3.8 table 9-18)."""

_ITEM = struct.Struct(">BxH")
_FIXED = 68
_APPLICATION, _CONTEXT_RQ, _CONTEXT_AC, _USER = 0x10, 0x20, 0x21, 0x50
_ABSTRACT, _TRANSFER = 0x30, 0x40
_MAX_LENGTH, _CLASS_UID, _ROLE, _VERSION_NAME = 0x51, 0x52, 0x54, 0x55


class NotDicom(Exception):
    """What came is no PDU that may come there."""


class Rejected(Exception):
    """An A-ASSOCIATE-RJ (PS3.8 table 9-21)."""

    def __init__(self, result: int, source: int, reason: int) -> None:
        """Keep the three numbers."""
        super().__init__(result, source, reason)
        self.result = result
        self.source = source
        self.reason = reason

    @property
    def code(self) -> str:
        """Name it as a report does."""
        return f"rj-{self.result}-{self.source}-{self.reason}"

    @property
    def transient(self) -> bool:
        """Tell whether it may be otherwise in a moment: so it says, or a limit of the provider was reached."""
        return self.result == _TRANSIENT or self.source == _PRESENTATION


class Aborted(Exception):
    """An A-ABORT (PS3.8 table 9-26)."""

    def __init__(self, source: int, reason: int) -> None:
        """Keep both numbers."""
        super().__init__(source, reason)
        self.code = f"abort-{source}-{reason}"


_TRANSIENT, _PRESENTATION = 2, 3
CALLING_UNKNOWN, CALLED_UNKNOWN = 3, 7
"""Reasons of the service user (PS3.8 table 9-21)."""
SERVICE_USER: Final = 1


class Proposal(NamedTuple):
    """A presentation context to propose; `scp`: we would be stored to (PS3.7 D.3.3.4)."""

    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]
    scp: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    """What an A-ASSOCIATE-AC grants: by presentation context its result and transfer syntax."""

    results: dict[int, tuple[int, str]] = field(default_factory=dict)
    max_length: int = 0
    implementation: str = ""
    version_name: str = ""


def associate_request(
    calling: str, called: str, proposals: Iterable[Proposal], *, version_name: str, max_length: int
) -> bytes:
    """Write an A-ASSOCIATE-RQ; contexts are numbered 1, 3, 5 and so on (PS3.8 9.3.2)."""
    proposals = tuple(proposals)
    parts = [_item(_APPLICATION, APPLICATION_CONTEXT.encode("ascii"))]
    for number, one in enumerate(proposals):
        syntaxes = b"".join(_item(_TRANSFER, syntax.encode("ascii")) for syntax in one.transfer_syntaxes)
        inside = _item(_ABSTRACT, one.abstract_syntax.encode("ascii")) + syntaxes
        parts.append(_item(_CONTEXT_RQ, bytes((2 * number + 1, 0, 0, 0)) + inside))
    user = _item(_MAX_LENGTH, max_length.to_bytes(4, "big")) + _item(_CLASS_UID, IMPLEMENTATION.encode("ascii"))
    for one in proposals:
        if one.scp:
            uid = one.abstract_syntax.encode("ascii")
            user += _item(_ROLE, len(uid).to_bytes(2, "big") + uid + bytes((0, 1)))
    user += _item(_VERSION_NAME, version_name.encode("ascii"))
    parts.append(_item(_USER, user))
    titles = called.encode("ascii").ljust(16)[:16] + calling.encode("ascii").ljust(16)[:16]
    body = b"\0\1\0\0" + titles + bytes(32) + b"".join(parts)
    return HEADER.pack(ASSOCIATE_RQ, len(body)) + body


def read_accept(body: memoryview) -> Accepted:
    """Read the body of an A-ASSOCIATE-AC. Raises NotDicom."""
    if len(body) < _FIXED or not body[1] & 1:
        raise NotDicom
    application, results, found = "", {}, {_MAX_LENGTH: b"", _CLASS_UID: b"", _VERSION_NAME: b""}
    for kind, item in _items(body[_FIXED:]):
        if kind == _APPLICATION:
            application = _text(item)
        elif kind == _CONTEXT_AC:
            identifier, answer = _context(item)
            results[identifier] = answer
        elif kind == _USER:
            found |= {what: bytes(value) for what, value in _items(item) if what in found}
    if application != APPLICATION_CONTEXT:
        raise NotDicom
    return Accepted(
        results,
        int.from_bytes(found[_MAX_LENGTH], "big"),
        _text(memoryview(found[_CLASS_UID])),
        _text(memoryview(found[_VERSION_NAME])),
    )


def read_reject(body: memoryview) -> Rejected:
    """Read the body of an A-ASSOCIATE-RJ. Raises NotDicom where its numbers are none of the table's."""
    if len(body) != SHORT_BODY or body[1] not in {1, 2} or body[2] not in {1, 2, 3} or not 1 <= body[3] <= 10:  # noqa: PLR2004 the table's
        raise NotDicom
    return Rejected(body[1], body[2], body[3])


def read_abort(body: memoryview) -> Aborted:
    """Read the body of an A-ABORT. Raises NotDicom where its numbers are none of the table's."""
    if len(body) != SHORT_BODY or body[2] not in {0, 2} or body[3] > 6:  # noqa: PLR2004 the table's
        raise NotDicom
    return Aborted(body[2], body[3])


def data_pdus(context: int, message: bytes, *, command: bool, max_length: int) -> Iterator[bytes]:
    """Cut a command or a data set into P-DATA-TF PDUs that the other side takes (PS3.8 9.3.5, D.1)."""
    room = min(max_length or _MOST_SENT, _MOST_SENT) - PDV_HEADER.size
    room = max(room, _LEAST_SENT)
    for start in range(0, len(message), room):
        part = message[start : start + room]
        control = (COMMAND if command else 0) | (LAST if start + room >= len(message) else 0)
        pdv = PDV_HEADER.pack(len(part) + 2, context, control) + part
        yield HEADER.pack(DATA_TF, len(pdv)) + pdv


_MOST_SENT, _LEAST_SENT = 16_384, 64

RELEASE: Final = HEADER.pack(RELEASE_RQ, SHORT_BODY) + bytes(4)
ABORTING: Final = HEADER.pack(ABORT, SHORT_BODY) + bytes(4)


def _item(kind: int, value: bytes) -> bytes:
    return _ITEM.pack(kind, len(value)) + value


def _items(view: memoryview) -> Iterator[tuple[int, memoryview]]:
    at = 0
    while at < len(view):
        if len(view) - at < _ITEM.size:
            raise NotDicom
        kind, length = _ITEM.unpack_from(view, at)
        at += _ITEM.size
        if length > len(view) - at:
            raise NotDicom
        yield kind, view[at : at + length]
        at += length


def _context(item: memoryview) -> tuple[int, tuple[int, str]]:
    if len(item) < SHORT_BODY:
        raise NotDicom
    syntax = next((_text(value) for kind, value in _items(item[4:]) if kind == _TRANSFER), "")
    return item[0], (item[2], syntax)


def _text(value: memoryview) -> str:
    """Read characters that are allowed in a UID or a name, at most as many as those may have (PS3.5 9.1)."""
    return "".join(chr(one) for one in value[:64] if 32 < one < 127)  # noqa: PLR2004 printable ASCII
