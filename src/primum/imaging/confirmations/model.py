"""Storage commitment asked by us (PS3.4 annex J, as SCU): a request to a destination, and how far it has come. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol

from primum.imaging.commitments.model import Reference
from primum.imaging.errors import ImagingRefusal

if TYPE_CHECKING:
    from primum.identity import Destination

REFERENCES = 5_000
"""Instances of one request: half a MiB, which others' receivers take; a sending of more is asked about in parts."""
AGAIN = "again"
"""The channel of a sending that repeats what a destination did not commit to: it is not repeated once more."""
DECLINED = "declined"
"""Said by whoever asks: the destination does not offer storage commitment."""
NOT_ASKED = "not-asked"
"""The destination is one that is not to be asked."""
UNANSWERED = 0x0110
"""Failure Reason of an instance of which a report says nothing: processing failure (PS3.3 C.14.1.1)."""


class Stage(StrEnum):
    """How far a request is."""

    GATHERING = "gathering"
    """The study is still being sent."""
    TO_ASK = "to-ask"
    ASKED = "asked"
    """It was taken, and its result is waited for."""
    COMMITTED = "committed"
    FAILED = "failed"
    """The destination answers for some, or none."""
    DECLINED = "declined"
    GIVEN_UP = "given-up"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A request to one destination about one sending, or a part of it."""

    id: str
    sending_id: str
    study_ref: str
    controller_id: str
    destination_id: str
    requested_by: str
    channel: str
    transaction_uid: str = field(repr=False)
    begun_at: datetime
    due_at: datetime | None
    tries: int
    stage: Stage
    reason: str
    answered_at: datetime | None
    instances: int
    failed: int


class Report(NamedTuple):
    """What a destination says of a request (PS3.4 J.3.3): the failed ones each with a reason."""

    transaction_uid: str
    committed: tuple[tuple[str, str], ...]
    failed: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What came of asking. `reason`: our code for why it was not taken; DECLINED where it never will be."""

    reason: str = ""
    report: Report | None = None
    """The result, where it came at once."""


class Ask(Protocol):
    """Asks a destination: the DICOM door's requestor. Never raises for the destination's faults."""

    def __call__(
        self,
        destination: Destination,
        transaction_uid: str,
        references: Sequence[Reference],
        answered: Callable[[], bool],
    ) -> Told:
        """Ask, and wait a little for a result; no longer once it is `answered` by another way."""
        ...


class NoConfirmation(ImagingRefusal):
    """The device was never asked to answer for anything under this Transaction UID."""

    code: ClassVar[str] = "imaging.no-confirmation"
    hint: ClassVar[str] = "look at the device's software: it reports what it was not asked, or another device was"


def judge(references: Sequence[Reference], report: Report) -> dict[str, int | None]:
    """Say of each instance why the destination does not answer for it; None where it does.

    What the report names and was not asked says nothing; what was asked and is not named is not committed.
    """
    committed = set(report.committed)
    failed = {uid: reason for _, uid, reason in report.failed}
    found: dict[str, int | None] = {}
    for one in references:
        uid = one.sop_instance_uid
        good = uid not in failed and (one.sop_class_uid, uid) in committed
        found[uid] = None if good else failed.get(uid, UNANSWERED)
    return found
