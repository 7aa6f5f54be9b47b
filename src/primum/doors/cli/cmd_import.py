"""`primum import PLACE`."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path
from typing import Any

from primum.doors.cli import speech
from primum.doors.cli.client import Client

NAMED = 20
"""Files that are not DICOM named one by one; the others are in the count."""
_SEALED = frozenset({"import.passphrase-needed", "vault.zip-passphrase"})
TRIES = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the place."""
    parser.add_argument("folder", type=Path, metavar="PLACE", help="a folder, ZIP, disc image (ISO), DICOMDIR or file")
    parser.add_argument(
        "--controller", default="", metavar="NAME", help="whose studies these are (needed where several share the site)"
    )


def run(options: argparse.Namespace) -> int:
    """Import, with a progress bar; exit with 1 where a file was refused."""
    passphrase = ""
    for tries in range(TRIES + 1):
        try:
            return _import(options, passphrase)
        except speech.Refused as refusal:
            if refusal.facts["remote_code"] not in _SEALED or tries == TRIES:
                raise
            passphrase = ask_passphrase()
    raise AssertionError


def _import(options: argparse.Namespace, passphrase: str) -> int:
    bar = speech.Bar("files")
    left = 0

    def progress(facts: dict[str, Any]) -> None:
        nonlocal left
        if "done" in facts:
            bar.show(facts["done"], facts["total"])
        elif "left" in facts:
            left += 1
            if left <= NAMED:
                speech.note(speech.printable(f"{facts['file']}: not DICOM ({facts['left']})"))
        else:
            speech.note(speech.printable(f"{facts['file']}: {facts['fact']} [{facts['code']}]"))

    answer = Client(options.home).call_signed_in(
        "import",
        progress=progress,
        folder=str(options.folder.resolve()),
        controller=options.controller,
        passphrase=passphrase,
    )
    bar.end(answer["sentence"])
    return 1 if answer["refused"] or answer["missing"] else 0


def ask_passphrase() -> str:
    """Ask for the passphrase of an archive; without a terminal, read one line from standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    return getpass.getpass("passphrase of the archive: ")
