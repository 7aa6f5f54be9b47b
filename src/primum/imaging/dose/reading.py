"""Dose reports read: X-Ray (TID 10001), CT (TID 10011), enhanced (TID 10040), radiopharmaceutical (TID 10021).

Pure: takes the attributes of a data set as DICOM JSON, returns a `Report`; it never raises on odd content. What is not
understood is not there, and `doubts` say that the report was read in part. Numbers stay as they were sent but for known
units (units.py). Nothing is computed from other values.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from primum.imaging.dose.content import Item, Tree, sequence, text
from primum.imaging.dose.limits import LIMITS, Limits
from primum.imaging.dose.model import Doubt, Event, Kind, Region, Report
from primum.imaging.dose.units import Amount, Unit, amount, spread, total

SOP_CLASSES: Final = {
    "1.2.840.10008.5.1.4.1.1.88.67": Kind.UNKNOWN,
    "1.2.840.10008.5.1.4.1.1.88.76": Kind.UNKNOWN,
    "1.2.840.10008.5.1.4.1.1.88.68": Kind.NUCLEAR,
    "1.2.840.10008.5.1.4.1.1.88.75": Kind.ESTIMATE,
}
"""The SOP classes of dose reports (PS3.4 B.5), and what a report is about where nothing in it says more."""

_CT_ACQUISITION, _XRAY_EVENT, _SUMMARY, _ADMINISTRATION = "113819", "113706", "130501", "113502"
_ACCUMULATED: Final = ("113811", "113702", "130500")
_EVENT_UIDS: Final = ("113769", "113503")

_MEASURED: Final = {
    "113830": ("ctdi_vol", Unit.MGY),
    "113838": ("dlp", Unit.MGY_CM),
    "122130": ("dap", Unit.GY_CM2),
    "113738": ("dose_rp", Unit.MGY),
    "111631": ("agd", Unit.MGY),
    "111636": ("entrance", Unit.MGY),
    "113507": ("activity", Unit.MEGABECQUEREL),
    "113733": ("kvp", Unit.KILOVOLT),
    "113736": ("mas", Unit.MILLIAMPERE_SECOND),
    "113825": ("length", Unit.MILLIMETRE),
}
"""What an event measures, by concept (DCM)."""
_TOTALS: Final = {
    "113813": ("dlp", Unit.MGY_CM),
    "113722": ("dap", Unit.GY_CM2),
    "113726": ("fluoro_dap", Unit.GY_CM2),
    "113727": ("acquisition_dap", Unit.GY_CM2),
    "113725": ("dose_rp", Unit.MGY),
    "113728": ("fluoro_dose_rp", Unit.MGY),
    "113729": ("acquisition_dose_rp", Unit.MGY),
    "113730": ("fluoro_time", Unit.SECOND),
    "111637": ("agd", Unit.MGY),
}
"""What a report adds up, by concept (DCM). The totals of two planes are added; those of two breasts are not."""
TOTALS: Final = (*dict.fromkeys(name for name, _ in _TOTALS.values()), "agd_left", "agd_right", "activity")
"""The names of totals, in the order in which they are shown."""

_LATERALITY: Final = frozenset({("SCT", "272741003"), ("SRT", "G-C171"), ("SNM3", "G-C171")})
_LEFT: Final = frozenset({"7771000", "80248007", "G-A101", "T-04030"})
_RIGHT: Final = frozenset({"24028007", "73056007", "G-A100", "T-04020"})
_MAMMOGRAPHY: Final = frozenset({"71651007", "P5-40010"})
_BREAST: Final = frozenset({"76752008", "T-04000", *_LEFT, *_RIGHT})
_AGENT: Final = frozenset({("SCT", "349358000"), ("SRT", "F-61FDB")})
_SCOUT: Final = "113805"


def read_report(attributes: Mapping[str, Any], limits: Limits = LIMITS) -> Report:
    """Read a dose report from the attributes of its data set."""
    tree = Tree(attributes, limits)
    reader = _Reader(limits)
    events = reader.events(tree.root)
    totals, counted = reader.totals(tree.root)
    kind = _kind(attributes, tree.root, events)
    if tree.cut:
        reader.doubt(Doubt.TOO_LONG)
    if kind is not Kind.ESTIMATE and not events and not totals:
        reader.doubt(Doubt.NO_DOSE)
    if "activity" not in totals and kind is Kind.NUCLEAR:
        given = total([one.amounts["activity"] for one in events if "activity" in one.amounts])
        totals |= {"activity": given} if given else {}
    return Report(
        sop_uid=text(attributes, "00080018", 64),
        kind=kind,
        at=(text(attributes, "00080023", 8) + text(attributes, "00080033", 6))[:14],
        device=_device(attributes, limits),
        replaces=_replaces(attributes),
        totals=totals,
        counted=counted,
        events=tuple(_of_kind(events, kind)),
        doubts=tuple(reader.doubts),
    )


def unreadable(sop_uid: str) -> Report:
    """Stand for a report whose data set could not be read."""
    return Report(sop_uid, Kind.UNKNOWN, "", "", (), {}, None, (), (Doubt.DAMAGED,))


class _Reader:
    """Collects doubts on the way."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.doubts: list[Doubt] = []

    def doubt(self, one: Doubt) -> None:
        """Note why something is not there."""
        if one not in self.doubts:
            self.doubts.append(one)

    def events(self, root: Item) -> list[Event]:
        """Read the events: those of a template's own containers, one event once."""
        containers = {_CT_ACQUISITION: Kind.CT, _XRAY_EVENT: Kind.PROJECTION, _ADMINISTRATION: Kind.NUCLEAR}
        found = [(one, containers[one.concept.value]) for one in root.walk() if _is(one, containers)]
        # an enhanced report has summaries of its events instead, whatever made them
        found = found or [(one, _made_by(one)) for one in root.all(_SUMMARY)]
        if len(found) > self._limits.events:
            self.doubt(Doubt.TOO_LONG)
        read: dict[str, Event] = {}
        for number, (one, kind) in enumerate(found[: self._limits.events]):
            event = self._event(one, kind)
            # one without a UID is an event of its own: two of them cannot be told apart
            read.setdefault(event.uid or f"#{number}", event)
        return list(read.values())

    def _event(self, one: Item, kind: Kind) -> Event:
        kept = self._limits.text
        type_of = one.first("113820") or one.first("113721")
        region = _coded(one, "123014")
        return Event(
            uid=next((found.text for code in _EVENT_UIDS for found in one.all(code) if found.text), ""),
            kind=kind,
            protocol=_said(one, "125203", kept) or _said(one, "113605", kept),
            region=region,
            type=_meaning(type_of)[:kept],
            localizer=type_of is not None and type_of.code is not None and type_of.code.is_dcm(_SCOUT),
            plane=_said(one, "113764", kept),
            side=_side(one),
            view=_code(one.first("111031")),
            phantom=_code(one.first("113835")),
            agent=next((_meaning(found) for found in one.walk() if found.concept[:2] in _AGENT), ""),
            at=_said(one, "111526", 14) or _said(one, "123003", 14),
            amounts=self._amounts(one, _MEASURED),
        )

    def _amounts(self, one: Item, wanted: Mapping[str, tuple[str, Unit]]) -> dict[str, Amount]:
        found: dict[str, list[Amount]] = {}
        for item in one.walk():
            if _is(item, wanted) and item.measured is not None:
                name, unit = wanted[item.concept.value]
                read = self._amount(item, unit)
                if read is not None:
                    found.setdefault(name, []).append(read)
        return {name: joined for name, amounts in found.items() if (joined := spread(amounts)) is not None}

    def _amount(self, item: Item, unit: Unit) -> Amount | None:
        value, code = item.measured or (math.nan, "")
        if math.isnan(value) or not code:
            self.doubt(Doubt.NOT_A_NUMBER)
            return None
        read = amount(value, code, unit)
        if not read.understood:
            self.doubt(Doubt.UNKNOWN_UNIT)
        return read

    def totals(self, root: Item) -> tuple[dict[str, Amount], int | None]:
        """Read what the report adds up, and how many events it counts."""
        found: dict[str, list[Amount]] = {}
        counted: int | None = None
        for container in (one for one in root.walk() if _is(one, _ACCUMULATED)):
            for item in container.walk():
                if item.concept.is_dcm("113812") and item.measured and 0 <= item.measured.value <= self._limits.items:
                    counted = (counted or 0) + int(item.measured.value)
                if _is(item, _TOTALS) and item.measured is not None:
                    name, unit = _TOTALS[item.concept.value]
                    read = self._amount(item, unit)
                    if read is not None:
                        found.setdefault(_of_side(name, item), []).append(read)
        totals = {name: added for name in found if (added := total(found[name])) is not None}
        return {name: totals[name] for name in TOTALS if name in totals}, counted


