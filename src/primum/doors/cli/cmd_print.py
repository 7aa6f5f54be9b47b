"""`primum print STUDY --to FILE`."""

from __future__ import annotations

import argparse
from pathlib import Path

from primum.doors.cli import cmd_export


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take a study and a file."""
    parser.add_argument("studies", nargs=1, metavar="STUDY", help="its Study Instance UID (primum find shows it)")
    parser.add_argument("--to", type=Path, required=True, metavar="FILE", help="the file to write; it must not exist")
    parser.add_argument("--series", default="", metavar="UID", help="of this series alone")
    parser.add_argument("--most", type=int, default=24, metavar="N", help="images at most, chosen evenly (24)")
    cmd_export.add_sealing(parser)


def run(options: argparse.Namespace) -> int:
    """Print, with a progress bar; show the passphrase once."""
    return cmd_export.write(options, "print", "images", series=options.series, most=options.most)
