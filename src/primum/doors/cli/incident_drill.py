"""`primum incident drill …`: an exercise in a demo home, played with the verbs of a real file. It needs no daemon.

The clock stands still until the player moves it. Everything is in the folder of the exercise: no register, no journal.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from primum.doors.cli.client import Client
from primum.doors.cli.incident_told import LANGUAGES, add_options
from primum.incidents.correspondence import Direction, Other
from primum.incidents.facts.catalogue import CATALOGUE
from primum.incidents.model import Which

SCENARIOS: Final = ("open-archive", "stolen-laptop", "wrong-recipient", "ransomware", "processor", "authority")
KINDS: Final = ("export", "document", "deletion-certificate")
"""What a document that a player makes up may be; a ground needs the certificate (severity/grounds.py)."""


def add_verbs(verbs: Any) -> None:  # noqa: ANN401 (argparse's own)
    """Take the verbs of an exercise."""
    drill = verbs.add_parser("drill", help="play one of six scenarios in a demo home, and see what was missed")
    steps = drill.add_subparsers(dest="step", required=True, metavar="STEP")
    _add_course(steps)
    _add_moves(steps)


def _add_course(steps: Any) -> None:  # noqa: ANN401
    """Take what begins, moves and judges."""
    listing = steps.add_parser("list", help="the scenarios")
    start = steps.add_parser("start", help="begin a scenario; one that was begun before is kept")
    start.add_argument("scenario", choices=SCENARIOS, metavar="SCENARIO", help=", ".join(SCENARIOS))
    start.add_argument("--language", choices=LANGUAGES, default="en", help="in which it is told (en)")
    events = steps.add_parser("events", help="what has happened so far, and which time it is")
    advance = steps.add_parser("advance", help="move the clock: to what happens next, or by so much")
    advance.add_argument("--by", type=_span, metavar="H:MM", help="hours and minutes (to the next event)")
    show = steps.add_parser("show", help="the file: what is known, asked and proposed, how long is left")
    steps.add_parser("hour", help="what to do in the next hour, in this file")
    score = steps.add_parser("score", help="what was met, late or missed, and why; status 1 where something was")
    for one in (listing, start, events, advance, show, score):
        one.add_argument("--json", action="store_true", help="print JSON")


def _add_moves(steps: Any) -> None:  # noqa: ANN401
    """Take what a player does, by the names of the verbs of a real file."""
    tell = steps.add_parser("tell", help="open the file by the scenario's story")
    tell.add_argument("--ask", action="store_true", help="ask the story's questions one by one")
    add_options(tell)
    instant = steps.add_parser("instant", help="say when the controller was aware, or another instant")
    instant.add_argument("which", choices=[one.value for one in Which], metavar="WHICH", help="aware, detected, …")
    instant.add_argument("at", nargs="?", default="", metavar="AT", help="with its offset (now, in the exercise)")
    instant.add_argument("--reason", required=True, metavar="TEXT", help="why then")
    answer = steps.add_parser("answer", help="answer a question: a value as JSON, or --unknown")
    answer.add_argument("key", choices=sorted(CATALOGUE), metavar="FACT", help="as shown by drill show")
    answer.add_argument("value", nargs="?", default="", metavar="VALUE", help='JSON: {"count": 12}')
    answer.add_argument("--unknown", action="store_true", help="say that it is not known")
    answer.add_argument(
        "--document", action="append", default=[], metavar="DOC", help="doc_… that shows it (repeat it)"
    )
    freeze = steps.add_parser("freeze", help="keep what shows it, before anything is closed")
    freeze.add_argument("--as", dest="kind", choices=KINDS, default=KINDS[0], help="what it is (export)")
    contain = steps.add_parser("contain", help="stop the leak")
    for one in (freeze, contain):
        one.add_argument("what", metavar="WHAT", help="in a few words")
    decide = steps.add_parser("decide", help="decide and sign; what is attached stands as the evidence")
    decide.add_argument("about", choices=["notify", "tell", "sealed"], help="what about")
    decide.add_argument("choice", metavar="CHOICE", help="as proposed by drill show")
    decide.add_argument("--ground", default="", metavar="GROUND", help="where the choice needs one")
    decide.add_argument("--reason", required=True, metavar="TEXT", help="in writing")
    notice = steps.add_parser("notice", help="draw up a notification, which goes nowhere")
    notice.add_argument("type", nargs="?", choices=["initial", "complementary", "complete"], default="initial")
    receipt = steps.add_parser("receipt", help="keep the authority's receipt")
    receipt.add_argument("number", metavar="NUMBER", help="made up")
    letter = steps.add_parser("letter", help="write down a letter, received or sent")
    letter.add_argument("way", choices=[one.value for one in Direction], help="which way it went")
    letter.add_argument("--other", choices=[one.value for one in Other], default=Other.CNIL.value, help="with whom")
    letter.add_argument("--about", required=True, metavar="TEXT", help="what about, in a few words")


def _run(client: Client, options: argparse.Namespace) -> int:
    from primum.doors.cli.incident_exercise import run  # noqa: PLC0415 (every other command starts without it)

    return run(client, options)


def _span(text: str) -> timedelta:
    """Read hours and minutes. Raises ValueError, as argparse wants it."""
    hours, _, minutes = text.partition(":")
    return timedelta(hours=int(hours), minutes=int(minutes or 0))


RUNS: dict[str, Callable[[Client, argparse.Namespace], int]] = {"drill": _run}
