"""What addresses themselves tell: global IPv6, shared IPv4, a router before the router. Pure; hints, not proofs."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address
from typing import TYPE_CHECKING, Final

from primum.exposure.probe.outside.hints import Hint, HintKind

if TYPE_CHECKING:
    from primum.exposure.probe.gate import Address
    from primum.exposure.probe.outside.upnp import Mapping

SHARED: Final = IPv4Network("100.64.0.0/10")
"""Shared address space of carriers (RFC 6598)."""

_DMZ_PORTS: Final = 3
"""Open ports that no mapping explains from which a whole machine is probably exposed: one or two are typed by hand."""


def of_interfaces(own: Iterable[Address]) -> list[Hint]:
    """Tell what this machine's own addresses let be seen."""
    hints = []
    for one in sorted(set(own), key=lambda address: (address.version, int(address))):
        if isinstance(one, IPv6Address) and one.is_global and one.ipv4_mapped is None:
            hints.append(Hint(HintKind.GLOBAL_IPV6, {"address": str(one)}))
        elif isinstance(one, IPv4Address) and one in SHARED:
            hints.append(Hint(HintKind.SHARED_IPV4, {"address": str(one)}))
        elif isinstance(one, IPv4Address) and one.is_global:
            hints.append(Hint(HintKind.PUBLIC_IPV4_HERE, {"address": str(one)}))
    return hints


def of_router(gateway: Address, outer: Address) -> list[Hint]:
    """Tell what a router's outer address means: shared by subscribers, behind another router, or the one to probe."""
    facts: dict[str, str | int] = {"gateway": str(gateway), "address": str(outer)}
    if isinstance(outer, IPv4Address) and outer in SHARED:
        return [Hint(HintKind.SHARED_IPV4, {"address": str(outer)})]
    if not outer.is_global:
        return [Hint(HintKind.DOUBLE_NAT, facts)]
    return [Hint(HintKind.OUTER_ADDRESS, facts)]


def of_outside(gateway: Address, mappings: Iterable[Mapping], seen_open: Iterable[int]) -> list[Hint]:
    """Tell whether ports seen open from outside are more than the router lists: a DMZ host, or mappings by hand."""
    listed = {one.port for one in mappings if one.protocol == "tcp"}
    unexplained = sorted(set(seen_open) - listed)
    if len(unexplained) < _DMZ_PORTS:
        return []
    return [Hint(HintKind.DMZ, {"gateway": str(gateway), "count": len(unexplained)})]
