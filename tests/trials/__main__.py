"""`python -m tests.trials`: networks are put up, and the probe scored on them; `--confirm`: the table is, by others."""

from __future__ import annotations

import argparse
import json
import sys

from tests.trials import confirming, stage
from tests.trials.table import LINES

CANNOT = 77
"""Exit status where there can be no trials on this machine, as test programs have it."""


def main() -> int:
    """Run."""
    parser = argparse.ArgumentParser(prog="python -m tests.trials", description=__doc__)
    parser.add_argument("--confirm", action="store_true", help="compare the table with what other clients can do")
    parser.add_argument("--lines", default="", metavar="KIND/SETTING,…", help="with --confirm: these alone")
    parser.add_argument("--jobs", type=int, default=4, help="networks that are up together (4)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    try:
        return _confirm(given)
    except stage.CannotBeHeld as cannot:
        print(f"trials: {cannot}", file=sys.stderr)
        return CANNOT


def _confirm(given: argparse.Namespace) -> int:
    names = [one for one in given.lines.split(",") if one] or list(LINES)
    with stage.opened(names) as opened:
        wrong = confirming.confirm(opened, names, given.jobs)
    if given.json:
        print(json.dumps({"lines": names, "wrong": [one._asdict() for one in wrong]}))
    else:
        for one in wrong:
            print(f"{one.line} {one.door} {one.place}: more {one.more}, less {one.less}")
        print(f"{len(names)} lines, {len(wrong)} doors that clients see otherwise")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
