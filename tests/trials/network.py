"""A plan made real: a switch and router with NAT, nodes behind it, a prober on the same network, a stranger outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from tests.trials import spaces
from tests.trials.draw import Plan


@dataclass(frozen=True, slots=True)
class Network:
    """Names of the namespaces: `nodes` by the name of the node in the plan."""

    plan: Plan
    router: str
    prober: str
    stranger: str
    nodes: dict[str, str]
    label: str
    standing: frozenset[str]
    """Names of the nodes that stand for other networks too."""

    def interface(self, node: str) -> str:
        """Name the interface of a node in this network."""
        return f"s{self.label}"[:15] if node in self.standing else "eth0"


@contextmanager
def built(plan: Plan, label: str | int, standing: Mapping[str, str]) -> Iterator[Network]:
    """Make the network until left. `standing`: nodes whose namespace stands already, and stays."""
    router, prober, stranger = (spaces.name_of(label, one) for one in ("router", "prober", "stranger"))
    nodes = {node.name: standing.get(node.name) or spaces.name_of(label, node.name) for node in plan.nodes}
    made = [router, prober, stranger, *(space for name, space in nodes.items() if name not in standing)]
    network = Network(plan, router, prober, stranger, nodes, str(label), frozenset(standing))
    try:
        spaces.add(made)
        _wire(network)
        _route(network)
        yield network
    finally:
        for name, space in nodes.items():
            if name in standing:
                _unwire(space, network.interface(name))
        spaces.remove(made)


def _wire(network: Network) -> None:
    plan = network.plan
    hosts = [(network.prober, plan.prober, "eth0")]
    hosts += [(network.nodes[node.name], node.address, network.interface(node.name)) for node in plan.nodes]
    router = ["link add br0 type bridge", f"addr add {plan.router}/{plan.lan.prefixlen} dev br0"]
    router += [f"link add wan type veth peer name eth0 netns {network.stranger}"]
    router += [f"addr add {plan.outer}/{plan.wan.prefixlen} dev wan", "link set br0 up", "link set wan up"]
    for number, (space, _address, interface) in enumerate(hosts):
        router += [f"link add lan{number} type veth peer name {interface} netns {space}"]
        router += [f"link set lan{number} master br0 up"]
    spaces.ip(network.router, router)
    for space, address, interface in hosts:
        # not a default route: a node that stands for several networks has a way out in each of them
        spaces.ip(
            space,
            [f"addr add {address}/{plan.lan.prefixlen} dev {interface}", f"link set {interface} up",
             f"route add {plan.wan} via {plan.router}"],
        )  # fmt: skip
    spaces.ip(network.stranger, [f"addr add {plan.stranger}/{plan.wan.prefixlen} dev eth0", "link set eth0 up"])


def _route(network: Network) -> None:
    """NAT towards outside; of what comes from outside, what is forwarded and nothing else: the rest is dropped."""
    plan = network.plan
    inward, back = [], []
    for one in plan.forwards:
        node = plan.node(one.node)
        inward.append(f"iifname wan tcp dport {one.outer} dnat to {node.address}:{node.ports[one.door]}")
        if one.source_nat:
            back.append(f"iifname wan ip daddr {node.address} tcp dport {node.ports[one.door]} masquerade")
    spaces.nft(
        network.router,
        "table ip home {\n"
        " chain inward { type nat hook prerouting priority dstnat;\n" + "".join(f"  {one}\n" for one in inward) + " }\n"
        " chain outward { type nat hook postrouting priority srcnat;\n" + "".join(f"  {one}\n" for one in back)
        + "  oifname wan masquerade\n }\n"
        " chain through { type filter hook forward priority filter; policy drop;\n"
        "  ct state established,related accept\n  iifname br0 accept\n  ct status dnat accept\n }\n"
        " chain here { type filter hook input priority filter; policy accept;\n"
        "  ct state established,related accept\n  iifname wan drop\n }\n}\n",
    )  # fmt: skip
    spaces.forwards(network.router)


def _unwire(space: str, interface: str) -> None:
    with suppress(RuntimeError):
        spaces.ip(space, [f"link del {interface}"])
