"""Protocol data units of who asks: writing A-ASSOCIATE-RQ and A-RELEASE-RQ, reading A-ASSOCIATE-AC and -RJ.

PS3.8 section 9.3, PS3.7 annex D. Pure and bounded, like pdu.py, which has the acceptor's half.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from primum.doors.dimse.limits import Limits
from primum.doors.dimse.pdu import (
    APPLICATION_CONTEXT,
    HEADER,
    SMALLEST_MAX_LENGTH,
    Answered,
    PduType,
    Proposed,
    Rejection,
    Role,
)
from primum.doors.dimse.refusals import InvalidPdu
from primum.imaging.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION


@dataclass(frozen=True, slots=True)
class UserIdentity:
    """Who stands behind the request (PS3.7 D.3.3.7): a name alone, or with a passcode. Shown inside TLS only."""

    name: str
    passcode: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """What we ask for."""

    called_title: str
    calling_title: str
    contexts: tuple[Proposed, ...]
    roles: tuple[Role, ...] = ()
    identity: UserIdentity | None = None


@dataclass(frozen=True, slots=True)
class AssociateAccept:
    """An A-ASSOCIATE-AC: what we use of it."""

    contexts: tuple[Answered, ...]
    max_length: int = 0
    roles: tuple[Role, ...] = ()


def encode_associate_request(request: Request, limits: Limits) -> bytes:
    """Write the A-ASSOCIATE-RQ (PS3.8 table 9-11)."""
    titles = _title(request.called_title) + _title(request.calling_title) + bytes(32)
    items = [_item(0x10, APPLICATION_CONTEXT.encode())]
    for one in request.contexts:
        syntaxes = b"".join(_item(0x40, syntax.encode()) for syntax in one.transfer_syntaxes)
        items.append(_item(0x20, struct.pack(">B3x", one.id) + _item(0x30, one.abstract_syntax.encode()) + syntaxes))
    user = [_item(0x51, struct.pack(">L", limits.pdu_bytes)), _item(0x52, IMPLEMENTATION_CLASS_UID.encode())]
    user += [_item(0x54, _role_body(role)) for role in request.roles]
    user.append(_item(0x55, IMPLEMENTATION_VERSION.encode()))
    if request.identity is not None:
        user.append(_item(0x58, _identity_body(request.identity)))
    items.append(_item(0x50, b"".join(user)))
    body = struct.pack(">HH", 1, 0) + titles + b"".join(items)
    return HEADER.pack(PduType.ASSOCIATE_RQ, len(body)) + body


def encode_release_request() -> bytes:
    """Write an A-RELEASE-RQ (PS3.8 table 9-24)."""
    return HEADER.pack(PduType.RELEASE_RQ, 4) + bytes(4)


def decode_associate_accept(body: bytes, limits: Limits) -> AssociateAccept:
    """Read the A-ASSOCIATE-AC that follows its six header bytes. Raises InvalidPdu."""
    if not _FIXED_BYTES <= len(body) <= limits.association_bytes:
        raise InvalidPdu
    contexts: list[Answered] = []
    roles: list[Role] = []
    length = 0
    for kind, item in _items(body[_FIXED_BYTES:], limits.contexts + 2):
        if kind == 0x21:  # noqa: PLR2004 (PS3.8 table 9-18)
            contexts.append(_answered(item, limits))
        elif kind == 0x50:  # noqa: PLR2004 (PS3.8 table 9-16)
            length, roles = _user(item, limits)
    return AssociateAccept(tuple(contexts), max(length, SMALLEST_MAX_LENGTH) if length else 0, tuple(roles))


def decode_associate_reject(body: bytes) -> Rejection:
    """Read the A-ASSOCIATE-RJ that follows its six header bytes. Raises InvalidPdu."""
    if len(body) != 4:  # noqa: PLR2004 (PS3.8 table 9-21)
        raise InvalidPdu
    return Rejection(body[1], body[2], body[3])


_FIXED_BYTES = 68
_CONTEXT_HEAD = 4


def _title(title: str) -> bytes:
    return title.encode("ascii").ljust(16)[:16]


def _item(kind: int, body: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(body)) + body


def _role_body(role: Role) -> bytes:
    uid = role.sop_class.encode()
    return struct.pack(">H", len(uid)) + uid + bytes((role.scu, role.scp))


def _identity_body(identity: UserIdentity) -> bytes:
    name, passcode = identity.name.encode(), identity.passcode.encode()
    kind = 2 if identity.passcode else 1
    return bytes((kind, 0)) + struct.pack(">H", len(name)) + name + struct.pack(">H", len(passcode)) + passcode


def _items(body: bytes, limit: int) -> Iterator[tuple[int, bytes]]:
    at = count = 0
    while at < len(body):
        count += 1
        if at + 4 > len(body) or count > limit:
            raise InvalidPdu
        kind, length = struct.unpack_from(">BxH", body, at)
        at += 4 + length
        if at > len(body):
            raise InvalidPdu
        yield kind, body[at - length : at]


def _answered(item: bytes, limits: Limits) -> Answered:
    if len(item) < _CONTEXT_HEAD:
        raise InvalidPdu
    syntaxes = [body for kind, body in _items(item[_CONTEXT_HEAD:], 2) if kind == 0x40]  # noqa: PLR2004
    # where the context is refused, the transfer syntax is not significant, and some leave it out (PS3.8 table 9-18)
    return Answered(item[0], item[2], _uid(syntaxes[0], limits) if syntaxes and not item[2] else "")


def _user(item: bytes, limits: Limits) -> tuple[int, list[Role]]:
    length, roles = 0, []
    for kind, body in _items(item, limits.user_items):
        if kind == 0x51 and len(body) == 4:  # noqa: PLR2004 (PS3.8 table D.1-1)
            length = int.from_bytes(body, "big")
        elif kind == 0x54:  # noqa: PLR2004 (PS3.7 table D.3-10)
            roles.append(_role(body, limits))
    return length, roles


def _role(body: bytes, limits: Limits) -> Role:
    if len(body) < _CONTEXT_HEAD or len(body) != int.from_bytes(body[:2], "big") + _CONTEXT_HEAD:
        raise InvalidPdu
    return Role(_uid(body[2:-2], limits), scu=body[-2] == 1, scp=body[-1] == 1)


def _uid(raw: bytes, limits: Limits) -> str:
    try:
        text = raw.decode("ascii").strip(" \0")
    except UnicodeDecodeError:
        raise InvalidPdu from None
    if not 1 <= len(text) <= limits.uid_bytes or not text.isprintable():
        raise InvalidPdu
    return text
