"""What a player of an exercise does, by the names of the verbs of a real file; each gives the line that says so."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from primum.doors.cli import speech
from primum.doors.cli.incident_told import answers_of, ask_story, asks, typed
from primum.incidents.drill.moves import Moves
from primum.incidents.drill.play import Drill
from primum.incidents.drill.scenarios import FINDING
from primum.incidents.entries import instant_of
from primum.incidents.limits import LIMITS
from primum.incidents.model import BadEntry, Which
from primum.incidents.stories.answers import read_answers
from primum.incidents.stories.book import story
from primum.incidents.stories.telling import Letter


def _tell(drill: Drill, moves: Moves, options: argparse.Namespace) -> str:
    answers, name = answers_of(options.answer), drill.scenario.opened_by
    if name == FINDING:
        raise BadEntry(what="the file has opened by itself")
    if drill.dossier() is not None:
        raise BadEntry(what="the file is open already")
    if asks(options):
        answers = {**ask_story(story(name), drill.language, typed, speech.note), **answers}
    read = read_answers(story(name), json.dumps(answers))
    return f"opened {moves.tell(read, _letter_of(options)).id}"


def _letter_of(options: argparse.Namespace) -> Letter | None:
    body = _read(options.letter) if options.letter else b""
    if not body and not options.letter_about:
        return None
    due = instant_of({"at": options.letter_due}) if options.letter_due else None
    name = options.letter.name if options.letter else ""
    return Letter(options.letter_about, tuple(options.letter_asks), due, options.letter_reference, name, body)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LIMITS.document_bytes + 1)


def _instant(drill: Drill, moves: Moves, options: argparse.Namespace) -> str:
    at = instant_of({"at": options.at}) if options.at else drill.now
    return _written(moves.instant(Which(options.which), at, options.reason).id)


def _answer(_drill: Drill, moves: Moves, options: argparse.Namespace) -> str:
    try:
        value = None if options.unknown else json.loads(options.value)
    except ValueError:
        raise BadEntry(what="the value is not JSON") from None
    return _written(moves.answer(options.key, value, options.document).id)


def _freeze(_drill: Drill, moves: Moves, options: argparse.Namespace) -> str:
    return f"kept {moves.attach(options.what, options.kind).id} as {options.kind}"


def _decide(_drill: Drill, moves: Moves, options: argparse.Namespace) -> str:
    return _written(moves.decide(options.about, options.choice, options.reason, options.ground).id)


def _written(entry: str) -> str:
    return f"written: {entry}"


MOVES: Final[Mapping[str, Callable[[Drill, Moves, argparse.Namespace], str]]] = {
    "tell": _tell,
    "instant": _instant,
    "answer": _answer,
    "freeze": _freeze,
    "contain": lambda _drill, moves, options: _written(moves.contain(options.what).id),
    "decide": _decide,
    "notice": lambda _drill, moves, options: _written(moves.notify(options.type).id),
    "receipt": lambda _drill, moves, options: _written(moves.receipt(options.number).id),
    "letter": lambda _drill, moves, options: _written(moves.letter(options.way, options.other, options.about).id),
}
