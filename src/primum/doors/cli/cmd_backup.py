"""`primum backup [DEST]`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from primum.doors.cli import speech
from primum.doors.cli.client import Client, ask_credentials

MIB = 1 << 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the destination, and what to do there."""
    parser.add_argument(
        "to", nargs="?", default="", metavar="DEST",
        help="a folder, s3://BUCKET[/PREFIX] or restic:/PATH (default: the setting backup_to)",
    )  # fmt: skip
    parser.add_argument("--limit-rate", type=int, default=0, metavar="MIB", help="at most so many MiB a second")
    parser.add_argument("--new", action="store_true", help="begin anew where former backups are gone")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--list", action="store_true", help="list the generations that are there")
    what.add_argument(
        "--credentials", action="store_true",
        help="seal the key id and secret of S3, or restic's password (typed, or one line each on stdin)",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Make a backup, with a progress bar; exit with 1 where something was not as it must be."""
    client, to = Client(options.home), named(options.to)
    if options.list:
        return _say(client.call_signed_in("backup_list", to=to))
    if options.credentials:
        given = ask_credentials(["key_id", "password"] if to.startswith("s3:") else ["password"])
        secret, key_id = given["password"], given.get("key_id", "")
        return _say(client.call_signed_in("backup_credentials", to=to, secret=secret, key_id=key_id))
    bar = speech.Bar("MiB")
    answer = client.call_signed_in(
        "backup_make", progress=listener(bar), to=to, mib_a_second=options.limit_rate, new=options.new
    )
    bar.end(answer["sentence"])
    _say(answer)
    return 1 if answer["illnesses"] else 0


def named(to: str) -> str:
    """Name a folder from the root on; the daemon stands elsewhere."""
    if not to or to.startswith(("s3:", "restic:/")):
        return to
    prefix = "restic:" if to.startswith("restic:") else ""
    return prefix + str(Path(to.removeprefix(prefix)).absolute())


def listener(bar: speech.Bar) -> Any:  # noqa: ANN401
    """Draw the bar in MiB; print what is not as it must be."""

    def progress(facts: dict[str, Any]) -> None:
        if "done" in facts:
            bar.show(facts["done"] // MIB, max(1, facts["total"] // MIB))
        else:
            speech.note(f"{facts['code']}: {facts['fact']}")

    return progress


def _say(answer: dict[str, Any]) -> int:
    for line in answer["lines"]:
        speech.say(line)
    return 0
