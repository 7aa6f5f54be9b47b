"""Which DIMSE status or A-ASSOCIATE-RJ each refusal gets: the two tables.

PS3.4 table B.2-1 and PS3.7 annex C (statuses), PS3.8 table 9-21 (rejections).
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import NamedTuple

from primum.doors.dimse.command import Counts
from primum.doors.dimse.pdu import Rejection
from primum.ground.errors import PrimumError


class Status(IntEnum):
    """Statuses that this door answers (PS3.7 annex C, PS3.4 tables B.2-1, C.4-1 to C.4-3)."""

    SUCCESS = 0x0000
    NO_SUCH_ATTRIBUTE = 0x0105
    INVALID_ATTRIBUTE_VALUE = 0x0106
    ATTRIBUTE_LIST_ERROR = 0x0107
    PROCESSING_FAILURE = 0x0110
    DUPLICATE_SOP_INSTANCE = 0x0111
    NO_SUCH_SOP_INSTANCE = 0x0112
    NO_SUCH_EVENT_TYPE = 0x0113
    NO_SUCH_ARGUMENT = 0x0114
    INVALID_ARGUMENT_VALUE = 0x0115
    ATTRIBUTE_VALUE_OUT_OF_RANGE = 0x0116
    INVALID_SOP_INSTANCE = 0x0117
    NO_SUCH_SOP_CLASS = 0x0118
    CLASS_INSTANCE_CONFLICT = 0x0119
    MISSING_ATTRIBUTE = 0x0120
    MISSING_ATTRIBUTE_VALUE = 0x0121
    SOP_CLASS_NOT_SUPPORTED = 0x0122
    NO_SUCH_ACTION = 0x0123
    NOT_AUTHORIZED = 0x0124
    UNRECOGNIZED_OPERATION = 0x0211
    MISTYPED_ARGUMENT = 0x0212
    RESOURCE_LIMITATION = 0x0213
    OUT_OF_RESOURCES = 0xA700
    CANNOT_COUNT_MATCHES = 0xA701
    CANNOT_PERFORM_SUBOPERATIONS = 0xA702
    MOVE_DESTINATION_UNKNOWN = 0xA801
    DATA_SET_MISMATCH = 0xA900
    SUBOPERATIONS_WARNING = 0xB000
    CANNOT_UNDERSTAND = 0xC000
    CANCEL = 0xFE00
    PENDING = 0xFF00
    PENDING_WARNING = 0xFF01


class Answer(NamedTuple):
    """A final status, our code for the reason (0000,0902), and the elements that are to blame (0000,0901).

    `data_set` goes with it, in the context's transfer syntax; `instance_uid` and `others` as in `encode_response`.
    """

    status: Status
    comment: str = ""
    offending: tuple[int, ...] = ()
    counts: Counts | None = None
    data_set: bytes = b""
    instance_uid: str = ""
    others: Mapping[int, int] = MappingProxyType({})


SOP_CLASS, SOP_INSTANCE, STUDY, SERIES = 0x00080016, 0x00080018, 0x0020000D, 0x0020000E

BY_CODE: dict[str, tuple[Status, tuple[int, ...]]] = {
    "dimse.operation-unknown": (Status.UNRECOGNIZED_OPERATION, ()),
    "dimse.class-not-negotiated": (Status.SOP_CLASS_NOT_SUPPORTED, ()),
    "dimse.arguments": (Status.MISTYPED_ARGUMENT, ()),
    "dimse.instance-uid": (Status.INVALID_SOP_INSTANCE, ()),
    "dimse.mismatch": (Status.DATA_SET_MISMATCH, (SOP_CLASS,)),
    "dimse.space-low": (Status.OUT_OF_RESOURCES, ()),
    "dimse.not-permitted": (Status.NOT_AUTHORIZED, ()),
    "dimse.identifier-too-long": (Status.OUT_OF_RESOURCES, ()),
    "imaging.bad-retrieval": (Status.DATA_SET_MISMATCH, ()),
    "dimse.retrieval-too-large": (Status.CANNOT_PERFORM_SUBOPERATIONS, ()),
    "dimse.index-unreadable": (Status.CANNOT_COUNT_MATCHES, ()),
    "device.no-destination": (Status.MOVE_DESTINATION_UNKNOWN, ()),
    "dimse.destination-refused": (Status.MOVE_DESTINATION_UNKNOWN, ()),
    "imaging.damaged-data-set": (Status.CANNOT_UNDERSTAND, ()),
    "imaging.unknown-syntax": (Status.CANNOT_UNDERSTAND, ()),
    "imaging.too-large": (Status.CANNOT_UNDERSTAND, ()),
    "imaging.no-sop-uid": (Status.CANNOT_UNDERSTAND, (SOP_INSTANCE,)),
    "imaging.no-study-uid": (Status.CANNOT_UNDERSTAND, (STUDY, SERIES)),
    "imaging.bad-uid": (Status.CANNOT_UNDERSTAND, (SOP_CLASS, SOP_INSTANCE, STUDY, SERIES)),
    "imaging.other-instance": (Status.DATA_SET_MISMATCH, (SOP_INSTANCE,)),
    "imaging.bad-identifier": (Status.DATA_SET_MISMATCH, ()),
    "imaging.query-too-broad": (Status.OUT_OF_RESOURCES, ()),
    "imaging.bad-query": (Status.DATA_SET_MISMATCH, ()),
    "imaging.no-confirmation": (Status.INVALID_ARGUMENT_VALUE, ()),
    "order.too-many": (Status.OUT_OF_RESOURCES, ()),
    "order.bad-field": (Status.INVALID_SOP_INSTANCE, ()),
    "mpps.missing": (Status.NO_SUCH_SOP_INSTANCE, ()),
    "mpps.exists": (Status.DUPLICATE_SOP_INSTANCE, ()),
    "mpps.final": (Status.PROCESSING_FAILURE, ()),
    "mpps.missing-attribute": (Status.MISSING_ATTRIBUTE, ()),
    "mpps.missing-value": (Status.MISSING_ATTRIBUTE_VALUE, ()),
    "mpps.bad-value": (Status.INVALID_ATTRIBUTE_VALUE, ()),
    "vault.disc-full": (Status.OUT_OF_RESOURCES, ()),
    "vault.write-refused": (Status.OUT_OF_RESOURCES, ()),
    "vault.too-large": (Status.OUT_OF_RESOURCES, ()),
    "vault.facts-too-long": (Status.CANNOT_UNDERSTAND, ()),
    "vault.bad-frames": (Status.CANNOT_UNDERSTAND, ()),
    "device.unknown": (Status.NOT_AUTHORIZED, ()),
    "device.revoked": (Status.NOT_AUTHORIZED, ()),
    "device.expired": (Status.NOT_AUTHORIZED, ()),
    "device.identity-refused": (Status.NOT_AUTHORIZED, ()),
    "device.directory-unreadable": (Status.OUT_OF_RESOURCES, ()),
}
"""Refusals by their code; one that is not here is a processing failure."""

_NO_ROOM = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG, errno.ENOMEM})


def answer_to(error: Exception) -> Answer:
    """Say what the sender is told of `error`: a status, our code, never anything of the data set."""
    if isinstance(error, PrimumError):
        status, offending = BY_CODE.get(error.code, (Status.PROCESSING_FAILURE, ()))
        return Answer(status, error.code, offending)
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in _NO_ROOM):
        return Answer(Status.OUT_OF_RESOURCES, "dimse.out-of-resources")
    return Answer(Status.PROCESSING_FAILURE, "dimse.processing-failure")


PERMANENT, TRANSIENT = 1, 2
SERVICE_USER, ACSE, PRESENTATION = 1, 2, 3
_CALLING_TITLE = Rejection(PERMANENT, SERVICE_USER, 3)
_UNPROVED = Rejection(PERMANENT, SERVICE_USER, 1)
_CONGESTION = Rejection(TRANSIENT, PRESENTATION, 1)

REJECTIONS: dict[str, Rejection] = {
    "dimse.protocol-version": Rejection(PERMANENT, ACSE, 2),
    "dimse.application-context": Rejection(PERMANENT, SERVICE_USER, 2),
    "dimse.called-title": Rejection(PERMANENT, SERVICE_USER, 7),
    "device.unknown": _CALLING_TITLE,
    "device.revoked": _CALLING_TITLE,
    "device.expired": _CALLING_TITLE,
    "device.title-mismatch": _CALLING_TITLE,
    "device.outside-demo": _CALLING_TITLE,
    "dimse.identity-required": _UNPROVED,
    "dimse.identity-in-clear": _UNPROVED,
    "dimse.identity-kind": _UNPROVED,
    "device.identity-refused": _UNPROVED,
    "device.directory-unreadable": _CONGESTION,
    "dimse.crowded": _CONGESTION,
    "dimse.space-low": Rejection(TRANSIENT, PRESENTATION, 2),
}
"""Rejections by the refusal's code; one that is not here gets `NO_REASON`."""

NO_REASON = Rejection(TRANSIENT, SERVICE_USER, 1)


def rejection_for(error: Exception) -> Rejection:
    """Say how the association is rejected because of `error`."""
    return REJECTIONS.get(error.code, NO_REASON) if isinstance(error, PrimumError) else NO_REASON
