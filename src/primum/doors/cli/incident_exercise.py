"""How an exercise goes on, as the command line says it: what happens, the file, what was missed."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from primum.doors.cli import speech
from primum.doors.cli.client import Client, pretty
from primum.doors.cli.incident_lines import line_of, say_file, say_hour
from primum.doors.cli.incident_moves import MOVES
from primum.ground.clock import to_text
from primum.ground.zones import practice_zone
from primum.incidents.carried import as_json
from primum.incidents.drill.moves import Moves
from primum.incidents.drill.play import Drill, Told
from primum.incidents.drill.scenarios import FINDING, SCENARIOS
from primum.incidents.drill.score import DrillNeedsDemo, Score, Verdict
from primum.incidents.hour import hour_of
from primum.incidents.model import Dossier, EntryKind, NoSuchIncident
from primum.incidents.notices.fields import questions
from primum.incidents.severity.proposal import Proposal, propose
from primum.incidents.stories.book import LANGUAGES, story

EXIT_MISSED: Final = 1
"""Something was late or missed, or was done that should not have been."""
_LISTED: Final = ["name", "begins", "opened_by", "title"]


def run(client: Client, options: argparse.Namespace) -> int:
    """Do a step of the exercise that was begun last; status 1 where a score has something late or missed.

    Raises DrillNeedsDemo, NoExercise, and what the files of the exercise raise.
    """
    if not client.home.demo:
        raise DrillNeedsDemo
    if options.step == "list":
        return _list(options)
    drill = Drill(client.home.folder, getattr(options, "language", LANGUAGES[0]))
    if options.step == "start":
        return _say_events(drill, drill.start(options.scenario), options)
    drill.resume()
    if options.step in _COURSE:
        return _COURSE[options.step](drill, options)
    speech.say(MOVES[options.step](drill, Moves(drill), options))
    return 0


def _list(options: argparse.Namespace) -> int:
    found = [
        {"name": one.name, "title": one.title["en"], "begins": one.begins.isoformat(timespec="minutes"),
         "hours": one.lasts.total_seconds() / 3600, "opened_by": one.opened_by}
        for one in SCENARIOS.values()
    ]  # fmt: skip
    speech.say(pretty({"scenarios": found})) if options.json else speech.table(found, _LISTED)
    return 0


def _now(drill: Drill, _options: argparse.Namespace) -> int:
    return _say_events(drill, drill.events(), _options)


def _advance(drill: Drill, options: argparse.Namespace) -> int:
    told = drill.advance_to_next() if options.by is None else drill.advance(options.by)
    return _say_events(drill, told, options)


def _say_events(drill: Drill, told: list[Told], options: argparse.Namespace) -> int:
    if options.json:
        events = [{"at": to_text(one.at), "text": one.text} for one in told]
        speech.say(
            pretty({"scenario": drill.scenario.name, "now": to_text(drill.now), "over": drill.over, "events": events})
        )
        return 0
    for one in told:
        speech.say(f"{_local(one.at)}  {one.text}")
    dossier = drill.dossier()
    speech.say(f"it is {_local(drill.now)}" + (": the exercise is over, look at its score" if drill.over else ""))
    if dossier is None:
        speech.say("no file is open: primum incident drill tell" + _because(drill))
    else:
        line = line_of(dossier, drill.now, practice_zone())
        speech.say(f"{line['id']}: prudent deadline {line['prudent_due']}, {line['left']}")
    return 0


def _because(drill: Drill) -> str:
    name = drill.scenario.opened_by
    return "" if name == FINDING else f" ({story(name).title[drill.language]})"


def _show(drill: Drill, options: argparse.Namespace) -> int:
    dossier = _dossier(drill)
    proposed, left = propose(dossier), questions(dossier)
    if options.json:
        told = {
            "now": to_text(drill.now), "file": as_json(dossier), "asked": [key for one in left for key in one.keys],
            "proposed": {"notify": proposed.notify.choice, "tell": proposed.tell.choice},
        }  # fmt: skip
        speech.say(pretty(told))
        return 0
    say_file(dossier, drill.files.controller_name(dossier.file.controller_id), drill.now, practice_zone())
    speech.say()
    for one in (proposed.notify, proposed.tell):
        speech.say(f"proposed about {one.about}: {one.choice} ({_reasons(one, drill.language)})")
    for about, decided in dossier.decisions.items():
        speech.say(f"decided about {about}: {decided.choice} {decided.ground}".rstrip())
    for kept in dossier.of_kind(EntryKind.EVIDENCE):
        speech.say(f"document {kept.body.get('document', '')}: {kept.body['what']}, {kept.body.get('name', '')}")
    speech.say(f"asked: {', '.join(key for one in left for key in one.keys)}")
    return 0


def _reasons(one: Proposal, language: str) -> str:
    return "; ".join(each.words[language] for each in one.reasons)


def _hour(drill: Drill, _options: argparse.Namespace) -> int:
    say_hour(hour_of(_dossier(drill), language=drill.language, zone=practice_zone()))
    return 0


def _score(drill: Drill, options: argparse.Namespace) -> int:
    found = drill.score()
    speech.say(pretty(_as_json(found, drill))) if options.json else _say_score(found, drill)
    return EXIT_MISSED if found.count(Verdict.LATE) + found.count(Verdict.MISSED) else 0


def _as_json(found: Score, drill: Drill) -> dict[str, Any]:
    return {
        "scenario": found.scenario, "at": to_text(found.at), "over": drill.over, "full": found.full,
        "counts": {one.value: found.count(one) for one in Verdict},
        "outcomes": [
            {"name": one.expectation.name, "verdict": one.verdict.value, "why": one.why, "entry": one.entry,
             "what": list(one.what), "said": one.words(drill.language)}
            for one in found.outcomes
        ],
    }  # fmt: skip


def _say_score(found: Score, drill: Drill) -> None:
    speech.say(f"{found.scenario}, at {_local(found.at)}: {found.count(Verdict.MET)} of {len(found.outcomes)} met")
    for verdict in (Verdict.MISSED, Verdict.LATE, Verdict.WAITING, Verdict.MET):
        for one in found.outcomes:
            if one.verdict is verdict:
                speech.say(f"  {verdict.value:8}{one.words(drill.language)}" + (f" [{one.entry}]" if one.entry else ""))


def _dossier(drill: Drill) -> Dossier:
    found = drill.dossier()
    if found is None:
        raise NoSuchIncident
    return found


def _local(at: datetime) -> str:
    return at.astimezone(practice_zone()).isoformat(sep=" ", timespec="minutes")


_COURSE: Final[Mapping[str, Callable[[Drill, argparse.Namespace], int]]] = {
    "events": _now, "advance": _advance, "show": _show, "hour": _hour, "score": _score,
}  # fmt: skip
"""What is asked of an exercise, by the name of its step."""
