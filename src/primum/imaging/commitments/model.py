"""What a request for commitment is (PS3.4 J.3.2). Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from typing import ClassVar, NamedTuple

from primum.imaging.errors import ImagingRefusal


class Reason(IntEnum):
    """Failure Reason (0008,1197) (PS3.3 C.14.1.1)."""

    PROCESSING_FAILURE = 0x0110
    NO_SUCH_INSTANCE = 0x0112
    CLASS_INSTANCE_CONFLICT = 0x0119


class Reference(NamedTuple):
    """An instance that is asked about. `reason` is why the archive does not answer for it; None where it does."""

    sop_class_uid: str
    sop_instance_uid: str
    reason: int | None = None


@dataclass(frozen=True, slots=True)
class Commitment:
    """A request, and how far it has come."""

    id: str
    device_id: str
    controller_id: str
    transaction_uid: str = field(repr=False)
    asked_at: datetime
    checked_at: datetime | None
    delivered_at: datetime | None
    tries: int
    """How often it was tried to deliver the result on an association of ours."""
    next_try_at: datetime | None
    references: tuple[Reference, ...] = field(default=(), repr=False)

    @property
    def failed(self) -> tuple[Reference, ...]:
        """What the archive does not answer for."""
        return tuple(one for one in self.references if one.reason is not None)


REFERENCES = 20_000
"""References of one request: a study of 5000 slices four times over."""

_WAITS = (1, 5, 15, 60)
"""Minutes after which delivery is tried again; from then on every `_LATER`."""
_LATER = timedelta(hours=6)
GIVEN_UP = timedelta(days=7)
"""After this nobody is called any more; who asks again is answered."""


def next_try(asked_at: datetime, now: datetime, tries: int) -> datetime | None:
    """Tell when delivery is tried again after `tries` failures; None when it is over."""
    due = now + (timedelta(minutes=_WAITS[tries - 1]) if 1 <= tries <= len(_WAITS) else _LATER)
    return due if due - asked_at <= GIVEN_UP else None


class NothingReferenced(ImagingRefusal):
    """A request for storage commitment names at least one instance and at most {most}."""

    code: ClassVar[str] = "imaging.nothing-referenced"
    hint: ClassVar[str] = "look at the device's software: its requests for commitment are empty or too long"


class NoCommitment(ImagingRefusal):
    """There is no such request for commitment."""

    code: ClassVar[str] = "imaging.no-commitment"
