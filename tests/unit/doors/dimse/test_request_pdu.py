"""What a requestor writes is read by others; what it reads is bounded."""

import contextlib
import struct

import pytest
from hypothesis import given, strategies as st
from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RQ

from primum.doors.dimse.limits import Limits
from primum.doors.dimse.pdu import Proposed, Role, decode_associate_request
from primum.doors.dimse.refusals import InvalidPdu
from primum.doors.dimse.request_pdu import (
    Request,
    UserIdentity,
    decode_associate_accept,
    decode_associate_reject,
    encode_associate_request,
)

LIMITS = Limits()
CT, EXPLICIT, IMPLICIT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
REQUEST = Request(
    "SHELF", "PRIMUM", (Proposed(1, CT, (EXPLICIT, IMPLICIT)),), (Role(CT, scu=True, scp=True),), UserIdentity("a", "b")
)


def test_what_we_ask_for_is_read_by_ourselves_and_by_another_implementation():
    raw = encode_associate_request(REQUEST, LIMITS)
    ours = decode_associate_request(raw[6:], LIMITS)
    assert (ours.called_title, ours.calling_title, ours.contexts) == ("SHELF", "PRIMUM", REQUEST.contexts)
    assert ours.user.roles == REQUEST.roles
    theirs = A_ASSOCIATE_RQ()
    theirs.decode(raw)
    assert theirs.called_ae_title == "SHELF"
    identity = theirs.user_information.user_identity
    assert (identity.primary_field, identity.secondary_field) == (b"a", b"b")


def accept(*items: bytes, user: bytes = b"") -> bytes:
    return bytes(68) + b"".join(items) + item(0x50, user)


def item(kind: int, body: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(body)) + body


def context(number: int, result: int, syntax: str | None = EXPLICIT) -> bytes:
    return item(0x21, bytes((number, 0, result, 0)) + (item(0x40, syntax.encode()) if syntax else b""))


def test_an_answer_is_read_with_and_without_the_syntax_of_refused_contexts():
    body = accept(context(1, 0), context(3, 3, None), user=item(0x51, struct.pack(">L", 16384)))
    read = decode_associate_accept(body, LIMITS)
    assert [(one.id, one.result, one.transfer_syntax) for one in read.contexts] == [(1, 0, EXPLICIT), (3, 3, "")]
    assert read.max_length == 16384
    A_ASSOCIATE_AC()


@pytest.mark.parametrize(
    "body",
    [
        b"", bytes(67), bytes(LIMITS.association_bytes + 1), bytes(68) + b"\x21\0\xff\xff",
        accept(item(0x21, b"\1")), accept(context(1, 0, "9" * 65)), accept(context(1, 0, "\xff")),
        accept(*(context(1, 0) for _ in range(131))), accept(user=item(0x54, b"\0\4")),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_refused(body):
    with pytest.raises(InvalidPdu):
        decode_associate_accept(body, LIMITS)


@given(st.binary(max_size=400))
def test_no_bytes_do_more_than_be_refused(body):
    for decode in (lambda raw: decode_associate_accept(bytes(68) + raw, LIMITS), decode_associate_reject):
        with contextlib.suppress(InvalidPdu):
            decode(body)
