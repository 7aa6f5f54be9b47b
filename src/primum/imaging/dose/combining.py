"""Several dose reports of one study put together, so that no radiation counts twice.

A report that another one takes the place of is left out; so is one whose events are all in a later one. Where two share
some events and not all, totals cannot be added: they are taken from the events, each once, where each has a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from primum.imaging.dose.model import Doubt, Event, Kind, Report
from primum.imaging.dose.reading import TOTALS
from primum.imaging.dose.units import Amount, total


@dataclass(frozen=True, slots=True)
class StudyDose:
    """What the dose reports of a study say together."""

    reports: tuple[Report, ...]
    """Those that count, the earliest first."""
    left_out: int
    """Reports that others took the place of."""
    totals: Mapping[str, Amount]
    events: tuple[Event, ...]
    doubts: tuple[Doubt, ...]
    overlapping: bool = False
    """Two reports share events: totals are those of the events."""

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What the reports are about."""
        return tuple(dict.fromkeys(one.kind for one in self.reports))


def combine(reports: Iterable[Report]) -> StudyDose:
    """Put the reports of one study together."""
    every = sorted(reports, key=lambda one: (one.at, one.sop_uid))
    counting, events, overlapping = _counting(every)
    doubts = tuple(dict.fromkeys(doubt for one in counting for doubt in one.doubts))
    totals = _of_events(events) if overlapping else _added(counting)
    return StudyDose(tuple(counting), len(every) - len(counting), totals, tuple(events), doubts, overlapping)


def _counting(every: Sequence[Report]) -> tuple[list[Report], list[Event], bool]:
    replaced = {sop for one in every for sop in one.replaces if sop != one.sop_uid}
    kept: list[Report] = []
    known: set[str] = set()
    overlapping = False
    for one in reversed([one for one in every if one.sop_uid not in replaced]):
        uids = {event.uid for event in one.events if event.uid}
        shared = uids & known
        if shared and shared == uids:
            continue  # all of it is in a later report
        overlapping |= bool(shared)
        known |= uids
        kept.append(one)
    kept.reverse()
    return kept, _once(kept), overlapping


def _once(reports: Sequence[Report]) -> list[Event]:
    """List all events, each once: as the latest report has it."""
    latest = {event.uid: event for one in reports for event in one.events if event.uid}
    listed: dict[object, Event] = {}
    for one in reports:
        for event in one.events:
            listed.setdefault(event.uid or id(event), latest.get(event.uid, event))
    return list(listed.values())


def _added(reports: Sequence[Report]) -> dict[str, Amount]:
    if len(reports) == 1:  # nearly always
        return dict(reports[0].totals)
    added = {name: total([one.totals[name] for one in reports if name in one.totals]) for name in TOTALS}
    return {name: one for name, one in added.items() if one is not None}


def _of_events(events: Sequence[Event]) -> dict[str, Amount]:
    found = {}
    for name in TOTALS:
        held = [one.amounts[name] for one in events if name in one.amounts]
        added = total(held)
        # scouts have no DLP of their own in many reports
        if added is not None and len(held) >= sum(not one.localizer for one in events):
            found[name] = added
    return found
