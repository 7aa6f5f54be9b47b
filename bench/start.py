"""How long a start takes and how much memory it holds: `python -m bench.start [--quick] [--json]`.

Each archive is sent the same study first. Then, in rounds that take turns: seconds from exec to a C-ECHO over mutual
TLS that succeeds and to a page by HTTP, once with all files in memory and (as root, who may empty it) once with none.
At the end, one after another: the proportional set sizes (PSS) of all processes, summed, a minute after the start.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Protocol

import httpx
from tests.programs import find_program, wait_until
from tests.running import RunningPrimum

from bench.contenders import postgres
from bench.contenders.base import children_of
from bench.contenders.orthanc import Orthanc
from bench.contenders.postgres import OrthancPostgres
from bench.contenders.primum import TITLE, Template, make_template
from bench.load import Slice, make_slices
from bench.results import Bar, Bars, Place, Table, say, show, told
from bench.rows import TLS
from bench.sender import send
from bench.trust import Trust, make_trust, tls_options

GOAL_SECONDS, GOAL_MIB = 2.0, 250.0
SLICES = 120
_FORGET = Path("/proc/sys/vm/drop_caches")


class Archive(Protocol):
    """An archive that holds a study, and is down."""

    name: str
    title: str

    def launch(self) -> subprocess.Popen[bytes]:
        """Start it, without waiting."""
        ...

    def target(self) -> Sequence[str]:
        """Return echoscu's last arguments."""
        ...

    def page(self) -> bool:
        """Tell whether it shows a page."""
        ...

    def memory(self, settle: float) -> Mapping[str, float]:
        """Start, wait, stop; return MiB of proportional set size by process."""
        ...

    def rest(self) -> None:
        """End it."""
        ...


@dataclass(slots=True)
class Measured:
    """Seconds from exec, by round, warm and cold; MiB by process."""

    echo: list[float] = field(default_factory=list)
    page: list[float] = field(default_factory=list)
    cold_echo: list[float] = field(default_factory=list)
    cold_page: list[float] = field(default_factory=list)
    memory: Mapping[str, float] = field(default_factory=dict)


class Primum:
    """Ours, as an administrator runs it."""

    name, title = "primum", TITLE

    def __init__(self, template: Template, slices: Sequence[Slice]) -> None:
        """Send it the slices."""
        self._template = template
        self._running = RunningPrimum(template.home.folder, key_file=template.home.key_file)
        with self._running:
            send(slices, 1, self.target(), TLS, TITLE)

    def launch(self) -> subprocess.Popen[bytes]:
        """Start it."""
        self._running.start()
        if self._running.process is None:
            raise RuntimeError("not started")
        return self._running.process

    def target(self) -> Sequence[str]:
        """Return echoscu's last arguments."""
        pack = self._template.pack
        options = tls_options(pack / "key.pem", pack / "certificate.pem", pack / "archive-ca.pem")
        return [*options, "127.0.0.1", str(self._running.settings["dicom_port"])]

    def page(self) -> bool:
        """Ask for the sign-in page."""
        with self._running.browser() as client:
            return client.get("/sign-in").status_code == httpx.codes.OK

    def memory(self, settle: float) -> Mapping[str, float]:
        """With one session open."""
        process = self.launch()
        self._running.wait_ready()
        with self._running.signed_in(self._template.person) as client:
            client.get("/").raise_for_status()
            time.sleep(settle)
            found = memory_of(children_of(process.pid))
        self.rest()
        return found

    def rest(self) -> None:
        """End it."""
        self._running.stop()


class Other:
    """Orthanc, with SQLite or with PostgreSQL, which is a service that stays."""

    def __init__(self, one: Orthanc | OrthancPostgres, folder: Path, slices: Sequence[Slice]) -> None:
        """Start it afresh, send it the slices, end it."""
        self._one, self.name, self.title = one, one.name, one.title
        one.start(folder, TLS)
        send(slices, 1, one.target(), TLS, one.title)
        self.rest()

    def launch(self) -> subprocess.Popen[bytes]:
        """Start it."""
        return self._one.launch()

    def target(self) -> Sequence[str]:
        """Return echoscu's last arguments."""
        return self._one.target()

    def page(self) -> bool:
        """Ask for what it says of itself."""
        answer = httpx.get(f"http://127.0.0.1:{self._one.ports[1]}/system", trust_env=False, timeout=2)
        return answer.status_code == httpx.codes.OK

    def memory(self, settle: float) -> Mapping[str, float]:
        """All its processes, PostgreSQL's too."""
        process = self.launch()
        wait_until(lambda: _works(self.page), seconds=60, running=process)
        time.sleep(settle)
        found = memory_of(self._one.processes())
        self.rest()
        return found

    def rest(self) -> None:
        """End it, but for PostgreSQL."""
        if isinstance(self._one, OrthancPostgres):
            self._one.rest()
        else:
            self._one.stop()


def _works(what: Callable[[], bool]) -> bool:
    try:
        return what()
    except httpx.TransportError:
        return False


