"""`primum dose STUDY` and `primum dose --practice`."""

from __future__ import annotations

import argparse
from typing import ClassVar

from primum.doors.cli import speech
from primum.doors.cli.client import Client, pretty
from primum.ground.errors import PrimumError

_COLUMNS = ["kind", "of", "protocol", "region", "age", "measure", "unit", "number", "median", "p75", "low", "high",
            "reference"]  # fmt: skip


class WhatDose(PrimumError):
    """A study has to be named, or the practice asked for."""

    code: ClassVar[str] = "cli.what-dose"
    hint: ClassVar[str] = "primum dose STUDY, or primum dose --practice"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take a study, or the practice with a period."""
    parser.add_argument("study", nargs="?", default="", help="a study, by its reference or its UID")
    parser.add_argument("--practice", action="store_true", help="medians of the practice, beside reference levels")
    parser.add_argument("--since", default="", metavar="YYYY-MM-DD", help="first day (a year before the last)")
    parser.add_argument("--until", default="", metavar="YYYY-MM-DD", help="last day (today)")
    parser.add_argument("--json", action="store_true", help="print JSON; of a study, its events too")


def run(options: argparse.Namespace) -> int:
    """Show one or the other."""
    if bool(options.study) == options.practice:
        raise WhatDose
    client = Client(options.home)
    if options.practice:
        answer = client.call_signed_in("dose_practice", since=options.since, until=options.until)
    else:
        answer = client.call_signed_in("dose_study", study=options.study)
    if options.json:
        speech.say(pretty(answer))
    elif options.practice:
        speech.table(answer["lines"], _COLUMNS)
        speech.note(f"studies with a dose report, {answer['since']} to {answer['until']}: {answer['studies']}")
        if answer["cut"]:
            speech.note("there is more than is counted: choose a shorter period")
    else:
        rows = [{"what": name, "value": value} for name, value in answer["totals"].items()]
        speech.table([*rows, {"what": "events", "value": str(answer["events"])}], ["what", "value"])
        if answer["listed"]:
            names = dict.fromkeys(name for one in answer["listed"] for name in one)
            speech.say()
            speech.table(answer["listed"], list(names))
        for doubt in answer["doubts"]:
            speech.note(f"read in part: {doubt}")
        if answer["waiting"]:
            speech.note("a dose report came and is still to be read")
    return 0
