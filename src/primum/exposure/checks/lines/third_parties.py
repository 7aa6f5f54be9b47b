"""Who outside is given patients' data, and is each certified to host it (CSP L.1111-8)? Certificates are declared."""

from __future__ import annotations

import ipaddress

from primum.exposure.checks.catalogue import Rule
from primum.exposure.checks.model import Finding, State, Way
from primum.exposure.checks.sources import Asked, Host, Sources

_EVIDENCE = ("primum.toml", "records.db, devices")
_OWN_NAMES = (".local", ".lan", ".home", ".internal", ".home.arpa", ".localhost")


def check(sources: Sources, rule: Rule, asked: Asked) -> Finding:
    """Judge by the least certified host: none, not declared, declared without."""
    outside = [one for one in sources.hosts() if beyond(one)]
    said = {one: asked.declared.get(one.host) for one in outside}
    facts = {"count": len(outside)}
    without = [one for one, told in said.items() if told and rule.declared[told.value].state is State.BAD]
    if without:
        return Finding("without", facts, _listed(without), _EVIDENCE, way=Way.DECLARED)
    missing = [one for one, told in said.items() if told is None]
    if missing:
        return Finding("undeclared", facts | {"missing": len(missing)}, _listed(missing), _EVIDENCE, way=Way.DECLARED)
    if not outside:
        return Finding("nobody", facts, (), _EVIDENCE)
    until = min(told.until for told in said.values() if told is not None)
    return Finding(
        "certified", facts | {"until": str(until)}, _listed(outside), _EVIDENCE, way=Way.DECLARED, until=until
    )


def beyond(one: Host) -> bool:
    """Tell whether a host is somebody else's, by what it is called: no name is asked for."""
    try:
        return ipaddress.ip_address(one.host.strip("[]")).is_global
    except ValueError:
        name = one.host.lower().rstrip(".")
        return "." in name and not name.endswith(_OWN_NAMES)


def _listed(hosts: list[Host]) -> list[str]:
    return sorted({f"{one.host} ({one.what})" for one in hosts})
