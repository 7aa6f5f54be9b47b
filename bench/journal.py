"""How many facts a second, on the disc of this folder: `PYTHONPATH=src python bench/journal.py [FOLDER]`."""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from pathlib import Path

from primum.ground.clock import SystemClock
from primum.ground.disc import RealDisc
from primum.ground.ids import new_id, token128
from primum.journal import Fact, Journal, Kind, Signer
from primum.journal.verify import verify

COUNT = 2000


def measure(journal: Journal, fact: Fact, threads: int) -> float:
    """Return facts a second, each of `threads` recording COUNT."""

    def work() -> None:
        for _ in range(COUNT):
            journal.record(fact)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    begun = time.perf_counter()
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    journal.flush()
    return threads * COUNT / (time.perf_counter() - begun)


def main() -> None:
    """Print the figures."""
    session = new_id("ses")
    viewed = Fact(Kind.STUDY_VIEWED, new_id("per"), token128(), {"session": session, "controller": new_id("ctl")})
    stored = Fact(Kind.STUDY_STORED, new_id("dev"), token128(), {"instances": 120, "bytes": 63_000_000})
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as name:
        folder, home = Path(name), new_id("hom")
        signer = Signer(folder, b"\x00" * 32, home, SystemClock(), RealDisc())
        with Journal(folder, "web", SystemClock(), RealDisc(), home) as journal:
            for threads in (1, 4, 16):
                sys.stdout.write(f"durable, {threads} threads: {measure(journal, viewed, threads):.0f} facts/s\n")
            sys.stdout.write(f"others, 1 thread: {measure(journal, stored, 1):.0f} facts/s\n")
        begun = time.perf_counter()
        signer.sign_heads()
        sys.stdout.write(f"first signing of all of it: {time.perf_counter() - begun:.2f} s\n")
        begun = time.perf_counter()
        report = verify(folder, signer.verifier_key)
        rate = report.lines / (time.perf_counter() - begun)
        sys.stdout.write(f"verify: {rate:.0f} lines/s, {len(report.illnesses)} illnesses\n")


if __name__ == "__main__":
    main()
