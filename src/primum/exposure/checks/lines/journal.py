"""Is the journal whole? When was it last verified, and with what result?"""

from __future__ import annotations

from datetime import timedelta

from primum.exposure.checks.catalogue import Rule
from primum.exposure.checks.model import Facts, Finding
from primum.exposure.checks.sources import Asked, Sources
from primum.ground.clock import to_text

_EVIDENCE = ("journal, account, journal:verified", "journal/heads")


def check(sources: Sources, rule: Rule, asked: Asked) -> Finding:
    """Judge."""
    told = sources.journal()
    if told.at is None:
        return Finding("never", evidence=_EVIDENCE)
    facts: Facts = {"at": to_text(told.at), "lines": told.lines, "illnesses": told.illnesses}
    if told.illnesses:
        return Finding("ill", facts, (), _EVIDENCE, told.at)
    late = told.at < asked.now - timedelta(days=rule.number("days"))
    return Finding("late" if late else "sound", facts, (), _EVIDENCE, told.at)
