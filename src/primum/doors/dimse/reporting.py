"""Delivers the result of a storage commitment on an association that we ask for (PS3.4 J.3.3): we are SCP there."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from primum.doors.dimse.call_refusals import NothingAccepted
from primum.doors.dimse.command import encode_event_report
from primum.doors.dimse.committing import PUSH_MODEL, WELL_KNOWN, result_of
from primum.doors.dimse.delivering import lost
from primum.doors.dimse.pdu import Proposed, Role
from primum.doors.dimse.statuses import Status
from primum.imaging import encode_data_set

if TYPE_CHECKING:
    from primum.doors.dimse.dialling import Dialler
    from primum.identity.device_model import Destination

_CONTEXT = Proposed(1, PUSH_MODEL, ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2"))
_ROLE = Role(PUSH_MODEL, scu=False, scp=True)


@dataclass(frozen=True, slots=True)
class Reporter:
    """Tells devices what came of what they asked."""

    dialler: Dialler

    def __call__(self, destination: Destination, found: Mapping[str, Any]) -> bool:
        """Call a device with a result (as `committing.result_of` reads it); tell whether it took it.

        Raises CallFailed, Unreachable, BeyondLoopback.
        """
        with lost():
            association = self.dialler.open(destination, (_CONTEXT,), (_ROLE,))
        with association, lost():
            context = association.contexts.get(_CONTEXT.id)
            if context is None:
                raise NothingAccepted
            event_type, said = result_of(found)
            number = association.next_message_id()
            request = encode_event_report(PUSH_MODEL, WELL_KNOWN, number, event_type)
            association.send(context.id, request, [encode_data_set(said, context.transfer_syntax)])
            deadline = time.monotonic() + self.dialler.limits.answer_seconds
            return association.response_to(number, deadline).status == Status.SUCCESS