def _is(item: Item, codes: Iterable[str]) -> bool:
    return item.concept.scheme == "DCM" and item.concept.value in codes


def _made_by(summary: Item) -> Kind:
    """Tell what made an event of an enhanced report: its CTDIvol says a CT."""
    return Kind.CT if summary.first("113830") or summary.first("113838") else Kind.PROJECTION


def _kind(attributes: Mapping[str, Any], root: Item, events: list[Event]) -> Kind:
    said = SOP_CLASSES.get(text(attributes, "00080016", 64), Kind.UNKNOWN)
    if said is not Kind.UNKNOWN:
        return said
    kinds = {one.kind for one in events}
    if Kind.CT in kinds or any(one.concept.is_dcm("113811") for one in root.walk()):
        return Kind.CT
    if Kind.NUCLEAR in kinds:
        return Kind.NUCLEAR
    reported = [one.code.value for one in root.all("121058") if one.code]
    breasts = [one for one in events if "agd" in one.amounts or (one.region and one.region.code in _BREAST)]
    if _MAMMOGRAPHY.intersection(reported) or (events and len(breasts) == len(events)):
        return Kind.MAMMOGRAPHY
    projection = kinds or any(one.concept.is_dcm("113702") for one in root.walk())
    return Kind.PROJECTION if projection else Kind.UNKNOWN


