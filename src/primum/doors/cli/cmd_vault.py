"""`primum vault check`."""

from __future__ import annotations

import argparse
from typing import Any

from primum.doors.cli import speech
from primum.doors.cli.client import Client


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take `check`."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="check")
    check = verbs.add_parser("check", help="look at every pack and key, and at the tails that were recorded")
    check.add_argument("--deep", action="store_true", help="open and hash every data set besides")


def run(options: argparse.Namespace) -> int:
    """Print each illness; exit with 1 where there is one."""
    bar = speech.Bar("packs")

    def progress(facts: dict[str, Any]) -> None:
        if "done" in facts:
            bar.show(facts["done"], facts["total"])
        else:
            speech.say(f"{facts['code']}: {facts['fact']}")

    answer = Client(options.home).call_signed_in("vault_check", progress=progress, deep=options.deep)
    bar.end(answer["sentence"])
    return 1 if answer["illnesses"] else 0
