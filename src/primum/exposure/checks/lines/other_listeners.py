"""What else listens on this machine, for others to call? Another imaging server, a shared folder, a remote desktop."""

from __future__ import annotations

from collections.abc import Mapping

from primum.exposure.checks.catalogue import Rule
from primum.exposure.checks.gathering.sockets import Listener
from primum.exposure.checks.model import Finding
from primum.exposure.checks.sources import Asked, Sources

_EVIDENCE = ("/proc/net/tcp, /proc/net/tcp6",)


def check(sources: Sources, rule: Rule, _asked: Asked) -> Finding:
    """List them; those that a machine with patients' images should not have are bad."""
    ours = {door.port for door in sources.doors()}
    others = [one for one in sources.listening() if one.beyond() and one.port not in ours]
    known: Mapping[str, str] = rule.limits["risky"]
    risky = [one for one in others if str(one.port) in known]
    facts = {"count": len(others), "risky": len(risky)}
    if risky:
        return Finding("risky", facts, _said(risky, known), _EVIDENCE)
    if others:
        return Finding("others", facts, _said(others, known), _EVIDENCE)
    return Finding("none", facts, (), _EVIDENCE)


def _said(listed: list[Listener], known: Mapping[str, str]) -> list[str]:
    """Write each port once, with the addresses it is open on."""
    found: dict[int, list[Listener]] = {}
    for one in listed:
        found.setdefault(one.port, []).append(one)
    return [
        " ".join(part for part in (
            f"{port}/tcp", known.get(str(port), ""), next((one.program for one in group if one.program), ""),
            "(" + ", ".join(dict.fromkeys(one.address for one in group)) + ")",
        ) if part)
        for port, group in sorted(found.items())
    ]  # fmt: skip
