"""`primum version`."""

from __future__ import annotations

import argparse

from primum import __version__
from primum.doors.cli import speech


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Take no option."""


def run(_options: argparse.Namespace) -> int:
    """Print the version."""
    speech.say(f"primum {__version__}")
    return 0
