"""`primum init`: a new real home, its guards, and the recovery key that is printed once."""

from __future__ import annotations

import argparse
from pathlib import Path

from primum.doors.cli import speech
from primum.doors.cli.guards import make_guard


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the kind of guard, and who is responsible."""
    parser.add_argument(
        "--key-file", type=Path, help="guard the keys by this file (made when absent), not a passphrase"
    )
    parser.add_argument("--name", default="Docteur", help="full name of the first person: physician, administrator")
    parser.add_argument("--login", default="docteur", help="their login (docteur)")
    parser.add_argument(
        "--controller", default="", metavar="NAME", help="the controller (GDPR art. 4(7)): doctor or company"
    )


def run(options: argparse.Namespace) -> int:
    """Make the home."""
    from primum.app.birth import First, birth  # noqa: PLC0415 (heavy, and no other command needs it)

    guard = make_guard(options.key_file)
    first = First(options.name, options.login, options.controller or options.name)
    born = birth(options.home, "real", guard, first)
    speech.say(f"A new home is in {options.home}.")
    speech.say()
    speech.say("Recovery key (an age identity). Print it, lock it away from this machine; it is not kept anywhere:")
    speech.say()
    speech.say(f"    {born.recovery_key}")
    speech.say()
    speech.say(f"Next: primum --home {options.home} up")
    return 0
