"""Gives a web door the worker's way out: enrolled devices, the queue and its requestor, what destinations answer."""

from __future__ import annotations

from datetime import timedelta

from primum.app.joints import Recorder
from primum.doors.dimse import Dialler, Limits
from primum.doors.dimse.shipping import Shipper
from primum.doors.dimse.stopping import Stop
from primum.ground.disc import RealDisc
from primum.identity import Certificates, Devices, Door as Facts, SealedBox, Service
from primum.identity.device_model import Address
from primum.imaging import SendingQueue, Sendings
from primum.imaging.completion.model import Performed
from primum.imaging.completion.service import Completions, Followers
from primum.imaging.confirmations.model import Report, Told
from primum.imaging.confirmations.service import Confirmations
from primum.imaging.sendings.model import State
from tests.doors.web_kit import Door
from tests.programs import wait_until
from tests.unit.identity.devices_home import seal, unseal

LOOPBACK = "127.0.0.1"


class Outbox:
    """The queue over a house's archive; devices are called in clear on loopback, as in a demo home."""

    def __init__(self, house: Door) -> None:
        records, archive = house.indexer._records, house.services.archive.archive
        certificates = Certificates(house.folder / "certificates", SealedBox(b"c" * 32, seal, unseal), house.clock,
                                    RealDisc())  # fmt: skip
        self.house = house
        self.devices = Devices(
            records, certificates, house.clock, Recorder(house.journal), snapshot_path=house.folder / "devices",
            snapshot_box=SealedBox(b"d" * 32, seal, unseal), disc=RealDisc(),
            door=Facts(LOOPBACK, 2762, "PRIMUM", "bcp195", 11112), loopback_only=True,
        )  # fmt: skip
        self.sendings = Sendings(records)
        find = self.devices.destination
        self.confirmations = Confirmations(
            records, self.sendings, find, lambda *_: Told(), house.clock, lambda _: None
        )  # fmt: skip
        shipper = Shipper(Dialler("PRIMUM", b"", "bcp195", Limits(), Stop()), archive, house.journal)
        self.queue = SendingQueue(self.sendings, archive, find, shipper, house.clock, self.confirmations)
        followers = Followers(lambda *_: Performed(), lambda *_: None, lambda _: None)
        self.completions = Completions(
            house.indexer._index, records, archive, house.clock, timedelta(minutes=5), followers
        )  # fmt: skip

    def at_hand(self) -> dict[str, object]:
        """What the desk holds of it."""
        return {"sendings": self.queue, "completions": self.completions, "confirmations": self.confirmations}

    def enrol(self, name: str, port: int, *, controller: int = 0, may: tuple[Service, ...] = (Service.RECEIVE,)) -> str:
        """Enrol a device that listens at a port of this machine; return its id."""
        return self.devices.add(
            "system", name, name.upper(), may, self.house.controllers[controller], plain_address=LOOPBACK,
            address=Address(LOOPBACK, port),
        ).device_id  # fmt: skip

    def settle(self) -> None:
        """Wait until nothing is under way."""
        wait_until(lambda: not self.queue._threads, seconds=20)

    def answer(self, *, failing: int) -> None:
        """Have the destination of the newest sending answer for it, but for some instances."""
        newest = next(one for one in self.sendings.recent() if one.state is State.DONE)
        for one in self.confirmations.of_sending(newest.id):
            named = [(ref.sop_class_uid, ref.sop_instance_uid) for ref in self.confirmations.references(one.id)]
            failed = tuple((sop_class, uid, 0x0110) for sop_class, uid in named[:failing])
            report = Report(one.transaction_uid, tuple(named[failing:]), failed)
            self.confirmations.hear(one.destination_id, report)
