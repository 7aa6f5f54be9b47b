"""`primum restore SOURCE --to HOME`, and `primum restore --test [SOURCE]`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from primum.doors.cli import speech
from primum.doors.cli.client import Client, ask_credentials
from primum.doors.cli.cmd_backup import MIB, listener, named
from primum.doors.cli.guards import ask_guard
from primum.ground import process
from primum.ground.errors import PrimumError

if TYPE_CHECKING:
    from primum.app.backup.destination import Credentials, Destination


class NoTarget(PrimumError):
    """A restore needs a source and an empty folder."""

    code: ClassVar[str] = "cli.no-target"
    hint: ClassVar[str] = "primum restore SOURCE --to FOLDER; or, on the running home: primum restore --test"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take source and target, or `--test`."""
    parser.add_argument(
        "source", nargs="?", default="", metavar="SOURCE",
        help="a folder, s3://BUCKET[/PREFIX] or restic:/PATH that backups were made to",
    )  # fmt: skip
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="an empty or absent folder for the restored home")
    parser.add_argument("--generation", default="", metavar="ID", help="one of primum backup --list (the newest)")
    parser.add_argument("--test", action="store_true", help="restore into a scratch folder, compare, remove it")
    parser.add_argument("--scratch", type=Path, metavar="FOLDER", help="with --test: where there is room")
    parser.add_argument("--sample", type=int, default=100, metavar="PERCENT", help="with --test: a part of the studies")
    parser.add_argument("--key-file", type=Path, help="the key file that unlocks this home")
    parser.add_argument("--recovery", action="store_true", help="unlock with the printed recovery key")
    parser.add_argument(
        "--credentials-file", type=Path, metavar="FILE", help="mode 0600: S3 key id and secret, 2 lines"
    )
    parser.add_argument("--s3-endpoint", default="", metavar="URL", help="address of the S3-compatible service")
    parser.add_argument("--s3-region", default="us-east-1", metavar="REGION")


def run(options: argparse.Namespace) -> int:
    """Restore, or test."""
    if options.test:
        return _test(options)
    if not options.source or options.to is None:
        raise NoTarget
    return _restore(options)


def _test(options: argparse.Namespace) -> int:
    bar = speech.Bar("MiB")
    answer = Client(options.home).call_signed_in(
        "backup_test", progress=listener(bar), to=named(options.source), generation=options.generation,
        percent=options.sample, scratch=str(options.scratch.absolute()) if options.scratch else "",
    )  # fmt: skip
    bar.end(answer["sentence"])
    return 0


def _restore(options: argparse.Namespace) -> int:
    from primum.app.backup.destination import S3Service, parse_destination  # noqa: PLC0415 (only a restore needs it)
    from primum.app.backup.recovery import recover  # noqa: PLC0415

    process.harden()
    source = parse_destination(named(options.source))
    credentials = _credentials(source, options.credentials_file)
    guard = ask_guard(options.key_file, recovery=options.recovery)
    bar = speech.Bar("MiB")
    service = S3Service(options.s3_endpoint, options.s3_region)
    told = recover(
        source, service, credentials, guard, options.to.absolute(), options.generation,
        lambda done, total: bar.show(done // MIB, max(1, total // MIB)),
    )  # fmt: skip
    bar.end(told[0])
    for line in told[1:]:
        speech.say(line)
    speech.say(f"Next: primum --home {options.to.absolute()} up")
    return 0


def _credentials(source: Destination, file: Path | None) -> Credentials | None:
    from primum.app.backup.destination import Credentials, read_credentials  # noqa: PLC0415

    if source.kind == "folder":
        return None
    if file is not None:
        return read_credentials(file, source)
    given = ask_credentials(["key_id", "password"] if source.kind == "s3" else ["password"])
    return Credentials(given["password"], given.get("key_id", ""))
