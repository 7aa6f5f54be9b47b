"""A network drawn from a seed: who is on it, where, on which ports, what the router forwards, what the mandate covers.

Pure: the same seed gives the same plan. Nothing here knows what the probe finds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from random import Random
from typing import Final

from primum.exposure.probe.model import Hole, Place
from tests.trials.table import LINES, TABLE, Line

_PRIVATE: Final = (IPv4Network("10.0.0.0/8"), IPv4Network("172.16.0.0/12"), IPv4Network("192.168.0.0/16"))
_PUBLIC: Final = (5, 37, 46, 62, 77, 78, 81, 82, 86, 90, 91, 109, 176, 185, 193, 212)
"""First octets of what European operators have. None of it is reached: these networks have no way out."""
_KNOWN_TITLES: Final = ("ORTHANC", "DCM4CHEE", "OSIRIX", "HOROS", "STORESCP", "CONQUESTSRV1", "ARCHIVE", "PACS")
"""Titles that products come with, and that everybody who looked them up knows."""
_KNOWN_CALLERS: Final = ("OSIRIX", "HOROS", "FINDSCU", "STORESCU", "ORTHANC")
_SYLLABLES: Final = ("BAL", "CRE", "DUM", "FER", "GIV", "LOR", "MUR", "PLO", "QUE", "TRO", "VEX", "ZAN")
_UNUSUAL: Final = 0.25
"""How often a door is on another family's usual port, or one that nobody uses."""
_PROVEN: Final = 0.7
"""How often a node proves that it is controlled."""
_NOT_FORWARDED: Final = frozenset({"ftp"})
"""Its data connections would need a helper in the router: what a stranger can list depends on their client."""
_USUAL_ELSEWHERE: Final = (104, 11112, 4242, 2762, 80, 8080, 8042, 3000, 5000, 8443)


@dataclass(frozen=True, slots=True)
class Node:
    """One machine: its line of the table, its address, the port of each of its doors."""

    name: str
    line: Line
    address: IPv4Address
    ports: dict[str, int]
    title: str
    caller: str
    proven: bool
    covered: bool
    """Whether the mandate names its address. Whoever is not covered must not see a single packet."""
    seed: int
    """For what else the service draws."""


