"""Is what Primum stands on still mended by its makers, and was it mended lately?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from primum.exposure.checks.catalogue import Rule
from primum.exposure.checks.gathering.parts import System
from primum.exposure.checks.model import Finding
from primum.exposure.checks.sources import Asked, Sources

_EVIDENCE = ("/etc/os-release", "the system's list of packages", "the interpreter's own version")


def check(sources: Sources, rule: Rule, asked: Asked) -> Finding:
    """Judge by the end of support, then by when packages were last mended."""
    system = sources.inventory().system
    until, what = _supported(system, rule.limits["support"])
    facts = {
        "python": system.python,
        "openssl": system.openssl,
        "system": system.kind,
        "until": str(until or ""),
        "what": what,
    }
    listed = [f"Python {system.python}", f"OpenSSL {system.openssl}", system.kind]
    if until is None:
        return Finding("unknown-support", facts, listed, _EVIDENCE)
    if until < asked.today:
        return Finding("unsupported", facts, listed, _EVIDENCE)
    if system.restart_waits:
        return Finding("restart-waits", facts, listed, ("/run/reboot-required",))
    if system.changed_at is None:
        return Finding("not-known-when", facts, listed, _EVIDENCE)
    days = (asked.now - system.changed_at).days
    facts["days"] = str(days)
    late = system.changed_at < asked.now - timedelta(days=rule.number("mended_days"))
    return Finding("not-mended-lately" if late else "mended", facts, listed, _EVIDENCE)


def _supported(system: System, table: Mapping[str, date]) -> tuple[date | None, str]:
    """Find until when: the system's own Python is mended by the system's makers, another by Python's."""
    python = "python " + ".".join(system.python.split(".")[:2])
    ends = [(table.get(one), one) for one in ([system.kind] if system.own_python else [system.kind, python])]
    known = sorted((end, one) for end, one in ends if end is not None)
    if len(known) < len(ends):
        return None, next(one for end, one in ends if end is None)
    return known[0]
