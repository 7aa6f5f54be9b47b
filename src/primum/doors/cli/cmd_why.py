"""`primum why WHO ACTION WHAT`: prints the rule that decides."""

from __future__ import annotations

import argparse

from primum.doors.cli import speech
from primum.doors.cli.client import Client


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take who, what they would do, and to what."""
    parser.add_argument("who", metavar="WHO", help="a person's login")
    parser.add_argument(
        "action", metavar="ACTION", help="a permission, such as study:open (docs/reference/permissions.md)"
    )
    parser.add_argument("what", metavar="WHAT", nargs="?", default="site", help="a study instance UID, or 'site'")


def run(options: argparse.Namespace) -> int:
    """Print the decision and its rule; exit with 0 whatever the decision is."""
    answer = Client(options.home).call_signed_in("why", who=options.who, action=options.action, what=options.what)
    speech.say(answer["sentence"])
    return 0
