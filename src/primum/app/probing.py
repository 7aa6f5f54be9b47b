"""The probe as the worker runs it by itself, before and after interventions: this machine, and what mandates allow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from primum import __version__

if TYPE_CHECKING:
    from ipaddress import IPv4Network

    from primum.app.rooms import Rooms
    from primum.exposure.interventions.model import Prober
    from primum.exposure.mandates.service import Mandates
    from primum.exposure.probe.gate import Mandate
    from primum.exposure.probe.speaking import Known

EXPANDED: Final = 256
"""Addresses of networks elsewhere that are asked one by one: a /24."""

Knowing = Callable[[str, int], "Known"]


def prober(rooms: Rooms, mandates: Mandates, known: Knowing | None = None) -> Prober:
    """Make the probe of this home. `known`: what it knows of its own doors."""

    def probe(progress: Callable[[str, int, int], None]) -> Mapping[str, Any]:
        from primum.exposure.probe.fixtures.judging import judge  # noqa: PLC0415 (loaded for a run alone)
        from primum.exposure.probe.gate import Gate  # noqa: PLC0415
        from primum.exposure.probe.limits import LIMITS  # noqa: PLC0415
        from primum.exposure.probe.own import is_own, own_addresses, own_networks  # noqa: PLC0415
        from primum.exposure.probe.run import Order, run  # noqa: PLC0415
        from primum.exposure.probe.targets import read_targets  # noqa: PLC0415
        from primum.exposure.probe.writing import as_json  # noqa: PLC0415

        live = mandates.in_force(rooms.clock.now())
        gate = Gate(is_own=is_own, mandates=live, now=rooms.clock.now)
        typed = targets(map(str, own_addresses()), live, own_networks())
        order = Order(
            targets=read_targets(typed, gate=gate, limits=LIMITS, lan=True),
            gate=gate,
            judge=lambda make, speakers, certificate, look: judge(make, speakers, certificate, look=look),
            program=__version__,
            now=rooms.clock.now,
            progress=progress,
        )
        return as_json(run(order if known is None else replace(order, known=known)).report)

    return probe


def targets(own: Iterable[str], mandates: Iterable[Mandate], networks: Iterable[IPv4Network]) -> list[str]:
    """List what is asked: this machine; the addresses of mandates; their networks, where this machine is in them."""
    here, found = tuple(networks), ["localhost", *own]
    left = EXPANDED
    for network in (one for mandate in mandates for one in mandate.networks):
        if network.version == 4 and any(network.subnet_of(one) for one in here) and network.num_addresses > 1:  # noqa: PLR2004
            found.append(str(network))
        elif network.num_addresses <= left:
            left -= network.num_addresses
            found += map(str, network)
    return list(dict.fromkeys(found))
