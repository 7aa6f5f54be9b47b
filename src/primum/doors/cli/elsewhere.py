"""Options of `primum probe` that concern a look from another connection; what they do is in probe_outside.py."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take what concerns a look from another connection."""
    parser.add_argument("--one-file", type=Path, metavar="FILE", help="write a probe to run from another connection")
    parser.add_argument(
        "--control", action="append", default=[], metavar="HOST:KEY", help="a listener that it must reach first"
    )
    parser.add_argument("--read", type=Path, metavar="FILE", help="read back the report that such a probe wrote")
    parser.add_argument("--made", type=Path, metavar="FILE", help="without a home: what was kept when it was made")
