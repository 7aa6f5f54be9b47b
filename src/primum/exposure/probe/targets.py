"""What is to be asked: TARGETs as they are typed become addresses and ports, and the gate is asked about each.

Nothing is sent and nothing resolved here: a name is known by a mandate or not at all (docs/design/exposure.md, 2).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import ClassVar, Final
from urllib.parse import urlsplit

from primum.exposure.probe.gate import Address, Gate, NotMandated, Ports, ProbeRefused
from primum.exposure.probe.limits import Limits
from primum.exposure.probe.model import Identity, Rung
from primum.exposure.probe.own import own_networks
from primum.exposure.probe.ports import port_of, shown, usual_ports

_MOST_TARGETS: Final = 1024
_LONGEST: Final = 2048
"""Of a target as it is typed: longer ones are no URL of a service."""
_SCHEMES: Final = {"http": 80, "https": 443, "dicom": 104}
"""Ports where an address of these kinds names none (RFC 9110 4.2; IANA `acr-nema`)."""
_NAME: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?")
_PAIR: Final = 2
"""Addresses of a link between two (RFC 3021): both are hosts."""
_FEW: Final = 256
"""So many ports of a mandate were named on purpose, and are asked besides those of the list."""


class BadTarget(ProbeRefused):
    """{given} is not a target."""

    code: ClassVar[str] = "probe.bad-target"
    hint: ClassVar[str] = "an address, a name of a mandate, HOST:PORT, [IPV6]:PORT or a URL; a network with --lan"


class NoTarget(ProbeRefused):
    """Nothing was named to be asked."""

    code: ClassVar[str] = "probe.no-target"
    hint: ClassVar[str] = "primum probe localhost asks this machine; --lan its network, with a mandate"


class NotYourNetwork(ProbeRefused):
    """{given} is not within a network of this machine's own interfaces."""

    code: ClassVar[str] = "probe.not-your-network"
    hint: ClassVar[str] = "ip addr shows them; addresses elsewhere are named one by one, under a mandate"


class TooMany(ProbeRefused):
    """{count} addresses are more than one run asks ({most})."""

    code: ClassVar[str] = "probe.too-many-addresses"
    hint: ClassVar[str] = "name a part of the network: 192.168.1.0/24 --lan"


class TooManyPorts(ProbeRefused):
    """{count} ports of all addresses together are more than one run asks ({most})."""

    code: ClassVar[str] = "probe.too-many-ports"
    hint: ClassVar[str] = "ask one address, or fewer ports: --ports 104,11112"


@dataclass(slots=True)
class Target:
    """What one TARGET became. `named`: an address that was meant, and not one of many of a network."""

    asked: str
    addresses: list[str]
    ports: Ports
    named: bool
    mandates: list[str] = field(default_factory=list)
    left_out: int = 0
    """Addresses of a network that no mandate covers."""


@dataclass(frozen=True, slots=True)
class Targets:
    """Everything that a run asks."""

    targets: tuple[Target, ...]
    pairs: dict[str, tuple[int, ...]]
    """Ports by address, in the order in which they are asked."""
    names: dict[str, str] = field(default_factory=dict)
    """The pinned name under which an address was meant: servers answer by it."""

    def named(self) -> frozenset[str]:
        """Return the addresses that were meant one by one."""
        return frozenset(address for one in self.targets if one.named for address in one.addresses)


