"""`primum migrate orthanc FOLDER`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from primum.doors.cli import speech
from primum.doors.cli.client import Client

_COLUMNS = ["study", "theirs", "ours", "missing", "checksum"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the source."""
    sources = parser.add_subparsers(dest="source", required=True, metavar="orthanc")
    orthanc = sources.add_parser("orthanc", help="from the storage folder of an Orthanc that is stopped")
    orthanc.add_argument("folder", type=Path, help="its StorageDirectory, with its index where that is SQLite")
    orthanc.add_argument("--rate", type=int, default=0, metavar="N", help="at most N images a second (no bound)")
    orthanc.add_argument("--controller", default="", metavar="NAME", help="whose studies these are")
    orthanc.add_argument("--all", action="store_true", help="print the comparison of every study")


def run(options: argparse.Namespace) -> int:
    """Migrate, with a progress bar; print each study that differs; exit with 1 where something is missing."""
    bar = speech.Bar("images")
    rows: list[dict[str, Any]] = []

    def progress(facts: dict[str, Any]) -> None:
        if "done" in facts:
            bar.show(facts["done"], facts["total"])
        elif "study" in facts:
            if options.all or not facts["well"]:
                rows.append(facts)
        elif "code" in facts:
            speech.note(speech.printable(f"{facts['file']}: {facts['fact']} [{facts['code']}]"))

    answer = Client(options.home).call_signed_in(
        "migrate_orthanc", progress=progress, folder=str(options.folder.resolve()), rate=options.rate,
        controller=options.controller,
    )  # fmt: skip
    bar.end(answer["sentence"])
    if rows:
        speech.table(rows, _COLUMNS)
    return 1 if answer["refused"] or answer["missing"] else 0
