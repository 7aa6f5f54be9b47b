"""`primum keyring list|export|mail-password|rotate`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import ClassVar, Final

from primum import vault
from primum.doors.cli import speech
from primum.doors.cli.client import Client, ask_credentials
from primum.doors.cli.guards import ask_guard, ask_line, make_guard
from primum.ground.disc import RealDisc
from primum.ground.errors import PrimumError
from primum.ground.home import find_home

_END: Final = 6


class NotPrinted(PrimumError):
    """These are not the last characters of the new recovery key: nothing was changed."""

    code: ClassVar[str] = "cli.recovery-not-printed"
    hint: ClassVar[str] = "run the command again, and print what it shows before you answer"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take one of the verbs."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="list|export|mail-password|rotate")
    verbs.add_parser("list", help="print what guards the root key, and how many study keys there are")
    export = verbs.add_parser("export", help="copy the wrapped keys to a folder (useless without a guard)")
    export.add_argument("folder", type=Path, help="an empty or absent folder, on another disc for preference")

    verbs.add_parser("mail-password", help="seal the password of the submission server (typed, or one line on stdin)")
    rotate = verbs.add_parser("rotate", help="replace the root key, Primum stopped: new guard, new recovery key")
    rotate.add_argument("--key-file", type=Path, help="the key file that unlocks this home now")
    rotate.add_argument("--recovery", action="store_true", help="unlock with the printed recovery key of now")
    rotate.add_argument("--new-key-file", type=Path, help="guard by this file from now on (made when absent)")
    rotate.add_argument("--without-evidence", action="store_true", help="though a breach is open and nothing frozen")


def run(options: argparse.Namespace) -> int:
    """Do as asked."""
    if options.verb == "rotate":
        return _rotate(options)
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


def _rotate(options: argparse.Namespace) -> int:
    """Replace the root key of a home that does not run."""
    from primum.app.rotating import rotate, settle  # noqa: PLC0415 (heavy, and once in years)
    from primum.doors.cli.cmd_up import lock_home  # noqa: PLC0415

    home = find_home(options.home)
    lock = lock_home(home)
    try:
        if settle(home):
            speech.say("An earlier replacement was decided, and is finished now. Nothing else was done.")
            return 0
        old = vault.unlock(home.folder / "keyring", ask_guard(options.key_file, recovery=options.recovery))
        vault.verify_home(home.folder / "keyring", old, home.identity_bytes())
        guard, bar = make_guard(options.new_key_file), speech.Bar("study keys")
        count = rotate(home, old, guard, _show, bar.show, without_evidence=options.without_evidence)
    finally:
        RealDisc().close(lock)
    for line in (
        f"The root key is replaced: {count} study keys are wrapped anew; the former guards open this home no more.",
        "Lock the new recovery key away. Keep the former one apart: backups made until today need it.",
        "Make a backup now (primum backup): it begins anew, whole.",
        "Not replaced: the key that signs the journal, the references of studies, sealed small secrets (vault.md, 13).",
    ):
        speech.say(line)
    return 0


def _show(recovery: str) -> None:
    """Show the new recovery key, and wait until somebody types its end: it is printed, or it is not replaced."""
    speech.say("New recovery key (an age identity). Print it, lock it away from this machine; it is not kept anywhere:")
    speech.say()
    speech.say(f"    {recovery}")
    speech.say()
    if ask_line(f"its last {_END} characters, from paper: ").strip().upper() != recovery[-_END:]:
        raise NotPrinted