def read_targets(
    given: Iterable[str],
    *,
    gate: Gate,
    limits: Limits,
    lan: bool = False,
    ports: Ports = (),
    networks: Callable[[], tuple[IPv4Network, ...]] = own_networks,
) -> Targets:
    """Read what was typed. Raises NoTarget, BadTarget, NotYourNetwork, TooMany, NotPinned, NotMandated and its like."""
    typed = list(dict.fromkeys(given))
    if len(typed) > _MOST_TARGETS:
        raise TooMany(count=len(typed), most=_MOST_TARGETS)
    whole = not typed and lan
    if not typed and not lan:
        raise NoTarget
    asked = [_Typed(str(one), network=one) for one in networks()] if whole else [_typed(one) for one in typed]
    if not asked:
        raise NoTarget
    asked = [_within_own_network(one, lan=lan, networks=networks) for one in asked]
    count = sum(1 if one.network is None else one.network.num_addresses for one in asked)
    if count > limits.addresses:
        raise TooMany(count=count, most=limits.addresses)
    return _allowed(asked, gate, ports, limits)


@dataclass(frozen=True, slots=True)
class _Typed:
    """A TARGET, taken apart: a host or a network; a port, where one was named."""

    text: str
    host: str = ""
    port: int | None = None
    network: IPv4Network | None = None
    link: IPv4Network | None = None
    """The network of an own interface that `network` is, or is a part of."""


def _typed(text: str) -> _Typed:
    given = shown(text)
    if not text or len(text) > _LONGEST or any(not one.isprintable() or one.isspace() for one in text):
        raise BadTarget(given=given)
    if "://" in text:
        return _url(text)
    if "/" in text:
        return _Typed(given, network=_network(text))
    if (literal := _literal(text)) is not None:
        return _Typed(given, host=str(literal))
    return _host_and_port(text, text)


def _url(text: str) -> _Typed:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise BadTarget(given=shown(text)) from None
    if parts.scheme.lower() not in _SCHEMES or parts.username is not None or port == 0:
        raise BadTarget(given=shown(text))
    return _Typed(shown(text), _host(host, text), port or _SCHEMES[parts.scheme.lower()])


def _host_and_port(rest: str, text: str) -> _Typed:
    if rest.startswith("["):
        host, closed, tail = rest[1:].partition("]")
        if not closed or ":" not in host or _literal(host) is None or (tail and not tail.startswith(":")):
            raise BadTarget(given=shown(text))
        colon, number = tail[:1], tail[1:]
    else:
        host, colon, number = rest.partition(":")
    port = port_of(number) if colon else None
    if colon and port is None:
        raise BadTarget(given=shown(text))
    return _Typed(shown(text), _host(host, text), port)


def _host(host: str, text: str) -> str:
    literal = _literal(host)
    if literal is not None:
        return str(literal)
    name = host.lower()
    last = name.rstrip(".").rpartition(".")[2]
    # what ends in a number is an IPv4 address or nothing (RFC 3986 3.2.2; 0x7f.1 and 2130706433 are ways around gates)
    if not _NAME.fullmatch(name) or len(name) > 253 or last.isdecimal() or last.startswith("0x"):  # noqa: PLR2004
        raise BadTarget(given=shown(text))
    return name


