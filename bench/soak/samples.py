"""What is looked at every ten seconds: memory, descriptors, threads, files, and the machine's other work (Linux)."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.contenders.base import CLOCK_TICKS, children_of, processor_seconds

_FILES = ("index.db", "index.db-wal", "records.db", "records.db-wal", "journal", "run")


@dataclass(frozen=True, slots=True)
class OfProcess:
    """One process: proportional set size and the part of it that no file backs (MiB), descriptors, threads."""

    pid: int
    pss: float
    anonymous: float
    descriptors: int
    sockets: int
    threads: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One look. `busy` and `others` are processor cores in use since the last look: ours, and the rest's."""

    at: float
    processes: dict[str, OfProcess]
    files: dict[str, int]
    load: float
    busy: float
    others: float


@dataclass
class Watch:
    """Looks at one home's processes and files."""

    pids: Callable[[], list[int]]
    home: Path
    now: Callable[[], float]
    samples: list[Sample] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Nothing has been seen."""
        self._before = (self.now(), 0.0, 0.0, 0.0)

    def look(self) -> None:
        """Take a sample."""
        pids = self.pids()
        at, machine = self.now(), machine_seconds()
        # what our own clients use is known: they are this process and the programs that it started and waited for
        served, asked = processor_seconds(pids), processor_seconds([os.getpid()]) + running_children(set(pids))
        then, machine_before, served_before, asked_before = self._before
        self._before = (at, machine, served, asked)
        passed = max(at - then, 1e-3)
        busy = (served - served_before) / passed
        others = max(0.0, (machine - machine_before - (served - served_before) - (asked - asked_before)) / passed)
        first = not self.samples and machine_before == 0
        if first:
            busy = others = 0.0
        self.samples.append(Sample(at, of_processes(pids), sizes(self.home), os.getloadavg()[0], busy, others))


def of_processes(pids: list[int]) -> dict[str, OfProcess]:
    """Look at each process, by name: the part that it plays, and its number among those that play it."""
    found: dict[str, OfProcess] = {}
    played: Counter[str] = Counter()
    for pid in pids:
        try:
            part = part_of(pid)
            one = _of_process(pid)
        except (OSError, StopIteration, ValueError):
            continue  # it has ended meanwhile
        played[part] += 1
        found[part if played[part] == 1 else f"{part} {played[part]}"] = one
    return found


def part_of(pid: int) -> str:
    """Name the part that one of our processes plays; the supervisor has none in its command line."""
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    return words[words.index("--child") + 1] if "--child" in words else "supervisor"


def _of_process(pid: int) -> OfProcess:
    folder = Path(f"/proc/{pid}")
    memory = {line.split(":")[0]: line.split()[1] for line in (folder / "smaps_rollup").read_text().splitlines()[1:]}
    links = [_link(one) for one in (folder / "fd").iterdir()]
    status = (folder / "status").read_text().splitlines()
    threads = next(int(line.split()[1]) for line in status if line.startswith("Threads:"))
    return OfProcess(
        pid=pid,
        pss=round(int(memory["Pss"]) / 1024, 2),
        anonymous=round(int(memory["Pss_Anon"]) / 1024, 2),
        descriptors=len(links),
        sockets=sum(one.startswith("socket:") for one in links),
        threads=threads,
    )


def _link(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except OSError:
        return ""  # closed meanwhile


def sizes(home: Path) -> dict[str, int]:
    """Return bytes of the bases, their write-ahead logs and the journal."""
    return {name: _size(home / name) for name in _FILES}


def _size(place: Path) -> int:
    try:
        if place.is_dir():
            return sum(one.stat().st_size for one in place.rglob("*") if one.is_file())
        return place.stat().st_size
    except OSError:
        return 0


def machine_seconds() -> float:
    """Return the processor time that the whole machine has used."""
    fields = [int(one) for one in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    idle = fields[3] + fields[4]
    return (sum(fields) - idle) / CLOCK_TICKS


def running_children(but: set[int]) -> float:
    """Return the processor time of programs that we started and that run still, Primum's own left out."""
    return processor_seconds([pid for pid in children_of(os.getpid())[1:] if pid not in but])
