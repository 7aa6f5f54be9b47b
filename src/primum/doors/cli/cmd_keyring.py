"""`primum keyring list|export|mail-password`."""

from __future__ import annotations

import argparse
from pathlib import Path

from primum.doors.cli import speech
from primum.doors.cli.client import Client, ask_credentials


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take one of the verbs."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="list|export|mail-password")
    verbs.add_parser("list", help="print what guards the root key, and how many study keys there are")
    export = verbs.add_parser("export", help="copy the wrapped keys to a folder (useless without a guard)")
    export.add_argument("folder", type=Path, help="an empty or absent folder, on another disc for preference")

    verbs.add_parser("mail-password", help="seal the password of the submission server (typed, or one line on stdin)")


def run(options: argparse.Namespace) -> int:
    """Do as asked."""
    client = Client(options.home)
    if options.verb == "export":
        answer = client.call_signed_in("keyring_export", folder=str(options.folder.resolve()))
    elif options.verb == "mail-password":
        answer = client.call_signed_in("mail_password", password=ask_credentials(["password"])["password"])
    else:
        answer = client.call_signed_in("keyring_list")
    for line in answer["lines"]:
        speech.say(line)
    return 0