def _literal(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _network(text: str) -> IPv4Network:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise BadTarget(given=shown(text)) from None
    if isinstance(network, IPv6Network):
        raise NotYourNetwork(given=shown(text))  # 2^64 addresses are not swept
    return network


def _within_own_network(one: _Typed, *, lan: bool, networks: Callable[[], tuple[IPv4Network, ...]]) -> _Typed:
    if one.network is None:
        return one
    if not lan:
        raise BadTarget(given=one.text)
    links = [mine for mine in networks() if one.network.subnet_of(mine)]
    if not links:
        raise NotYourNetwork(given=one.text)
    return replace(one, link=max(links, key=lambda mine: mine.prefixlen))


def _allowed(asked: list[_Typed], gate: Gate, ports: Ports, limits: Limits) -> Targets:
    pairs: dict[str, dict[int, None]] = {}
    made = []
    for one in asked:
        target, own = _one(one, gate, ports)
        made.append(target)
        for address, numbers in own.items():
            pairs.setdefault(address, {}).update(dict.fromkeys(numbers))
    if len(pairs) > limits.addresses:
        raise TooMany(count=len(pairs), most=limits.addresses)
    if (count := sum(len(numbers) for numbers in pairs.values())) > limits.purposes:
        raise TooManyPorts(count=count, most=limits.purposes)
    names = {
        address: one.host
        for one, target in zip(asked, made, strict=True)
        if one.network is None and _literal(one.host) is None
        for address in target.addresses
    }
    return Targets(tuple(made), {address: tuple(numbers) for address, numbers in pairs.items()}, names)


def _one(one: _Typed, gate: Gate, ports: Ports) -> tuple[Target, dict[str, tuple[int, ...]]]:
    found: dict[str, tuple[int, ...]] = {}
    refusal: ProbeRefused | None = None
    left_out = 0
    for address in _addresses(one, gate):
        try:
            found[str(address)] = _ports_of(address, one.port, gate, ports)
        except ProbeRefused as refused:
            if one.network is None:
                raise
            refusal, left_out = refused, left_out + 1
    if refusal is not None and not any(not gate.is_own(ip_address(address)) for address in found):
        raise refusal  # a network in which nobody but this machine may be asked
    mandates = {
        mandate.id
        for address, numbers in found.items()
        if (mandate := gate.require(ip_address(address), numbers[0], Rung.CONNECT, Identity.NOBODY)) is not None
    }
    asked = one.port and ((one.port, one.port),)
    return Target(
        one.text, list(found), asked or ports or _ranges(found), one.network is None, sorted(mandates), left_out
    ), found


def _addresses(one: _Typed, gate: Gate) -> Iterator[Address]:
    if one.network is not None and one.link is not None:
        # the first and the last address of a part are hosts like any other: only the link's own are not
        nobody = (
            {one.link.network_address, one.link.broadcast_address}
            if one.link.num_addresses > _PAIR
            else set[IPv4Address]()
        )
        yield from (address for address in one.network if address not in nobody)
    elif (literal := _literal(one.host)) is not None:
        yield literal
    else:
        yield from gate.addresses(one.host)


def _ports_of(address: Address, port: int | None, gate: Gate, ports: Ports) -> tuple[int, ...]:
    """List the ports that are asked of an address. Those that were named must all be allowed. Raises ProbeRefused."""
    if port is not None or ports:
        wanted = tuple(_each(((port, port),) if port is not None else ports))
        for one in wanted:
            gate.require(address, one, Rung.CONNECT, Identity.NOBODY)
        return wanted
    wanted = usual_ports().ports()
    if gate.is_own(address):
        return wanted
    wanted += tuple(one for one in _mandated(address, gate) if one not in wanted)
    allowed = tuple(one for one in wanted if _allows(gate, address, one))
    if not allowed:
        gate.require(address, wanted[0], Rung.CONNECT, Identity.NOBODY)
        raise NotMandated(address=str(address), port=wanted[0])
    return allowed


def _mandated(address: Address, gate: Gate) -> tuple[int, ...]:
    ranges = [
        one for mandate in gate.mandates if any(address in net for net in mandate.networks) for one in mandate.ports
    ]
    few = [one for one in ranges if one[1] - one[0] < _FEW]
    return tuple(_each(few))


def _allows(gate: Gate, address: Address, port: int) -> bool:
    try:
        gate.require(address, port, Rung.CONNECT, Identity.NOBODY)
    except ProbeRefused:
        return False
    return True


def _each(ranges: Iterable[tuple[int, int]]) -> Iterator[int]:
    return iter(dict.fromkeys(one for low, high in ranges for one in range(low, high + 1)))


def _ranges(found: dict[str, tuple[int, ...]]) -> Ports:
    """Write ports as ranges, both ends included."""
    told: list[tuple[int, int]] = []
    for one in sorted({port for numbers in found.values() for port in numbers}):
        if told and one == told[-1][1] + 1:
            told[-1] = (told[-1][0], one)
        else:
            told.append((one, one))
    return tuple(told)
