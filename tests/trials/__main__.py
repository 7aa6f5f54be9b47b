"""`python -m tests.trials`: networks are put up, and the probe scored on them; `--confirm`: the table is, by others."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.trials import confirming, scoring, stage
from tests.trials.table import LINES

EMPTY_SECONDS = 60
"""For a /24 in which hardly anybody is."""
CANNOT = 77
"""Exit status where there can be no trials on this machine, as test programs have it."""


def main() -> int:
    """Run."""
    parser = argparse.ArgumentParser(prog="python -m tests.trials", description=__doc__)
    parser.add_argument("--seeds", default="", metavar="A..B", help="the seeds to score, both ends included")
    parser.add_argument("--confirm", action="store_true", help="compare the table with what other clients can do")
    parser.add_argument("--empty", action="store_true", help="probe a /24 in which hardly anybody is, and say how long")
    parser.add_argument("--lines", default="", metavar="KIND/SETTING,…", help="with --confirm: these alone")
    parser.add_argument("--jobs", type=int, default=8, help="networks that are up together (8)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write that object to a file besides")
    given = parser.parse_args()
    if not (given.confirm or given.seeds or given.empty):
        parser.error("one of --seeds, --confirm, --empty")
    try:
        return _run(given)
    except stage.CannotBeHeld as cannot:
        print(f"trials: {cannot}", file=sys.stderr)
        return CANNOT


def _run(given: argparse.Namespace) -> int:
    names = [one for one in given.lines.split(",") if one] or list(LINES)
    seeds = _seeds(given.seeds)
    told: dict[str, Any] = {}
    needed = () if seeds else names if given.confirm else scoring.FEW
    with stage.opened(needed) as opened:
        if given.confirm:
            wrong = confirming.confirm(opened, names, given.jobs)
            told |= {"lines": names, "wrong": [one._asdict() for one in wrong]}
        if seeds:
            began = time.monotonic()
            if not given.json:
                print(HEAD, flush=True)
            scores = scoring.score_all(opened, seeds, given.jobs, lambda one: None if given.json else _show(one))
            told |= {"seeds": [one.as_json() for one in scores], "seconds": round(time.monotonic() - began, 1)}
        if given.empty:
            told["empty"] = asdict(scoring.empty(opened)) | {"bound": EMPTY_SECONDS}
    if given.out is not None:
        given.out.write_text(json.dumps(told, indent=1) + "\n", "ascii")
    if given.json:
        print(json.dumps(told))
    else:
        _sum_up(told)
    return 0 if _right(told) else 1


def _right(told: dict[str, Any]) -> bool:
    right = not told.get("wrong") and all(one["right"] for one in told.get("seeds", []))
    return right and ("empty" not in told or told["empty"]["seconds"] < EMPTY_SECONDS)


HEAD = "  seed  hosts  holes  found  missed  false  beyond  seconds"


def _seeds(text: str) -> list[int]:
    """Read `0..29`, or `7`, or `3,5,8..9`."""
    found: list[int] = []
    for part in filter(None, text.split(",")):
        low, _, high = part.partition("..")
        found += range(int(low), int(high or low) + 1)
    return found


def _show(one: scoring.Score) -> None:
    """Print the line of a seed, and what was wrong with it."""
    sums = [sum(len(getattr(view, name)) for view in one.views) for name in ("found", "missed", "false", "beyond")]
    cells = "".join(f"{cell:>8}" for cell in sums)
    print(
        f"{one.seed:>6}{one.hosts:>7}{one.holes:>7}{cells[1:]}{one.seconds:>9.1f}{'' if one.right() else '  WRONG'}",
        flush=True,
    )
    if one.right():
        return
    print(f"        {' '.join(one.lines)} {one.trouble}")
    for view in one.views:
        for name in ("missed", "false", "passed_over", "beyond", "canaries"):
            for item in getattr(view, name):
                print(f"        {view.place} {name}: {item if isinstance(item, str) else ' '.join(map(str, item))}")
        print(f"        {view.place}: status {view.status}, {view.verdict}, {view.seconds} s {view.said}", flush=True)


def _sum_up(told: dict[str, Any]) -> None:
    if "wrong" in told:
        for one in told["wrong"]:
            print(f"{one['line']} {one['door']} {one['place']}: more {one['more']}, less {one['less']}")
        print(f"{len(told['lines'])} lines of the table, {len(told['wrong'])} doors that other clients see otherwise")
    if "empty" in told:
        one = told["empty"]
        print(f"{one['hosts']} machines on {one['addresses']} addresses: {one['seconds']:.1f} s, of {EMPTY_SECONDS}")
    if "seeds" in told:
        views = [view for one in told["seeds"] for view in one["views"]]
        found, missed, false = (sum(len(view[name]) for view in views) for name in ("found", "missed", "false"))
        right = sum(one["right"] for one in told["seeds"])
        recall, precision = found / max(1, found + missed), found / max(1, found + false)
        print(f"{len(told['seeds'])} seeds, {right} right; recall {recall:.4f}, precision {precision:.4f}; "
              f"{sum(len(view['beyond']) for view in views)} packets beyond; {told['seconds']} s")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
