"""`primum incident tell|hour`: a breach told by a story, and what to do in the next hour."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from primum.doors.cli import speech
from primum.doors.cli.client import Client, pretty
from primum.doors.cli.incident_lines import say_hour
from primum.doors.cli.incident_told import LANGUAGES, add_options, answers_of, ask_story, asks, typed
from primum.ground.clock import from_text
from primum.ground.zones import practice_zone
from primum.incidents.carried import read
from primum.incidents.countdown import remaining
from primum.incidents.deadline import prudent_due

STORIES: Final = (
    "laptop", "media", "wrong-recipient", "ransomware", "mailbox", "open-share", "colleague", "published", "paper",
    "failure", "processor", "authority", "hosted",
)  # fmt: skip
"""The stories, the most usual first: here too, for a command line that reads no file to say its help."""
_OTHERS: Final = ("finding", "journal", "other")
"""What else has its advice."""


def add_verbs(verbs: Any) -> None:  # noqa: ANN401 (argparse's own)
    """Take the verbs of this part."""
    tell = verbs.add_parser("tell", help="something happened: open a file by a story, with what is known")
    tell.add_argument("story", choices=STORIES, metavar="STORY", help=", ".join(STORIES))
    tell.add_argument("--at", default="", metavar="AT", help="when it was seen, with its offset (now)")
    tell.add_argument(
        "--controller", action="append", default=[], metavar="NAME", help="for whom (one's own; repeat it)"
    )
    tell.add_argument("--ask", action="store_true", help="ask the story's questions one by one")
    add_options(tell)
    doing = verbs.add_parser("hour", help="what to do in the next hour: of a file, or of a story")
    doing.add_argument("of", metavar="ID", help="inc_…, or one of " + ", ".join((*STORIES, *_OTHERS)))
    doing.add_argument("--out", type=Path, metavar="FILE", help="a new file, .pdf or .html, one page")
    for one in (tell, doing):
        one.add_argument("--language", choices=LANGUAGES, default="en", help="of sentences and files (en)")
    tell.add_argument("--json", action="store_true", help="print JSON")


def _tell(client: Client, options: argparse.Namespace) -> int:
    answers = answers_of(options.answer)
    if asks(options):
        from primum.incidents.stories.book import story  # noqa: PLC0415 (every other command starts without it)

        answers = {**ask_story(story(options.story), options.language, typed, speech.note), **answers}
    made = client.call_signed_in(
        "incident_tell", story=options.story, controllers=options.controller, at=options.at,
        answers=json.dumps(answers, ensure_ascii=False), language=options.language, **letter_of(options),
    )  # fmt: skip
    if options.json:
        speech.say(pretty(made))
        return 0
    due = prudent_due(from_text(made["detected_at"]))
    for one in made["files"]:
        speech.say(f"opened {one['id']} ({one['controller']})")
    speech.say(
        f"prudent deadline {due.astimezone().isoformat(timespec='minutes')}: "
        f"{remaining(due, datetime.now().astimezone()).words('en')}"
    )
    readable = made["files"][0]["id"] if made["files"][0]["readable"] else options.story
    speech.say(f"what to do in the next hour: primum incident hour {readable}")
    return 0


def letter_of(options: argparse.Namespace) -> dict[str, Any]:
    """Give what was told of a letter, as the daemon takes it."""
    return {
        "letter_about": options.letter_about, "reference": options.letter_reference, "asked": options.letter_asks,
        "due": options.letter_due, "file": str(options.letter.resolve()) if options.letter else "",
    }  # fmt: skip


def _hour(client: Client, options: argparse.Namespace) -> int:
    from primum.incidents.hour import hour, hour_of  # noqa: PLC0415 (every other command starts without them)
    from primum.incidents.hour_page import hour_html, hour_pdf  # noqa: PLC0415

    zone = practice_zone()
    if options.of in {*STORIES, *_OTHERS}:
        page = hour(options.of, language=options.language, zone=zone, exercise=client.home.demo)
    else:
        dossier = read(client.call_signed_in("incident_show", id=options.of)["file"])
        page = hour_of(dossier, language=options.language, zone=zone)
    if options.out is None:
        say_hour(page)
        return 0
    drawn = hour_html(page) if options.out.suffix == ".html" else hour_pdf(page)
    with options.out.open("xb") as file:
        file.write(drawn)
    speech.say(f"{options.out.name}, {len(drawn)} bytes")
    return 0


Run = Callable[[Client, argparse.Namespace], int]
RUNS: dict[str, Run] = {"tell": _tell, "hour": _hour}
