"""Asking the person at the terminal: yes, a passphrase; without a terminal, one line of standard input each."""

from __future__ import annotations

import getpass
import sys

from primum.doors.cli import speech
from primum.exposure.mandates.errors import NotConfirmed


def confirmed(question: str) -> None:
    """Return when the answer is yes. Raises NotConfirmed."""
    if sys.stdin.isatty():
        speech.note(f"{question} (yes/no)")
    if sys.stdin.readline().strip().lower() not in {"yes", "oui"}:
        raise NotConfirmed


def secret(prompt: str) -> str:
    """Ask for something that is not to be seen."""
    return getpass.getpass(f"{prompt}: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")


def line(prompt: str) -> str:
    """Ask for a line."""
    if sys.stdin.isatty():
        speech.note(f"{prompt}:")
    return sys.stdin.readline().rstrip("\n")
