"""The probe beside nmap's DICOM scripts on the same networks: `python -m bench.exposure [--quick] [--json]`.

Networks of namespaces are drawn from seeds (`tests.trials`; root). On each, from the same place and over the same
mandated addresses and ports: `primum probe`, then nmap with `dicom-ping` and `dicom-brute`, forced onto every port and
ended after half a minute there. nmap is a program that is started; nothing of it is part of Primum. Told are doors and
holes of the trials' table.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.programs import find_program
from tests.trials import probing, spaces, stage
from tests.trials.draw import Plan, draw
from tests.trials.network import Network

from bench.results import Place, Table, say, show, told
from primum.exposure.probe.model import Family, Hole, Place as From

SCRIPTS = ("dicom-ping", "dicom-brute")
PATIENCE = 30
"""Seconds that a script is given on a port: else dicom-brute guesses at a database for minutes on end."""
_OPEN = "Any AET is accepted"
_CHECKED = "Called AET check enabled"


@dataclass(slots=True)
class Compared:
    """One network."""

    seed: int
    hosts: int
    addresses: int
    holes: int
    doors: int
    """Doors that speak DICOM and let a stranger do something."""
    probe_holes: int = 0
    probe_doors: int = 0
    probe_false: int = 0
    probe_seconds: float = 0
    nmap_told: int = 0
    """Doors that let a stranger in, and that nmap said take any title or named a title of."""
    nmap_seen: int = 0
    """Doors that speak DICOM, open or not, that nmap said something of."""
    nmap_false: int = 0
    """Ports that nmap said let strangers in, and that do not."""
    nmap_seconds: float = 0


@dataclass(slots=True)
class Found:
    """All networks."""

    networks: list[Compared] = field(default_factory=list)

    def total(self, name: str) -> float:
        """Add up a figure."""
        return float(sum(getattr(one, name) for one in self.networks))


def compare(stand: stage.Stage, seed: int) -> Compared:
    """Put a network up, and look at it with both, one after the other."""
    plan = draw(seed)
    wanted = plan.holes(From.INSIDE)
    speak = {
        (str(node.address), node.ports[name])
        for node in plan.nodes
        if node.covered
        for name, door in node.line.doors.items()
        if door.family is Family.DICOM
    }
    open_doors = {(one.address, one.port) for one in wanted} & speak
    seen = Compared(
        seed, sum(one.covered for one in plan.nodes), plan.mandated.num_addresses, len(wanted), len(open_doors)
    )
    folder = stand.kit.folder / f"compare-{seed}"
    folder.mkdir()
    with stand.performed(plan, seed) as network:
        _with_probe(seen, probing.inside(stand, network, folder), folder, wanted, open_doors)
        _with_nmap(seen, plan, network, speak, open_doors)
    return seen


def _with_probe(
    seen: Compared, asked: probing.Asked, folder: Path, wanted: frozenset[Hole], doors: set[tuple[str, int]]
) -> None:
    answer = probing.run(asked, folder)
    holes = answer.holes()
    seen.probe_holes, seen.probe_false = len(holes & wanted), len(holes - wanted)
    seen.probe_doors = len({(one.address, one.port) for one in holes} & doors)
    seen.probe_seconds = round(answer.seconds, 1)


def _with_nmap(
    seen: Compared, plan: Plan, network: Network, speak: set[tuple[str, int]], doors: set[tuple[str, int]]
) -> None:
    ports = ",".join(map(str, plan.ports))
    forced = ",".join(f"+{one}" for one in SCRIPTS)
    nmap = find_program("nmap")
    command = ["nsenter", f"--net={spaces.PLACE / network.prober}", str(nmap), "-n", "-sT", "-oX", "-"]
    began = time.monotonic()
    done = subprocess.run(
        [*command, "-p", ports, "--script", forced, "--script-timeout", f"{PATIENCE}s", str(plan.mandated)],
        capture_output=True, text=True, check=True, timeout=900,
    )  # fmt: skip
    seen.nmap_seconds = round(time.monotonic() - began, 1)
    said = read_nmap(done.stdout)
    lets_in = {door for door, words in said.items() if _OPEN in words or "Valid" in words}
    seen.nmap_seen = len(set(said) & speak)
    seen.nmap_told, seen.nmap_false = len(lets_in & doors), len(lets_in - doors)


def read_nmap(xml: str) -> dict[tuple[str, int], str]:
    """Return what the scripts said of each address and port."""
    said: dict[tuple[str, int], str] = {}
    for host in ET.fromstring(xml).iter("host"):
        found = host.find("address[@addrtype='ipv4']")
        for port in host.iter("port"):
            words = " ".join(one.get("output", "") for one in port.iter("script") if one.get("id") in SCRIPTS)
            if words and found is not None:
                said[found.get("addr", ""), int(port.get("portid", "0"))] = words
    return said


def tables(found: Found) -> list[Table]:
    """Write what was found as tables."""
    head = ["seed", "hosts", "addresses", "probe: holes", "DICOM doors open", "probe", "nmap", "nmap, wrongly",
            "probe, s", "nmap, s"]  # fmt: skip
    rows = [
        [str(one.seed), str(one.hosts), str(one.addresses), f"{one.probe_holes} of {one.holes}", str(one.doors),
         str(one.probe_doors), str(one.nmap_told), str(one.nmap_false), f"{one.probe_seconds:.1f}",
         f"{one.nmap_seconds:.1f}"]
        for one in found.networks
    ]  # fmt: skip
    hosts = max(1.0, found.total("hosts"))
    rows.append([
        "all", f"{hosts:.0f}", f"{found.total('addresses'):.0f}",
        f"{found.total('probe_holes'):.0f} of {found.total('holes'):.0f}", f"{found.total('doors'):.0f}",
        f"{found.total('probe_doors'):.0f}", f"{found.total('nmap_told'):.0f}", f"{found.total('nmap_false'):.0f}",
        f"{found.total('probe_seconds') / hosts:.1f} a host", f"{found.total('nmap_seconds') / hosts:.1f} a host",
    ])  # fmt: skip
    return [Table(head, rows)]


def measure(seeds: Sequence[int]) -> Found:
    """Compare on each."""
    found = Found()
    with stage.opened() as stand:
        for number, seed in enumerate(seeds):
            say(f"network {number + 1} of {len(seeds)}: seed {seed}")
            found.networks.append(compare(stand, seed))
    return found


def main(arguments: list[str] | None = None) -> int:
    """Measure and tell."""
    parser = argparse.ArgumentParser(prog="python -m bench.exposure", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--seeds", default="1000..1009", metavar="A..B", help="the networks (1000..1009)")
    parser.add_argument("--quick", action="store_true", help="two of them")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    chosen = parser.parse_args(arguments)
    low, _, high = chosen.seeds.partition("..")
    seeds = range(int(low), int(high or low) + 1)[: 2 if chosen.quick else None]
    if find_program("nmap") is None:
        say("bench: error: nmap is missing (Debian: apt-get install nmap)")
        return 1
    begun = Place()
    try:
        found = measure(seeds)
    except stage.CannotBeHeld as cannot:
        say(f"bench: error: {cannot}")
        return 1
    networks = [asdict(one) for one in found.networks]
    show(told("exposure", begun, quick=chosen.quick, tables=tables(found), networks=networks), as_json=chosen.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
