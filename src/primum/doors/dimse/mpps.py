"""Modality performed procedure steps (PS3.4 F) as SCP: N-CREATE, N-SET, N-GET. The worker judges and keeps them."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Final

from primum.app.intake import WorkerRefused
from primum.doors.dimse.command import Operation
from primum.doors.dimse.jsonsets import decoded, written
from primum.doors.dimse.refusals import OperationUnknown
from primum.doors.dimse.statuses import Answer, Status

if TYPE_CHECKING:
    from primum.doors.dimse.exchange import Exchange

MPPS: Final = "1.2.840.10008.3.1.2.3.3"
RETRIEVE: Final = "1.2.840.10008.3.1.2.3.4"
MAY_NOT_UPDATE: Final = 0xA506
"""Error ID (0000,0903): the performed procedure step object may no longer be updated (F.7.2.2.2)."""
_ERROR_ID = 0x0903
_IDENTIFIER_LIST = 0x1005
"""Attribute Identifier List (0000,1005) of an N-GET."""
_NOT_SETTABLE = frozenset({"00080005", "00080016", "00080018"})


class PerformedSteps:
    """Takes what modalities say that they do."""

    grants: Final = {MPPS: "mpps", RETRIEVE: "mpps"}

    def perform(self, exchange: Exchange) -> Answer:
        """Do one request."""
        asked = (exchange.context.abstract_syntax, exchange.command.field)
        if asked == (MPPS, Operation.N_CREATE_RQ):
            return self._create(exchange)
        if asked == (MPPS, Operation.N_SET_RQ):
            return self._set(exchange)
        if asked == (RETRIEVE, Operation.N_GET_RQ):
            return self._get(exchange)
        raise OperationUnknown

    @staticmethod
    def _create(exchange: Exchange) -> Answer:
        uid = exchange.command.sop_instance_uid or f"2.25.{uuid.uuid4().int}"
        return _judged(exchange, "mpps.create", uid)[0]

    @staticmethod
    def _set(exchange: Exchange) -> Answer:
        answer, told = _judged(exchange, "mpps.set", exchange.command.sop_instance_uid)
        refused = told.get("refused", [])
        if answer.status is Status.SUCCESS and refused:
            return Answer(Status.ATTRIBUTE_LIST_ERROR, "mpps.not-settable", tuple(int(tag, 16) for tag in refused))
        return answer

    @staticmethod
    def _get(exchange: Exchange) -> Answer:
        uid = exchange.command.sop_instance_uid
        args = {"device": exchange.device.id, "association": exchange.association, "uid": uid}
        _, found = exchange.services.intake.ask("mpps.get", args)
        attributes = json.loads(found)
        raw = exchange.command.elements.get(_IDENTIFIER_LIST, b"")
        wanted = {f"{_half(raw, at):04X}{_half(raw, at + 2):04X}" for at in range(0, len(raw) - 3, 4)}
        given = {tag: value for tag, value in attributes.items() if not wanted or tag in wanted}
        return Answer(Status.SUCCESS, data_set=written(given, exchange.context.transfer_syntax))


def _judged(exchange: Exchange, verb: str, uid: str) -> tuple[Answer, dict[str, list[str]]]:
    """Have the worker take a data set; what it refuses is said by its element."""
    attributes, _ = decoded(exchange.identifier(), exchange.context.transfer_syntax)
    given = {tag: value for tag, value in attributes.items() if tag not in _NOT_SETTABLE}
    args = {"device": exchange.device.id, "association": exchange.association, "uid": uid}
    try:
        told, _ = exchange.services.intake.ask(verb, args, json.dumps(given).encode())
    except WorkerRefused as refusal:
        if refusal.code == "mpps.final":
            others = {_ERROR_ID: MAY_NOT_UPDATE}
            return Answer(Status.PROCESSING_FAILURE, refusal.code, others=others), {}
        raise
    return Answer(Status.SUCCESS, instance_uid=uid), told


def _half(raw: bytes, at: int) -> int:
    return int.from_bytes(raw[at : at + 2], "little")
