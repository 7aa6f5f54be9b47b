"""`primum`: finds the command, and turns refusals into two lines and an exit status."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from pathlib import Path

from primum.doors.cli import speech
from primum.ground.errors import PrimumError
from primum.ground.home import default_folder
from primum.ground.log import places

COMMANDS = {
    "init": "make a new home, its keys and its recovery key",
    "up": "start Primum on a home",
    "status": "say what is running",
    "sign-in": "open a session for the commands that follow",
    "sign-out": "end that session",
    "person": "list, invite and grant: who may do what",
    "token": "make, list and revoke tokens for programs",
    "device": "enrol, renew, revoke the machines that send studies",
    "commitment": "list what devices asked the archive to answer for",
    "import": "take in a folder, ZIP, disc image or file of DICOM",
    "export": "write studies as a sealed medium, with a DICOMDIR",
    "print": "write images of a study as a sealed PDF, to be printed",
    "migrate": "take over another archive, study by study, and compare",
    "check": "state how this installation is, line by line, with evidence; signed",
    "backup": "copy the sealed home to a folder, an S3 bucket or a restic repository",
    "restore": "put a backup back into an empty folder, or test that it could be",
    "find": "find studies by name, identifier, date",
    "patient": "correct, merge and unmerge patients, state identities",
    "study": "correct, move and reject studies, choose versions",
    "report": "write, read and validate reports of studies",
    "forward": "where studies go by themselves once they are complete",
    "dose": "what dose reports say: of a study, or of the practice",
    "to-read": "list the studies that wait to be read",
    "send": "send a study to an enrolled device",
    "erase": "propose to erase a study or part of it; approve, refuse, certify",
    "retention": "how long studies are kept: proposals, holds, what came back",
    "probe": "ask what a stranger could do: climb the ladder of each service, read nobody's data",
    "vantage": "look from here at who is invited; be looked at from elsewhere",
    "finding": "what probes and checks found, since when, and whether it is over",
    "incident": "the file of a breach: its clock, what is known, what is asked, decisions, notices",
    "intervention": "who touched the box, the server or the network: probed before and after",
    "mandate": "who allowed which probe: give, list, withdraw, export, prove control",
    "why": "print the rule that decides WHO may do ACTION to WHAT",
    "journal": "list and verify what happened",
    "vault": "check that every sealed byte is there and unharmed",
    "keyring": "list, export and guard the keys",
    "version": "print the version",
}
"""Every command, each in the file of its name in this folder."""


def _default_home(options: argparse.Namespace) -> Path:
    # a demo never lands where somebody's real home is, or will be
    return default_folder().with_name("primum-demo") if getattr(options, "demo", False) else default_folder()


EXIT_REFUSED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


def build_parser(only: str | None = None) -> argparse.ArgumentParser:
    """Build the parser of every command (each file adds its own options).

    `only`: the one command whose options are wanted; the files of the others are not even loaded, which every start
    would pay for. Their names and sentences are there all the same.
    """
    parser = argparse.ArgumentParser(prog="primum", description="A sealed imaging archive.")
    parser.add_argument("--home", type=Path, default=None, metavar="DIR", help="the folder that holds everything")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, sentence in COMMANDS.items():
        if only is not None and name != only:
            commands.add_parser(name, help=sentence)
            continue
        module = importlib.import_module("primum.doors.cli.cmd_" + name.replace("-", "_"))
        own = commands.add_parser(name, help=sentence, description=sentence[0].upper() + sentence[1:] + ".")
        module.add_arguments(own)
        own.set_defaults(run=module.run)
    return parser


def _named(arguments: list[str]) -> str | None:
    """Find the command among the arguments; "" where there is none, None where it cannot be told so simply."""
    words = iter(arguments)
    for one in words:
        if one == "--home":
            next(words, None)
        elif not one.startswith("-"):
            return one if one in COMMANDS else None
    return ""


def run(arguments: list[str]) -> int:
    """Run one command; return its exit status."""
    options = build_parser(_named(arguments)).parse_args(arguments)
    options.home = (options.home or _default_home(options)).absolute()
    try:
        return int(options.run(options))
    except PrimumError as refusal:
        speech.complain(refusal)
        return EXIT_REFUSED
    except KeyboardInterrupt:
        speech.note("primum: error: interrupted [cli.interrupted-by-you]")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()  # whoever read us has gone: nothing more to say
        return EXIT_REFUSED
    except OSError as error:
        speech.complain(speech.SystemRefused(reason=os.strerror(error.errno or 0), path=error.filename or "no path"))
        return EXIT_REFUSED
    except Exception as error:  # noqa: BLE001 (`up` writes to the daemon's log: no message of a library belongs there)
        speech.complain(speech.Unexpected(error=type(error).__name__, where=places(error)[-1]))
        return EXIT_REFUSED
