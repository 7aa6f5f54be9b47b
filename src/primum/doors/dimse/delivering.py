"""Instances on their way to one destination: the call, and what becomes of each. For C-MOVE and `primum send`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from primum.doors.dimse.call_refusals import CallFailed, DestinationLost, NothingAccepted
from primum.doors.dimse.proposing import Batch, batches
from primum.doors.dimse.reception import OtherPdu
from primum.doors.dimse.refusals import BrokenOff, ConnectionEnded, InvalidCommand, InvalidPdu, TooSlow
from primum.doors.dimse.sending import Fate, Outcome, RequestedCarrier, send_instances
from primum.ground.errors import PrimumError
from primum.ground.outbound import BeyondLoopback, Unreachable

if TYPE_CHECKING:
    from primum.doors.dimse.dialling import Dialler
    from primum.doors.dimse.requests import Originator
    from primum.doors.dimse.serving import Serving
    from primum.identity.device_model import Destination
    from primum.imaging import InstanceEntry

RECEIVE = "receive"
"""The grant that a destination needs."""
FAILURES = (CallFailed, Unreachable, BeyondLoopback)
"""Why a delivery may come to nothing, or to less than all."""
_LOST = (ConnectionEnded, TooSlow, InvalidPdu, InvalidCommand, OtherPdu)


class DestinationRefused(PrimumError):
    """The destination may not receive what is asked for: it holds no grant for it, or is another controller's."""

    code: ClassVar[str] = "dimse.destination-refused"
    hint: ClassVar[str] = (
        "primum device destination NAME HOST PORT --receive; study and device must have one controller"
    )


def check_receives(destination: Destination, controller_id: str) -> None:
    """Return when a destination may be sent a controller's studies. Raises DestinationRefused."""
    if RECEIVE not in destination.may or destination.controller_id != controller_id:
        raise DestinationRefused


@dataclass(frozen=True, slots=True)
class Delivery:
    """A destination, and how it is reached."""

    dialler: Dialler
    serving: Serving
    destination: Destination
    originator: Originator | None = None

    def send(self, entries: Sequence[InstanceEntry], before: Callable[[InstanceEntry], None]) -> Generator[Outcome]:
        """Give what became of each instance as soon as it is known, over as few associations as it takes.

        Raises FAILURES (then what was not told of was not sent), and what `before` raises.
        """
        for batch in batches(entries):
            left = [entries[at] for at in batch.places]
            while left:
                done = 0
                with contextlib.closing(self._send_some(left, batch, before)) as sending:
                    for outcome in sending:
                        done += 1
                        yield outcome
                left = left[done:]

    def _send_some(
        self, entries: Sequence[InstanceEntry], batch: Batch, before: Callable[[InstanceEntry], None]
    ) -> Generator[Outcome]:
        """Send over one association: all of them, or up to one that broke off."""
        with _lost():
            association = self.dialler.open(self.destination, batch.contexts)
        with association:
            if not association.contexts:
                raise NothingAccepted
            done = 0
            sending = send_instances(
                RequestedCarrier(association), self.serving, entries, self.dialler.limits, self.originator, before
            )
            with _lost(), contextlib.closing(sending):
                try:
                    for outcome in sending:
                        done += 1
                        yield outcome
                except BrokenOff as broken:
                    association.abort()
                    yield Outcome(entries[done], Fate.FAILED, reason=broken.code)


@contextlib.contextmanager
def _lost() -> Iterator[None]:
    try:
        yield
    except _LOST as lost:
        raise DestinationLost(reason=getattr(lost, "code", "dimse.invalid-pdu")) from None
