"""A file of a breach in lines, as the command line says it: of the house, or of an exercise."""

from __future__ import annotations

import json
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any, Final

from primum.doors.cli import speech
from primum.ground.clock import to_text
from primum.incidents.countdown import remaining
from primum.incidents.deadline import prudent_due
from primum.incidents.model import Dossier, Fact, Standing

if TYPE_CHECKING:
    from primum.incidents.hour import Hour

_FACTS: Final = ["key", "value", "standing"]
_NUMBERED: Final = frozenset({"keep", "close"})


def line_of(dossier: Dossier, now: datetime, zone: tzinfo | None = None) -> dict[str, Any]:
    """Give a file as one line of a list; hours in `zone`, that of this machine where none is said."""
    opened = next((one.body.get("sentence", "") for one in dossier.entries if one.of == dossier.file.id), "")
    due = prudent_due(dossier.detected_first) if dossier.detected_first else None
    return {
        "id": dossier.file.id,
        "state": dossier.state.value,
        "origin": dossier.origin.value,
        "prudent_due": due.astimezone(zone).isoformat(timespec="minutes") if due else "",
        "left": remaining(due, now).words("en") if due else "",
        "sentence": opened,
    }


def say_file(dossier: Dossier, controller: str, now: datetime, zone: tzinfo | None = None) -> None:
    """Say what is known, and how long is left."""
    line = line_of(dossier, now, zone)
    speech.say(f"{dossier.file.id} · {controller} · {dossier.state.value} · {dossier.origin.value}")
    speech.say(f"prudent deadline {line['prudent_due']}: {line['left']}")
    for one in dossier.instants.values():
        speech.say(f"{one.which.value} {to_text(one.at)} ({one.reason})")
    speech.say()
    speech.table([_fact(key, one) for key, one in dossier.facts.items()], _FACTS)


def _fact(key: str, one: Fact) -> dict[str, str]:
    known = one.standing is not Standing.UNKNOWN
    value = json.dumps(one.value, ensure_ascii=False) if known else "not known"
    return {"key": key, "value": value, "standing": one.standing.value}


def say_hour(page: Hour) -> None:
    """Say the page of the next hour."""
    for line in (page.title, page.exercise, page.situation):
        if line:
            speech.say(line)
    for part in page.parts:
        speech.say()
        speech.say(part.title)
        for number, one in enumerate(part.lines, 1):
            mark = f"{number}." if part.name in _NUMBERED else "-"
            speech.say(f"  {mark} {one.text}" + (f" [{one.source}]" if one.source else ""))
    speech.say()
    for line in (*page.sources, *page.foot):
        speech.say(line)
