"""`primum commitment list`."""

from __future__ import annotations

import argparse

from primum.doors.cli import speech
from primum.doors.cli.client import Client


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the verb."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="list")
    verbs.add_parser("list", help="the newest requests: of which device, of how many instances, how far")


def run(options: argparse.Namespace) -> int:
    """Do as asked."""
    answer = Client(options.home).call_signed_in("commitment_list")
    speech.table(answer["commitments"], ["id", "device", "asked_at", "instances", "failed", "state"])
    return 0
