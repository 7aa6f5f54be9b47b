"""Is somebody at work on the box, the server or the network, and what was left open (SAN-2020-015 §20, §49)?"""

from __future__ import annotations

from datetime import timedelta

from primum.exposure.checks.catalogue import Rule
from primum.exposure.checks.model import Finding
from primum.exposure.checks.sources import Asked, Sources

_EVIDENCE = ("records.db, interventions",)


def check(sources: Sources, rule: Rule, asked: Asked) -> Finding:
    """One that opened something is bad; one open for longer than a day's work wants attention."""
    told = sources.interventions()
    facts = {"count": len(told.open), "worse": len(told.worse)}
    if told.worse:
        return Finding("left-open", facts, [one.id for one in told.worse], _EVIDENCE)
    long = [one.id for one in told.open if one.opened_at < asked.now - timedelta(hours=rule.number("hours"))]
    if long:
        return Finding("too-long", facts, long, _EVIDENCE)
    return Finding("under-way" if told.open else "none", facts, [one.id for one in told.open], _EVIDENCE)
