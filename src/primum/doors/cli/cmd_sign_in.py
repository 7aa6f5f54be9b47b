"""`primum sign-in`: asks for login, password and code (one a line on standard input where nobody types)."""

from __future__ import annotations

import argparse

from primum.doors.cli import speech
from primum.doors.cli.client import Client


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Take no option: a secret is never an argument."""


def run(options: argparse.Namespace) -> int:
    """Sign in and keep the session."""
    answer = Client(options.home).sign_in()
    speech.say(f"signed in as {answer['login']}")
    return 0
