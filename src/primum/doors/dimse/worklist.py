"""The modality worklist (PS3.4 K) as SCP: the question goes to the worker in DICOM JSON, the answers come back so.

This process reads what came over the network, and has no key to the orders.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from primum.doors.dimse.command import Operation
from primum.doors.dimse.jsonsets import decoded, written
from primum.doors.dimse.refusals import OperationUnknown
from primum.doors.dimse.statuses import Answer, Status

if TYPE_CHECKING:
    from primum.doors.dimse.exchange import Exchange

FIND: Final = "1.2.840.10008.5.1.4.31"
"""Modality Worklist Information Model - FIND."""
_CHARSET = "00080005"


class Worklist:
    """Answers C-FIND on the worklist."""

    grants: Final = {FIND: "worklist"}

    def perform(self, exchange: Exchange) -> Answer:
        """Answer one query, entry by entry."""
        if exchange.command.field != Operation.C_FIND_RQ:
            raise OperationUnknown
        raw = exchange.identifier()
        identifier, charset = decoded(raw, exchange.context.transfer_syntax)
        asked = json.dumps({tag: value for tag, value in identifier.items() if tag != _CHARSET}).encode()
        args = {"device": exchange.device.id, "association": exchange.association}
        told, found = exchange.services.intake.ask("worklist.find", args, asked)
        pending = Status.PENDING_WARNING if told.get("partly") else Status.PENDING
        for one in json.loads(found):
            if exchange.cancelled():
                return Answer(Status.CANCEL)
            exchange.permit()
            exchange.respond(pending, written(one, exchange.context.transfer_syntax, charset))
        return Answer(Status.SUCCESS)
