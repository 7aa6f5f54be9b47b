"""Doctors' own computers (SAN-2020-015 §24-27): when was each last checked, and what was found?"""

from __future__ import annotations

from datetime import timedelta

from primum.exposure.checks.catalogue import Rule
from primum.exposure.checks.model import Finding
from primum.exposure.checks.sources import Asked, Sources

_EVIDENCE = ("results of primum check --station, read back",)


def check(sources: Sources, rule: Rule, asked: Asked) -> Finding:
    """A station with something bad before all; then those not checked for a while, of which somebody may declare."""
    stations = sources.stations()
    facts = {"count": len(stations), "days": rule.number("days")}
    bad = [one.id for one in stations if one.bad]
    if bad:
        return Finding("bad", facts, bad, _EVIDENCE, min(one.at for one in stations))
    late = [one.id for one in stations if one.at < asked.now - timedelta(days=rule.number("days"))]
    if late or not stations:
        return Finding("late" if late else "never", facts, late, _EVIDENCE if late else ())
    return Finding("good", facts, [one.id for one in stations], _EVIDENCE, min(one.at for one in stations))
