"""What retention speaks of: holds, erasures and their states, what came back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from primum.identity import Way


class Reason(StrEnum):
    """Why something is to be erased."""

    RETENTION = "retention"
    NO_LONGER_NEEDED = "no-longer-needed"
    DATA_SUBJECT_RIGHT = "data-subject-right"
    WRONG_PATIENT = "wrong-patient"
    STORED_BY_ERROR = "stored-by-error"
    COURT_ORDER = "court-order"


BELOW_FLOOR: Final = frozenset({
    Reason.DATA_SUBJECT_RIGHT, Reason.WRONG_PATIENT, Reason.STORED_BY_ERROR, Reason.COURT_ORDER
})  # fmt: skip
"""The reasons that hold though the study must still be kept."""


class HoldReason(StrEnum):
    """Why nothing of it is erased for now."""

    LITIGATION = "litigation"
    REQUEST = "request"
    INCIDENT = "incident"
    RESEARCH = "research"


class State(StrEnum):
    """Where an erasure is."""

    WAITING = "waiting"
    APPROVED = "approved"
    ERASING = "erasing"
    DONE = "done"
    REFUSED = "refused"


LIVE: Final = (State.WAITING, State.APPROVED, State.ERASING)


class Decision(StrEnum):
    """What is done with what came back."""

    KEEP = "keep"
    ERASE = "erase"


MACHINE: Final = "system"
"""Who proposes, where it was the rules."""

UNDECIDED_DAYS: Final = 90
"""After so long without a decision a proposal is said aloud."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A study as retention needs to know it."""

    ref: str
    controller_id: str
    patient_id: str
    study_uid: str = field(repr=False)
    confidential: bool
    referrer: str = field(repr=False)
    series: int
    instances: int


@dataclass(frozen=True, slots=True)
class Part:
    """What of a study: all of it, a series, or an instance."""

    level: str = "study"
    uid: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Hold:
    """A study, or all studies of a patient, that nobody erases."""

    id: str
    controller_id: str
    study_ref: str
    patient_id: str
    reason: HoldReason
    note: str = field(repr=False)
    until_on: date | None
    opened_by: str
    opened_at: datetime

    @property
    def level(self) -> str:
        """What it freezes."""
        return "study" if self.study_ref else "patient"


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure, from proposal to certificate."""

    id: str
    controller_id: str
    study_ref: str
    patient_id: str
    study_uid: str = field(repr=False)
    part: Part
    reason: Reason
    note: str = field(repr=False)
    rule: str
    """The rule that gave the ceiling."""
    floor_on: date | None = field(repr=False)
    ceiling_on: date | None = field(repr=False)
    """None once it is done: of who was a child the ceiling is the 28th birthday."""
    below_floor: bool
    """Whether it was proposed while the study must still be kept."""
    state: State
    way: Way
    proposed_by: str
    proposed_at: datetime
    effective_at: datetime | None
    decided_by: str
    decided_at: datetime | None
    done_at: datetime | None
    series: int
    instances: int
    bytes: int
    committed: int = 0
    """How many of its instances a device was promised that they are kept (PS3.4 J)."""
    followed: Mapping[str, int] = field(default_factory=dict)
    """What went with it, once it is begun: orders, performed steps, sendings, promises, notes."""

    def undecided(self, now: datetime) -> bool:
        """Tell whether it has waited for longer than anybody should let it."""
        return self.state is State.WAITING and (now - self.proposed_at).days >= UNDECIDED_DAYS


@dataclass(frozen=True, slots=True)
class Return:
    """What of an erased study came back, and waits for a decision."""

    id: str
    study_ref: str
    controller_id: str
    instances: int
    seen_at: datetime
    decision: Decision | None
    decided_by: str
    erasure_id: str = ""
    """The erasure that it comes back from."""


@dataclass(frozen=True, slots=True)
class Month:
    """What was erased in a month."""

    month: str
    studies: int
    parts: int
    instances: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Tally:
    """How many wait for somebody: for a status line and the worklist's notice."""

    waiting: int
    undecided: int
    returned: int
