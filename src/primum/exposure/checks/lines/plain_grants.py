"""Does anything send patients' data in clear? On this machine alone it may; on the network it must not."""

from __future__ import annotations

from primum.exposure.checks.catalogue import Rule
from primum.exposure.checks.model import Finding
from primum.exposure.checks.sources import Asked, Sources

_EVIDENCE = ("records.db, devices", "primum.toml", "/proc/net/tcp, /proc/net/tcp6")


def check(sources: Sources, _rule: Rule, _asked: Asked) -> Finding:
    """A door in clear that others can call is bad; grants in clear on this machine want attention."""
    plain = [door for door in sources.doors() if door.plain]
    ports = {door.port for door in plain}
    on_network = [f"{one.address}:{one.port}" for one in sources.listening() if one.port in ports and one.beyond()]
    if on_network:
        return Finding("clear-on-network", {"count": len(on_network)}, on_network, _EVIDENCE)
    machines = sources.machines()
    listed = [one.name for one in machines if one.plain] + [
        f"{one.name} > {one.host}" for one in machines if one.host_plain
    ]
    if listed or plain:
        doors = [f"{door.name} {door.address}:{door.port}" for door in plain]
        return Finding("clear-here", {"count": len(listed), "doors": len(plain)}, [*doors, *listed], _EVIDENCE)
    return Finding("none", {"count": 0}, (), _EVIDENCE)