def _of_kind(events: list[Event], kind: Kind) -> Iterable[Event]:
    for one in events:
        yield replace(one, kind=kind) if kind is Kind.MAMMOGRAPHY and one.kind is Kind.PROJECTION else one


def _coded(one: Item, concept: str) -> Region | None:
    found = one.first(concept)
    if found is None or found.code is None:
        return None
    return Region(found.code.scheme, found.code.value, found.code.meaning)


def _said(one: Item, concept: str, most: int) -> str:
    found = one.first(concept)
    return "" if found is None else (found.text or _meaning(found))[:most]


def _meaning(item: Item | None) -> str:
    return "" if item is None or item.code is None else item.code.meaning or item.code.value


def _code(item: Item | None) -> str:
    return "" if item is None or item.code is None else item.code.value


def _side(one: Item) -> str:
    codes = [found.code.value for found in one.walk() if found.concept[:2] in _LATERALITY and found.code]
    region = one.first("123014")
    codes += [region.code.value] if region is not None and region.code is not None else []
    return "left" if _LEFT.intersection(codes) else "right" if _RIGHT.intersection(codes) else ""


def _of_side(name: str, item: Item) -> str:
    side = _side(item) if name == "agd" else ""
    return f"{name}_{side}" if side else name


def _device(attributes: Mapping[str, Any], limits: Limits) -> str:
    said = [text(attributes, tag, limits.text) for tag in ("00081090", "00081010")]
    return " · ".join(dict.fromkeys(one for one in said if one))


def _replaces(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    """Read the instances that a report takes the place of (PS3.3 C.17.2.3)."""
    found = []
    for study in sequence(attributes, "0040A360"):
        for series in sequence(study, "00081115"):
            found += [text(one, "00081155", 64) for one in sequence(series, "00081199")]
    return tuple(one for one in found if one)[:50]