def one_start(archive: Archive) -> tuple[float, float]:
    """Start and end it; return the seconds to a C-ECHO and to a page."""
    echoscu = find_program("echoscu")
    if echoscu is None:
        raise FileNotFoundError("echoscu is missing (Debian: apt-get install dcmtk)")
    command = [str(echoscu), "-q", "-to", "1", "-aet", TLS.calling, "-aec", archive.title, *archive.target()]
    found: dict[str, float] = {}
    begun = time.perf_counter()
    process = archive.launch()

    def once(name: str, works: Callable[[], bool]) -> None:
        if name not in found and works():
            found[name] = time.perf_counter() - begun

    def both() -> bool:
        once("echo", lambda: subprocess.run(command, capture_output=True, check=False).returncode == 0)
        once("page", lambda: _works(archive.page))
        return len(found) == 2

    try:
        wait_until(both, seconds=60, running=process)
    finally:
        archive.rest()
    return found["echo"], found["page"]


def memory_of(processes: Sequence[int]) -> dict[str, float]:
    """Return MiB of proportional set size by process (Linux, smaps_rollup)."""
    found: dict[str, float] = {}
    for number, pid in enumerate(processes):
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
        except OSError:
            continue
        kib = next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        part = words[words.index("--child") + 1] if "--child" in words else Path(words[0].split(" ")[0]).name
        part = "supervisor" if part.startswith("python") else part
        found[part if part not in found else f"{part} {number}"] = round(kib / 1024, 1)
    return found


@contextmanager
def archives(place: Path, trust: Trust) -> Iterator[list[Archive]]:
    """Make all of them, each with the same study."""
    slices = make_slices(place / "load", SLICES, tag="start")
    with ExitStack() as stack:
        made: list[Archive] = [Primum(make_template(place / "template"), slices)]
        made.append(Other(Orthanc(trust), place / "orthanc", slices))
        if postgres.there():
            with_postgres = OrthancPostgres(trust)
            stack.callback(with_postgres.stop)
            made.append(Other(with_postgres, place / "postgres", slices))
        yield made


def compare(place: Path, *, rounds: int, settle: float, cold: bool) -> dict[str, Measured]:
    """Start each in turn, in an order that turns; then weigh them."""
    found: dict[str, Measured] = {}
    with archives(place, make_trust(place / "trust")) as made:
        for turn in range(rounds):
            for archive in made[turn % len(made) :] + made[: turn % len(made)]:
                measured = found.setdefault(archive.name, Measured())
                echo, page = one_start(archive)
                measured.echo.append(echo)
                measured.page.append(page)
                if cold:
                    os.sync()
                    _FORGET.write_text("3")
                    echo, page = one_start(archive)
                    measured.cold_echo.append(echo)
                    measured.cold_page.append(page)
                say(f"round {turn + 1}/{rounds} {archive.name:9} C-ECHO {measured.echo[-1]:.2f} s")
        for archive in made:
            found[archive.name].memory = archive.memory(settle)
    return found


_NAMES = {"primum": "Primum", "orthanc": "Orthanc (SQLite)", "postgres": "Orthanc (PostgreSQL)"}


def table(found: Mapping[str, Measured]) -> Table:
    """Medians, least and most; Primum's goals beside."""
    rows = [
        ["C-ECHO", *(_seconds(one.echo) for one in found.values()), f"{GOAL_SECONDS:g} s"],
        ["page", *(_seconds(one.page) for one in found.values()), f"{GOAL_SECONDS:g} s"],
        ["C-ECHO, nothing in memory", *(_seconds(one.cold_echo) for one in found.values()), ""],
        ["page, nothing in memory", *(_seconds(one.cold_page) for one in found.values()), ""],
        ["memory (PSS)", *(f"{sum(one.memory.values()):.0f} MiB" for one in found.values()), f"{GOAL_MIB:g} MB"],
    ]
    return Table(["", *(_NAMES[name] for name in found), "goal"], rows)


def _seconds(listed: Sequence[float]) -> str:
    return f"{median(listed):.2f} s ({min(listed):.2f}-{max(listed):.2f})" if listed else "not measured"


def _parts(one: Measured) -> Table:
    return Table(["process", "MiB"], [[name, f"{mib:.0f}"] for name, mib in one.memory.items()], "processes")


def _chart(found: Mapping[str, Measured]) -> Bars:
    ours = found["primum"]
    bars = [
        Bar(f"{what}, over {_NAMES[name]}", round(median(theirs) / median(mine), 2))
        for name, one in found.items()
        if name != "primum"
        for what, theirs, mine in (
            ("C-ECHO", one.echo, ours.echo),
            ("memory", [sum(one.memory.values())], [sum(ours.memory.values())]),
        )
    ]
    return Bars("start", "Start and memory: theirs over ours (below 1: they are faster, or hold less)", bars)


def main(arguments: list[str] | None = None) -> int:
    """Measure and tell."""
    parser = argparse.ArgumentParser(prog="python -m bench.start", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="three rounds, memory after ten seconds, none cold")
    parser.add_argument("--rounds", type=int, default=0, help="interleaved rounds (five, or three with --quick)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    chosen = parser.parse_args(arguments)
    here = Place()
    cold = not chosen.quick and os.access(_FORGET, os.W_OK)
    rounds = chosen.rounds or (3 if chosen.quick else 5)
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        found = compare(Path(place), rounds=rounds, settle=10 if chosen.quick else 60, cold=cold)
    figures = {
        name: {
            "echo_seconds": round(median(one.echo), 2),
            "page_seconds": round(median(one.page), 2),
            "memory_mib": round(sum(one.memory.values()), 1),
            "processes": one.memory,
        }
        for name, one in found.items()
    }
    tables = [table(found), _parts(found["primum"])]
    show(
        told("start", here, quick=chosen.quick, tables=tables, charts=[_chart(found)], contenders=figures),
        as_json=chosen.json,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
