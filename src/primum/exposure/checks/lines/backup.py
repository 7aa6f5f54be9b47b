"""How old is the last backup, was it whole, and is it elsewhere?"""

from __future__ import annotations

from datetime import timedelta

from primum.exposure.checks.catalogue import Rule
from primum.exposure.checks.model import Facts, Finding
from primum.exposure.checks.sources import Asked, Sources
from primum.ground.clock import to_text

_EVIDENCE = ("backup.json", "primum.toml")


def check(sources: Sources, rule: Rule, asked: Asked) -> Finding:
    """Judge."""
    copies = sources.copies()
    if copies.made_at is None:
        return Finding("refused" if copies.refused else "never", {"code": copies.refused}, (), _EVIDENCE)
    hours = max(0, int((asked.now - copies.made_at).total_seconds()) // 3600)
    facts: Facts = {
        "at": to_text(copies.made_at),
        "hours": hours,
        "illnesses": copies.illnesses,
        "code": copies.refused,
    }
    if copies.illnesses:
        return Finding("ill", facts, (), _EVIDENCE, copies.made_at)
    if copies.made_at < asked.now - timedelta(hours=rule.number("hours")):
        return Finding("late", facts, (), _EVIDENCE, copies.made_at)
    if copies.same_disc:
        return Finding("same-disc", facts, (), _EVIDENCE, copies.made_at)
    return Finding("fresh", facts, (), _EVIDENCE, copies.made_at)
