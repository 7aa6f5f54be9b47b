"""`primum study`: correct, move, reject, choose a version. Every decision can be undone."""

from __future__ import annotations

import argparse
from typing import Any

from primum.doors.cli import speech
from primum.doors.cli.client import Client, pretty
from primum.doors.cli.decisions import decision_lines, given, say_change, why


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the verb and what it needs. A study is named by its UID or its reference."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    show = verbs.add_parser("show", help="what was decided, conflict versions, rejected instances")
    show.add_argument("study")
    show.add_argument("--json", action="store_true", help="print JSON")
    correct = verbs.add_parser("correct", help="correct what a study shows")
    correct.add_argument("study")
    correct.add_argument("--accession", default=None, help="accession number")
    correct.add_argument("--description", default=None, help="study description")
    correct.add_argument("--referrer", default=None, help="referring physician, FAMILY^GIVEN")
    why(correct)
    move = verbs.add_parser("move", help="make a study another patient's")
    move.add_argument("study")
    move.add_argument("patient", help="pat_…, or a study of theirs")
    why(move)
    reject = verbs.add_parser("reject", help="hide a study, a series or instances from ordinary use (IOCM)")
    reject.add_argument("study")
    reject.add_argument("--code", required=True, choices=["quality", "safety", "worklist", "expired"])
    reject.add_argument("--series", default=None, metavar="UID", help="one series alone")
    reject.add_argument("--instance", dest="instances", action="append", default=None, metavar="UID",
                        help="one instance alone (up to 32 times)")  # fmt: skip
    why(reject)
    choose = verbs.add_parser("choose-version", help="choose which of an instance's versions is served")
    choose.add_argument("study")
    choose.add_argument("instance", metavar="UID")
    choose.add_argument("sha256", help="as shown by `primum study show`")
    why(choose)
    undo = verbs.add_parser("undo", help="undo a decision about a study")
    undo.add_argument("study")
    undo.add_argument("decision", help="amd_… or rej_…, as shown by `primum study show`")
    why(undo)


def run(options: argparse.Namespace) -> int:
    """Do as asked."""
    answer = Client(options.home).call_signed_in(f"study_{options.verb.replace('-', '_')}", **given(options))
    if options.verb == "show":
        _show(answer, as_json=options.json)
    else:
        say_change(answer)
    return 0


def _show(answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        speech.say(pretty(answer))
        return
    speech.say(f"{answer['ref']}  {answer['date']}  {answer['description']}  of {answer['patient']}")
    for one in answer["versions"]:
        mark = "served" if one["served"] else "      "
        speech.say(f"version: {mark}  {one['instance']}  {one['sha256']}  received {one['received_at']}")
    for one in answer["rejected"]:
        speech.say(f"rejected: {one['code']}  {one['instance']}")
    decision_lines(answer["decisions"])
