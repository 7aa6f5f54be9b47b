import contextlib
import struct

import pytest
from hypothesis import given, settings, strategies as st
from pynetdicom import AE, build_context, build_role
from pynetdicom.pdu import A_ABORT_RQ, A_ASSOCIATE_AC, A_ASSOCIATE_RJ, A_ASSOCIATE_RQ, A_RELEASE_RP, P_DATA_TF
from pynetdicom.pdu_primitives import (
    A_ASSOCIATE,
    AsynchronousOperationsWindowNegotiation,
    ImplementationClassUIDNotification,
    ImplementationVersionNameNotification,
    MaximumLengthNotification,
    SOPClassExtendedNegotiation,
    UserIdentityNegotiation,
)
from tests.doors.dimse.instances import CT, associate, item

from primum.doors.dimse import pdu
from primum.doors.dimse.limits import Limits
from primum.doors.dimse.refusals import AbortReason, InvalidPdu

LIMITS = Limits()
REQUEST = associate()


def decode(whole: bytes) -> pdu.AssociateRequest:
    return pdu.decode_associate_request(whole[6:], LIMITS)


def theirs(*more) -> bytes:
    """An A-ASSOCIATE-RQ as pynetdicom writes it."""
    primitive = A_ASSOCIATE()
    primitive.application_context_name = "1.2.840.10008.3.1.1.1"
    primitive.calling_ae_title, primitive.called_ae_title = "SCANNER", "PRIMUM"
    contexts = [build_context(CT, ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"]), build_context("1.2.840.10008.1.1")]
    for at, one in enumerate(contexts):
        one.context_id = 2 * at + 1
    primitive.presentation_context_definition_list = contexts
    length, implementation, version = (
        MaximumLengthNotification(), ImplementationClassUIDNotification(), ImplementationVersionNameNotification(),
    )  # fmt: skip
    length.maximum_length_received = 32768
    implementation.implementation_class_uid = "1.2.3"
    version.implementation_version_name = "THEIRS"
    primitive.user_information = [length, implementation, version, *more]
    request = A_ASSOCIATE_RQ()
    request.from_primitive(primitive)
    return request.encode()


def test_a_request_is_read_as_it_was_written():
    request = decode(theirs())
    assert (request.called_title, request.calling_title) == ("PRIMUM", "SCANNER")
    assert request.contexts[0] == pdu.Proposed(1, CT, ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2"))
    assert request.user == pdu.UserInformation(32768, "1.2.3", "THEIRS")


def test_roles_windows_identities_and_extensions_are_read_or_passed_over():
    window, identity, extended = (
        AsynchronousOperationsWindowNegotiation(), UserIdentityNegotiation(), SOPClassExtendedNegotiation(),
    )  # fmt: skip
    window.maximum_number_operations_invoked = 5
    identity.user_identity_type, identity.primary_field = 4, b"<assertion/>" * 5000
    extended.sop_class_uid, extended.service_class_application_information = CT, b"\x02\x00"
    request = decode(theirs(window, identity, extended, build_role(CT, scp_role=True)))
    assert request.user.asynchronous
    assert request.user.roles == (pdu.Role(CT, scu=False, scp=True),)
    assert request.user.identity == pdu.ShownIdentity(4, False, b"<assertion/>" * 5000, b"")


def test_a_passcode_is_read_and_shown_nowhere():
    shown = UserIdentityNegotiation()
    shown.user_identity_type, shown.primary_field, shown.secondary_field = 2, b"mael", b"ptk_secret"
    shown.positive_response_requested = True
    request = decode(theirs(shown))
    assert request.user.identity == pdu.ShownIdentity(2, True, b"mael", b"ptk_secret")
    assert "secret" not in repr(request)
    assert "mael" not in repr(request)


@given(st.binary(max_size=24))
def test_an_identity_whose_lengths_do_not_fill_it_is_malformed(body):
    """Its two lengths and their fields are all of it, or it is refused."""
    first = int.from_bytes(body[2:4], "big")
    second = int.from_bytes(body[4 + first : 6 + first], "big")
    fits = len(body) >= 6 + first and len(body) == 6 + first + second
    try:
        read = decode(associate(more=item(0x58, body))).user.identity
    except InvalidPdu:
        assert not fits
    else:
        assert fits
        assert (read.kind, read.primary, read.secondary) == (body[0], body[4 : 4 + first], body[6 + first :])


def test_two_identities_are_malformed():
    one = item(0x58, b"\x01\x00\x00\x01a\x00\x00")
    assert decode(associate(more=one)).user.identity.primary == b"a"
    with pytest.raises(InvalidPdu):
        decode(associate(more=one + one))


def test_an_accept_is_read_by_another_implementation():
    window = AsynchronousOperationsWindowNegotiation()
    window.maximum_number_operations_invoked = 5
    request = decode(theirs(window))
    answers = [pdu.Answered(1, 0, "1.2.840.10008.1.2.1"), pdu.Answered(3, 3, "1.2.840.10008.1.2")]
    raw = pdu.encode_associate_accept(request, answers, [pdu.Role(CT, scu=True, scp=False)], LIMITS)
    accept = A_ASSOCIATE_AC()
    accept.decode(raw)
    primitive = accept.to_primitive()
    results = [one.result for one in primitive.presentation_context_definition_results_list]
    assert results == [0, 3]
    assert accept.calling_ae_title == "SCANNER"
    assert accept.called_ae_title == "PRIMUM"
    assert accept.user_information.maximum_length == LIMITS.pdu_bytes
    assert accept.user_information.async_ops_window.maximum_number_operations_invoked == 1
    assert accept.user_information.role_selection[CT].scu_role


def test_rejections_aborts_and_releases_are_read_by_another_implementation():
    reject, abort, release = A_ASSOCIATE_RJ(), A_ABORT_RQ(), A_RELEASE_RP()
    reject.decode(pdu.encode_associate_reject(pdu.Rejection(1, 1, 7)))
    abort.decode(pdu.encode_abort(pdu.AbortSource.SERVICE_PROVIDER, AbortReason.INVALID_PARAMETER_VALUE))
    release.decode(pdu.encode_release_response())
    assert reject.reason_str == "Called AE title not recognised"
    assert (abort.source, abort.reason_diagnostic) == (2, 6)


def test_a_command_is_cut_as_the_peer_asked():
    raw = pdu.encode_command(5, b"c" * 300, 134)
    fragments, at = [], 0
    while at < len(raw):
        length = struct.unpack_from(">L", raw, at + 2)[0]
        assert length <= 134
        one = P_DATA_TF()
        one.decode(raw[at : at + 6 + length])
        fragments += [part.presentation_data_value for part in one.presentation_data_value_items]
        at += 6 + length
    assert [part[0] for part in fragments] == [1, 1, 3]
    assert b"".join(part[1:] for part in fragments) == b"c" * 300


@pytest.mark.parametrize(
    "bad",
    [
        REQUEST[:60],
        REQUEST[:-1],
        REQUEST + b"\x20",
        associate((2, CT, ("1.2",))),
        associate((1, CT, ("1.2",)), (1, CT, ("1.2",))),
        associate((1, "1." * 40, ("1.2",))),
        associate((1, CT, ())),
        associate((1, "", ("1.2",))),
        associate(*[(1, CT, ("1.2",))] * 129),
        associate((1, CT, ("1.2.3",) * 200)),
        associate(calling="SCA\xe9NER"),
        associate(calling="SCAN\x07ER"),
        associate(more=item(0x54, b"\x00\xff1.2\x01\x00")),
        associate(more=b"".join(item(0x57, b"") for _ in range(600))),
        REQUEST + bytes(LIMITS.association_bytes),
    ],
    ids=["short", "cut", "trailing", "even-context", "same-context-twice", "long-uid", "no-transfer-syntax",
         "no-abstract-syntax", "too-many-contexts", "too-many-syntaxes", "title-not-ascii", "title-with-bell",
         "role-beyond-its-item", "too-many-items", "too-long"],
)  # fmt: skip
def test_a_request_that_is_not_one_is_refused(bad):
    with pytest.raises(InvalidPdu):
        decode(bad)


@settings(max_examples=300)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(body):
    with contextlib.suppress(InvalidPdu):
        pdu.decode_associate_request(body, LIMITS)


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_request_is_read_or_refused(data):
    body = bytearray(theirs()[6:])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(InvalidPdu):
        pdu.decode_associate_request(bytes(body[: data.draw(st.integers(0, len(body)))]), LIMITS)


def test_the_largest_request_of_another_implementation_fits():
    ae = AE("SCANNER")
    for number in range(128):
        ae.add_requested_context(
            f"1.2.840.10008.5.1.4.1.1.{number}", [f"1.2.840.10008.1.2.4.{n}" for n in range(50, 80)]
        )
    contexts = ae.requested_contexts
    request = decode(
        associate(
            *[(2 * n + 1, str(c.abstract_syntax), tuple(map(str, c.transfer_syntax))) for n, c in enumerate(contexts)]
        )
    )
    assert len(request.contexts) == 128
