"""Hands the DICOM door's requestor to the worker's queue (decision 0058); loaded when something is sent."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from primum.app.worker import WorkerRooms
from primum.imaging import SendingQueue, Sendings
from primum.imaging.media.migrating import Source
from primum.imaging.sendings.model import SendReport, Shipment

if TYPE_CHECKING:
    from primum.doors.dimse import Dialler
    from primum.identity import Destination
    from primum.imaging.commitments.model import Commitment


class Shipping:
    """The queue of a worker, and the way out."""

    def __init__(self, worker: WorkerRooms) -> None:
        """Send what `worker` holds."""
        self._worker = worker
        self._lock = threading.Lock()
        self._made: Dialler | None = None
        self._stops: list[object] = []
        self.queue = SendingQueue(
            Sendings(worker.records),
            worker.archive.archive,
            worker.devices.destination,
            self._send,
            worker.rooms.clock,
        )

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
