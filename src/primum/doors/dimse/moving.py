"""C-MOVE: the studies go to an enrolled destination, by an association that we ask for (PS3.4 C.4.2)."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from primum.doors.dimse.call_refusals import Withdrawn
from primum.doors.dimse.command import Operation
from primum.doors.dimse.delivering import FAILURES, Delivery, DestinationRefused, check_receives
from primum.doors.dimse.requests import Originator
from primum.doors.dimse.retrieving import Progress, Trace, find_wanted
from primum.doors.dimse.serving import AsWanted
from primum.ground.errors import PrimumError
from primum.imaging import Root

if TYPE_CHECKING:
    from primum.doors.dimse.exchange import Exchange
    from primum.doors.dimse.statuses import Answer
    from primum.identity.device_model import Destination
    from primum.imaging import InstanceEntry

ROOTS = MappingProxyType(
    {
        "1.2.840.10008.5.1.4.1.2.1.2": Root.PATIENT,
        "1.2.840.10008.5.1.4.1.2.2.2": Root.STUDY,
    }
)
"""Patient Root and Study Root Query/Retrieve Information Model - MOVE (PS3.4 C.6)."""
_MOVE_DESTINATION = 0x0600


class Moving:
    """The service."""

    grants: Mapping[str, str] = MappingProxyType(dict.fromkeys(ROOTS, "move"))

    def perform(self, exchange: Exchange) -> Answer:
        """Send what is asked for to where it is asked, and say how it went. Raises a refusal, TRANSPORT."""
        entries = find_wanted(exchange, Operation.C_MOVE_RQ, ROOTS[exchange.context.abstract_syntax])
        return _Move(exchange, _destination(exchange), Progress(exchange, entries)).run()


@dataclass(frozen=True, slots=True)
class _Move:
    """One C-MOVE under way."""

    exchange: Exchange
    destination: Destination
    progress: Progress

    def run(self) -> Answer:
        exchange, progress = self.exchange, self.progress
        services = exchange.services
        if services.dialler is None:
            raise DestinationRefused
        trace = Trace.of(exchange, self.destination.id, "move", progress.entries)
        originator = Originator(exchange.calling_title, exchange.command.message_id)
        delivery = Delivery(services.dialler, AsWanted(services.archive()), self.destination, originator)

        def before(entry: InstanceEntry) -> None:
            exchange.permit()
            self._still()
            trace.before(entry)

        reason = "broken-off"
        try:
            with contextlib.closing(delivery.send(progress.entries, before)) as sending:
                cancelled = progress.follow(sending, trace)
            reason = "cancelled" if cancelled else "failed"
            return cancelled or progress.finished()
        except FAILURES as refusal:
            reason = refusal.code
            return progress.finished(refusal.code)
        finally:
            trace.close(reason)

    def _still(self) -> None:
        """Return while the destination is what it was when the call began. Raises Withdrawn."""
        try:
            now = _destination(self.exchange)
        except PrimumError:
            raise Withdrawn from None
        if now.address != self.destination.address:
            raise Withdrawn


def _destination(exchange: Exchange) -> Destination:
    """Find the Move Destination (0000,0600) among the devices. Raises NoDestination, DestinationRefused."""
    if exchange.services.destinations is None:
        raise DestinationRefused
    found = exchange.services.destinations.destination(exchange.command.text(_MOVE_DESTINATION))
    check_receives(found, exchange.device.controller_id)
    return found
