"""When did a signed root of the journal last leave this machine? Without, who has it can write its past anew."""

from __future__ import annotations

from datetime import timedelta

from primum.exposure.checks.catalogue import Rule
from primum.exposure.checks.model import Finding
from primum.exposure.checks.sources import Asked, Sources
from primum.ground.clock import to_text

_EVIDENCE = ("journal, account, backup:made", "journal/heads")


def check(sources: Sources, rule: Rule, asked: Asked) -> Finding:
    """Judge."""
    told = sources.journal()
    facts = {"signed": to_text(told.signed_at) if told.signed_at else "", "where": told.witness}
    if told.witnessed_at is None:
        return Finding("never", facts, (), _EVIDENCE)
    facts["at"] = to_text(told.witnessed_at)
    late = told.witnessed_at < asked.now - timedelta(days=rule.number("days"))
    return Finding("late" if late else "witnessed", facts, (), _EVIDENCE, told.witnessed_at)
