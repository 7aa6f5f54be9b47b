"""What waits to be read: which complete studies do, and what becomes of an entry. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Final

from primum.imaging.errors import ImagingRefusal

LISTED: Final = 2_000
"""Entries looked at for one list: some weeks of a large practice; beyond, the oldest are what one sees."""
PEOPLE: Final = "per_"
"""What the id of a person begins with: what people bring in was read where it was made."""
URGENCY: Final = {"STAT": 2, "HIGH": 1}
"""By Requested Procedure Priority (0040,1003): what comes first. HL7's S and A are these."""


class State(StrEnum):
    """Where an entry stands."""

    WAITING = "waiting"
    READ = "read"
    """Somebody said so, and that no report of it is made here."""
    REPORTED = "reported"
    """A validated report exists."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a study that is complete, as far as it decides whether it waits, and where in the list."""

    controller_id: str
    study_uid: str = field(repr=False)
    modalities: frozenset[str]
    fresh: frozenset[str]
    """Modalities of what came since it was last complete: of all at first."""
    stations: frozenset[str]
    brought_by: frozenset[str]
    on: str
    """Its StudyDate."""
    priority: str = ""
    """Of its order, if there is one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A study on the list."""

    study_ref: str
    controller_id: str
    study_uid: str = field(repr=False)
    modalities: tuple[str, ...]
    stations: tuple[str, ...]
    urgency: int
    since: datetime
    state: State
    new_images: bool
    """Images came after somebody took it, read it or validated a report."""
    reported: bool
    """A report was validated before those images came."""
    claimed_by: str
    claimed_at: datetime | None
    images_at: datetime | None = field(default=None, compare=False)
    """When the newest images were found complete, said last; None of an entry made before this was kept."""

    def ended_by(self, validated_at: datetime) -> bool:
        """Tell whether a report validated at an instant tells of the newest images too."""
        return not self.reported or (self.images_at is not None and validated_at > self.images_at)

    @property
    def urgent(self) -> bool:
        """Whether its order says that it cannot wait."""
        return self.urgency > 0


def is_read(facts: Facts, today: date, days: int, unread: Collection[str]) -> bool:
    """Tell whether somebody here reads such a study.

    Not what is older than `days` (an archive that was taken over), what only people brought (a patient's disc), nor
    what consists of kinds that nobody reads. A study without a date, or dated tomorrow by a wrong clock, is.
    """
    if days == 0 or not facts.modalities - set(unread):
        return False
    if facts.brought_by and all(one.startswith(PEOPLE) for one in facts.brought_by):
        return False
    try:
        on = date(int(facts.on[:4]), int(facts.on[4:6]), int(facts.on[6:8]))
    except ValueError:
        return True
    return today - on <= timedelta(days=days)


class NotToRead(ImagingRefusal):
    """This study is not on the list of those to read."""

    code: ClassVar[str] = "imaging.not-to-read"
    hint: ClassVar[str] = "somebody has read it, or a report was validated; primum to-read shows what waits"


class TakenAlready(ImagingRefusal):
    """Somebody else has taken this study to read it."""

    code: ClassVar[str] = "imaging.taken-already"
    hint: ClassVar[str] = "ask them, or give it back to the list first"
