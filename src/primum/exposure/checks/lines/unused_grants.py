"""Which grants of devices has nobody ever used, as far back as the access ledger goes?"""

from __future__ import annotations

from datetime import timedelta

from primum.exposure.checks.catalogue import Rule
from primum.exposure.checks.errors import NotTold
from primum.exposure.checks.model import Finding
from primum.exposure.checks.sources import Asked, Sources

_EVIDENCE = ("records.db, devices", "journal, access")


def check(sources: Sources, rule: Rule, asked: Asked) -> Finding:
    """List grants older than the threshold and not used in what was read of the ledger."""
    machines, usage = sources.machines(), sources.usage()
    old = asked.now - timedelta(days=rule.number("after_days"))
    if usage.since is None or (not usage.whole and usage.since > old):
        raise NotTold(reason="journal-not-read-in-time")
    unused = [
        f"{one.name} {service}"
        for one in machines if one.added_at < old
        for service in sorted(one.services) if (one.id, service) not in usage.used
    ]  # fmt: skip
    facts = {"count": len(unused), "devices": len(machines), "days": rule.number("after_days")}
    return Finding("unused" if unused else "all-used", facts, unused, _EVIDENCE, usage.since if unused else None)
