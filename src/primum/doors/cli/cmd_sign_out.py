"""`primum sign-out`."""

from __future__ import annotations

import argparse

from primum.doors.cli import speech
from primum.doors.cli.client import Client


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Take no option."""


def run(options: argparse.Namespace) -> int:
    """End the kept session."""
    Client(options.home).sign_out()
    speech.say("signed out")
    return 0
