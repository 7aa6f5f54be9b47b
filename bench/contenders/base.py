"""What a contender must be able to do: start on fresh storage, take studies, show that it has them, stop."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.load import Slice

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Way:
    """How a row is run: with TCP_NODELAY on both ends (or untouched programs), with TLS or in clear."""

    tuned: bool
    tls: bool

    @property
    def calling(self) -> str:
        """Return the AE title of the sender: one device with a certificate, one without."""
        return "BENCHTLS" if self.tls else "BENCH"

    def environment(self) -> dict[str, str]:
        """Return the environment of DCMTK's programs and of Orthanc, which is built on DCMTK."""
        kept = {name: value for name, value in os.environ.items() if name != "TCP_NODELAY"}
        return {**kept, "TCP_NODELAY": "1"} if self.tuned else kept


class Contender(Protocol):
    """An archive under test. One object is one run on fresh storage."""

    name: str
    title: str

    def start(self, folder: Path, way: Way) -> None:
        """Start on fresh storage in `folder`; return when a DICOM association would be accepted."""
        ...

    def target(self) -> Sequence[str]:
        """Return storescu's arguments: TLS options, titles, host and port."""
        ...

    def wrong(self, sent: Sequence[Slice]) -> list[str]:
        """Look for every instance by query, then compare its bytes by hash; return what is wrong."""
        ...

    def processes(self) -> Sequence[int]:
        """Return the process ids of which the processor time counts."""
        ...

    def stop(self) -> None:
        """End what was started."""
        ...


def children_of(pid: int) -> list[int]:
    """Return a process and all that it has started, as Linux knows them."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                found += [int(child) for child in task.read_text().split()]
            except OSError:
                continue
    return found


def processor_seconds(pids: Sequence[int]) -> float:
    """Sum the processor time, user and system, of processes and of their ended children."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
        except OSError:
            continue
        total += sum(int(fields[at]) for at in (11, 12, 13, 14))
    return total / CLOCK_TICKS


def compare(expected: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """Compare hashes by SOP Instance UID; return sentences about what is wrong."""
    wrong = [f"{len(expected.keys() - found.keys())} instances not found"] if expected.keys() - found.keys() else []
    changed = [uid for uid in expected.keys() & found.keys() if expected[uid] != found[uid]]
    return [*wrong, f"{len(changed)} instances came back with other bytes"] if changed else wrong


def end(process: subprocess.Popen[bytes] | None) -> None:
    """End a program that we started; kill it when it will not."""
    if process is None or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
