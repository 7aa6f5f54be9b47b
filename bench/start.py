"""How long a start takes and how much memory it holds: `python -m bench.start [--quick] [--json]`.

On an existing home with the demo's studies sent to it: seconds from exec to a C-ECHO that succeeds and to a
sign-in page, median of five starts; then the sum of the proportional set sizes (PSS) of every process, 60 s
after the last start with one session open.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import httpx
from tests.programs import find_program, wait_until
from tests.running import RunningPrimum

from bench.contenders.base import children_of
from bench.contenders.primum import TITLE, Template, make_template
from bench.load import make_slices
from bench.results import Place, Table, show, told
from bench.rows import TLS
from bench.sender import send
from bench.trust import tls_options

GOAL_SECONDS, GOAL_MIB = 2.0, 250.0


@dataclass(frozen=True, slots=True)
class Started:
    """Seconds from exec; MiB of memory by process name."""

    echo_seconds: float
    page_seconds: float
    memory_mib: float
    processes: dict[str, float]


def measure(place: Path, *, starts: int, settle: float) -> Started:
    """Start `starts` times, then let it settle for so many seconds with a session open."""
    template = make_template(place / "template")
    running = RunningPrimum(template.home.folder, key_file=template.home.key_file)
    secured = _secured(template, int(running.settings["dicom_port"]))
    with running:
        slices = make_slices(place / "load", 120, tag="start")
        send(slices, 1, secured, TLS, TITLE)
    times = [_one_start(running, secured) for _ in range(starts)]
    running.start()
    try:
        running.wait_ready()
        with running.signed_in(template.person) as client:
            client.get("/").raise_for_status()
            time.sleep(settle)
            memory = _memory(running)
    finally:
        running.stop()
    echo, page = (median(one[at] for one in times) for at in (0, 1))
    return Started(round(echo, 2), round(page, 2), round(sum(memory.values()), 1), memory)


def _secured(template: Template, port: int) -> list[str]:
    pack = template.pack
    options = tls_options(pack / "key.pem", pack / "certificate.pem", pack / "archive-ca.pem")
    return [*options, "127.0.0.1", str(port)]


def _one_start(running: RunningPrimum, secured: list[str]) -> tuple[float, float]:
    echoscu = find_program("echoscu")
    if echoscu is None:
        raise FileNotFoundError("echoscu is missing (Debian: apt-get install dcmtk)")
    command = [str(echoscu), "-q", "-to", "1", "-aet", TLS.calling, "-aec", TITLE, *secured]
    begun = time.perf_counter()
    running.start()
    found: dict[str, float] = {}

    def once(name: str, works: Callable[[], bool]) -> None:
        if name not in found and works():
            found[name] = time.perf_counter() - begun

    def both() -> bool:
        once("echo", lambda: subprocess.run(command, capture_output=True, check=False).returncode == 0)
        once("page", lambda: _page(running))
        return len(found) == 2

    try:
        wait_until(both, seconds=60, running=running.process)
    finally:
        running.stop()
    return found["echo"], found["page"]


def _page(running: RunningPrimum) -> bool:
    try:
        with running.browser() as client:
            return client.get("/sign-in").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _memory(running: RunningPrimum) -> dict[str, float]:
    """Return MiB of proportional set size by process (Linux, smaps_rollup)."""
    if running.process is None:
        return {}
    found = {}
    for number, pid in enumerate(children_of(running.process.pid)):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        kib = next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
        part = words[words.index("--child") + 1] if "--child" in words else "supervisor"
        found[part if part not in found else f"{part} {number}"] = round(kib / 1024, 1)
    return found


def as_object(found: Started, place: Place, *, quick: bool) -> dict[str, object]:
    """Return everything as one object."""
    lines = [
        ["C-ECHO", f"{found.echo_seconds:.2f} s", _goal(found.echo_seconds, GOAL_SECONDS, "s")],
        ["sign-in page", f"{found.page_seconds:.2f} s", _goal(found.page_seconds, GOAL_SECONDS, "s")],
        ["memory, all processes (PSS)", f"{found.memory_mib:.0f} MiB", _goal(found.memory_mib, GOAL_MIB, "MiB")],
        *([f"of these: {name}", f"{mib:.0f} MiB", ""] for name, mib in found.processes.items()),
    ]
    return told("start", place, quick=quick, tables=[Table(["what", "found", "goal"], lines)], **asdict(found))


def _goal(found: float, most: float, unit: str) -> str:
    return f"{most:g} {unit} {'reached' if found <= most else 'missed'}"


def main(arguments: list[str] | None = None) -> int:
    """Measure and tell."""
    parser = argparse.ArgumentParser(prog="python -m bench.start", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="three starts, and memory after ten seconds")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    chosen = parser.parse_args(arguments)
    begun = Place()
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        found = measure(Path(place), starts=3 if chosen.quick else 5, settle=10 if chosen.quick else 60)
    show(as_object(found, begun, quick=chosen.quick), as_json=chosen.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
