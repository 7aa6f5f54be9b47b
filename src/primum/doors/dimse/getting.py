"""C-GET: the studies go back by the association that asks, with the roles exchanged (PS3.4 C.4.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from primum.doors.dimse.call_refusals import CallFailed
from primum.doors.dimse.command import Operation
from primum.doors.dimse.outflow import Outflow
from primum.doors.dimse.retrieving import Progress, Trace, find_wanted
from primum.doors.dimse.sending import send_instances
from primum.doors.dimse.serving import AsWanted
from primum.imaging import Root

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from primum.doors.dimse.contexts import Accepted
    from primum.doors.dimse.exchange import Exchange
    from primum.doors.dimse.statuses import Answer
    from primum.imaging import InstanceEntry

ROOTS = MappingProxyType(
    {
        "1.2.840.10008.5.1.4.1.2.1.3": Root.PATIENT,
        "1.2.840.10008.5.1.4.1.2.2.3": Root.STUDY,
    }
)
"""Patient Root and Study Root Query/Retrieve Information Model - GET (PS3.4 C.6)."""


class Getting:
    """The service."""

    grants: Mapping[str, str] = MappingProxyType(dict.fromkeys(ROOTS, "get"))

    def perform(self, exchange: Exchange) -> Answer:
        """Send what is asked for, and say how it went. Raises a refusal, TRANSPORT."""
        entries = find_wanted(exchange, Operation.C_GET_RQ, ROOTS[exchange.context.abstract_syntax])
        progress = Progress(exchange, entries)
        trace = Trace.of(exchange, exchange.device.id, "get", entries)
        reason = "broken-off"

        def before(entry: InstanceEntry) -> None:
            exchange.permit()
            trace.before(entry)

        serving = AsWanted(exchange.services.archive())
        try:
            carrier = CallerCarrier(exchange)
            sending = send_instances(carrier, serving, entries, exchange.services.limits, before=before)
            cancelled = progress.follow(sending, trace)
            reason = "cancelled" if cancelled else "failed"
            return cancelled or progress.finished()
        except CallFailed as refusal:
            reason = refusal.code
            return progress.finished(refusal.code)
        finally:
            trace.close(reason)


class CallerCarrier:
    """The caller's association as a carrier."""

    def __init__(self, exchange: Exchange) -> None:
        """Carry by the association that `exchange` came by."""
        self._exchange = exchange
        line = exchange.line
        self._contexts = {number: one for number, one in line.contexts.items() if one.retrieval}
        self._outflow = Outflow(line.wire, line.peer_length, exchange.services.limits)
        self._message_id = 0

    @property
    def contexts(self) -> Mapping[int, Accepted]:
        """Those on which the caller is SCP."""
        return self._contexts

    def next_message_id(self) -> int:
        """Number a request."""
        self._message_id = self._message_id % 0xFFFF + 1
        return self._message_id

    def store(self, context: int, command: bytes, pieces: Iterable[Buffer]) -> int:
        """Send."""
        return self._outflow.message(context, command, pieces)

    def status_of(self, message_id: int, deadline: float) -> int:
        """Wait; a cancel that comes meanwhile is remembered."""
        status = self._exchange.response_to(message_id, deadline).short(0x0900)
        return 0x0110 if status is None else status
