"""Does something on this computer answer in DICOM? Asked of its own addresses alone, by the probe's own speaker."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from primum.exposure.probe.dialling import Dialler
from primum.exposure.probe.dicom.speaker import PORTS, DicomSpeaker
from primum.exposure.probe.gate import Address, Gate, ProbeRefused
from primum.exposure.probe.limits import LIMITS
from primum.exposure.probe.own import is_own, own_addresses
from primum.exposure.probe.speaking import Asking
from primum.exposure.probe.station.model import Point, State

_LISTENING: Final = re.compile(r"^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} 0A ", re.MULTILINE)
"""A line of /proc/net/tcp in state LISTEN."""
_MOST_PORTS: Final = 256
"""Asked of each address: a computer listens on some dozens."""
_MOST_ADDRESSES: Final = 16
_SECONDS: Final = 120.0
_AT_ONCE: Final = 16


def listeners(
    *, root: Path = Path("/"), addresses: Callable[[], Sequence[Address]] = own_addresses,
    ports: Iterable[int] | None = None, own: Callable[[Address], bool] = is_own,
) -> Point:  # fmt: skip
    """Ask the ports that are usual for DICOM and those that this machine listens on."""
    gate = Gate(is_own=own, mandates=(), now=lambda: datetime.now(UTC))
    dialler = Dialler(gate, LIMITS, log=lambda _line: None, deadline=time.monotonic() + _SECONDS)
    wanted = sorted({*PORTS, *listening_ports(root)} if ports is None else set(ports))[:_MOST_PORTS]
    places = [ip_address("127.0.0.1"), *addresses()][:_MOST_ADDRESSES]
    asked = [(str(place), port) for place in places for port in wanted]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = {pair for pair, speaks in zip(asked, pool.map(lambda one: _speaks(dialler, *one), asked), strict=True)
                 if speaks}  # fmt: skip
    return judged(found, len(wanted), cut=time.monotonic() >= dialler.deadline)


def judged(found: Iterable[tuple[str, int]], asked: int, *, cut: bool) -> Point:
    """Judge where DICOM is spoken: bad on an address of the network; on loopback it is told."""
    pairs = set(found)
    network = {port for place, port in pairs if not ip_address(place).is_loopback}
    loopback = {port for place, port in pairs if ip_address(place).is_loopback} - network
    facts: dict[str, int | str] = {
        "network": len(network), "loopback": len(loopback), "asked": asked,
        "ports": ",".join(str(one) for one in sorted(network | loopback)[:_AT_ONCE]),
    }  # fmt: skip
    if network:
        return Point("listeners", State.BAD, "network", facts)
    if cut:
        return Point("listeners", State.NOT_DETERMINED, "cut", facts)
    return Point("listeners", State.GOOD, "loopback" if loopback else "none", facts)


def listening_ports(root: Path) -> set[int]:
    """List the ports that this machine listens on, where the system tells (Linux)."""
    found: set[int] = set()
    for name in ("tcp", "tcp6"):
        try:
            found |= {int(one, 16) for one in _LISTENING.findall((root / "proc/net" / name).read_text("ascii"))}
        except (OSError, ValueError):
            continue
    return found


def _speaks(dialler: Dialler, address: str, port: int) -> bool:
    """Tell whether DICOM is spoken there, in clear or over TLS."""
    try:
        return DicomSpeaker().recognise(Asking(dialler, address, port, LIMITS), b"") is not None
    except ProbeRefused:
        return False
    except Exception:  # noqa: BLE001 (whatever answers there, the other points are still told)
        return False
