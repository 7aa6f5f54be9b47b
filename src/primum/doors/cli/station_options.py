"""`primum check --station`: the file for somebody's own computer, and its result. Options and answers of cmd_check."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from primum.doors.cli import speech
from primum.doors.cli.client import Client, pretty

GOOD, BAD, UNSETTLED = 0, 1, 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take what concerns stations."""
    parser.add_argument("--station", action="store_true", help="about doctors' own computers; alone: list them")
    parser.add_argument("--one-file", type=Path, metavar="FILE", help="with --station: write the file to run there")
    parser.add_argument("--name", default="", metavar="NAME", help="with --one-file: what the computer is called here")
    parser.add_argument("--read", type=Path, metavar="FILE", help="with --station: take the result that it wrote")
    parser.add_argument("--remove", default="", metavar="ID", help="with --station: it is used no more")


def run(options: argparse.Namespace) -> int:
    """Do as asked. Status 0 good, 1 something to mend, 3 not known or too long ago."""
    client = Client(options.home)
    if options.one_file is not None:
        from primum.exposure.station.building import write  # noqa: PLC0415 (the whole probe, for a file alone)

        plan = client.call_signed_in("station_issue", name=options.name, language=options.language)["plan"]
        write(options.one_file, plan)
        speech.say(f"run it there: python3 {options.one_file.name} (Python 3.11 or later); then bring its result back")
        return GOOD
    if options.read is not None:
        text = _text(options.read)
        return _said([client.call_signed_in("station_read", text=text, language=options.language)], options)
    if options.remove:
        client.call_signed_in("station_remove", id=options.remove)
        return GOOD
    return _said(client.call_signed_in("station_list", language=options.language)["stations"], options)


def _said(stations: list[dict[str, Any]], options: argparse.Namespace) -> int:
    if options.json:
        speech.say(pretty({"stations": stations}))
    for one in [] if options.json else stations:
        late = "" if one["counts"] else "  (no check that counts)"
        speech.say(f"{one['name']}  {one['id']}  {one['checked_at'] or 'never'}{late}")
        for line in one["lines"]:
            speech.say(f"  {line}")
    if any(one["bad"] for one in stations):
        return BAD
    settled = stations and all(one["counts"] and not one["undetermined"] for one in stations)
    return GOOD if settled else UNSETTLED


def _text(path: Path) -> str:
    from primum.exposure.station.reading import MOST_BYTES, BadResult  # noqa: PLC0415

    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    try:
        return data.decode("ascii")
    except UnicodeDecodeError:
        raise BadResult from None
