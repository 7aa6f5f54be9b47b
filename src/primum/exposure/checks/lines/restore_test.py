"""When was a restore last tried (CNIL guide, sheet 17)? A backup that nobody has read back is a hope."""

from __future__ import annotations

from datetime import timedelta

from primum.exposure.checks.catalogue import Rule
from primum.exposure.checks.model import Facts, Finding
from primum.exposure.checks.sources import Asked, Sources
from primum.ground.clock import to_text

_EVIDENCE = ("backup.json",)
_ALL = 100


def check(sources: Sources, rule: Rule, asked: Asked) -> Finding:
    """Judge."""
    copies = sources.copies()
    if copies.tested_at is None:
        return Finding("never", evidence=_EVIDENCE)
    facts: Facts = {
        "at": to_text(copies.tested_at),
        "percent": copies.tested_part,
        "days": (asked.now - copies.tested_at).days,
    }
    if copies.tested_at < asked.now - timedelta(days=rule.number("days")):
        return Finding("late", facts, (), _EVIDENCE, copies.tested_at)
    return Finding("whole" if copies.tested_part >= _ALL else "in-part", facts, (), _EVIDENCE, copies.tested_at)
