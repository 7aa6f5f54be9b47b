"""Hands the DICOM door's requestor to the worker's queue (decision 0058); loaded when something is sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from primum.app.worker import WorkerRooms
from primum.imaging import SendingQueue, Sendings
from primum.imaging.confirmations.service import Confirmations
from primum.imaging.media.migrating import Source
from primum.imaging.sendings.model import SendReport, Shipment
from primum.journal import Fact, Kind

if TYPE_CHECKING:
    from primum.doors.dimse import Dialler
    from primum.identity import Destination
    from primum.imaging.commitments.model import Commitment, Reference
    from primum.imaging.confirmations.model import Confirmation, Told


class Shipping:
    """The queue of a worker, and the way out."""

    def __init__(self, worker: WorkerRooms) -> None:
        """Send what `worker` holds."""
        self._worker = worker
        self._lock = threading.Lock()
        self._made: Dialler | None = None
        self._stops: list[object] = []
        clock, sendings, find = worker.rooms.clock, Sendings(worker.records), worker.devices.destination
        self.confirmations = Confirmations(worker.records, sendings, find, self._ask, clock, self._heard)
        self.queue = SendingQueue(sendings, worker.archive.archive, find, self._send, clock, self.confirmations)

    def archive_of(self, destination: Destination) -> Source:
        """Give an enrolled device as an archive that is asked (a migration)."""
        from primum.doors.dimse.asking import OtherArchive  # noqa: PLC0415

        return OtherArchive(self._dialler(), destination, self._worker.rooms.clock.now().date())

    def stop(self) -> None:
        """End what is under way: it is due again at the next start."""
        from primum.doors.dimse.stopping import Stop  # noqa: PLC0415

        for one in self._stops:
            if isinstance(one, Stop):
                one.ask(0)
        self.queue.stop()

    def report(self, commitment: Commitment) -> bool:
        """Call a device with what came of its request for commitment; tell whether it took it.

        Raises NoDestination, and why it could not be called.
        """
        from primum.doors.dimse.reporting import Reporter  # noqa: PLC0415

        destination = self._worker.devices.destination(commitment.device_id)
        found = {"transaction": commitment.transaction_uid, "references": commitment.references}
        return Reporter(self._dialler())(destination, found)

    def _send(self, shipment: Shipment) -> SendReport:
        from primum.doors.dimse.shipping import Shipper  # noqa: PLC0415

        ship = Shipper(self._dialler(), self._worker.archive.archive, self._worker.rooms.journal)
        return ship(shipment)

    def _ask(
        self,
        destination: Destination,
        transaction_uid: str,
        references: Sequence[Reference],
        answered: Callable[[], bool],
    ) -> Told:
        from primum.doors.dimse.confirming import Asker  # noqa: PLC0415

        return Asker(self._dialler())(destination, transaction_uid, references, answered)

    def _heard(self, one: Confirmation) -> None:
        """Write down what a destination says: it says so under its own name."""
        details: dict[str, str | int] = {
            "destination": one.destination_id,
            "controller": one.controller_id,
            "instances": one.instances - one.failed,
            "refused": one.failed,
            "channel": one.channel,
        }
        fact = Fact(Kind.STUDY_COMMITTED, one.destination_id, one.study_ref, details)
        self._worker.rooms.journal.record(fact)

    def _dialler(self) -> Dialler:
        with self._lock:
            if self._made is None:
                self._made = self._load()
        return self._made

    def _load(self) -> Dialler:
        from primum.doors.dimse import Dialler, Limits  # noqa: PLC0415
        from primum.doors.dimse.stopping import Stop  # noqa: PLC0415
        from primum.identity import caller_chain  # noqa: PLC0415

        worker, stop = self._worker, Stop()
        settings = worker.rooms.settings
        self._stops.append(stop)
        chain = caller_chain(worker.certificates.caller_bundle())
        return Dialler(settings.dicom_aet, chain, settings.dicom_tls_profile, Limits(), stop)
