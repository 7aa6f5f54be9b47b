"""What a sending is, and when it is tried again. Pure: takes instants, returns instants."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Protocol

from primum.imaging.errors import ImagingRefusal

if TYPE_CHECKING:
    from primum.identity import Destination
    from primum.imaging.model import InstanceEntry

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=3)
"""A destination that is off over a weekend still gets what was sent on Friday."""
WAITING_MOST = 10_000
"""Sendings that wait: a day of a large practice, twice over; a rule gone wild ends here."""


class TooManySendings(ImagingRefusal):
    """There are {count} sendings waiting, which is all that are kept."""

    code: ClassVar[str] = "imaging.too-many-sendings"
    hint: ClassVar[str] = "primum send --list; see why the destinations do not take them"


class NoSuchSending(ImagingRefusal):
    """There is no such sending."""

    code: ClassVar[str] = "imaging.no-such-sending"
    hint: ClassVar[str] = "primum send --list"


class SendingOver(ImagingRefusal):
    """The sending has ended already."""

    code: ClassVar[str] = "imaging.sending-over"
    hint: ClassVar[str] = "primum send --list"


class NothingToSend(ImagingRefusal):
    """Nothing of the sending is left to be sent again."""

    code: ClassVar[str] = "imaging.nothing-to-send"
    hint: ClassVar[str] = "primum send --list; primum send STUDY DEVICE sends the whole study"


class State(StrEnum):
    """Where a sending stands."""

    WAITING = "waiting"
    DONE = "done"
    GIVEN_UP = "given-up"
    CANCELLED = "cancelled"
    """A person withdrew it; what had gone has gone."""


ERASED = "erased"
"""Why a sending was given up whose instances were erased meanwhile."""


@dataclass(frozen=True, slots=True)
class Sending:
    """One study for one destination."""

    id: str
    study_ref: str
    controller_id: str
    destination_id: str
    requested_by: str
    channel: str
    """`send`: a person asked; `forward`: a rule did."""
    requested_at: datetime
    due_at: datetime
    attempts: int
    state: State
    reason: str
    """Our code for why the last attempt did not end it; empty when nothing is amiss."""
    instances: int
    left: int
    """Instances that the destination has not acknowledged."""


def next_try(sending: Sending, now: datetime) -> datetime | None:
    """Say when to try again after an attempt that failed at `now`; None: not any more."""
    if now - sending.requested_at >= GIVE_UP_AFTER:
        return None
    doubled: int = 1 << min(sending.attempts, _DOUBLINGS)
    return now + min(LONGEST_WAIT, FIRST_WAIT * doubled)


_DOUBLINGS = 10


@dataclass(frozen=True, slots=True)
class Shipment:
    """What goes in one attempt."""

    sending: Sending
    destination: Destination
    entries: Sequence[InstanceEntry] = field(repr=False)
    still: Callable[[], Destination]
    """Finds the destination as it is now; raises when it is none any more."""
    sent: Callable[[InstanceEntry], None]
    """Is told each instance that was acknowledged."""


@dataclass(frozen=True, slots=True)
class SendReport:
    """What became of an attempt."""

    sent: int
    failed: int
    bytes: int
    reason: str
    """Our code for why not all went; empty when all did."""


class Ship(Protocol):
    """Sends what is in a shipment: the DICOM door's requestor. Never raises for the destination's faults."""

    def __call__(self, shipment: Shipment) -> SendReport:
        """Send."""
        ...


class Confirming(Protocol):
    """What asks destinations to answer for what they were sent (`imaging/confirmations`)."""

    def sent(self, sending: Sending, acknowledged: Mapping[str, str]) -> None:
        """Note instances (SOP class by SOP Instance UID) that were acknowledged. On disc at return."""
        ...

    def ended(self, sending: Sending) -> None:
        """Know that no more of a sending will go."""
        ...

    def destinations_due(self, now: datetime) -> list[str]:
        """List the destinations that are to be asked something."""
        ...

    def ask_due(self, destination_id: str) -> None:
        """Ask a destination what is due. Never raises for its faults."""
        ...
