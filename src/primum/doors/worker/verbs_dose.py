"""Doses and the list of what is to be read, at the terminal."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from primum.doors.worker.control import Progress
from primum.doors.worker.desk import Args, Asking, Desk, Verb
from primum.doors.worker.protocol import BadRequest
from primum.ground.clock import to_text
from primum.identity import ANY_STUDY, Permission, Thing, reaches
from primum.imaging import Reach
from primum.imaging.dose.model import Event, to_json
from primum.imaging.dose.reading import TOTALS
from primum.imaging.dose.statistics import Line
from primum.imaging.dose.units import Amount
from primum.journal import Kind

_YEAR = timedelta(days=365)
_LISTED = 200


def _reach(asking: Asking, action: Permission) -> list[Reach]:
    granted = reaches(asking.actor, action)
    return [Reach(one.controllers, one.referrers, one.confidential) for one in granted]


def dose_study(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Show what the dose reports of a study say."""
    name = args.text("study", most=64)
    archive, reach = desk.worker.archive.archive, _reach(asking, Permission.STUDY_LIST)
    found = archive.locate_study(name, reach) if "." in name else archive.study(name, reach)
    desk.require(asking, Permission.STUDY_OPEN, Thing("study", found.controller_id, found.referrer, found.confidential))
    details: dict[str, str | int] = {
        "session": asking.session.id, "controller": found.controller_id, "door": "terminal",
    }  # fmt: skip
    desk.record(Kind.DOSE_VIEWED, asking.actor.person_id, found.ref, details)
    dose = desk.worker.doses.of_study(found.ref)
    return {
        "totals": {name: _written(dose.dose.totals[name]) for name in TOTALS if name in dose.dose.totals},
        "events": len(dose.dose.events),
        "doubts": [one.value for one in dose.dose.doubts],
        "waiting": dose.waiting,
        "listed": [_event(number, one) for number, one in enumerate(dose.dose.events[:_LISTED], start=1)],
        "reports": [to_json(one) for one in dose.dose.reports],
    }


def dose_practice(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Give the practice's medians of a period; by default of the last year."""
    desk.require(asking, Permission.DOSE_LIST, ANY_STUDY)
    today = desk.worker.rooms.clock.now().astimezone().date()
    until = _day(args, "until") or today
    since = _day(args, "since") or until - _YEAR
    found = desk.worker.doses.practice(_reach(asking, Permission.DOSE_LIST), since, until)
    details: dict[str, str | int] = {
        "session": asking.session.id, "studies": found.studies, "what": "list", "door": "terminal",
    }  # fmt: skip
    desk.record(Kind.DOSE_LISTED, asking.actor.person_id, "", details)
    lines = [_line(one) for one in found.lines]
    return {"since": f"{since}", "until": f"{until}", "studies": found.studies, "cut": found.cut, "lines": lines}


def to_read_list(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """List what waits to be read within reach, the urgent first, then the oldest: no name, a reference."""
    desk.require(asking, Permission.STUDY_READ, ANY_STUDY)
    granted = reaches(asking.actor, Permission.STUDY_READ)
    every = any(one.controllers is None for one in granted)
    controllers = None if every else frozenset(name for one in granted for name in one.controllers or ())
    found = desk.worker.to_read.waiting(controllers, args.text("modality", most=16), args.text("station", most=16))
    reach, archive = _reach(asking, Permission.STUDY_READ), desk.worker.archive.archive
    seen = archive.within_reach([one.study_ref for one in found], reach)
    shown = [one for one in found if one.study_ref in seen][:_LISTED]
    details: dict[str, str | int] = {
        "session": asking.session.id, "level": "study", "found": len(shown), "door": "terminal",
    }  # fmt: skip
    desk.record(Kind.LIST_SEARCHED, asking.actor.person_id, "", details)
    people = desk.worker.people
    names = {one: people.person(one).full_name for one in {entry.claimed_by for entry in shown} if one}
    return {
        "studies": [
            {
                "study": one.study_ref, "modality": " ".join(one.modalities), "station": " ".join(one.stations),
                "since": to_text(one.since), "urgent": "urgent" if one.urgent else "",
                "new": "new images" if one.new_images else "", "reader": names.get(one.claimed_by, ""),
            }
            for one in shown
        ]
    }  # fmt: skip


def _day(args: Args, name: str) -> date | None:
    text = args.text(name, most=10)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadRequest from None


def _written(one: Amount) -> str:
    high = f"-{one.high:g}" if one.high is not None else ""
    return f"{one.value:g}{high} {one.unit}"


def _event(number: int, one: Event) -> dict[str, str]:
    region = one.region.meaning or one.region.code if one.region is not None else ""
    said = {"no": str(number), "protocol": one.protocol, "region": region, "type": one.type, "side": one.side}
    return said | {name: _written(amount) for name, amount in one.amounts.items()}


def _line(one: Line) -> dict[str, str]:
    key, region = one.key, one.key.region
    return {
        "kind": key.kind.value, "of": key.level, "protocol": key.protocol,
        "region": region.meaning or region.code if region is not None else "", "age": key.age,
        "measure": key.measure, "unit": one.unit, "number": str(one.all.count), "median": f"{one.all.median:g}",
        "p75": f"{one.all.three_quarters:g}", "low": f"{one.all.low:g}", "high": f"{one.all.high:g}",
        "reference": f"{one.beside.value:g}" if one.beside else "", "source": one.beside.source if one.beside else "",
        "confidence": one.beside.confidence if one.beside else "",
    }  # fmt: skip


VERBS: dict[str, Verb] = {
    "dose_study": dose_study, "dose_practice": dose_practice, "to_read_list": to_read_list,
}  # fmt: skip
