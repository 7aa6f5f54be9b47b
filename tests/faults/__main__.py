"""`python -m tests.faults --rounds N --seed S`: run faults, say what was found; exit status 1 if anything was.

With `--jobs 2`, two processes of neighbouring seeds share the rounds. What failed is written below `--kept`, with what
is needed to look at it again: `--again FILE`.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from tests.faults.homes import make_home, scratch
from tests.faults.power import Recordings
from tests.faults.rounds import SHARES, facts_of, run_share


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", choices=tuple(SHARES), nargs="+", default=tuple(SHARES))
    parser.add_argument("--kept", type=Path, default=Path("faults-kept"))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--again", type=Path)
    given = parser.parse_args(arguments)
    if given.again:
        return again(given.again)
    seeds = [given.seed + number for number in range(given.jobs)]
    share = partial(run_share, rounds=-(-given.rounds // given.jobs), kinds=tuple(given.only), kept=given.kept)
    if given.jobs == 1:
        done = [share(seeds[0])]
    else:
        with ProcessPoolExecutor(given.jobs, mp_context=get_context("spawn")) as pool:
            done = list(pool.map(share, seeds))
    for one in done:
        print(facts_of(one) if given.json else one.text())
    return 1 if any(one.failures for one in done) else 0


def again(file: Path) -> int:
    """Judge once more what failed."""
    with scratch() as place:
        recordings = Recordings({}, make_home(place / "template") / "index.db")
        case = recordings.read(file)
        print(case)
        complaints = recordings.judge(case).complaints
    for one in complaints:
        print(f"{one.what}: {one.said}")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
