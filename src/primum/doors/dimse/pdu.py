"""Protocol data units of the upper layer: reading what a requestor sends, writing what an acceptor answers.

PS3.8 section 9.3. All numbers are big endian. Pure; every length is compared with `Limits` and with the bytes that
are there; whatever does not fit raises InvalidPdu with the reason of PS3.8 table 9-26.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType
from typing import NamedTuple

from primum.doors.dimse.limits import Limits
from primum.doors.dimse.refusals import AbortReason, InvalidPdu
from primum.imaging.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION

APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"
"""The one DICOM application context (PS3.7 A.2.1)."""

HEADER = struct.Struct(">BxL")
"""PDU type, reserved, length of what follows (PS3.8 9.3.1)."""
PDV_HEADER = struct.Struct(">LBB")
"""Item length, presentation context, message control header (PS3.8 9.3.5.1 and E.2)."""
_WHOLE = struct.Struct(">BxLLBB")
"""Both of them: a fragment that is all there is."""
COMMAND, LAST = 0x01, 0x02
"""Bits of the message control header (PS3.8 E.2)."""


class PduType(IntEnum):
    """PDU types (PS3.8 9.3.2 to 9.3.8)."""

    ASSOCIATE_RQ = 1
    ASSOCIATE_AC = 2
    ASSOCIATE_RJ = 3
    DATA_TF = 4
    RELEASE_RQ = 5
    RELEASE_RP = 6
    ABORT = 7


class AbortSource(IntEnum):
    """Who aborts (PS3.8 table 9-26)."""

    SERVICE_USER = 0
    SERVICE_PROVIDER = 2


class Rejection(NamedTuple):
    """Result, source and reason of an A-ASSOCIATE-RJ (PS3.8 table 9-21)."""

    result: int
    source: int
    reason: int


class Proposed(NamedTuple):
    """A presentation context as proposed (PS3.8 table 9-13)."""

    id: int
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]


class Answered(NamedTuple):
    """A presentation context as answered (PS3.8 table 9-18)."""

    id: int
    result: int
    transfer_syntax: str


class Role(NamedTuple):
    """An SCP/SCU role selection (PS3.7 table D.3-9 and D.3-10)."""

    sop_class: str
    scu: bool
    scp: bool


@dataclass(frozen=True, slots=True)
class ShownIdentity:
    """Who the requestor says it acts for (PS3.7 table D.3-14). What proves it is in no `repr`."""

    kind: int
    response_requested: bool
    primary: bytes = field(repr=False)
    secondary: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class UserInformation:
    """What we use of the user information item (PS3.7 D.3.3); the rest is bounded and ignored."""

    max_length: int = 0
    implementation_class_uid: str = ""
    implementation_version: str = ""
    asynchronous: bool = False
    roles: tuple[Role, ...] = ()
    extended: tuple[tuple[str, bytes], ...] = ()
    """SOP class extended negotiation: service-class-application-information by SOP class (PS3.7 D.3.3.5)."""
    identity: ShownIdentity | None = None


@dataclass(frozen=True, slots=True)
class AssociateRequest:
    """An A-ASSOCIATE-RQ (PS3.8 table 9-11)."""

    protocol_version: int
    called_title: str
    calling_title: str
    titles: bytes
    """The 64 bytes of titles and reserved field, which the answer repeats (PS3.8 table 9-17)."""
    application_context: str
    contexts: tuple[Proposed, ...]
    user: UserInformation


def decode_associate_request(body: bytes, limits: Limits) -> AssociateRequest:
    """Read the A-ASSOCIATE-RQ that follows its six header bytes. Raises InvalidPdu."""
    if not _FIXED_BYTES <= len(body) <= limits.association_bytes:
        raise _invalid()
    application, contexts, user = "", [], UserInformation()
    for kind, item in _items(body[_FIXED_BYTES:], limits.contexts + 2):
        if kind == _APPLICATION_CONTEXT:
            application = _uid(item, limits)
        elif kind == _CONTEXT_RQ:
            contexts.append(_proposed(item, limits))
        elif kind == _USER_INFORMATION:
            user = _user_information(item, limits)
    _refuse_bad_contexts(contexts, limits)
    return AssociateRequest(
        protocol_version=int.from_bytes(body[:2], "big"),
        called_title=_title(body[4:20]),
        calling_title=_title(body[20:36]),
        titles=bytes(body[4:68]),
        application_context=application,
        contexts=tuple(contexts),
        user=user,
    )


def encode_associate_accept(
    request: AssociateRequest,
    contexts: list[Answered],
    roles: list[Role],
    limits: Limits,
    *,
    extended: Mapping[str, bytes] = MappingProxyType({}),
    identified: bool = False,
) -> bytes:
    """Write the A-ASSOCIATE-AC (PS3.8 table 9-17). `identified`: a user identity was proved, and that is to be said."""
    items = [_item(_APPLICATION_CONTEXT, APPLICATION_CONTEXT.encode())]
    for one in contexts:
        syntax = _item(_TRANSFER_SYNTAX, one.transfer_syntax.encode())
        items.append(_item(_CONTEXT_AC, struct.pack(">BxBx", one.id, one.result) + syntax))
    user = [_item(_MAX_LENGTH, struct.pack(">L", limits.pdu_bytes))]
    user.append(_item(_IMPLEMENTATION_CLASS, IMPLEMENTATION_CLASS_UID.encode()))
    if request.user.asynchronous:
        user.append(_item(_ASYNCHRONOUS, struct.pack(">HH", 1, 1)))
    user += [_item(_ROLE, _role_body(role)) for role in roles]
    user += [_item(_EXTENDED, struct.pack(">H", len(uid)) + uid.encode() + info) for uid, info in extended.items()]
    user.append(_item(_IMPLEMENTATION_VERSION, IMPLEMENTATION_VERSION.encode()))
    if identified:
        # the server response is empty: neither a passcode nor a JSON Web Token has one (PS3.7 table D.3-15)
        user.append(_item(_IDENTITY_AC, bytes(2)))
    items.append(_item(_USER_INFORMATION, b"".join(user)))
    return _pdu(PduType.ASSOCIATE_AC, struct.pack(">HH", 1, 0) + request.titles + b"".join(items))


def encode_associate_reject(rejection: Rejection) -> bytes:
    """Write an A-ASSOCIATE-RJ (PS3.8 table 9-21)."""
    return _pdu(PduType.ASSOCIATE_RJ, bytes((0, *rejection)))


def encode_release_response() -> bytes:
    """Write an A-RELEASE-RP (PS3.8 table 9-25)."""
    return _pdu(PduType.RELEASE_RP, bytes(4))


def encode_abort(source: AbortSource, reason: AbortReason) -> bytes:
    """Write an A-ABORT (PS3.8 table 9-26)."""
    return _pdu(PduType.ABORT, bytes((0, 0, source, reason)))


def encode_command(context: int, command: bytes, max_length: int) -> bytes:
    """Write a command set as P-DATA-TF PDUs no longer than the peer asked for (0: it does not care)."""
    return _encode_data(context, command, max_length, COMMAND)


def encode_data_set(context: int, data_set: bytes, max_length: int) -> bytes:
    """Write a short data set the same way."""
    return _encode_data(context, data_set, max_length, 0)


def _encode_data(context: int, body: bytes, max_length: int, control: int) -> bytes:
    room = (max_length or len(body) + 6) - 6
    if 0 < len(body) <= room:
        size = len(body) + 2
        return _WHOLE.pack(PduType.DATA_TF, size + 4, size, context, control | LAST) + body
    parts = [body[at : at + room] for at in range(0, len(body), room)]
    last = len(parts) - 1
    return b"".join(
        _pdu(PduType.DATA_TF, PDV_HEADER.pack(len(part) + 2, context, control | (LAST if at == last else 0)) + part)
        for at, part in enumerate(parts)
    )


SMALLEST_MAX_LENGTH = 128
"""A peer that asks for less than this is sent this much: a response fits, and nothing divides by zero."""

_FIXED_BYTES = 68
_IDENTITY_HEAD = 4
"""Type, response requested, length of the primary field."""
_APPLICATION_CONTEXT, _CONTEXT_RQ, _CONTEXT_AC = 0x10, 0x20, 0x21
_ABSTRACT_SYNTAX, _TRANSFER_SYNTAX = 0x30, 0x40
_USER_INFORMATION, _MAX_LENGTH, _IMPLEMENTATION_CLASS, _ASYNCHRONOUS = 0x50, 0x51, 0x52, 0x53
_ROLE, _IMPLEMENTATION_VERSION = 0x54, 0x55
_EXTENDED = 0x56
_IDENTITY_RQ, _IDENTITY_AC = 0x58, 0x59


def _invalid(reason: AbortReason = AbortReason.INVALID_PARAMETER_VALUE) -> InvalidPdu:
    return InvalidPdu(reason)


def _pdu(kind: PduType, body: bytes) -> bytes:
    return HEADER.pack(kind, len(body)) + body


def _item(kind: int, body: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(body)) + body


def _items(body: bytes, limit: int) -> Iterator[tuple[int, bytes]]:
    """Walk items of type, reserved byte, two bytes of length (PS3.8 9.3.2)."""
    at = count = 0
    while at < len(body):
        count += 1
        if at + 4 > len(body) or count > limit:
            raise _invalid()
        kind, length = struct.unpack_from(">BxH", body, at)
        at += 4 + length
        if at > len(body):
            raise _invalid()
        yield kind, body[at - length : at]


def _text(raw: bytes) -> str:
    try:
        text = raw.decode("ascii").strip(" \0")
    except UnicodeDecodeError:
        raise _invalid() from None
    if not text.isprintable():
        raise _invalid()
    return text


def _title(raw: bytes) -> str:
    return _text(raw)


def _uid(raw: bytes, limits: Limits) -> str:
    text = _text(raw)
    if not 1 <= len(text) <= limits.uid_bytes:
        raise _invalid()
    return text


def _proposed(item: bytes, limits: Limits) -> Proposed:
    if len(item) < 4:  # noqa: PLR2004 (id and three reserved bytes, PS3.8 table 9-13)
        raise _invalid()
    abstract: list[str] = []
    transfer: list[str] = []
    for kind, body in _items(item[4:], limits.transfer_syntaxes + 1):
        if kind == _ABSTRACT_SYNTAX:
            abstract.append(_uid(body, limits))
        elif kind == _TRANSFER_SYNTAX:
            transfer.append(_uid(body, limits))
    if len(abstract) != 1 or not transfer:
        raise _invalid()
    return Proposed(item[0], abstract[0], tuple(transfer))


def _refuse_bad_contexts(contexts: list[Proposed], limits: Limits) -> None:
    ids = {one.id for one in contexts}
    odd = all(one % 2 for one in ids)
    if not contexts or len(contexts) > limits.contexts or len(ids) != len(contexts) or not odd:
        raise _invalid()


def _user_information(item: bytes, limits: Limits) -> UserInformation:
    length, implementation, version, asynchronous = 0, "", "", False
    found = list(_items(item, limits.user_items))
    for kind, body in found:
        if kind == _MAX_LENGTH and len(body) == 4:  # noqa: PLR2004 (PS3.8 table D.1-1)
            length = int.from_bytes(body, "big")
        elif kind == _IMPLEMENTATION_CLASS:
            implementation = _uid(body, limits)
        elif kind == _IMPLEMENTATION_VERSION:
            version = _text(body)[: limits.version_bytes]
        elif kind == _ASYNCHRONOUS:
            asynchronous = True
    if length:
        length = max(length, SMALLEST_MAX_LENGTH)
    roles = tuple(_role(body, limits) for kind, body in found if kind == _ROLE)
    extended = tuple(_extension(body, limits) for kind, body in found if kind == _EXTENDED)
    identities = [_identity(body) for kind, body in found if kind == _IDENTITY_RQ]
    if len(identities) > 1:  # one, or it is not known which counts
        raise _invalid()
    identity = identities[0] if identities else None
    return UserInformation(length, implementation, version, asynchronous, roles, extended, identity)


def _identity(body: bytes) -> ShownIdentity:
    """Read a user identity; its lengths have to be those of the item (PS3.7 table D.3-14)."""
    at = _IDENTITY_HEAD + int.from_bytes(body[2:_IDENTITY_HEAD], "big")
    end = at + 2 + int.from_bytes(body[at : at + 2], "big")
    if len(body) < _IDENTITY_HEAD + 2 or at + 2 > len(body) or end != len(body):
        raise _invalid()
    return ShownIdentity(body[0], body[1] == 1, body[_IDENTITY_HEAD:at], body[at + 2 : end])


def _role(body: bytes, limits: Limits) -> Role:
    length = int.from_bytes(body[:2], "big")
    if len(body) != length + 4:
        raise _invalid()
    return Role(_uid(body[2:-2], limits), scu=body[-2] == 1, scp=body[-1] == 1)


def _extension(body: bytes, limits: Limits) -> tuple[str, bytes]:
    """Read a SOP class and what is proposed for it: what there is of that, up to its bound (PS3.7 table D.3-11)."""
    at = 2 + int.from_bytes(body[:2], "big")
    if at > len(body):
        raise _invalid()
    return _uid(body[2:at], limits), body[at : at + limits.extended_bytes]


def _role_body(role: Role) -> bytes:
    uid = role.sop_class.encode()
    return struct.pack(">H", len(uid)) + uid + bytes((role.scu, role.scp))
