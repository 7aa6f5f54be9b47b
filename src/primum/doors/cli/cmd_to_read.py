"""`primum to-read`: the studies that wait to be read, the urgent first, then the oldest."""

from __future__ import annotations

import argparse

from primum.doors.cli import speech
from primum.doors.cli.client import Client, pretty

_COLUMNS = ["study", "modality", "station", "since", "urgent", "new", "reader"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take what narrows the list."""
    parser.add_argument("--modality", default="", metavar="CT", help="only studies with such a series")
    parser.add_argument("--station", default="", metavar="NAME", help="only studies made at this station")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Print the list."""
    answer = Client(options.home).call_signed_in("to_read_list", modality=options.modality, station=options.station)
    if options.json:
        speech.say(pretty(answer["studies"]))
    else:
        speech.table(answer["studies"], _COLUMNS)
    return 0