@dataclass(frozen=True, slots=True)
class Forward:
    """A port of the router's outer address, carried to a door of a node."""

    outer: int
    node: str
    door: str
    source_nat: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole network."""

    seed: int
    lan: IPv4Network
    mandated: IPv4Network
    ports: tuple[int, ...]
    router: IPv4Address
    prober: IPv4Address
    wan: IPv4Network
    outer: IPv4Address
    stranger: IPv4Address
    proving: int
    """The port of the helper that proves, on every node that does."""
    nodes: tuple[Node, ...]
    forwards: tuple[Forward, ...] = field(default=())

    def node(self, name: str) -> Node:
        """Return the node of this name."""
        return next(one for one in self.nodes if one.name == name)

    def held(self) -> tuple[int, ...]:
        """List the outer ports that the person knows to be theirs: the forwarded ones."""
        return tuple(sorted(one.outer for one in self.forwards))

    def holes(self, place: Place) -> frozenset[Hole]:
        """Return every hole that the table says is there for a stranger at `place` and that the probe may ask about."""
        return self._outside() if place is Place.OUTSIDE else self._inside()

    def _inside(self) -> frozenset[Hole]:
        return frozenset(
            Hole(str(node.address), node.ports[door], *what)
            for node in self.nodes
            if node.covered
            for door in node.ports
            for what in node.line.seen(door, through_router=False)
            if node.proven or not what.needs_control
        )

    def mute(self, place: Place) -> frozenset[tuple[str, int]]:
        """Return the places at which something silent cannot be told by anybody: "not determined" is right there."""
        if place is not Place.OUTSIDE:
            return frozenset()
        return frozenset((str(self.outer), one.outer) for one in self.forwards if self._silent(one))

    def _silent(self, forward: Forward) -> bool:
        line = self.node(forward.node).line
        return line.by_port and forward.outer not in line.doors[forward.door].ports

    def _outside(self) -> frozenset[Hole]:
        found = set[Hole]()
        for forward in self.forwards:
            if self._silent(forward):
                continue
            seen = self.node(forward.node).line.seen(forward.door, through_router=forward.source_nat)
            found |= {Hole(str(self.outer), forward.outer, *what) for what in seen if not what.needs_control}
        return frozenset(found)


def draw(seed: int) -> Plan:
    """Draw the plan of a seed."""
    random = Random(f"primum trials {seed}")
    lan = _lan(random)
    mandated = random.choice(list(lan.subnets(new_prefix=random.choice((27, 28)))))
    taken = _Taken(random, lan, mandated)
    router, prober = taken.anywhere(), taken.anywhere()
    nodes = _nodes(random, taken)
    ports = {port for node in nodes if node.covered for port in node.ports.values()}
    ports |= set(random.sample(range(1024, 60_000), 3)) | {104, 11112, 443}
    proving = random.choice([one for one in range(20_000, 20_100) if one not in ports])
    wan, outer, stranger = _wan(random)
    return Plan(
        seed, lan, mandated, tuple(sorted(ports)), router, prober, wan, outer, stranger, proving, tuple(nodes),
        _forwards(random, [one for one in nodes if one.covered]),
    )  # fmt: skip


def plan_of(*names: str, seed: int = 0) -> Plan:
    """Make a plan of these lines of the table alone, each proven and on its usual port: to confirm the table."""
    random = Random(f"primum trials, confirmed {seed}")
    lan = _lan(random)
    taken = _Taken(random, lan, next(lan.subnets(new_prefix=25)))
    router, prober = taken.anywhere(), taken.anywhere()
    nodes = [_node(random, number, LINES[name], taken.covered(), covered=True) for number, name in enumerate(names)]
    usual = [
        Node(one.name, one.line, one.address, {door: each.ports[0] for door, each in one.line.doors.items()},
             one.title, one.caller, True, True, one.seed)
        for one in nodes
    ]  # fmt: skip
    forwards = tuple(
        Forward(2000 + number * 10 + index, node.name, door, source_nat=True)
        for number, node in enumerate(usual) if node.line.by_source for index, door in enumerate(node.ports)
    )  # fmt: skip
    wan, outer, stranger = _wan(random)
    ports = tuple(sorted({port for node in usual for port in node.ports.values()}))
    return Plan(seed, lan, taken.mandated, ports, router, prober, wan, outer, stranger, 20_000, tuple(usual), forwards)


class _Taken:
    """Addresses that somebody has."""

    def __init__(self, random: Random, lan: IPv4Network, mandated: IPv4Network) -> None:
        self._random, self._lan, self.mandated = random, lan, mandated
        self._taken = {lan.network_address, lan.broadcast_address}

    def _take(self, among: list[IPv4Address]) -> IPv4Address:
        free = [one for one in among if one not in self._taken]
        taken = self._random.choice(free)
        self._taken.add(taken)
        return taken

    def anywhere(self) -> IPv4Address:
        """An address of the network that the mandate does not name."""
        return self._take([one for one in self._lan.hosts() if one not in self.mandated])

    def covered(self) -> IPv4Address:
        """One that it does."""
        return self._take(list(self.mandated))


def _lan(random: Random) -> IPv4Network:
    whole = random.choice(_PRIVATE)
    address = int(whole.network_address) + random.randrange(whole.num_addresses >> 8) * 256
    return IPv4Network((address, 24))


def _wan(random: Random) -> tuple[IPv4Network, IPv4Address, IPv4Address]:
    network = IPv4Network((f"{random.choice(_PUBLIC)}.{random.randrange(256)}.{random.randrange(256)}.0", 24))
    outer, stranger = random.sample(list(network.hosts()), 2)
    return network, outer, stranger


def _nodes(random: Random, taken: _Taken) -> list[Node]:
    count = random.choice((4, 5, 5, 6, 6, 7))
    lines = random.choices(TABLE, [line.weight for line in TABLE], k=count)
    once = list({line.name if line.kind != "primum" else line.kind: line for line in lines}.values())
    nodes = [_node(random, number, line, taken.covered(), covered=True) for number, line in enumerate(once)]
    for number in range(len(nodes), len(nodes) + random.choice((0, 1, 1, 2))):
        line = random.choice([one for one in TABLE if one.kind in {"storescp", "ftp", "hl7", "vnc", "redis"}])
        nodes.append(_node(random, number, line, taken.anywhere(), covered=False))
    return nodes


def _node(random: Random, number: int, line: Line, address: IPv4Address, *, covered: bool) -> Node:
    ports: dict[str, int] = {}
    for name, door in line.doors.items():
        free = [one for one in door.ports if one not in ports.values()]
        ports[name] = random.choice(free)
        if len(door.ports) > 1 and random.random() < _UNUSUAL:
            others = [*_USUAL_ELSEWHERE, random.randrange(1024, 60_000)]
            ports[name] = random.choice([one for one in others if one not in ports.values()])
    title, caller = random.choice(_KNOWN_TITLES), random.choice(_KNOWN_CALLERS)
    proven = random.random() < _PROVEN
    return Node(f"n{number}", line, address, ports, title, caller, proven, covered, random.randrange(1 << 30))


def own_title(random: Random) -> str:
    """Make up a title that no product comes with."""
    return "".join(random.sample(_SYLLABLES, 3)) + str(random.randrange(10, 100))


def _forwards(random: Random, nodes: list[Node]) -> tuple[Forward, ...]:
    """Choose doors, those that care about the source first: they are what source NAT is for."""
    doors = [(node, door) for node in nodes for door in node.ports if node.line.kind not in _NOT_FORWARDED]
    random.shuffle(doors)
    doors.sort(key=lambda one: one[0].line.by_source is None)
    taken = set[int]()
    forwards = []
    for node, door in doors[: random.choice((0, 1, 1, 2, 3))]:
        outer = random.choice([one for one in (104, 11112, node.ports[door], random.randrange(1024, 60_000))
                               if one not in taken])  # fmt: skip
        taken.add(outer)
        source_nat = node.line.by_source is not None or random.random() < 0.5
        forwards.append(Forward(outer, node.name, door, source_nat))
    return tuple(forwards)
