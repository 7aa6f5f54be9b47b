"""Can strangers reach the sign-in page? Where it listens, who called, and what was seen from outside."""

from __future__ import annotations

from datetime import timedelta

from primum.exposure.checks.catalogue import Rule
from primum.exposure.checks.errors import NotTold
from primum.exposure.checks.model import Finding
from primum.exposure.checks.sources import Asked, LastProbe, Sources


def check(sources: Sources, rule: Rule, asked: Asked) -> Finding:
    """Judge."""
    web = {door.port for door in sources.doors() if door.name == "web"}
    open_to = [one for one in sources.listening() if one.port in web and one.beyond()]
    evidence = ["/proc/net/tcp, /proc/net/tcp6"]
    if not open_to:
        return Finding("this-machine", evidence=evidence)
    where = [f"{one.address}:{one.port}" for one in open_to]
    usage, own = sources.usage(), sources.own()
    evidence += ["journal, access: addresses of callers, 30 days", "addresses of this machine"]
    if usage.routable:
        return Finding("called-from-outside", {"count": len(usage.routable)}, where, evidence)
    if own.routable:
        return Finding("routable-address", {"count": len(own.routable)}, [*where, *own.routable], evidence)
    outside = _outside(sources)
    if outside is None or outside.at < asked.now - timedelta(days=rule.number("outside_days")):
        return Finding("lan-unverified", {}, where, evidence)
    return Finding(
        "lan-verified" if outside.verdict == "closed" else "lan-unverified", {}, where,
        [*evidence, "last view from outside"], outside.at,
    )  # fmt: skip


def _outside(sources: Sources) -> LastProbe | None:
    try:
        return sources.last_outside()
    except NotTold:
        return None
