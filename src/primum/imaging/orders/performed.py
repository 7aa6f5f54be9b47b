"""Modality performed procedure steps (PS3.4 F.7, PS3.3 C.4.13-15): what may be created, set, and what it says. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from primum.imaging.orders.errors import PerformedEmpty, PerformedFinal, PerformedLacks, PerformedValue
from primum.imaging.orders.limits import LIMITS, Limits
from primum.imaging.orders.values import Json, has, items, text, texts

STATUS: Final = "00400252"
SCHEDULED_STEPS: Final = "00400270"
SERIES: Final = "00400340"


class PerformedState(StrEnum):
    """Performed Procedure Step Status (0040,0252)."""

    IN_PROGRESS = "IN PROGRESS"
    COMPLETED = "COMPLETED"
    DISCONTINUED = "DISCONTINUED"


NEXT: Final[Mapping[PerformedState, frozenset[PerformedState]]] = {
    PerformedState.IN_PROGRESS: frozenset(PerformedState),
    PerformedState.COMPLETED: frozenset(),
    PerformedState.DISCONTINUED: frozenset(),
}
"""Which state may follow which (F.7.2.2.2)."""

_REQUIRED: Final = (SCHEDULED_STEPS, "00400253", "00400241", "00400244", "00400245", STATUS, "00080060")
"""Type 1 at N-CREATE (table F.7.2-1): scheduled steps, id, station, start date and time, status, modality."""

_ONLY_AT_CREATION: Final = frozenset({
    SCHEDULED_STEPS, "00100010", "00100020", "00100021", "00100030", "00100040", "00081120", "00400253",
    "00400241", "00400242", "00400243", "00400244", "00400245", "00080060", "00200010",
})  # fmt: skip
"""What N-SET may not change (table F.7.2-1)."""

DOSE: Final = frozenset({
    "00400300", "00400301", "00400302", "00400303", "00400306", "00400307", "0040030E", "00400310", "00400312",
    "00400314", "00400316", "00400318", "0018115E", "00180060",
})  # fmt: skip
"""Radiation dose (PS3.3 C.4.16)."""


@dataclass(frozen=True, slots=True)
class Performed:
    """A performed step as it is kept."""

    sop_uid: str
    controller_id: str
    device_id: str
    state: PerformedState
    attributes: Json


@dataclass(frozen=True, slots=True)
class SeriesFacts:
    """A series that a performed step says it made."""

    series_uid: str
    instances: tuple[tuple[str, str], ...]
    """(SOP class, SOP instance) of images and of what is not an image."""


@dataclass(frozen=True, slots=True)
class PerformedFacts:
    """What a performed step says of the study: for *study complete*."""

    state: PerformedState
    study_uids: tuple[str, ...]
    accessions: tuple[str, ...]
    step_numbers: tuple[str, ...]
    series: tuple[SeriesFacts, ...]
    ended: str
    """`YYYYMMDDHHMMSS`, empty when it was not said."""

    @property
    def complete_list(self) -> bool:
        """Tell whether it says what should have arrived."""
        return self.state is PerformedState.COMPLETED and any(one.instances for one in self.series)


def check_creation(attributes: Json) -> PerformedState:
    """Judge an N-CREATE. Raises PerformedLacks, PerformedEmpty, PerformedValue."""
    for tag in _REQUIRED:
        if not has(attributes, tag):
            raise PerformedLacks(tag=tag)
        if not texts(attributes, tag) and not items(attributes, tag):
            raise PerformedEmpty(tag=tag)
    for one in items(attributes, SCHEDULED_STEPS):
        if not text(one, "0020000D"):
            raise PerformedEmpty(tag="0020000D")
    if _state(attributes) is not PerformedState.IN_PROGRESS:
        raise PerformedValue(tag=STATUS)
    return PerformedState.IN_PROGRESS


def modified(before: PerformedState, kept: Json, change: Json) -> tuple[PerformedState, dict[str, Any], list[str]]:
    """Judge an N-SET: the new state, the new attributes, the tags that were not applied.

    Raises PerformedFinal, PerformedValue.
    """
    if not NEXT[before]:
        raise PerformedFinal
    after = _state(change) if text(change, STATUS) else before
    if after not in NEXT[before]:
        raise PerformedValue(tag=STATUS)
    refused = sorted(_ONLY_AT_CREATION & change.keys())
    applied = {tag: value for tag, value in change.items() if tag not in _ONLY_AT_CREATION}
    return after, {**kept, **applied}, refused


def _state(attributes: Json) -> PerformedState:
    try:
        return PerformedState(text(attributes, STATUS))
    except ValueError:
        raise PerformedValue(tag=STATUS) from None


def facts(performed: Performed, limits: Limits = LIMITS) -> PerformedFacts:
    """Read what a performed step says."""
    attributes = performed.attributes
    scheduled = items(attributes, SCHEDULED_STEPS)
    return PerformedFacts(
        state=performed.state,
        study_uids=_each(scheduled, "0020000D"),
        accessions=_each(scheduled, "00080050"),
        step_numbers=_each(scheduled, "00400009"),
        series=tuple(_series(one) for one in items(attributes, SERIES)[: limits.series]),
        ended=(text(attributes, "00400250") + text(attributes, "00400251").partition(".")[0]),
    )


def dose(performed: Performed) -> dict[str, Any]:
    """Give what a performed step says of radiation."""
    return {tag: value for tag, value in performed.attributes.items() if tag in DOSE}


def _each(scheduled: list[Json], tag: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found for one in scheduled if (found := text(one, tag))))


def _series(one: Json) -> SeriesFacts:
    referenced = items(one, "00081140") + items(one, "00400220")
    return SeriesFacts(
        text(one, "0020000E"),
        tuple((text(ref, "00081150"), uid) for ref in referenced if (uid := text(ref, "00081155"))),
    )
