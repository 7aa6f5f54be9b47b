"""What the archive speaks of: what a record brought, what a reader may reach, what is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from primum.vault import Position, RecordFacts, Tail


class Stored(NamedTuple):
    """A hint that a record was stored: where, its sealed facts, and its header when it was at hand.

    `header` is the data set up to its pixel data (all of it when there is none).
    """

    position: Position
    facts: RecordFacts
    header: bytes | None = None
    tail: Tail | None = None
    """How far its pack went with it as the last: what its trailer says, which need not be read again then."""

    def __repr__(self) -> str:
        # a header is a patient's: it stays out of tracebacks
        return f"Stored({self.position!r}, …)"


OWN_AET = "PRIMUM"
"""The calling AE title of what we write for a person of the house: no device and no import has a person and a title."""


def written_here(facts: RecordFacts) -> bool:
    """Tell whether a person of the house had us write this instance (a report, a rejection note)."""
    return facts.calling_aet == OWN_AET and facts.device_id.startswith("per_")


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a reader sees: studies of these controllers (None: of all), or referred by one of these names.

    Without `confidential`, studies marked so are not there. `Reach()` reaches nothing.
    """

    controllers: frozenset[str] | None = frozenset()
    referrers: tuple[str, ...] = ()
    confidential: bool = False
    rejected: bool = False
    """Studies of which nothing is left to ordinary use, all their instances being rejected, are there too."""
    quality: bool = False
    """Instances rejected for quality are seen as if they were not (IHE IOCM); those rejected otherwise never."""


Reached = Reach | Sequence[Reach]
"""How far a reader sees: one reach, or whatever any of several covers (a person's grants add up)."""


def sees_quality(reach: Reached) -> bool:
    """Tell whether a reader sees what was rejected for quality, whichever of several reaches covers it."""
    each = [reach] if isinstance(reach, Reach) else reach
    return bool(each) and all(one.quality for one in each)


EVERYTHING = Reach(controllers=None, confidential=True, rejected=True)
"""For our own work (indexing, checks), never for a person."""


@dataclass(frozen=True, slots=True)
class StudyEntry:
    """A study within reach: what is needed to decide about it, and to find its records."""

    ref: str
    controller_id: str
    study_uid: str = field(repr=False)
    patient_id: str
    referrer: str = field(repr=False)
    """ReferringPhysicianName as the device sent it, alphabetic group."""
    confidential: bool
    series: int
    instances: int


@dataclass(frozen=True, slots=True)
class InstanceEntry:
    """An instance within reach, and the record that is served for it."""

    position: Position
    study_uid: str = field(repr=False)
    series_uid: str = field(repr=False)
    sop_uid: str = field(repr=False)
    sop_class_uid: str
    transfer_syntax: str
    rows: int
    versions: int
    """How many conflict versions there are besides."""
    overlay: str | None = field(default=None, repr=False)
    """What is served of its study instead of what its records say (overlays.py); None for nearly all."""
    rejected: str = ""
    """Why it is hidden from ordinary use (PS3.16 CID 7011), where a reader sees it all the same."""


@dataclass(frozen=True, slots=True)
class RejectedEntry:
    """A rejected instance: what would be served, and the code of the reason (PS3.16 CID 7011)."""

    entry: InstanceEntry
    code: str


@dataclass(frozen=True, slots=True)
class StudyRow:
    """A line of the worklist. `shown` is the study's DICOM JSON; flags say what a person should look at twice."""

    entry: StudyEntry
    shown: dict[str, Any] = field(repr=False)
    modalities: tuple[str, ...]
    homonym: bool
    """Another patient of this controller has the same folded name."""
    collision: bool
    """Another patient of this controller has the same PatientID."""
    mixed: bool
    """The study's records do not agree on whose it is."""
    damaged: bool
    """A text could not be read in the character set it declares."""
    conflicts: int
    """Conflict versions in the study."""

    def text(self, tag: str) -> str:
        """The first value of an attribute as text (a name's alphabetic group); empty when there is none."""
        values = self.shown.get(tag, {}).get("Value") or [None]
        first = values[0]
        if isinstance(first, dict):
            first = first.get("Alphabetic") or first.get("Ideographic") or first.get("Phonetic")
        return "" if first is None else str(first)
