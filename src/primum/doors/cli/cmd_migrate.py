"""`primum migrate orthanc FOLDER`, `primum migrate device NAME`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from primum.doors.cli import speech
from primum.doors.cli.client import Client

_COLUMNS = ["study", "theirs", "ours", "missing", "checksum", "reason"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the source."""
    sources = parser.add_subparsers(dest="source", required=True, metavar="orthanc|device")
    orthanc = sources.add_parser("orthanc", help="from the storage folder of an Orthanc that is stopped")
    orthanc.add_argument("folder", type=Path, help="its StorageDirectory, with its index where that is SQLite")
    orthanc.add_argument("--rate", type=int, default=0, metavar="N", help="at most N images a second (no bound)")
    orthanc.add_argument("--controller", default="", metavar="NAME", help="whose studies these are")
    orthanc.add_argument("--all", action="store_true", help="print the comparison of every study")
    device = sources.add_parser("device", help="from an enrolled archive that is asked by C-FIND and C-MOVE")
    device.add_argument("name", help="its name; it must know our AE title as a destination of its C-MOVE")
    device.add_argument("--rate", type=int, default=0, metavar="N", help="at most N studies a minute (no bound)")
    device.add_argument("--all", action="store_true", help="print the comparison of every study")


def run(options: argparse.Namespace) -> int:
    """Migrate, with a progress bar; print each study that differs; exit with 1 where something is missing."""
    bar = speech.Bar("studies" if options.source == "device" else "images")
    rows: list[dict[str, Any]] = []

    def progress(facts: dict[str, Any]) -> None:
        if "done" in facts:
            bar.show(facts["done"], facts["total"])
        elif "study" in facts:
            if options.all or not facts["well"]:
                rows.append(facts)
        elif "code" in facts:
            speech.note(speech.printable(f"{facts['file']}: {facts['fact']} [{facts['code']}]"))

    client = Client(options.home)
    if options.source == "device":
        answer = client.call_signed_in("migrate_device", progress=progress, device=options.name, rate=options.rate)
    else:
        answer = client.call_signed_in(
            "migrate_orthanc", progress=progress, folder=str(options.folder.resolve()), rate=options.rate,
            controller=options.controller,
        )  # fmt: skip
    bar.end(answer["sentence"])
    if rows:
        speech.table(rows, [one for one in _COLUMNS if one in rows[0]])
    return 1 if answer["refused"] or answer["missing"] else 0
