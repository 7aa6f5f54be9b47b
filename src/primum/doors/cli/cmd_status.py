"""`primum status`: what is running on this home, without signing in, and without a word on any patient."""

from __future__ import annotations

import argparse

from primum.doors.cli import speech
from primum.doors.cli.client import Client, pretty


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take `--json`."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> int:
    """Print the daemon's status."""
    status = Client(options.home).call("status")
    if options.json:
        speech.say(pretty(status))
    else:
        for key, value in status.items():
            speech.say(f"{key.replace('_', ' ')}: {value}")
    return 0
