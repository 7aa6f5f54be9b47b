"""`primum erase STUDY`, and `primum erase approve|refuse|certificate ID`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import ClassVar

from primum.doors.cli import speech
from primum.doors.cli.client import Client, pretty
from primum.ground.errors import PrimumError

REASONS = [
    "retention", "no-longer-needed", "data-subject-right", "wrong-patient", "stored-by-error", "court-order",
]  # fmt: skip
_ABOUT = ("approve", "refuse", "certificate")


class NoReason(PrimumError):
    """An erasure needs a reason."""

    code: ClassVar[str] = "cli.no-reason"
    hint: ClassVar[str] = "--reason with one of the words that primum erase --help lists"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take a study to propose, or an erasure to decide about."""
    parser.add_argument("what", metavar="STUDY|approve|refuse|certificate", help="a StudyInstanceUID or reference")
    parser.add_argument("id", nargs="?", default="", metavar="ID", help="the erasure to approve, refuse or certify")
    parser.add_argument("--reason", choices=REASONS, help="why; the last four count though it must still be kept")
    part = parser.add_mutually_exclusive_group()
    part.add_argument("--series", default="", metavar="UID", help="only this series; the rest is kept")
    part.add_argument("--instance", default="", metavar="UID", help="only this instance; the rest is kept")
    parser.add_argument("--note", default="", metavar="TEXT", help="a sentence for who decides; it goes with the study")
    parser.add_argument("--language", choices=["fr", "en"], default="", help="of a certificate")
    parser.add_argument("--json", action="store_true", help="the certificate as JSON")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the certificate to a new file")


def run(options: argparse.Namespace) -> int:
    """Propose or decide. Nothing is erased by this command itself."""
    client = Client(options.home)
    if options.what in _ABOUT:
        answer = client.call_signed_in(f"erase_{options.what}", id=options.id, language=options.language)
    elif options.reason is None:
        raise NoReason
    else:
        answer = client.call_signed_in(
            "erase", study=options.what, reason=options.reason, series=options.series, instance=options.instance,
            note=options.note,
        )  # fmt: skip
    text = pretty(answer["certificate"]) if options.json and "certificate" in answer else "\n".join(answer["lines"])
    if options.output is not None and "certificate" in answer:
        with options.output.open("x", encoding="utf-8") as file:
            file.write(text + "\n")
        return 0
    speech.say(text)
    return 0
