"""Storage commitment as SCU (PS3.4 annex J): a destination is asked to answer for what it was sent.

The result may come on the same association, where it is waited for a little, or later on one that the destination asks
for (committing.py). docs/design/commitment.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from primum.doors.dimse.command import Operation, encode_response
from primum.doors.dimse.committing import (
    PUSH_MODEL,
    WELL_KNOWN,
    action_information,
    event_type_of,
    judge_report,
    report_of,
)
from primum.doors.dimse.delivering import FAILURES, lost
from primum.doors.dimse.pdu import Proposed
from primum.doors.dimse.refusals import DoorClosing, IdentifierTooLong
from primum.doors.dimse.requests import action_request
from primum.doors.dimse.statuses import Status
from primum.ground.errors import PrimumError
from primum.ground.log import Log
from primum.imaging import encode_data_set
from primum.imaging.confirmations.model import DECLINED, Report, Told
from primum.imaging.dicomjson import read_attributes

if TYPE_CHECKING:
    from primum.doors.dimse.command import Command
    from primum.doors.dimse.contexts import Accepted
    from primum.doors.dimse.dialling import Dialler
    from primum.doors.dimse.requestor import Requested
    from primum.identity.device_model import Destination
    from primum.imaging.commitments.model import Reference

_CONTEXT = Proposed(1, PUSH_MODEL, ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2"))
_REQUEST = 1
"""Action Type ID of a request for commitment (PS3.4 table J.3-1)."""

_log = Log("dimse.confirming")


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks destinations, each in the thread that calls. Safe for many threads."""

    dialler: Dialler

    def __call__(
        self,
        destination: Destination,
        transaction_uid: str,
        references: Sequence[Reference],
        answered: Callable[[], bool],
    ) -> Told:
        """Ask, and wait a little for the result. What goes wrong is said, not raised."""
        try:
            with lost():
                association = self.dialler.open(destination, (_CONTEXT,))
            with association:
                context = association.contexts.get(_CONTEXT.id)
                if context is None:
                    return Told(DECLINED)
                with lost():
                    status = self._ask(association, context, transaction_uid, references)
                if status != Status.SUCCESS:
                    return Told(f"status-{status:04x}")
                return Told(report=self._hear(association, context, transaction_uid, answered))
        except (*FAILURES, DoorClosing, IdentifierTooLong) as refusal:
            return Told(refusal.code)

    def _ask(
        self, association: Requested, context: Accepted, transaction_uid: str, references: Sequence[Reference]
    ) -> int:
        said = encode_data_set(action_information(transaction_uid, references), context.transfer_syntax)
        number = association.next_message_id()
        association.send(context.id, action_request(number, PUSH_MODEL, WELL_KNOWN, _REQUEST), [said])
        return association.response_to(number, time.monotonic() + self.dialler.limits.answer_seconds).status

    def _hear(
        self, association: Requested, context: Accepted, transaction_uid: str, answered: Callable[[], bool]
    ) -> Report | None:
        """Wait for the result; None where it does not come here. The request was taken: nothing is raised any more."""
        deadline = time.monotonic() + self.dialler.limits.report_seconds
        try:
            with lost():
                found = association.request_of_theirs(deadline, answered)
                if found is None:
                    return None
                status, report = _judged(found.command, found.data_set, context.transfer_syntax, transaction_uid)
                others = event_type_of(found.command) if report is not None else {}
                association.answer(context.id, encode_response(found.command, status, others=others))
                return report
        except PrimumError as refusal:  # the peer releases, or its report cannot be read: it may come again
            _log.warning("confirmation.unheard", code=refusal.code)
            return None


def _judged(command: Command, data_set: bytes, syntax: str, transaction_uid: str) -> tuple[Status, Report | None]:
    """Say how a request of the destination's is answered, and what it reports of ours."""
    if command.field != Operation.N_EVENT_REPORT_RQ:
        return Status.UNRECOGNIZED_OPERATION, None
    wrong = judge_report(command)
    if wrong is not None:
        return wrong, None
    report = report_of(read_attributes(data_set, syntax))
    if report.transaction_uid != transaction_uid:
        return Status.INVALID_ARGUMENT_VALUE, None
    return Status.SUCCESS, report
