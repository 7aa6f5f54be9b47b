"""The probe as the worker runs it by itself, before and after interventions: this machine, and what mandates allow."""

from __future__ import annotations

import shutil
import ssl
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from primum import __version__

if TYPE_CHECKING:
    from datetime import datetime
    from ipaddress import IPv4Network

    from primum.app.rooms import Rooms
    from primum.exposure.interventions.model import Prober
    from primum.exposure.mandates.service import Mandates
    from primum.exposure.probe.gate import Mandate
    from primum.exposure.probe.speaking import Known

EXPANDED: Final = 256
"""Addresses of networks elsewhere that are asked one by one: a /24."""

Titles = Callable[[], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Certificates:
    """What the fixtures' listeners show, and what a stranger shows."""

    fixtures: Path
    foreign: ssl.SSLContext


@contextmanager
def certificates(now: datetime) -> Iterator[Certificates]:
    """Make both anew, in a folder that is gone afterwards."""
    from primum.exposure.probe.dialling import lenient_context  # noqa: PLC0415 (loaded for a run alone)
    from primum.identity.strangers import stranger_pem  # noqa: PLC0415

    folder = Path(tempfile.mkdtemp(prefix="primum-probe-"))
    try:
        for name in ("fixture", "stranger"):
            (folder / name).touch(mode=0o600)
            (folder / name).write_bytes(stranger_pem(f"{name}.probe.invalid", now))
        foreign = lenient_context()
        foreign.load_cert_chain(folder / "stranger")
        yield Certificates(folder / "fixture", foreign)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def prober(rooms: Rooms, mandates: Mandates, titles: Titles) -> Prober:
    """Make the probe of this home. `titles`: those of its devices, which a stranger may have learnt."""

    def probe(progress: Callable[[str, int, int], None]) -> Mapping[str, Any]:
        from primum.exposure.probe.gate import Gate  # noqa: PLC0415 (loaded for a run alone)
        from primum.exposure.probe.limits import LIMITS  # noqa: PLC0415
        from primum.exposure.probe.own import is_own, own_addresses, own_networks  # noqa: PLC0415
        from primum.exposure.probe.run import Order, run  # noqa: PLC0415
        from primum.exposure.probe.targets import read_targets  # noqa: PLC0415
        from primum.exposure.probe.writing import as_json  # noqa: PLC0415

        now = rooms.clock.now()
        live = mandates.in_force(now)
        gate = Gate(is_own=is_own, mandates=live, now=rooms.clock.now)
        typed = targets(map(str, own_addresses()), live, own_networks())
        read = read_targets(typed, gate=gate, limits=LIMITS, lan=True)
        with certificates(now) as made:
            order = Order(
                targets=read, gate=gate, program=__version__, known=_known(titles), foreign=made.foreign,
                certificate=made.fixtures, now=rooms.clock.now, progress=progress,
            )  # fmt: skip
            return as_json(run(order).report)

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


def _known(titles: Titles) -> Callable[[str, int], Known]:
    """Say what is known of this machine's own doors; of every other address nothing."""
    from primum.exposure.probe.limits import LIMITS  # noqa: PLC0415 (loaded for a run alone)
    from primum.exposure.probe.own import is_own  # noqa: PLC0415
    from primum.exposure.probe.speaking import Known  # noqa: PLC0415

    ours = Known(titles=tuple(sorted(set(titles())))[: LIMITS.titles])
    return lambda address, _port: ours if is_own(ip_address(address)) else Known()
