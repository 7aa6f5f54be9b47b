"""`primum export STUDY… --to FILE`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from primum.doors.cli import speech
from primum.doors.cli.client import Client

_OPENS = {
    "age": "to open it: age -d FILE > FILE.zip (or .pdf), or any program that reads age files",
    "aes-zip": "to open it: 7-Zip, WinZip or any program that reads AES in ZIP",
    "clear": "it is in clear: whoever holds the medium reads it",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take studies and a file."""
    parser.add_argument("studies", nargs="+", metavar="STUDY", help="its Study Instance UID (primum find shows it)")
    parser.add_argument("--to", type=Path, required=True, metavar="FILE", help="the file to write; it must not exist")
    add_sealing(parser)


def add_sealing(parser: argparse.ArgumentParser) -> None:
    """Take how it is sealed, and why it leaves."""
    parser.add_argument(
        "--seal", choices=["age", "aes-zip", "clear"], default="",
        help="an age file (the default), a ZIP sealed with AES-256, or nothing (a permission of its own)",
    )  # fmt: skip
    parser.add_argument(
        "--recipient", action="append", default=[], metavar="AGE1…", help="seal for this age key; no passphrase then"
    )
    parser.add_argument(
        "--reason", choices=["care", "patient", "colleague", "emergency", "justice", "migration", "other"], default="",
        help="why it leaves (care); needed in clear",
    )  # fmt: skip


def how(options: argparse.Namespace) -> str:
    """Say how it is sealed: as asked, or as the file's name tells."""
    return options.seal or ("aes-zip" if options.to.suffix.lower() == ".zip" and not options.recipient else "age")


def run(options: argparse.Namespace) -> int:
    """Export, with a progress bar; show the passphrase once."""
    return write(options, "export", "images")


def write(options: argparse.Namespace, verb: str, label: str, **more: str | int) -> int:
    """Ask for the verb that writes a file, and say what opens it."""
    bar = speech.Bar(label)

    def progress(facts: dict[str, Any]) -> None:
        bar.show(facts["done"], facts["total"])

    answer = Client(options.home).call_signed_in(
        verb, progress=progress, studies=options.studies, to=str(options.to.absolute()), seal=how(options),
        recipients=options.recipient, reason=options.reason, **more,
    )  # fmt: skip
    bar.end(answer["sentence"])
    speech.note(_OPENS[answer["sealed"]])
    if answer["passphrase"]:
        speech.note("The passphrase, shown this once; say it separately, never beside the medium:")
        speech.say(answer["passphrase"])
    return 0
