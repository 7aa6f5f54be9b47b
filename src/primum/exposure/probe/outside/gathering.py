"""All hints of one run: each router at hand is asked what it says of itself, where a mandate names it.

Nothing of what a router says counts as open or closed; a router that is not mandated is not asked, and said to be so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from primum.exposure.probe.dialling import Unanswered
from primum.exposure.probe.gate import ProbeRefused
from primum.exposure.probe.outside import natpmp, pcp
from primum.exposure.probe.outside.addresses import of_interfaces, of_router
from primum.exposure.probe.outside.hints import Hint, HintKind
from primum.exposure.probe.outside.upnp import SSDP_PORT, Igd, Mapping, NotUnderstood, PointsElsewhere, ask_router

if TYPE_CHECKING:
    from primum.exposure.probe.dialling import Dialler
    from primum.exposure.probe.gate import Address

_T = TypeVar("_T")


@dataclass(slots=True)
class Gathered:
    """The hints, and what they were made of: mappings of one's own router are ports that are held."""

    hints: list[Hint] = field(default_factory=list)
    mappings: list[Mapping] = field(default_factory=list)
    outer: list[Address] = field(default_factory=list)
    listed: list[Address] = field(default_factory=list)
    """Routers that list their mappings: what they do not list is told by nobody."""


def gather(dialler: Dialler, gateways: Iterable[Address], own: Iterable[Address]) -> Gathered:
    """Gather every hint. Never raises for what a router says or does not say."""
    own = frozenset(own)
    gathered = Gathered(of_interfaces(own))
    for gateway in gateways:
        _ask(dialler, gateway, own, gathered)
    return gathered


def _ask(dialler: Dialler, gateway: Address, own: frozenset[Address], gathered: Gathered) -> None:
    igd = _upnp(dialler, gateway, gathered)
    outer = igd.outer if igd else None
    if igd is not None:
        _tell_igd(gateway, igd, own, gathered)
    try:
        told = _tried(lambda: natpmp.ask_outer_address(dialler, gateway))
        spoken = _tried(lambda: pcp.announce(dialler, gateway))
    except ProbeRefused:
        gathered.hints.append(Hint(HintKind.GATEWAY_NOT_ASKED, {"gateway": str(gateway), "port": natpmp.PORT}))
        told = spoken = None
    for protocol, answers in (("NAT-PMP", told is not None), ("PCP", spoken in _SPOKEN)):
        if answers:
            facts: dict[str, str | int] = {"gateway": str(gateway), "protocol": protocol}
            gathered.hints += [Hint(HintKind.MAPPINGS_UNTOLD, facts), Hint(HintKind.MAPS_FOR_ANYBODY, facts)]
    if spoken is pcp.Pcp.SPOKEN_BEHIND_NAT:
        gathered.hints.append(Hint(HintKind.NAT_BEFORE_ROUTER, {"gateway": str(gateway)}))
    outer = outer or told
    if outer is not None:
        gathered.outer.append(outer)
        gathered.hints += of_router(gateway, outer)


_SPOKEN = frozenset({pcp.Pcp.SPOKEN, pcp.Pcp.SPOKEN_BEHIND_NAT})


def _upnp(dialler: Dialler, gateway: Address, gathered: Gathered) -> Igd | None:
    try:
        return ask_router(dialler, gateway)
    except ProbeRefused as refused:
        port = refused.facts.get("port", SSDP_PORT)
        facts: dict[str, str | int] = {"gateway": str(gateway), "port": port if isinstance(port, int) else SSDP_PORT}
        gathered.hints.append(Hint(HintKind.GATEWAY_NOT_ASKED, facts))
    except PointsElsewhere:
        gathered.hints.append(Hint(HintKind.ROUTER_POINTS_ELSEWHERE, {"gateway": str(gateway)}))
    except (Unanswered, NotUnderstood):
        pass  # it does not speak UPnP: nothing is known, and nothing is said
    return None


def _tried(ask: Callable[[], _T]) -> _T | None:
    try:
        return ask()
    except (Unanswered, NotUnderstood):
        return None


def _tell_igd(gateway: Address, igd: Igd, own: frozenset[Address], gathered: Gathered) -> None:
    here: dict[str, str | int] = {"gateway": str(gateway)}
    gathered.mappings += igd.mappings
    for one in igd.mappings:
        kind = HintKind.MAPPING if one.inner in own else HintKind.MAPPING_ELSEWHERE
        gathered.hints.append(Hint(kind, here | one.as_facts()))
    if igd.listed and not igd.mappings:
        gathered.hints.append(Hint(HintKind.NO_MAPPING, here))
    if igd.cut:
        gathered.hints.append(Hint(HintKind.MAPPINGS_CUT, here | {"count": len(igd.mappings)}))
    if igd.listed:
        gathered.listed.append(gateway)
        gathered.hints.append(Hint(HintKind.MAPS_FOR_ANYBODY, here | {"protocol": "UPnP"}))
    if igd.firewall_on is not None:
        on = HintKind.IPV6_FIREWALL_ON if igd.firewall_on else HintKind.IPV6_FIREWALL_OFF
        gathered.hints.append(Hint(on, here))
    if igd.pinholes:
        gathered.hints.append(Hint(HintKind.IPV6_PINHOLES, here))
