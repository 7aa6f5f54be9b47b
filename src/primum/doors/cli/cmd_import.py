"""`primum import FOLDER`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from primum.doors.cli import speech
from primum.doors.cli.client import Client


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the folder."""
    parser.add_argument("folder", type=Path, help="a folder of DICOM files, searched with all its subfolders")
    parser.add_argument(
        "--controller", default="", metavar="NAME", help="whose studies these are (needed where several share the site)"
    )


def run(options: argparse.Namespace) -> int:
    """Import, with a progress bar; exit with 1 where a file was refused."""
    bar = speech.Bar("files")

    def progress(facts: dict[str, Any]) -> None:
        if "done" in facts:
            bar.show(facts["done"], facts["total"])
        else:
            speech.note(speech.printable(f"{facts['file']}: {facts['fact']} [{facts['code']}]"))

    answer = Client(options.home).call_signed_in(
        "import", progress=progress, folder=str(options.folder.resolve()), controller=options.controller
    )
    bar.end(answer["sentence"])
    return 1 if answer["refused"] else 0
