"""What makes a study complete, and which complete studies a rule forwards. Pure: takes instants, returns words."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from primum.imaging.errors import ImagingRefusal

SETTLED = timedelta(seconds=30)
"""After the last instance, even when a performed step names all: two associations may overlap."""
LONGEST = timedelta(hours=12)
"""A step that nobody ever closes does not keep a study open for ever."""
RULES_MOST = 200
"""Rules of a home: a group of practices has some dozens."""


class How(StrEnum):
    """What a study was found complete by."""

    MPPS = "mpps"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Performed:
    """What performed steps say of a study (PS3.4 F.7)."""

    in_progress: bool = False
    completed: bool = False
    missing: int = 0
    """Instances that a completed step names and that have not come."""


def complete(last_at: datetime, now: datetime, performed: Performed, quiet: timedelta) -> How | None:
    """Tell by what a study is complete whose last instance came at `last_at`; None while it is not."""
    silence = now - last_at
    if performed.in_progress:
        return How.QUIET if silence >= LONGEST else None
    if performed.completed and not performed.missing and silence >= SETTLED:
        return How.MPPS
    return How.QUIET if silence >= quiet else None


@dataclass(frozen=True, slots=True)
class Completion:
    """A study that was complete when it was last looked at."""

    study_ref: str
    controller_id: str
    instances: int
    received_at: str
    """Of its last instance."""
    completed_at: datetime
    how: How
    times: int
    """How often it was found complete: a late series opens it again."""


@dataclass(frozen=True, slots=True)
class ForwardRule:
    """Where studies go by themselves once they are complete. Empty words match everything."""

    id: str
    controller_id: str
    destination_id: str
    device_id: str
    modality: str
    made_by: str
    made_at: datetime

    def takes(self, controller_id: str, modalities: Collection[str], devices: Collection[str]) -> bool:
        """Tell whether the rule is about such a study: whose, of what kind, brought by whom."""
        return (
            controller_id == self.controller_id
            and (not self.modality or self.modality in modalities)
            and (not self.device_id or self.device_id in devices)
            and self.destination_id not in devices
        )


class TooManyRules(ImagingRefusal):
    """There are {count} forwarding rules, which is all that are kept."""

    code: ClassVar[str] = "imaging.too-many-rules"
    hint: ClassVar[str] = "primum forward list; remove some"


class RuleExists(ImagingRefusal):
    """There is such a forwarding rule already."""

    code: ClassVar[str] = "imaging.rule-exists"
    hint: ClassVar[str] = "primum forward list"


class NoSuchRule(ImagingRefusal):
    """There is no such forwarding rule."""

    code: ClassVar[str] = "imaging.no-such-rule"
    hint: ClassVar[str] = "primum forward list"
