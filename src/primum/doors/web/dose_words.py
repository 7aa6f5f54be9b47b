"""Doses in words: amounts in the reader's way of writing numbers, totals, and a table of events with what they have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from primum.doors.web.language import say, write_da
from primum.imaging.dose.combining import StudyDose
from primum.imaging.dose.model import MEASURES, SETTINGS, Event, Kind
from primum.imaging.dose.reading import TOTALS
from primum.imaging.dose.service import Found
from primum.imaging.dose.units import Amount

_THIN: Final = "\N{NARROW NO-BREAK SPACE}"
SHOWN_EVENTS: Final = 300
"""Events of one table; beyond, the card says how many there are."""
PHANTOMS: Final = {"113690": "head", "113691": "body"}
"""Phantoms of 16 and of 32 cm."""


@dataclass(frozen=True, slots=True)
class Card:
    """The dose of a study, in words."""

    totals: Sequence[tuple[str, str]]
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    more: int
    """Events that are not shown."""
    devices: Sequence[str]
    notes: Sequence[str]
    empty: bool


def write_number(language: str, value: float) -> str:
    """Write a number: four digits that count, whole ones whole, a comma where French has one."""
    size = abs(value)
    digits = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 1 else 4  # noqa: PLR2004
    text = f"{value:,.{digits}f}" if size >= 0.001 or not size else f"{value:.3g}"  # noqa: PLR2004
    text = text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text
    if language == "fr":
        return text.replace(",", _THIN).replace(".", ",")
    return text


def write_amount(language: str, one: Amount) -> str:
    """Write an amount with its unit; the two ends of one that has several values."""
    text = write_number(language, one.value)
    text += f"–{write_number(language, one.high)}" if one.high is not None else ""  # noqa: RUF001 (a range)
    return f"{text}\N{NO-BREAK SPACE}{one.unit}"


def card(language: str, found: Found) -> Card:
    """Write the dose of a study."""
    dose = found.dose
    names = [name for name in (*MEASURES, *SETTINGS) if any(name in one.amounts for one in dose.events)]
    words = [name for name in ("protocol", "region", "type", "side", "plane", "agent") if _any(dose.events, name)]
    columns = [say(language, f"dose.of_{name}") for name in (*words, *names)]
    rows = [
        [_word(language, one, name) for name in words]
        + [_cell(language, one, name) for name in names]
        for one in dose.events[:SHOWN_EVENTS]
    ]  # fmt: skip
    return Card(
        totals=totals(language, dose),
        columns=columns,
        rows=rows,
        more=max(0, len(dose.events) - SHOWN_EVENTS),
        devices=list(dict.fromkeys(one.device for one in dose.reports if one.device)),
        notes=_notes(language, found),
        empty=not dose.reports and not found.waiting,
    )


def totals(language: str, dose: StudyDose) -> list[tuple[str, str]]:
    """Write what the reports of a study add up to."""
    told = [
        (say(language, f"dose.total_{name}"), write_amount(language, dose.totals[name]))
        for name in TOTALS
        if name in dose.totals
    ]
    counted = [one.counted for one in dose.reports if one.counted is not None]
    events = sum(counted) if counted and not dose.overlapping else len(dose.events)
    return [*told, (say(language, "dose.total_events"), str(events))] if dose.reports else []


def _any(events: Sequence[Event], name: str) -> bool:
    return any(getattr(one, name) for one in events)


def _word(language: str, one: Event, name: str) -> str:
    match name:
        case "region":
            return one.region.meaning or one.region.code if one.region is not None else ""
        case "side":
            return say(language, f"dose.side_{one.side}") if one.side else ""
        case _:
            return str(getattr(one, name))


def _cell(language: str, one: Event, name: str) -> str:
    amount = one.amounts.get(name)
    if amount is None:
        return ""
    text = write_amount(language, amount)
    if name == "ctdi_vol" and one.phantom:
        known = PHANTOMS.get(one.phantom)
        text += f" ({say(language, f'dose.phantom_{known}')})" if known else ""
    return text


def _notes(language: str, found: Found) -> list[str]:
    dose = found.dose
    said = [f"dose.doubt_{one.value.replace('-', '_')}" for one in dose.doubts]
    said += ["dose.waiting"] if found.waiting else []
    said += ["dose.overlapping"] if dose.overlapping else []
    said += ["dose.left_out"] if dose.left_out else []
    said += ["dose.estimate"] if Kind.ESTIMATE in dose.kinds else []
    return [say(language, one, count=dose.left_out) for one in said]


@dataclass(frozen=True, slots=True)
class Line:
    """A study of a patient, with what its dose reports add up to."""

    address: str
    date: str
    description: str
    modalities: str
    totals: str


def line(language: str, study: dict[str, str], address: str, found: Found) -> Line:
    """Write one study of a patient's list. Nothing is added up over studies: they are of different things."""
    told = totals(language, found.dose)
    text = " ; ".join(f"{name} : {value}" if language == "fr" else f"{name}: {value}" for name, value in told)
    return Line(address, write_da(language, study["date"]), study["description"], study["modalities"], text)
