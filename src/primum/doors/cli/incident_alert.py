"""`primum incident alert`: what a host owes to a controller (article 33(2)), drawn up; that it has left, written."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from primum.doors.cli import speech
from primum.doors.cli.client import Client
from primum.doors.cli.incident_told import LANGUAGES
from primum.ground.zones import practice_zone
from primum.incidents.carried import read


def add_verbs(verbs: Any) -> None:  # noqa: ANN401 (argparse's own)
    """Take the verb of this part."""
    one = verbs.add_parser("alert", help="as a host: draw up the alert to a controller, or write down that it has left")
    one.add_argument("id", metavar="ID", help="inc_…, the file of that controller")
    one.add_argument("--host", default="", metavar="NAME", help="who hosts: the name under which it is sent")
    one.add_argument("--contact", default="", metavar="TEXT", help="whom the controller asks")
    one.add_argument("--out", type=Path, metavar="FILE", help="a new file, .pdf or .html")
    one.add_argument("--language", choices=LANGUAGES, default="en", help="of the file (en)")
    one.add_argument("--sent", default="", metavar="AT", help="it has left: when, with its offset")
    one.add_argument("--about", default="", metavar="TEXT", help="how, with --sent: by mail to whom, by telephone")


def _alert(client: Client, options: argparse.Namespace) -> int:
    if options.sent:
        made = client.call_signed_in("incident_alerted", id=options.id, at=options.sent, about=options.about)
        speech.say(f"written: {made['id']} ({made['kind']})")
        return 0
    from primum.incidents.stories.alerts import alert, alert_html, alert_pdf  # noqa: PLC0415

    found = client.call_signed_in("incident_show", id=options.id)
    drawn = alert(
        read(found["file"]), controller=found["controller"], host=options.host, contact=options.contact,
        language=options.language, zone=practice_zone(),
    )  # fmt: skip
    if options.out is None:
        for line in (drawn.title, *drawn.head, drawn.known_title, *drawn.known, drawn.unknown_title, *drawn.unknown):
            speech.say(line)
        return 0
    body = alert_html(drawn) if options.out.suffix == ".html" else alert_pdf(drawn)
    with options.out.open("xb") as file:
        file.write(body)
    speech.say(f"{options.out.name}, {len(body)} bytes; Primum sends it to nobody")
    return 0


RUNS: dict[str, Callable[[Client, argparse.Namespace], int]] = {"alert": _alert}
