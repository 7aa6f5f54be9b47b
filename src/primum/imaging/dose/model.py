"""What is kept of a dose report: totals, and its irradiation events. Written as JSON, read back the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Final

from primum.imaging.dose.units import Amount


class Kind(StrEnum):
    """What a report, or an event of one, is about: which template says it (PS3.16)."""

    CT = "ct"
    """TID 10011."""
    PROJECTION = "projection"
    """TID 10001: radiography, fluoroscopy."""
    MAMMOGRAPHY = "mammography"
    """TID 10001 whose procedure reported is mammography."""
    NUCLEAR = "nuclear"
    """TID 10021."""
    ESTIMATE = "estimate"
    """TID 10030: what a model makes of a dose in a patient. Its figures are not shown."""
    UNKNOWN = "unknown"


class Doubt(StrEnum):
    """Why a report is read in part, or not at all."""

    DAMAGED = "damaged"
    """The data set cannot be read to its end."""
    TOO_LONG = "too-long"
    """It passes a limit: what lies beyond is not there."""
    NO_DOSE = "no-dose"
    """No content that one of our templates has."""
    NOT_A_NUMBER = "not-a-number"
    """A measured value is not a number, or has no unit."""
    UNKNOWN_UNIT = "unknown-unit"
    """A unit that we do not know is shown as sent, and is in no sum."""


MEASURES: Final = (
    "ctdi_vol", "dlp", "dap", "dose_rp", "agd", "entrance", "fluoro_time", "activity",
)  # fmt: skip
"""Names of what is measured, of events and of totals alike."""
SETTINGS: Final = ("kvp", "mas", "length")
"""Names of how it was done."""


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the body as a code says it (Target Region 123014). The meaning is shown, the code compared."""

    scheme: str
    code: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Event:
    """One irradiation event, CT acquisition or administration."""

    uid: str = field(repr=False)
    kind: Kind
    protocol: str = ""
    region: Region | None = None
    type: str = ""
    """Acquisition or irradiation event type, in the report's words."""
    localizer: bool = False
    """A CT acquisition at constant angle: a scout, beside which no reference level stands."""
    plane: str = ""
    side: str = ""
    view: str = ""
    """The code of the projection (Image View 111031): a reference level is of one."""
    phantom: str = ""
    """Which phantom CTDIvol is of, by its code: numbers of different ones are not compared."""
    agent: str = ""
    """The radiopharmaceutical."""
    at: str = ""
    amounts: Mapping[str, Amount] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """One dose report, as far as it was read."""

    sop_uid: str = field(repr=False)
    kind: Kind
    at: str
    """When its content was made, as it says: YYYYMMDDHHMMSS."""
    device: str
    """Manufacturer's model and station, as it says."""
    replaces: tuple[str, ...] = field(repr=False)
    """Reports that it takes the place of (Predecessor Documents Sequence)."""
    totals: Mapping[str, Amount]
    counted: int | None
    """How many events there were, as it says."""
    events: tuple[Event, ...]
    doubts: tuple[Doubt, ...] = ()


def to_json(one: Report) -> dict[str, Any]:
    """Write a report."""
    return {
        "sop": one.sop_uid, "kind": one.kind.value, "at": one.at, "device": one.device,
        "replaces": list(one.replaces), "totals": _amounts(one.totals), "counted": one.counted,
        "events": [_event(event) for event in one.events], "doubts": [doubt.value for doubt in one.doubts],
    }  # fmt: skip


def from_json(told: Mapping[str, Any]) -> Report:
    """Read a report that `to_json` wrote."""
    return Report(
        told["sop"], Kind(told["kind"]), told["at"], told["device"], tuple(told["replaces"]),
        _read_amounts(told["totals"]), told["counted"], tuple(_read_event(one) for one in told["events"]),
        tuple(Doubt(one) for one in told["doubts"]),
    )  # fmt: skip


def _event(one: Event) -> dict[str, Any]:
    # what is empty is left out: reports have hundreds of events
    told = {field.name: getattr(one, field.name) for field in fields(one) if getattr(one, field.name)}
    told |= {"region": [one.region.scheme, one.region.code, one.region.meaning]} if one.region else {}
    return told | {"kind": one.kind.value, "uid": one.uid, "amounts": _amounts(one.amounts)}


def _read_event(told: Mapping[str, Any]) -> Event:
    region = Region(*told["region"]) if "region" in told else None
    amounts = _read_amounts(told["amounts"])
    return Event(**{**told, "kind": Kind(told["kind"]), "region": region, "amounts": amounts})


def _amounts(amounts: Mapping[str, Amount]) -> dict[str, list[Any]]:
    return {name: [one.value, one.unit, *([] if one.high is None else [one.high])] for name, one in amounts.items()}


def _read_amounts(told: Mapping[str, Any]) -> dict[str, Amount]:
    return {name: Amount(*one) for name, one in told.items()}
