"""The check of a computer: its file made here, its result read back, at the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from primum.exposure.probe.station.words import lines
from primum.exposure.station.reading import MOST_BYTES
from primum.ground.clock import to_text

if TYPE_CHECKING:
    from primum.doors.worker.control import Progress
    from primum.doors.worker.desk import Args, Asking, Desk, Verb
    from primum.exposure.station.service import Station


def station_issue(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Give the plan of a new file."""
    name, language = args.text("name", most=200), args.text("language", most=8)
    return {"plan": desk.worker.exposed.stations.issue(asking.actor, name, language)}


def station_read(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Take a result."""
    found = desk.worker.exposed.stations.read(asking.actor, args.text("text", most=MOST_BYTES))
    return _facts(desk, found, args.text("language", most=8))


def station_list(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """List stations, each with what its last check said."""
    language = args.text("language", most=8)
    return {"stations": [_facts(desk, one, language) for one in desk.worker.exposed.stations.every(asking.actor)]}


def station_remove(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Strike a station off."""
    desk.worker.exposed.stations.remove(asking.actor, args.text("id", most=64))
    return {}


def _facts(desk: Desk, one: Station, language: str) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "checked_at": to_text(one.checked_at) if one.checked_at else "",
        "counts": one.counts(desk.worker.rooms.clock.now()),
        "bad": one.bad,
        "undetermined": one.report.undetermined() if one.report is not None else 0,
        "lines": lines(one.report, language) if one.report is not None else [],
    }


VERBS: dict[str, Verb] = {
    "station_issue": station_issue,
    "station_read": station_read,
    "station_list": station_list,
    "station_remove": station_remove,
}
