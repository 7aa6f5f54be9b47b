"""Sends a shipment of the queue (`imaging/sendings`): the requestor as the worker is handed it (decision 0058)."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from primum.doors.dimse.call_refusals import Withdrawn
from primum.doors.dimse.delivering import FAILURES, Delivery, DestinationRefused, check_receives
from primum.doors.dimse.refusals import DoorClosing
from primum.doors.dimse.retrieving import Trace
from primum.doors.dimse.sending import Fate
from primum.doors.dimse.serving import AsWanted
from primum.ground.errors import PrimumError
from primum.ground.ids import new_id
from primum.imaging.sendings.model import SendReport

if TYPE_CHECKING:
    from primum.doors.dimse.dialling import Dialler
    from primum.identity.device_model import Destination
    from primum.imaging import Archive, InstanceEntry
    from primum.imaging.sendings.model import Shipment
    from primum.journal import Journal


@dataclass(frozen=True, slots=True)
class Shipper:
    """Sends shipments; each in the thread that asks. Safe for many threads."""

    dialler: Dialler
    archive: Archive
    journal: Journal

    def __call__(self, shipment: Shipment) -> SendReport:
        """Send what is in it, journaled ahead of its first byte."""
        sending, destination = shipment.sending, shipment.destination
        sent = failed = size = 0
        reason = ""
        trace = Trace(
            self.journal, sending.requested_by, destination.id, sending.controller_id, sending.channel, new_id("asc"),
            {sending.study_ref: len(shipment.entries)},
        )  # fmt: skip

        def before(entry: InstanceEntry) -> None:
            now = _still(shipment)
            if now.address != destination.address:
                raise Withdrawn
            trace.before(entry)

        delivery = Delivery(self.dialler, AsWanted(self.archive), destination)
        try:
            _still(shipment)
            with contextlib.closing(delivery.send(shipment.entries, before)) as sending_now:
                for outcome in sending_now:
                    trace.after(outcome)
                    if outcome.fate is Fate.FAILED:
                        failed += 1
                        reason = reason or outcome.reason
                    else:
                        sent, size = sent + 1, size + outcome.sent_bytes
                        shipment.sent(outcome.entry)
        except (*FAILURES, DoorClosing, DestinationRefused) as refusal:
            reason = refusal.code
        finally:
            trace.close(reason or "failed")
        return SendReport(sent, len(shipment.entries) - sent, size, reason)


def _still(shipment: Shipment) -> Destination:
    """Find the destination as it is now, if it may still receive. Raises Withdrawn, DestinationRefused."""
    try:
        now = shipment.still()
    except PrimumError:
        raise Withdrawn from None
    check_receives(now, shipment.sending.controller_id)
    return now
