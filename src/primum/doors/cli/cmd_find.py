"""`primum find`: studies that the signed-in person may list."""

from __future__ import annotations

import argparse

from primum.doors.cli import speech
from primum.doors.cli.client import Client, pretty

_COLUMNS = ["patient", "identifier", "born", "date", "modalities", "description", "images"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the words to look for, and bounds."""
    parser.add_argument("text", nargs="?", default="", help="a part of the patient's name, or a whole identifier")
    parser.add_argument("--date", default="", metavar="YYYYMMDD[-YYYYMMDD]", help="day or range of days of the study")
    parser.add_argument("--modality", default="", metavar="CT", help="a modality of the study")
    parser.add_argument("--limit", type=int, default=50, help="at most this many (50)")
    parser.add_argument("--json", action="store_true", help="print JSON, study instance UIDs included")


def run(options: argparse.Namespace) -> int:
    """Print the studies that match."""
    answer = Client(options.home).call_signed_in(
        "find", text=options.text, date=options.date, modality=options.modality, limit=options.limit
    )
    if options.json:
        speech.say(pretty(answer["studies"]))
    else:
        speech.table(answer["studies"], _COLUMNS)
    return 0
