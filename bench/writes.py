"""Ways to put a record of 528 KiB on disc: `python -m bench.writes [--count N] [--folder FOLDER] [--json]`.

Each record is written in every way in turn, durable at return (O_DIRECT, O_DSYNC), and timed by itself. What the vault
does is the first: one write that makes the pack longer.
"""

from __future__ import annotations

import argparse
import mmap
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles

from bench.results import Place, Table, say, show, told
from primum.ground.disc import RealDisc

SIZE = 528 * 1024
_HUGE = 2 << 20
Write = Callable[[int], None]


def buffer(*, huge: bool) -> memoryview:
    """Return a record's worth of memory, filled, at the beginning of a large page if it is in one."""
    made = mmap.mmap(-1, 2 * _HUGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if huge:
        made.madvise(mmap.MADV_HUGEPAGE)
    view = memoryview(made)
    view[:] = secrets.token_bytes(len(view))
    return view[:SIZE]


def ways(folder: Path, count: int) -> dict[str, Write]:
    """Prepare a file for each way, and give what writes the nth record."""
    disc, small, large = RealDisc(), buffer(huge=False), buffer(huge=True)

    def made(name: str) -> int:
        return disc.create(folder / name, durable=True, direct=True).fd

    longer, big, halves, zeroed, kept = (made(name) for name in ("longer", "big", "halves", "zeroed", "kept"))
    zeros = memoryview(mmap.mmap(-1, SIZE))
    for number in range(count):
        os.pwrite(zeroed, zeros, number * SIZE)
    os.posix_fallocate(kept, 0, count * SIZE)
    os.fsync(kept)
    half = SIZE // 2

    def in_halves(number: int) -> None:
        os.pwrite(halves, small[:half], number * SIZE)
        os.pwrite(halves, small[half:], number * SIZE + half)

    return {
        "one write that makes the file longer": lambda number: _all(longer, small, number),
        "the same from large pages of memory": lambda number: _all(big, large, number),
        "two writes of a half": in_halves,
        "over zeros that were written before": lambda number: _all(zeroed, small, number),
        "over room that was reserved before": lambda number: _all(kept, small, number),
    }


def _all(fd: int, data: memoryview, number: int) -> None:
    os.pwrite(fd, data, number * SIZE)


def measure(folder: Path, count: int) -> dict[str, list[float]]:
    """Return milliseconds of each write by its way."""
    every = ways(folder, count)
    took: dict[str, list[float]] = {name: [] for name in every}
    for number in range(count):
        for name, write in every.items():
            began = time.perf_counter()
            write(number)
            took[name].append(1000 * (time.perf_counter() - began))
        if number % 100 == 0:
            say(f"{number}/{count}")
    return took


def as_table(took: dict[str, list[float]]) -> Table:
    """Return medians and deciles."""
    rows = []
    for name, values in took.items():
        tenths = quantiles(values, n=10)
        rows.append([name, f"{median(values):.2f}", f"{tenths[0]:.2f}", f"{tenths[-1]:.2f}"])
    return Table(["a record of 528 KiB", "median, ms", "a tenth is below", "a tenth is above"], rows)


def main(arguments: list[str] | None = None) -> int:
    """Measure and tell."""
    parser = argparse.ArgumentParser(prog="python -m bench.writes", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--count", type=int, default=400, help="records (400)")
    parser.add_argument("--folder", type=Path, help="where to write (the folder of temporary files)")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    chosen = parser.parse_args(arguments)
    begun = Place()
    with tempfile.TemporaryDirectory(prefix="writes-", dir=chosen.folder) as name:
        took = measure(Path(name), chosen.count)
    show(told("writes", begun, quick=False, tables=[as_table(took)]), as_json=chosen.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
